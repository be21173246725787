// The hash of traces counts what is known of the benchmark programs, and what dpor executes of
// drivers.
#include <gtest/gtest.h>

#include <set>

#include "model/profile.h"
#include "scenarios/engine/programs.h"
#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"
#include "sim/strategy/dpor.h"
#include "tests/scenarios/engine_counts.h"

namespace nmrcheck {
namespace {

struct Counted {
  std::uint64_t executions = 0;
  std::uint64_t hashes = 0;  // different ones
};

Counted count(const sim::ProgramFactory& factory) {
  Counted counted;
  std::set<std::uint64_t> hashes;
  sim::DporStrategy dpor;
  sim::Execution execution;
  while (dpor.begin_execution(sim::Seed{0})) {
    const auto program = factory();
    hashes.insert(execution.run(*program, dpor).trace_hash);
    ++counted.executions;
  }
  EXPECT_EQ(dpor.divergence(), nullptr);
  counted.hashes = hashes.size();
  return counted;
}

TEST(TraceHashTest, CountsTheTracesOfBenchmarkPrograms) {
  constexpr std::uint64_t kTracesQuick = 1'000;
  std::uint64_t programs = 0;
  for (const EngineCount& known : engine_counts()) {
    if (known.traces > kTracesQuick) continue;
    EXPECT_EQ(count(engine::factory(known.program, known.values)).hashes, known.traces)
        << known.program;
    ++programs;
  }
  EXPECT_GT(programs, 50u);
}

TEST(TraceHashTest, TellsTheTracesOfDriversApart) {
  for (const char* name : {"nmr/attach-veto-fixed", "nmr/dead-binding-handle-fixed"}) {
    const auto factory = [scenario = find_scenario(name)] {
      return scenario->make({}, *model::find_profile("documented"));
    };
    const Counted counted = count(factory);
    EXPECT_EQ(counted.hashes, counted.executions) << name;
    EXPECT_GE(counted.executions, 30u) << name;
  }
}

}  // namespace
}  // namespace nmrcheck
