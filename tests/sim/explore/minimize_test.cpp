// Minimization: the same rule, the known minimum, nothing left that could go.
#include "sim/explore/minimize.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "sim/explore/guided.h"
#include "sim/strategy/replay.h"
#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

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
  EXPECT_LE(deviations.size(), deviations_of(factory, found.schedule).size());
  for (std::size_t i = 0; i < deviations.size(); ++i) {
    std::vector<Deviation> without = deviations;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    const Outcome outcome = follow(factory, without);
    EXPECT_TRUE(!outcome.violation || outcome.violation->rule != found.violation->rule ||
                outcome.violation->place.line != found.violation->place.line);
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
        Known{"twostage", test::twostage(), 1},
        Known{"detach", test::detach_use_after_free(), 1}}) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      const Outcome found = test::first_violation(known.factory, Seed{seed});
      const Minimized smaller = minimize_found(known.factory, found);
      EXPECT_EQ(smaller.size.preemptions, known.preemptions) << known.name << ", seed " << seed;
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
