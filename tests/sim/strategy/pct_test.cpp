// PCT against exact probabilities, what it learns, and its fairness.
#include "sim/strategy/pct.h"

#include <gtest/gtest.h>

#include "tests/sim/strategy/rates.h"

namespace nmrcheck::sim {
namespace {

TEST(PctTest, FindsEachBugAsOftenAsComputed) {
  for (const test::Rates& program : test::rates()) {
    for (std::uint32_t depth = 1; depth <= program.pct.size(); ++depth) {
      SCOPED_TRACE("depth " + std::to_string(depth));
      PctStrategy pct({.depth = depth, .steps = program.steps});
      EXPECT_EQ(pct.survey_executions(), 0u);
      test::expect_rate(pct, program, program.pct[depth - 1]);
    }
  }
}

// Without options k is learned and the depth drawn: the rates of the depths, each for a third. All
// executions of these programs that do not deadlock are equally long, so that the survey sees k.
TEST(PctTest, LearnsTheLengthAndDrawsTheDepth) {
  for (const test::Rates& program : test::rates()) {
    if (program.name != std::string("deadlock01") && program.name != std::string("detach")) {
      continue;
    }
    PctStrategy pct;
    EXPECT_EQ(pct.survey_executions(), kSurveyExecutions);
    test::expect_rate(pct, program, (program.pct[0] + program.pct[1] + program.pct[2]) / 3);
  }
}

// Depth 1 never preempts: each of two fibers runs to its end, either one first.
TEST(PctTest, DepthOneHasNoPreemptions) {
  PctStrategy pct({.depth = 1, .steps = 6});
  const auto make = [](std::string& order) {
    return test::parallel([&order](Execution& x) -> test::Bodies {
      const ObjectId v = x.create("v");
      return {[&x, v, &order] { test::spell(x, v, 3, 'a', order); },
              [&x, v, &order] { test::spell(x, v, 3, 'b', order); }};
    });
  };
  const test::Orders orders = test::count_orders(pct, make, 1'000);
  ASSERT_EQ(orders.size(), 2u);
  EXPECT_TRUE(orders.contains("aaabbb"));
  EXPECT_LT(test::chi_square_of_uniform(orders), 23.9);  // 1 degree of freedom
}

// A fiber that appears later has any rank: main "m" goes on, or its child "c" goes first.
TEST(PctTest, LaterFibersHaveAnyPriority) {
  PctStrategy pct({.depth = 1, .steps = 6});
  const auto make = [](std::string& order) {
    return test::program([&order](Execution& x) {
      const ObjectId v = x.create("v");
      test::spell(x, v, 1, 'm', order);
      x.spawn("child", [&x, v, &order] { test::spell(x, v, 2, 'c', order); });
      test::spell(x, v, 2, 'm', order);
    });
  };
  const test::Orders orders = test::count_orders(pct, make, 1'000);
  ASSERT_EQ(orders.size(), 2u);
  EXPECT_TRUE(orders.contains("mccmm"));
  EXPECT_LT(test::chi_square_of_uniform(orders), 23.9);  // 1 degree of freedom
}

// Who yields goes below the others for good: "a" before its yield, then all of the others.
TEST(PctTest, AYieldGivesWay) {
  PctStrategy pct({.depth = 1, .steps = 5});
  const auto make = [](std::string& order) {
    return test::parallel([&order](Execution& x) -> test::Bodies {
      const ObjectId v = x.create("v");
      return {[&x, v, &order] {
                test::spell(x, v, 1, 'a', order);
                x.yield("yield");
                test::spell(x, v, 1, 'a', order);
              },
              [&x, v, &order] { test::spell(x, v, 2, 'b', order); }};
    });
  };
  const test::Orders orders = test::count_orders(pct, make, 1'000);
  EXPECT_EQ(orders.size(), 2u);
  EXPECT_TRUE(orders.contains("abba"));
  EXPECT_TRUE(orders.contains("bbaa"));
}

}  // namespace
}  // namespace nmrcheck::sim
