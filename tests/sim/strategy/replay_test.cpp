// Exact replay, and the three ways in which a record does not fit.
#include "sim/strategy/replay.h"

#include <gtest/gtest.h>

#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

// main starts f0 and f1 (ids 1 and 2), which make two steps each: abAB, f0 first.
const Choice kBothOffered{ChoiceKind::kFiber, 1, 0b110};
const Choice kSecond{ChoiceKind::kFiber, 2, 0b110};

TEST(ReplayTest, FollowsTheRecord) {
  const Schedule schedule{kSecond, kBothOffered, kBothOffered};  // A, a, b, then B is forced
  const Replayed replayed = replay(test::bare_steps(2, 2), schedule, {});
  EXPECT_FALSE(replayed.divergence.has_value());
  EXPECT_EQ(replayed.outcome.ending, Ending::kComplete);
  EXPECT_EQ(replayed.outcome.steps, 4u);
  EXPECT_EQ(replayed.outcome.schedule, schedule);
}

TEST(ReplayTest, TellsThatTheRecordEndedFirst) {
  const Replayed replayed = replay(test::bare_steps(2, 2), {kSecond}, {});
  ASSERT_TRUE(replayed.divergence.has_value());
  EXPECT_EQ(replayed.outcome.ending, Ending::kCovered);
  EXPECT_EQ(replayed.divergence->choice, 1u);
  EXPECT_FALSE(replayed.divergence->recorded.has_value());
  EXPECT_EQ(replayed.divergence->asked.offered, 0b110u);
}

TEST(ReplayTest, TellsThatTheExecutionEndedFirst) {
  const Schedule schedule{kBothOffered, kBothOffered, kSecond};  // a, b end f0; A and B are forced
  const Replayed replayed = replay(test::bare_steps(2, 2), schedule, {});
  ASSERT_TRUE(replayed.divergence.has_value());
  EXPECT_EQ(replayed.outcome.ending, Ending::kComplete);
  EXPECT_EQ(replayed.divergence->choice, 2u);
  EXPECT_EQ(replayed.divergence->recorded, kSecond);
  EXPECT_EQ(replayed.divergence->asked.offered, 0u);
}

TEST(ReplayTest, TellsThatSomethingElseIsOffered) {
  for (const Choice& wrong :
       {Choice{ChoiceKind::kFiber, 1, 0b111}, Choice{ChoiceKind::kValue, 1, 0b110},
        Choice{ChoiceKind::kFiber, 0, 0b110}, Choice{ChoiceKind::kFiber, 64, 0b110}}) {
    const Replayed replayed = replay(test::bare_steps(2, 2), {kSecond, wrong}, {});
    ASSERT_TRUE(replayed.divergence.has_value());
    EXPECT_EQ(replayed.divergence->choice, 1u);
    EXPECT_EQ(replayed.divergence->recorded, wrong);
  }
}

TEST(ReplayTest, AQuestionNeedsAnAnswerWithinItsAlternatives) {
  const auto asks = test::program([](Execution& x) { x.choose("which", 3); });
  EXPECT_FALSE(replay(asks, {{ChoiceKind::kValue, 2, 3}}, {}).divergence.has_value());
  EXPECT_TRUE(replay(asks, {{ChoiceKind::kValue, 3, 3}}, {}).divergence.has_value());
  EXPECT_TRUE(replay(asks, {{ChoiceKind::kValue, 2, 4}}, {}).divergence.has_value());
}

}  // namespace
}  // namespace nmrcheck::sim
