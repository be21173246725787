// Partial-order reduction against exhaustive search, and against counts that are known exactly.
#include "sim/strategy/dpor.h"

#include <gtest/gtest.h>

#include "sim/explore/explorer.h"
#include "sim/strategy/dfs.h"
#include "tests/sim/programs.h"
#include "tests/sim/random_programs.h"
#include "tests/sim/traces.h"

namespace nmrcheck::sim {
namespace {

constexpr std::uint64_t kExecutionsMax = 30'000;

// Empty if both searches executed the same traces, and dpor each of them once.
std::string difference(const ProgramFactory& factory, std::uint64_t* traces = nullptr) {
  DfsStrategy dfs;
  const test::Traces all = test::traces_of(factory, dfs, kExecutionsMax);
  if (!all.exhausted) return {};  // too large to compare
  DporStrategy dpor;
  const test::Traces reduced = test::traces_of(factory, dpor, kExecutionsMax);
  if (reduced.diverged) return "dpor diverged";
  if (!reduced.exhausted) return "dpor did not end";
  if (reduced.covered != 0) return std::to_string(reduced.covered) + " executions given up";
  for (const auto& [trace, count] : reduced.executions) {
    if (count != 1) return "executed " + std::to_string(count) + " times: " + trace;
    if (!all.executions.contains(trace)) return "not a trace: " + trace;
  }
  for (const auto& [trace, count] : all.executions) {
    if (!reduced.executions.contains(trace)) return "missed: " + trace;
  }
  if (traces != nullptr) *traces += reduced.total;
  return {};
}

// Compares both searches on programs first, first + 1, …; returns the traces that were compared.
std::uint64_t compare(std::uint64_t first, std::uint64_t programs, std::uint32_t steps_max) {
  std::uint64_t traces = 0;
  for (std::uint64_t i = first; i < first + programs; ++i) {
    Rng rng(fork(Seed{1}, i));
    const test::Code code = test::random_code(rng, steps_max);
    const std::string text = difference(test::program_of(code), &traces);
    EXPECT_EQ(text, "") << "program " << i << ": " << test::to_string(code);
    if (!text.empty()) break;
  }
  return traces;
}

TEST(DporTest, EveryTraceOfRandomProgramsOnce) {
  EXPECT_GT(compare(0, test::in_this_build(1'500), 8), test::in_this_build(4'000));
}

TEST(DporSlowTest, EveryTraceOfManyRandomProgramsOnce) {
  EXPECT_GT(compare(2000, test::in_this_build(20'000), 10), test::in_this_build(60'000));
}

// Empty if dpor executed each complete trace once, and came to each failure that exhaustive search
// comes to. Executions in which all that is left was seen before are given up.
std::string failing_difference(const ProgramFactory& factory, std::uint64_t& failures) {
  DfsStrategy dfs;
  const test::Traces all = test::traces_of(factory, dfs, kExecutionsMax);
  if (!all.exhausted) return {};  // too large to compare
  DporStrategy dpor;
  const test::Traces reduced = test::traces_of(factory, dpor, kExecutionsMax);
  if (reduced.diverged) return "dpor diverged";
  if (!reduced.exhausted) return "dpor did not end";
  if (reduced.covered != 0 && all.failures.empty()) return "executions given up without a failure";
  for (const auto& [trace, count] : reduced.executions) {
    if (count != 1) return "executed " + std::to_string(count) + " times: " + trace;
    if (!all.executions.contains(trace)) return "not a trace: " + trace;
  }
  for (const auto& [trace, count] : all.executions) {
    if (!reduced.executions.contains(trace)) return "missed: " + trace;
  }
  for (const auto& [past, count] : reduced.failures) {
    if (!all.failures.contains(past)) return "not a failure: " + past;
  }
  for (const auto& [past, count] : all.failures) {
    if (!reduced.failures.contains(past)) return "missed failure: " + past;
  }
  failures += reduced.failures.size();
  return {};
}

std::uint64_t compare_failing(std::uint64_t first, std::uint64_t programs, std::uint32_t steps) {
  std::uint64_t failures = 0;
  for (std::uint64_t i = first; i < first + programs; ++i) {
    Rng rng(fork(Seed{2}, i));
    const test::Code code = test::faulty_code(rng, steps);
    const std::string text = failing_difference(test::program_of(code), failures);
    EXPECT_EQ(text, "") << "program " << i << ": " << test::to_string(code);
    if (!text.empty()) break;
  }
  return failures;
}

TEST(DporTest, EveryFailureOfRandomPrograms) {
  EXPECT_GT(compare_failing(0, test::in_this_build(1'500), 5), test::in_this_build(1'000));
}

TEST(DporSlowTest, EveryFailureOfManyRandomPrograms) {
  EXPECT_GT(compare_failing(2000, test::in_this_build(20'000), 7), test::in_this_build(20'000));
}

TEST(DporTest, SaysWhichFiberAFootprintMisleads) {
  SearchOptions options;
  options.strategy = "dpor";
  const Report report = explore(test::misleading(false), options);
  EXPECT_EQ(report.scope, "ended by an error, in execution 2");
  EXPECT_EQ(report.verdict, Verdict::kError);
  EXPECT_EQ(report.error,
            "two steps whose footprints do not conflict were exchanged, and fiber reader then did "
            "something else, in or after its step \"then\". Usual cause: a step reads or "
            "writes something shared that its footprint does not name; else the program is not "
            "deterministic");
}

// Deadlines pass only when nothing else can happen: one trace, whatever else is independent.
TEST(DporTest, TimeMovesOnOnlyWhenNothingElseCan) {
  const ProgramFactory factory = test::program([](Execution& x) {
    const ObjectId a = x.create("a");
    const ObjectId b = x.create("b");
    x.spawn("sleeper", [&x, a, b] {
      x.step_until({{a, Op::kSleep, 0, 0}}, 10, "sleep");
      x.step({{b, Op::kAdd, 1, 0}}, "add");
    });
    x.spawn("worker", [&x, b] {
      x.step({{b, Op::kAdd, 1, 0}}, "add");
      x.step({{b, Op::kAdd, 1, 0}}, "add");
    });
  });
  DporStrategy dpor;
  const test::Traces traces = test::traces_of(factory, dpor, kExecutionsMax);
  EXPECT_TRUE(traces.exhausted);
  EXPECT_EQ(traces.total, 1u);
}

// Two fibers ask for one lock; whoever comes second asks a question with three answers.
TEST(DporTest, ExploresAllAnswersInEachOrder) {
  const ProgramFactory factory = test::program([](Execution& x) {
    const ObjectId first = x.create("first");
    for (int i = 0; i < 2; ++i) {
      x.spawn("f", [&x, first] {
        if (x.step({{first, Op::kExchange, 1, 0}}, "exchange") == 1) x.choose("which", 3);
      });
    }
  });
  DporStrategy dpor;
  const test::Traces traces = test::traces_of(factory, dpor, kExecutionsMax);
  EXPECT_TRUE(traces.exhausted);
  EXPECT_EQ(traces.total, 6u);  // 2 orders, 3 answers
  EXPECT_EQ(traces.covered, 0u);
}

}  // namespace
}  // namespace nmrcheck::sim
