// The benchmark programs against published numbers: all interleavings, and traces by two methods
// that share nothing with the searches under test.
#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "scenarios/engine/programs.h"
#include "sim/explore/explorer.h"
#include "sim/strategy/dfs.h"
#include "sim/strategy/random.h"
#include "tests/scenarios/engine_counts.h"
#include "tests/scenarios/sleep_sets.h"
#include "tests/scenarios/trace_recorder.h"
#include "tests/sim/random_programs.h"

namespace nmrcheck {
namespace {

// What a search completed.
struct Counted {
  std::uint64_t executions = 0;
  std::map<std::string, std::uint64_t> violations;  // by rule
  bool operator==(const Counted&) const = default;
};

void count(Counted& counted, const sim::Outcome& outcome) {
  if (outcome.ending == sim::Ending::kCovered) return;
  ++counted.executions;
  if (outcome.violation) ++counted.violations[outcome.violation->rule];
}

// Lets `strategy` explore all that it wants.
Counted search(const sim::ProgramFactory& factory, sim::Execution& execution,
               sim::Strategy& strategy) {
  Counted counted;
  while (strategy.begin_execution(sim::Seed{0})) {
    const std::unique_ptr<sim::Program> program = factory();
    count(counted, execution.run(*program, strategy));
  }
  EXPECT_EQ(strategy.divergence(), nullptr);
  return counted;
}

Counted all_interleavings(const sim::ProgramFactory& factory) {
  sim::Execution execution({.partial_deadlocks = false});
  sim::DfsStrategy dfs;
  return search(factory, execution, dfs);
}

Counted all_traces(const sim::ProgramFactory& factory) {
  sim::Execution execution({.partial_deadlocks = false});
  SleepSets sleep_sets(execution);
  return search(factory, execution, sleep_sets);
}

// Distinct traces among `executions` of the random walk.
std::size_t traces_met(const sim::ProgramFactory& factory, std::uint64_t executions) {
  sim::Execution execution({.partial_deadlocks = false});
  sim::RandomStrategy random;
  TraceRecorder recorder(random, execution);
  std::set<std::string> names;
  for (std::uint64_t i = 0; i < executions; ++i) {
    recorder.begin_execution(sim::fork(sim::Seed{1}, i));
    const std::unique_ptr<sim::Program> program = factory();
    execution.run(*program, recorder);
    names.insert(recorder.name());
  }
  return names.size();
}

std::string text(const EngineCount& count) {
  std::string text(count.program);
  for (const auto& [name, value] : count.values) text += ' ' + name + '=' + std::to_string(value);
  return text;
}

TEST(EngineTest, DfsCountsAllInterleavings) {
  for (const EngineCount& known : engine_counts()) {
    if (known.interleavings == 0) continue;
    const Counted counted = all_interleavings(engine::factory(known.program, known.values));
    EXPECT_EQ(counted.executions, known.interleavings) << text(known);
    EXPECT_EQ(counted.violations.contains(sim::kDeadlock), known.deadlocks > 0) << text(known);
  }
}

void expect_traces(const EngineCount& known) {
  Counted expected{known.traces, {}};
  if (known.deadlocks > 0) expected.violations[sim::kDeadlock] = known.deadlocks;
  const Counted counted = all_traces(engine::factory(known.program, known.values));
  EXPECT_EQ(counted.executions, expected.executions) << text(known);
  EXPECT_EQ(counted.violations, expected.violations) << text(known);
}

TEST(EngineTest, SleepSetsCountOneExecutionForEachTrace) {
  for (const EngineCount& known : engine_counts()) {
    if (known.effort == Effort::kQuick) expect_traces(known);
  }
}

TEST(EngineSlowTest, SleepSetsCountOneExecutionForEachTraceOfLargerPrograms) {
  if (sim::test::in_this_build(10) < 10) GTEST_SKIP() << "minutes with sanitizers";

  for (const EngineCount& known : engine_counts()) {
    if (known.effort == Effort::kSlow) expect_traces(known);
  }
}

TEST(EngineTest, SleepSetsCountTracesThatBreakARule) {
  for (const EngineFault& known : engine_faults()) {
    const Counted counted = all_traces(
        engine::factory(known.program, known.values, engine::FailedAssertion::kEndsFiber));
    std::uint64_t violations = 0;
    for (const auto& [rule, executions] : counted.violations) violations += executions;
    EXPECT_EQ(counted.executions, known.traces) << known.program;
    EXPECT_EQ(violations, known.violations) << known.program;
  }
}

// The probability of a random walk: each choice among n fibers is made with 1/n.
double random_walk(const sim::ProgramFactory& factory) {
  sim::Execution execution({.partial_deadlocks = false});
  sim::DfsStrategy dfs;
  double sum = 0;
  while (dfs.begin_execution(sim::Seed{0})) {
    const std::unique_ptr<sim::Program> program = factory();
    const sim::Outcome& outcome = execution.run(*program, dfs);
    if (!outcome.violation) continue;
    double probability = 1;
    for (const sim::Choice& choice : outcome.schedule) probability /= std::popcount(choice.offered);
    sum += probability;
  }
  return sum;
}

TEST(EngineTest, ARandomWalkBreaksARuleWithItsExactProbability) {
  for (const EngineFault& known : engine_faults()) {
    const auto factory = engine::factory(known.program, known.values);
    EXPECT_NEAR(random_walk(factory), known.random_walk, 1e-9) << known.program;
  }
}

// Their fibers meet so rarely that sleep sets alone drown, and a random walk meets all traces.
TEST(EngineTest, ARandomWalkMeetsAllTracesOfIndexerAndFilesystem) {
  EXPECT_EQ(traces_met(engine::factory("indexer", {{"n", 12}}), 3'000), 8u);
  EXPECT_EQ(traces_met(engine::factory("filesystem", {{"n", 14}}), 200), 2u);
  EXPECT_EQ(traces_met(engine::factory("filesystem", {{"n", 16}}), 500), 8u);
  EXPECT_EQ(traces_met(engine::factory("filesystem", {{"n", 18}}), 2'000), 32u);
  EXPECT_EQ(traces_met(engine::factory("filesystem", {{"n", 19}}), 3'000), 64u);
}

TEST(EngineTest, ParametersThatAreLeftOutHaveTheirDefaults) {
  EXPECT_EQ(all_interleavings(engine::factory("readers")),
            all_interleavings(engine::factory("readers", {{"n", 3}})));
  EXPECT_EQ(all_interleavings(engine::factory("event", {{"s", 1}})),
            all_interleavings(engine::factory("event", {{"s", 1}, {"w", 2}})));
}

// Every benchmark runs with its least and its largest parameters.
TEST(EngineTest, RunsWithinTheLimitsOfItsParameters) {
  sim::Execution execution({.partial_deadlocks = false});
  sim::RandomStrategy random;
  for (const engine::Benchmark& benchmark : engine::benchmarks()) {
    for (const bool largest : {false, true}) {
      ParameterValues values;
      for (const Parameter& parameter : benchmark.scenario.parameters) {
        values[std::string(parameter.name)] = largest ? parameter.max : parameter.min;
      }
      random.begin_execution(sim::Seed{1});
      const std::unique_ptr<sim::Program> program =
          benchmark.make(values, engine::FailedAssertion::kEndsExecution);
      const sim::Outcome& outcome = execution.run(*program, random);
      EXPECT_FALSE(outcome.violation && benchmark.scenario.expected.empty())
          << benchmark.scenario.name << ": " << outcome.violation->message;
    }
  }
}

}  // namespace
}  // namespace nmrcheck
