// Partial-order sampling against known rates.
#include "sim/strategy/pos.h"

#include <gtest/gtest.h>

#include "tests/sim/strategy/rates.h"

namespace nmrcheck::sim {
namespace {

TEST(PosTest, FindsEachBugAsOftenAsKnown) {
  for (const test::Rates& program : test::rates()) {
    PosStrategy pos;
    test::expect_rate(pos, program, program.pos, test::kPosExecutions);
  }
}

// Three fibers with one conflicting step each: every order is equally likely, because whoever lost
// draws anew.
TEST(PosTest, OneRaceHasEveryOrderEquallyOften) {
  PosStrategy pos;
  const auto make = [](std::string& order) {
    return test::parallel([&order](Execution& x) {
      const ObjectId v = x.create("v");
      test::Bodies bodies;
      for (const char letter : {'a', 'b', 'c'}) {
        bodies.push_back([&x, v, letter, &order] { test::spell(x, v, 1, letter, order); });
      }
      return bodies;
    });
  };
  const test::Orders orders = test::count_orders(pos, make, 6'000);
  ASSERT_EQ(orders.size(), 6u);
  EXPECT_LT(test::chi_square_of_uniform(orders), 35.9);  // 5 degrees of freedom
}

// A step that lost no race keeps its priority. Fiber "a" makes two steps on an object of its own;
// "b" one on another. The draws are a1, b, and a2 once a1 was made: b goes first when it is the
// largest of two, in the middle when a1 > b > a2, which is one of six orders of three draws, or
// last.
TEST(PosTest, AStepThatLostNoRaceKeepsItsPriority) {
  PosStrategy pos;
  const auto make = [](std::string& order) {
    return test::parallel([&order](Execution& x) -> test::Bodies {
      const ObjectId left = x.create("left");
      const ObjectId right = x.create("right");
      return {[&x, left, &order] { test::spell(x, left, 2, 'a', order); },
              [&x, right, &order] { test::spell(x, right, 1, 'b', order); }};
    });
  };
  constexpr double kExecutions = 12'000;
  test::Orders orders = test::count_orders(pos, make, static_cast<std::uint64_t>(kExecutions));
  EXPECT_EQ(orders.size(), 3u);
  // Standard errors of 12 000 executions: 0.0046, 0.0034, 0.0043; bounds of 4.9 of them.
  EXPECT_NEAR(static_cast<double>(orders["baa"]) / kExecutions, 1 / 2., 0.023);
  EXPECT_NEAR(static_cast<double>(orders["aba"]) / kExecutions, 1 / 6., 0.017);
  EXPECT_NEAR(static_cast<double>(orders["aab"]) / kExecutions, 1 / 3., 0.022);
}

}  // namespace
}  // namespace nmrcheck::sim
