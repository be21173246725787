// Depth-first search visits every execution once.
#include "sim/strategy/dfs.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

// Two fibers with two steps each, a b and A B, print themselves. The first execution does not
// preempt; each later one changes the last choice that has an untried answer, and stays on the
// current fiber after it:
//
//   abAB  never switches away from a fiber that can go
//   aABb  after a switches
//   aAbB  after a A switches back
//   ABab  begins with the other fiber; the rest as above, with the fibers exchanged
//   AabB
//   AaBb
TEST(DfsTest, VisitsEveryInterleavingOnce) {
  std::vector<std::string> orders;
  std::string order;
  const auto factory = test::parallel([&](Execution& x) -> test::Bodies {
    const ObjectId v = x.create("v");
    order.clear();
    const auto body = [&order, &x, v](char first) {
      for (char step = first; step < first + 2; ++step) {
        test::do_op(x, v, Op::kAdd, 1);
        order += step;
      }
    };
    return {[=] { body('a'); }, [=] { body('A'); }};
  });
  Execution execution;
  DfsStrategy dfs;
  while (dfs.begin_execution(Seed{0})) {
    const auto program = factory();
    execution.run(*program, dfs);
    orders.push_back(order);
  }
  const std::vector<std::string> expected{"abAB", "aABb", "aAbB", "ABab", "AabB", "AaBb"};
  EXPECT_EQ(orders, expected);
}

struct Count {
  std::uint32_t fibers;
  std::uint32_t steps;
  std::uint64_t executions;  // (fibers * steps)! / (steps!)^fibers
};

TEST(DfsTest, CountsAreMultinomial) {
  for (const Count& count : {Count{1, 5, 1}, Count{2, 1, 2}, Count{2, 2, 6}, Count{2, 3, 20},
                             Count{2, 5, 252}, Count{3, 1, 6}, Count{3, 2, 90}, Count{3, 3, 1680},
                             Count{4, 1, 24}, Count{4, 2, 2520}, Count{5, 1, 120}}) {
    EXPECT_EQ(test::explore_all(test::bare_steps(count.fibers, count.steps)).executions,
              count.executions)
        << count.fibers << " fibers, " << count.steps << " steps";
  }
}

// Executions of the known programs: all, and those that break a rule.
TEST(DfsTest, CountsOfKnownPrograms) {
  EXPECT_EQ(test::explore_all(test::detach_rundown()).violations.size(), 0u);
  const test::Tree crossed = test::explore_all(test::deadlock01());
  // One fiber takes its first lock. The other takes its own: deadlock. Or the first takes both;
  // from then on the only freedom is whether its last unlock comes before the other's first lock.
  EXPECT_EQ(crossed.executions, 6u);
  EXPECT_EQ(crossed.violations.at(kDeadlock), 2u);
  EXPECT_EQ(crossed.violations.size(), 1u);
}

TEST(DfsTest, AnswersTheDefaultFirstAndEveryAlternativeOnce) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> answers;
  const auto factory = test::program([&](Execution& x) {
    const std::uint32_t first = x.choose("first", 3, 1);
    answers.emplace_back(first, x.choose("second", 2, 0));
  });
  EXPECT_EQ(test::explore_all(factory).executions, 6u);
  const std::vector<std::pair<std::uint32_t, std::uint32_t>> expected{{1, 0}, {1, 1}, {0, 0},
                                                                      {0, 1}, {2, 0}, {2, 1}};
  EXPECT_EQ(answers, expected);
}

TEST(DfsTest, TakesTheLargestQuestion) {
  const auto factory = test::program([](Execution& x) { x.choose("which", kOptionsMax, 63); });
  EXPECT_EQ(test::explore_all(factory).executions, 64u);
}

TEST(DfsTest, TheExploredFractionGrowsToOne) {
  const auto factory = test::bare_steps(2, 3);
  Execution execution;
  DfsStrategy dfs;
  double last = -1;
  std::uint64_t executions = 0;
  while (dfs.begin_execution(Seed{0})) {
    EXPECT_GT(*dfs.explored_fraction(), last);
    EXPECT_LT(*dfs.explored_fraction(), 1.0);
    last = *dfs.explored_fraction();
    ++executions;
    const auto program = factory();
    execution.run(*program, dfs);
  }
  EXPECT_EQ(executions, 20u);
  EXPECT_EQ(dfs.explored_fraction(), 1.0);
  EXPECT_EQ(dfs.divergence(), nullptr);
}

TEST(DfsTest, TellsWhenTheProgramOffersSomethingElse) {
  int executions = 0;
  const auto factory = test::program([&](Execution& x) {
    x.choose("first", executions++ == 0 ? 2 : 3);
    x.choose("second", 2);
  });
  Execution execution;
  DfsStrategy dfs;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(dfs.begin_execution(Seed{0}));
    const auto program = factory();
    EXPECT_EQ(execution.run(*program, dfs).ending, i == 0 ? Ending::kComplete : Ending::kCovered);
  }
  ASSERT_NE(dfs.divergence(), nullptr);
  EXPECT_EQ(dfs.divergence()->choice, 0u);
  EXPECT_EQ(dfs.divergence()->recorded->offered, 2u);
  EXPECT_EQ(dfs.divergence()->asked.offered, 3u);
  EXPECT_FALSE(dfs.begin_execution(Seed{0}));
}

TEST(DfsTest, TellsWhenTheProgramEndsEarly) {
  int executions = 0;
  const auto factory = test::program([&](Execution& x) {
    if (executions++ == 0) x.choose("once", 2);
  });
  Execution execution;
  DfsStrategy dfs;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(dfs.begin_execution(Seed{0}));
    const auto program = factory();
    EXPECT_EQ(execution.run(*program, dfs).ending, Ending::kComplete);
  }
  EXPECT_FALSE(dfs.begin_execution(Seed{0}));
  ASSERT_NE(dfs.divergence(), nullptr);
  EXPECT_EQ(dfs.divergence()->choice, 0u);
  EXPECT_EQ(dfs.divergence()->asked.offered, 0u);
}

}  // namespace
}  // namespace nmrcheck::sim
