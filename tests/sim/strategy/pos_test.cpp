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

// How often "b" goes before, between and after the two steps of "a".
struct Places {
  double before;
  double between;
  double after;
};

Places places_of_b(bool on_one_object) {
  constexpr std::uint64_t kExecutions = 12'000;
  PosStrategy pos;
  const auto make = [=](std::string& order) {
    return test::parallel([=, &order](Execution& x) -> test::Bodies {
      const ObjectId left = x.create("left");
      const ObjectId right = on_one_object ? left : x.create("right");
      return {[&x, left, &order] { test::spell(x, left, 2, 'a', order); },
              [&x, right, &order] { test::spell(x, right, 1, 'b', order); }};
    });
  };
  test::Orders orders = test::count_orders(pos, make, kExecutions);
  const auto part = [&](const char* order) {
    return static_cast<double>(orders[order]) / static_cast<double>(kExecutions);
  };
  return {part("baa"), part("aba"), part("aab")};
}

// Bounds are 4.9 standard errors of 12 000 executions.
constexpr double kBound = 0.0224;

// The draws are a1, b, and a2 once a1 was made. b is the largest of a1 and b; or a1 > b > a2, one
// of six orders of three draws; or it is last.
TEST(PosTest, AStepThatLostNoRaceKeepsItsPriority) {
  const Places places = places_of_b(false);
  EXPECT_NEAR(places.before, 1 / 2., kBound);
  EXPECT_NEAR(places.between, 1 / 6., kBound);
  EXPECT_NEAR(places.after, 1 / 3., kBound);
}

// After a1 was made, both a2 and b are new draws.
TEST(PosTest, AStepThatLostARaceIsDrawnAnew) {
  const Places places = places_of_b(true);
  EXPECT_NEAR(places.before, 1 / 2., kBound);
  EXPECT_NEAR(places.between, 1 / 4., kBound);
  EXPECT_NEAR(places.after, 1 / 4., kBound);
}

}  // namespace
}  // namespace nmrcheck::sim
