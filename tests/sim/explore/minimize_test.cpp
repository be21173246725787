// Minimization: the same rule, the known minimum, nothing left that could go.
#include "sim/explore/minimize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "sim/explore/guided.h"
#include "sim/explore/no_return.h"
#include "sim/explore/partial_order.h"
#include "sim/strategy/random.h"
#include "sim/strategy/replay.h"
#include "tests/sim/programs.h"
#include "tests/sim/random_programs.h"

namespace nmrcheck::sim {
namespace {

struct Attempt {
  Outcome outcome;
  Size size;
};

Attempt attempt(const ProgramFactory& factory, Strategy& strategy, const Limits& limits = {}) {
  Execution execution(limits);
  DeviationRecorder recorder(strategy);
  recorder.begin_execution(Seed{0});
  const auto program = factory();
  const Outcome outcome = execution.run(*program, recorder);
  return {outcome, {outcome.steps, recorder.preemptions(), recorder.value_deviations()}};
}

bool same_rule_and_place(const Outcome& outcome, const Violation& wanted) {
  return outcome.violation && outcome.violation->rule == wanted.rule &&
         (wanted.place.file == nullptr || outcome.violation->place.line == wanted.place.line);
}

// How `schedule` deviates from the default scheduler.
std::vector<Deviation> deviations_of(const ProgramFactory& factory, const Schedule& schedule) {
  Execution execution;
  ReplayStrategy exact(schedule);
  DeviationRecorder recorder(exact);
  recorder.begin_execution(Seed{0});
  const auto program = factory();
  execution.run(*program, recorder);
  return recorder.deviations();
}

Outcome follow(const ProgramFactory& factory, const std::vector<Deviation>& deviations) {
  Execution execution;
  GuidedStrategy guided(deviations);
  guided.begin_execution(Seed{0});
  const auto program = factory();
  return execution.run(*program, guided);
}

Minimized minimize_found(const ProgramFactory& factory, const Outcome& found) {
  return minimize(factory, found.schedule, *found.violation, {}, {});
}

// Laws of every result: it replays, breaks the same rule, and no deviation can be left out.
void expect_minimal(const ProgramFactory& factory, const Outcome& found, const Minimized& smaller) {
  const Replayed again = replay(factory, smaller.schedule, {});
  ASSERT_FALSE(again.divergence.has_value());
  ASSERT_TRUE(again.outcome.violation.has_value());
  EXPECT_EQ(again.outcome.violation->rule, found.violation->rule);
  EXPECT_EQ(again.outcome.hash, smaller.outcome.hash);
  EXPECT_EQ(again.outcome.schedule, smaller.schedule);
  EXPECT_FALSE(smaller.budget_reached);
  const std::vector<Deviation> deviations = deviations_of(factory, smaller.schedule);
  EXPECT_LE(smaller.size.preemptions, smaller.found.preemptions);
  EXPECT_LE(smaller.size.deviations, smaller.found.deviations);
  for (std::size_t i = 0; i < deviations.size(); ++i) {
    std::vector<Deviation> without = deviations;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    GuidedStrategy guided(without);
    const Attempt tried = attempt(factory, guided);
    EXPECT_TRUE(!same_rule_and_place(tried.outcome, *found.violation) ||
                tried.size.preemptions > smaller.size.preemptions ||
                tried.size.deviations > smaller.size.deviations);
  }
}

struct Known {
  const char* name;
  ProgramFactory factory;
  std::uint32_t preemptions;  // the fewest that expose the bug
};

TEST(MinimizeTest, ReachesTheKnownMinimumFromEveryFailure) {
  for (const Known& known :
       {Known{"account", test::account(), 0}, Known{"deadlock01", test::deadlock01(), 1},
        Known{"carter01", test::carter01(), 1}, Known{"bluetooth", test::bluetooth(), 1},
        Known{"twostage", test::twostage(), 1}, Known{"token_ring", test::token_ring(), 0},
        Known{"reorder", test::reorder(2), 1}, Known{"detach", test::detach_use_after_free(), 1}}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const Outcome found = test::first_violation(known.factory, Seed{seed});
      const Minimized smaller = minimize_found(known.factory, found);
      EXPECT_EQ(smaller.size.preemptions, known.preemptions) << known.name << ", seed " << seed;
      EXPECT_TRUE(smaller.proof.complete) << known.name << ", seed " << seed;
      expect_minimal(known.factory, found, smaller);
    }
  }
}

TEST(MinimizeTest, ReachesTheMinimumOfALargerProgram) {
  constexpr std::uint32_t kFailures = 50;
  for (std::uint64_t seed = 0; seed < kFailures; ++seed) {
    const Outcome found = test::first_violation(test::reorder(3), Seed{seed});
    const Minimized smaller = minimize_found(test::reorder(3), found);
    expect_minimal(test::reorder(3), found, smaller);
    EXPECT_EQ(smaller.size.preemptions, 1u);
    EXPECT_TRUE(smaller.fewest);
  }
}

TEST(MinimizeTest, FindsFewerDeviationsThanItWasGiven) {
  // f1 takes its lock, is preempted, f0 takes the other: that cannot lose a deviation, but f0 first
  // needs one less.
  const Schedule found{{ChoiceKind::kFiber, 2, 0b110}, {ChoiceKind::kFiber, 1, 0b110}};
  const Violation violation = *replay(test::deadlock01(), found, {}).outcome.violation;
  EXPECT_EQ(deviations_of(test::deadlock01(), found).size(), 2u);
  const Minimized smaller = minimize(test::deadlock01(), found, violation, {}, {});
  const Schedule expected{{ChoiceKind::kFiber, 1, 0b110}, {ChoiceKind::kFiber, 2, 0b110}};
  EXPECT_EQ(smaller.schedule, expected);
  EXPECT_EQ(smaller.size.preemptions, 1u);
  EXPECT_EQ(smaller.size.deviations, 0u);
  EXPECT_EQ(smaller.outcome.steps, 2u);
  EXPECT_TRUE(smaller.fewest);
}

TEST(MinimizeTest, ValuesGoToTheirDefaultOrBecomeSmall) {
  const auto asks = test::program([](Execution& x) {
    const std::uint32_t free_answer = x.choose("no matter", 9, 4);
    const std::uint32_t size = x.choose("size", 9);
    (void)free_answer;
    test::require(x, size < 3, __LINE__);
  });
  const Schedule found{{ChoiceKind::kValue, 8, 9}, {ChoiceKind::kValue, 7, 9}};
  const Replayed replayed = replay(asks, found, {});
  const Minimized smaller = minimize(asks, found, *replayed.outcome.violation, {}, {});
  EXPECT_EQ(smaller.schedule, (Schedule{{ChoiceKind::kValue, 4, 9}, {ChoiceKind::kValue, 3, 9}}));
  EXPECT_EQ(smaller.size.deviations, 1u);
  EXPECT_EQ(smaller.size.preemptions, 0u);
}

TEST(MinimizeTest, KeepsThePlaceWhereItIsKnown) {
  const auto asks = test::program([](Execution& x) {
    const std::uint32_t answer = x.choose("where", 3);
    if (answer == 0) return;
    x.fail({"RULE", Severity::kS1, "seen", 0, {"driver.c", static_cast<int>(answer)}});
  });
  const Schedule found{{ChoiceKind::kValue, 2, 3}};
  Violation violation = *replay(asks, found, {}).outcome.violation;
  EXPECT_EQ(minimize(asks, found, violation, {}, {}).schedule, found);
  violation.place = {};  // unknown: any place will do
  EXPECT_EQ(minimize(asks, found, violation, {}, {}).schedule,
            (Schedule{{ChoiceKind::kValue, 1, 3}}));
}

TEST(MinimizeTest, SaysThatTheBudgetWasReached) {
  const Outcome found = test::first_violation(test::reorder(3), Seed{2});
  const Minimized same =
      minimize(test::reorder(3), found.schedule, *found.violation, {}, {.executions_max = 1});
  EXPECT_TRUE(same.budget_reached);
  EXPECT_EQ(same.executions, 1u);
  EXPECT_EQ(same.schedule, found.schedule);
  EXPECT_EQ(same.outcome.hash, found.hash);
}

TEST(MinimizeTest, AScheduleThatBreaksNothingComesBackAsItIs) {
  const Violation other{"OTHER", Severity::kS1, "", 0, {}};
  const Outcome found = test::first_violation(test::deadlock01(), Seed{1});
  const Minimized same = minimize(test::deadlock01(), found.schedule, other, {}, {});
  EXPECT_EQ(same.schedule, found.schedule);
  EXPECT_EQ(same.executions, 1u);
}

// The fewest preemptions of all executions that break the rule there and whose values deviate no
// more often. Nothing if there are more than `executions_max` executions.
std::optional<std::uint32_t> true_minimum(const ProgramFactory& factory, const Violation& violation,
                                          std::uint32_t deviations_max) {
  constexpr std::uint32_t kTreeMax = 3'000;
  const auto dfs = find_strategy("dfs")->make();
  DeviationRecorder recorder(*dfs);
  Execution execution;
  std::uint32_t fewest = ~0u;
  for (std::uint32_t i = 0; recorder.begin_execution(Seed{0}); ++i) {
    if (i == kTreeMax) return std::nullopt;
    const auto program = factory();
    const Outcome& outcome = execution.run(*program, recorder);
    if (!same_rule_and_place(outcome, violation)) continue;
    if (recorder.value_deviations() <= deviations_max) {
      fewest = std::min(fewest, recorder.preemptions());
    }
  }
  return fewest;
}

TEST(MinimizeTest, WhatIsProvedIsTheMinimumOfAllExecutions) {
  std::uint32_t compared = 0;
  Rng rng(Seed{11});
  for (int i = 0; i < 500; ++i) {
    const test::Code code = test::planted_code(rng);
    const ProgramFactory factory = test::program_of(code);
    for (std::uint64_t seed = 0; seed < 2; ++seed) {
      const Outcome found = test::run_random(factory, Seed{seed});
      if (!found.violation) continue;
      const Minimized smaller = minimize_found(factory, found);
      ASSERT_TRUE(same_rule_and_place(smaller.outcome, *found.violation)) << to_string(code);
      expect_minimal(factory, found, smaller);
      ASSERT_TRUE(smaller.proof.complete);
      if (smaller.size.preemptions == 0) continue;  // nothing is less
      const auto fewest = true_minimum(factory, *found.violation, smaller.size.deviations);
      if (!fewest) continue;
      ++compared;
      ASSERT_EQ(smaller.size.preemptions, *fewest) << to_string(code) << ", seed " << seed;
    }
  }
  EXPECT_GT(compared, 10u);
}

TEST(MinimizeTest, SaysThatTheProofDidNotFinish) {
  const Outcome found = test::first_violation(test::reorder(3), Seed{2});
  const Minimized smaller =
      minimize(test::reorder(3), found.schedule, *found.violation, {}, {.proof_executions_max = 1});
  EXPECT_EQ(smaller.size.preemptions, 1u);
  EXPECT_FALSE(smaller.proof.complete);
  EXPECT_EQ(smaller.proof.executions, 1u);
  EXPECT_FALSE(smaller.proof.asked);
}

// --- Reordering ---

TEST(OrderRecorderTest, PutsIndependentStepsTogether) {
  const auto apart = test::parallel([](Execution& x) {
    test::Bodies bodies;
    for (int i = 0; i < 2; ++i) {
      const ObjectId own = x.create("own");
      bodies.push_back([&x, own] {
        for (int step = 0; step < 3; ++step) test::do_op(x, own, Op::kAdd, 1);
      });
    }
    return bodies;
  });
  // f0 f1 f0 f1 f0 f1: 4 preemptions, and none is needed.
  Schedule alternating;
  for (std::uint32_t i = 0; i < 4; ++i) {
    alternating.push_back({ChoiceKind::kFiber, 1 + i % 2, 0b110});
  }
  alternating.push_back({ChoiceKind::kFiber, 1, 0b110});
  ReplayStrategy exact(alternating);
  OrderRecorder record(exact);
  EXPECT_EQ(attempt(apart, record).size, (Size{6, 4, 0}));
  const std::vector<std::uint64_t> all = record.fewest_preemptions(false);
  OrderedStrategy ordered(all, {});
  EXPECT_EQ(attempt(apart, ordered).size, (Size{6, 0, 0}));
  // The last step depends on its own fiber's only.
  EXPECT_EQ(record.fewest_preemptions(true), std::vector<std::uint64_t>(3, all.back()));
}

TEST(OrderRecorderTest, ReorderingKeepsWhatRandomProgramsDo) {
  // A circle of waits may close earlier in another order: every execution goes to its end.
  Limits limits;
  limits.partial_deadlocks = false;
  Rng rng(Seed{12});
  std::uint32_t fewer = 0;
  for (int i = 0; i < 300; ++i) {
    const ProgramFactory factory = test::program_of(test::random_code(rng, 12));
    RandomStrategy random;
    random.begin_execution(Seed{7});
    const Outcome found = attempt(factory, random, limits).outcome;
    ReplayStrategy exact(found.schedule);
    OrderRecorder record(exact);
    const Attempt before = attempt(factory, record, limits);
    const std::vector<Deviation> values = deviations_of(factory, found.schedule);
    OrderedStrategy ordered(record.fewest_preemptions(false), values);
    const Attempt after = attempt(factory, ordered, limits);
    ASSERT_EQ(after.size.steps, before.size.steps);
    ASSERT_EQ(after.size.deviations, before.size.deviations);
    ASSERT_LE(after.size.preemptions, before.size.preemptions) << i;
    ASSERT_EQ(after.outcome.violation.has_value(), before.outcome.violation.has_value());
    fewer += after.size.preemptions < before.size.preemptions ? 1 : 0;
  }
  EXPECT_GT(fewer, 50u);
}

// --- The point of no return ---

TEST(NoReturnTest, IsTheStepThatNothingCanMend) {
  // The writer's third step decides: the flag is never reset, and the reader looks at it last.
  const auto decided = test::parallel([](Execution& x) {
    const ObjectId flag = x.create("flag");
    const ObjectId other = x.create("other");
    return test::Bodies{[&x, flag, other] {
                          test::do_op(x, other, Op::kAdd, 1);
                          test::do_op(x, other, Op::kAdd, 1);
                          if (test::do_op(x, other, Op::kRead) == 2) {
                            test::do_op(x, flag, Op::kWrite, 1);
                          }
                          test::do_op(x, other, Op::kAdd, 1);
                        },
                        [&x, flag, other] {
                          test::do_op(x, other, Op::kRead);
                          test::require(x, test::do_op(x, flag, Op::kRead) == 0, __LINE__);
                        }};
  });
  // f0 f0 f0 f0 (the write) f0 f1 f1: f1 may still read before the write until that is done.
  const Schedule found(5, {ChoiceKind::kFiber, 1, 0b110});
  const Outcome outcome = replay(decided, found, {}).outcome;
  ASSERT_TRUE(outcome.violation.has_value());
  const NoReturn point = find_point_of_no_return(decided, found, outcome.steps, kAssertion, {});
  EXPECT_EQ(point, (NoReturn{4, kContinuations, true}));
}

TEST(NoReturnTest, MayBeTheLastStepOrTheBeginning) {
  const auto asks = test::program([](Execution& x) {
    const ObjectId object = x.create("object");
    test::do_op(x, object, Op::kAdd, 1);
    test::require(x, x.choose("which", 2) == 0, __LINE__);
  });
  EXPECT_EQ(find_point_of_no_return(asks, {{ChoiceKind::kValue, 1, 2}}, 1, kAssertion, {}).step,
            1u);
  const auto fails = test::program([](Execution& x) {
    const ObjectId object = x.create("object");
    test::do_op(x, object, Op::kAdd, 1);
    test::require(x, false, __LINE__);
  });
  EXPECT_EQ(find_point_of_no_return(fails, {}, 1, kAssertion, {}).step, 0u);
}

// --- The guided strategy ---

TEST(GuidedTest, DeviationsSayAllOfASchedule) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Outcome found = test::run_random(test::reorder(3), Seed{i});
    const Outcome again = follow(test::reorder(3), deviations_of(test::reorder(3), found.schedule));
    EXPECT_EQ(again.schedule, found.schedule);
    EXPECT_EQ(again.hash, found.hash);
  }
}

TEST(GuidedTest, WithoutDeviationsItDoesNotPreempt) {
  const Outcome outcome = follow(test::bare_steps(3, 2), {});
  // f0 f0, f1 f1, f2 f2: free switches go to the lowest.
  const Schedule expected{{ChoiceKind::kFiber, 1, 0b1110},
                          {ChoiceKind::kFiber, 1, 0b1110},
                          {ChoiceKind::kFiber, 2, 0b1100},
                          {ChoiceKind::kFiber, 2, 0b1100}};
  EXPECT_EQ(outcome.schedule, expected);
}

TEST(GuidedTest, ImpossibleDeviationsAreIgnored) {
  const Outcome plain = follow(test::bare_steps(2, 2), {});
  std::vector<Deviation> nonsense;
  for (std::uint32_t position = 0; position < 9; ++position) {
    nonsense.push_back({ChoiceKind::kFiber, 0, position, 12345});
    nonsense.push_back({ChoiceKind::kValue, 0, position, 99});
  }
  EXPECT_EQ(follow(test::bare_steps(2, 2), nonsense).schedule, plain.schedule);
}

}  // namespace
}  // namespace nmrcheck::sim
