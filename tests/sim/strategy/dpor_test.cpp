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

// Empty if dpor executed each complete trace once, and came to each failure that exhaustive search
// comes to. Behind failures an execution may be given up, when nothing is left but what failed
// before. `made` counts what was compared.
std::string difference(const ProgramFactory& factory, std::uint64_t& made) {
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
  made += reduced.executions.size() + reduced.failures.size();
  return {};
}

// Compares both searches on programs first, first + 1, …; returns the traces and failures that were
// compared.
std::uint64_t compare(std::uint64_t first, std::uint64_t programs, std::uint32_t steps_max,
                      test::Code (*make)(Rng&, std::uint32_t) = test::random_code) {
  std::uint64_t made = 0;
  for (std::uint64_t i = first; i < first + programs; ++i) {
    Rng rng(fork(Seed{1}, i));
    const test::Code code = make(rng, steps_max);
    const std::string text = difference(test::program_of(code), made);
    EXPECT_EQ(text, "") << "program " << i << ": " << test::to_string(code);
    if (!text.empty()) break;
  }
  return made;
}

TEST(DporTest, EveryTraceOfRandomProgramsOnce) {
  EXPECT_GT(compare(0, test::in_this_build(800), 8), test::in_this_build(2'000));
}

TEST(DporSlowTest, EveryTraceOfManyRandomProgramsOnce) {
  EXPECT_GT(compare(2000, test::in_this_build(20'000), 10), test::in_this_build(60'000));
}

TEST(DporTest, EveryFailureOfRandomPrograms) {
  EXPECT_GT(compare(0, test::in_this_build(800), 5, test::faulty_code), test::in_this_build(1'500));
}

TEST(DporSlowTest, EveryFailureOfManyRandomPrograms) {
  EXPECT_GT(compare(2000, test::in_this_build(20'000), 7, test::faulty_code),
            test::in_this_build(50'000));
}

// `adds` made the failure's place its own before `both` did, so that it sleeps where the failure
// comes first; behind `both`, which it depends on, it does not: each of the three answers in front
// of it is a trace. Of (A) adds, (B) both, and (F) failure, A conflicts with both others, and is
// never behind F: ABF, BAF and BF, each with 3 answers.
TEST(DporTest, WhoSleepsInFrontOfADependentStepDoesNotSleepBehindIt) {
  using test::Verb;
  const test::Code code{
      {{Verb::kDurable, 0, 1, false}},
      {{Verb::kBoth, 0, 1, false}, {Verb::kTryLock, 0, 0, false}, {Verb::kChoose, 0, 1, false}},
      {{Verb::kPowerFails, 0, 0, false}}};
  std::uint64_t made = 0;
  EXPECT_EQ(difference(test::program_of(code), made), "");
  EXPECT_EQ(made, 9u);
}

// (C) reads one variable and fails; (B) adds to it, (E1) reads it behind (E0), which conflicts with
// (D1), a second step of D0's fiber. Behind B all others were explored, so that B sleeps elsewhere,
// and both orders of D1 and E0 with E1 in front of B were to be explored from the start: covered by
// C, whose step is in neither, until that fails. C comes behind: nothing; B alone; E1, B, and E0 in
// front of D1, or behind it: 4 failures, in 4 executions.
TEST(DporTest, WhatAFailingStepCoveredIsExplored) {
  using test::Verb;
  const test::Code code{{{Verb::kAdd, 1, 0, false}},
                        {{Verb::kRead, 1, 0, false}, {Verb::kPlanted, 0, 0, false}},
                        {{Verb::kUnlockShared, 1, 0, false}, {Verb::kUnlockShared, 0, 0, false}},
                        {{Verb::kUnlock, 0, 0, false}, {Verb::kRead, 1, 0, false}}};
  std::uint64_t made = 0;
  EXPECT_EQ(difference(test::program_of(code), made), "");
  EXPECT_EQ(made, 4u);
  DporStrategy dpor;
  EXPECT_EQ(test::traces_of(test::program_of(code), dpor, kExecutionsMax).total, 4u);
}

// The same with a power failure: 4 traces to their end, and one failure.
TEST(DporTest, WhatAFailingStepCoveredIsExploredWherePowerFails) {
  using test::Verb;
  const test::Code code{
      {{Verb::kPowerFails, 0, 0, false}, {Verb::kReopen, 0, 0, false}},
      {{Verb::kReopen, 0, 0, false}, {Verb::kSpawn, 1, 0, false}, {Verb::kDurable, 0, 0, false}},
      {{Verb::kDurable, 0, 0, false}, {Verb::kPlanted, 0, 0, false}}};
  std::uint64_t made = 0;
  EXPECT_EQ(difference(test::program_of(code), made), "");
  EXPECT_EQ(made, 5u);
  DporStrategy dpor;
  EXPECT_EQ(test::traces_of(test::program_of(code), dpor, kExecutionsMax).total, 5u);
}

// The random programs that showed this first.
TEST(DporTest, WhatAFailingStepCoveredIsExploredInLargerPrograms) {
  std::uint64_t made = 0;
  Rng failing(fork(Seed{99}, 45'189));
  EXPECT_EQ(difference(test::program_of(test::faulty_code(failing, 7)), made), "");
  EXPECT_EQ(made, 11u);
  Rng crashing(fork(Seed{1}, 4'218));
  EXPECT_EQ(difference(test::program_of(test::faulty_crashing_code(crashing, 7)), made), "");
  EXPECT_EQ(made, 11u + 36u);
}

TEST(DporTest, EveryTraceOfRandomProgramsWithPowerFailuresOnce) {
  EXPECT_GT(compare(0, test::in_this_build(800), 8, test::crashing_code),
            test::in_this_build(2'000));
}

TEST(DporSlowTest, EveryTraceOfManyRandomProgramsWithPowerFailuresOnce) {
  EXPECT_GT(compare(2000, test::in_this_build(20'000), 9, test::crashing_code),
            test::in_this_build(60'000));
}

TEST(DporTest, EveryFailureOfRandomProgramsWithPowerFailures) {
  EXPECT_GT(compare(0, test::in_this_build(800), 5, test::faulty_crashing_code),
            test::in_this_build(1'500));
}

// Program 4 218 is among them.
TEST(DporSlowTest, EveryFailureOfManyRandomProgramsWithPowerFailures) {
  EXPECT_GT(compare(2000, test::in_this_build(30'000), 7, test::faulty_crashing_code),
            test::in_this_build(100'000));
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
