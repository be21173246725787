// The one ambient pointer of the project: C signatures leave no room to pass the world.
#include "model/ddk/driver_program.h"

#include <cassert>

#include "model/ddk/callouts.h"

namespace nmrcheck::model {
namespace {

thread_local World* ambient_world = nullptr;

}  // namespace

struct DriverProgram::State {
  State(sim::Execution& execution, const Profile& profile) : world(execution, profile, callouts) {}

  DdkCallouts callouts;
  World world;
};

DriverProgram::DriverProgram(const Profile& profile) : profile_(profile) {}

DriverProgram::~DriverProgram() {
  if (state_ != nullptr && ambient_world == &state_->world) ambient_world = nullptr;
}

void DriverProgram::run(sim::Execution& execution) {
  state_ = std::make_unique<State>(execution, profile_);
  ambient_world = &state_->world;
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

}  // namespace nmrcheck::model
