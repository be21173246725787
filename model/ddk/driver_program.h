// A program whose fibers run driver code written against the WDK's headers.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "model/driver/images.h"
#include "model/profile.h"
#include "model/world.h"
#include "sim/run/execution.h"

namespace nmrcheck::model {

// Sets up a fresh world for each execution and makes it the one that the WDK's functions act on,
// for as long as the program is run on this OS thread.
class DriverProgram : public sim::Program {
 public:
  explicit DriverProgram(const Profile& profile);
  ~DriverProgram() override;

  void run(sim::Execution& execution) final;
  std::optional<sim::Violation> check_end(sim::Execution& execution) final;
  std::optional<sim::Violation> explain_deadlock(sim::Execution& execution,
                                                 const std::string& blocked) final;
  void add_to_crash(sim::Execution& execution, sim::Violation& violation) final;

 protected:
  // Loads drivers, starts threads, unloads drivers: the body of the main fiber.
  virtual void drive(World& world) = 0;

 private:
  struct State;
  const Profile& profile_;
  std::unique_ptr<State> state_;
};

// The world that the WDK's functions act on. Requires: called while a DriverProgram runs.
World& current_world();
// The images of drivers that are loaded into that world. The same requirement.
Images& current_world_images();
inline Kernel& current_kernel() { return current_world().kernel(); }

}  // namespace nmrcheck::model
