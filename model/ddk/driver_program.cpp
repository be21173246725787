// The ambient pointers of the project: C signatures leave no room to pass the world.
#include "model/ddk/driver_program.h"

#include <cassert>

#include "model/ddk/callouts.h"
#include "model/ddk/wsk_client.h"

namespace nmrcheck::model {
namespace {

thread_local World* ambient_world = nullptr;
thread_local WskClients* ambient_wsk_clients = nullptr;

}  // namespace

struct DriverProgram::State {
  State(sim::Execution& execution, const Profile& profile) : world(execution, profile, callouts) {}

  DdkCallouts callouts;
  World world;
  WskClients wsk_clients;
};

DriverProgram::DriverProgram(const Profile& profile) : profile_(profile) {}

DriverProgram::~DriverProgram() {
  if (state_ != nullptr && ambient_world == &state_->world) ambient_world = nullptr;
}

void DriverProgram::run(sim::Execution& execution) {
  state_ = std::make_unique<State>(execution, profile_);
  ambient_world = &state_->world;
  ambient_wsk_clients = &state_->wsk_clients;
  drive(state_->world);
}

std::optional<sim::Violation> DriverProgram::check_end(sim::Execution&) {
  return state_->world.check_end();
}

std::optional<sim::Violation> DriverProgram::explain_deadlock(sim::Execution&,
                                                              const std::string& blocked) {
  return state_->world.explain_deadlock(blocked);
}

World& current_world() {
  assert(ambient_world != nullptr && "a WDK function is called outside of a simulated driver");
  return *ambient_world;
}

WskClients& current_wsk_clients() {
  assert(ambient_world != nullptr && "a WSK function is called outside of a simulated driver");
  return *ambient_wsk_clients;
}

}  // namespace nmrcheck::model
