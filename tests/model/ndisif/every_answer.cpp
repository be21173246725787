// Depth-first search over a program of one fiber: over its value choices.
#include "tests/model/ndisif/every_answer.h"

#include <gtest/gtest.h>

#include "sim/strategy/dfs.h"

namespace nmrcheck::model::test {
namespace {

class OneDriver final : public DriverProgram {
 public:
  OneDriver(const Drive& drive_function, const Profile& profile)
      : DriverProgram(profile), drive_(drive_function) {}

  std::uint64_t value() const { return value_; }

 private:
  void drive(World& world) override {
    world.stop_judging();
    const ModuleId driver = world.kernel().load("driver.sys");
    const FrameScope frame(world.kernel(),
                           {FrameKind::kModuleCode, driver, kNoBinding, Side::kClient, "driver"});
    value_ = drive_(world);
  }

  const Drive& drive_;
  std::uint64_t value_ = 0;
};

}  // namespace

Outcomes every_outcome(const Drive& drive, const char* profile) {
  Outcomes outcomes;
  sim::Execution execution;
  sim::DfsStrategy dfs;
  while (dfs.begin_execution(sim::Seed{0})) {
    OneDriver program(drive, *find_profile(profile));
    const sim::Outcome& outcome = execution.run(program, dfs);
    ++outcomes.executions;
    if (outcome.violation) {
      outcomes.verdicts.insert(outcome.violation->rule);
    } else {
      outcomes.values.insert(program.value());
    }
  }
  EXPECT_EQ(dfs.divergence(), nullptr);
  return outcomes;
}

std::set<std::uint64_t> every_value(const Drive& drive, const char* profile) {
  const Outcomes outcomes = every_outcome(drive, profile);
  EXPECT_EQ(outcomes.verdicts, std::set<std::string>{});
  return outcomes.values;
}

}  // namespace nmrcheck::model::test
