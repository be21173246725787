// The ambient pointers of the project: C signatures leave no room to pass the world.
#include "model/ddk/driver_program.h"

#include <cassert>

#include "model/ddk/callouts.h"
#include "model/ddk/wsk_client.h"
#include "sim/run/crash.h"

namespace nmrcheck::model {
namespace {

thread_local World* ambient_world = nullptr;
thread_local WskClients* ambient_wsk_clients = nullptr;
thread_local std::unique_ptr<Images>* ambient_images = nullptr;

}  // namespace

struct DriverProgram::State {
  State(sim::Execution& execution, const Profile& profile)
      : world(execution, profile, callouts, interface_callouts) {}

  DdkCallouts callouts;
  DdkInterfaceCallouts interface_callouts;
  World world;
  WskClients wsk_clients;
  std::unique_ptr<Images> images;  // made when the first is loaded
};

DriverProgram::DriverProgram(const Profile& profile) : profile_(profile) {}

DriverProgram::~DriverProgram() {
  if (state_ == nullptr || ambient_world != &state_->world) return;
  ambient_world = nullptr;
  ambient_images = nullptr;
  set_current_images(nullptr);
}

void DriverProgram::run(sim::Execution& execution) {
  state_ = std::make_unique<State>(execution, profile_);
  ambient_world = &state_->world;
  ambient_wsk_clients = &state_->wsk_clients;
  ambient_images = &state_->images;
  set_current_images(nullptr);
  drive(state_->world);
}

std::optional<sim::Violation> DriverProgram::check_end(sim::Execution&) {
  return state_->world.check_end();
}

std::optional<sim::Violation> DriverProgram::explain_deadlock(sim::Execution&,
                                                              const std::string& blocked) {
  return state_->world.explain_deadlock(blocked);
}

// The stack of calls is more than the step that the engine knows of.
void DriverProgram::add_to_crash(sim::Execution&, sim::Violation& violation) {
  if (state_->images == nullptr) return;
  state_->images->reach(sim::faulting_code());
  violation.place = state_->images->place();
  state_->images->add_to(violation.message);
}

Images& current_world_images() {
  assert(ambient_images != nullptr && "a driver is loaded outside of a DriverProgram");
  if (*ambient_images == nullptr) {
    *ambient_images = std::make_unique<Images>(current_world());
    set_current_images(ambient_images->get());
  }
  return **ambient_images;
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
