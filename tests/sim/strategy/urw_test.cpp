// The uniform random walks: URW over interleavings, SURW over the orders of the steps on one
// object.
#include "sim/strategy/urw.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/strategy/surw.h"
#include "tests/sim/strategy/rates.h"

namespace nmrcheck::sim {
namespace {

// Enough surveyed executions to see each fiber's longest path.
constexpr std::uint32_t kThorough = 2'000;

TEST(UrwTest, FindsEachBugAsOftenAsComputed) {
  for (const test::Rates& program : test::rates()) {
    UrwStrategy urw(kThorough);
    test::expect_rate(urw, program, program.urw);
  }
}

// 6! / (2! 2! 2!) = 90 interleavings of three fibers with two increments each.
TEST(UrwTest, EveryInterleavingIsEquallyLikely) {
  UrwStrategy urw;
  const auto make = [](std::string& order) {
    return test::parallel([&order](Execution& x) {
      const ObjectId v = x.create("v");
      test::Bodies bodies;
      for (const char letter : {'a', 'b', 'c'}) {
        bodies.push_back([&x, v, letter, &order] { test::spell(x, v, 2, letter, order); });
      }
      return bodies;
    });
  };
  const test::Orders orders = test::count_orders(urw, make, 45'000);
  ASSERT_EQ(orders.size(), 90u);
  EXPECT_LT(test::chi_square_of_uniform(orders), 166);  // 89 degrees of freedom
}

// "p" starts a child "c" within its first step; another fiber "d" is there from the start. After
// the first p: ccp, cpc, pcc; merged with two d: 3 * 15 = 45 orders, all equally likely only if p's
// weight counts what its child will do.
TEST(UrwTest, CountsTheStepsOfFibersNotStartedYet) {
  UrwStrategy urw;
  const auto make = [](std::string& order) {
    return test::parallel([&order](Execution& x) -> test::Bodies {
      const ObjectId v = x.create("v");
      return {[&x, v, &order] {
                test::spell(x, v, 1, 'p', order);
                x.spawn("child", [&x, v, &order] { test::spell(x, v, 2, 'c', order); });
                test::spell(x, v, 1, 'p', order);
              },
              [&x, v, &order] { test::spell(x, v, 2, 'd', order); }};
    });
  };
  const test::Orders orders = test::count_orders(urw, make, 45'000);
  ASSERT_EQ(orders.size(), 45u);
  EXPECT_LT(test::chi_square_of_uniform(orders), 104);  // 44 degrees of freedom
}

// Fiber "a" makes twelve steps of its own before its two steps on the shared object, "b" none. A
// random walk would nearly always put both b first.
TEST(SurwTest, EveryOrderOfTheInterestingStepsIsEquallyLikely) {
  SurwStrategy surw;
  const auto make = [](std::string& order) {
    return test::parallel([&order](Execution& x) -> test::Bodies {
      const ObjectId shared = x.create("shared");
      const ObjectId own = x.create("own");
      return {[&x, shared, own, &order] {
                for (int i = 0; i < 12; ++i) test::do_op(x, own, Op::kAdd, 1);
                test::spell(x, shared, 2, 'a', order);
              },
              [&x, shared, &order] { test::spell(x, shared, 2, 'b', order); }};
    });
  };
  const test::Orders orders = test::count_orders(surw, make, 12'000);
  ASSERT_EQ(orders.size(), 6u);
  EXPECT_LT(test::chi_square_of_uniform(orders), 35.9);  // 5 degrees of freedom
}

// As above, with a child: p, then its child c, against two d. Each order of the four.
TEST(SurwTest, PassesTheIntentionOnToFibersThatItStarts) {
  SurwStrategy surw;
  const auto make = [](std::string& order) {
    return test::parallel([&order](Execution& x) -> test::Bodies {
      const ObjectId shared = x.create("shared");
      const ObjectId own = x.create("own");
      return {[&x, shared, own, &order] {
                test::do_op(x, own, Op::kAdd, 1);
                x.spawn("child", [&x, shared, &order] { test::spell(x, shared, 2, 'c', order); });
                test::spell(x, shared, 1, 'p', order);
              },
              [&x, shared, &order] { test::spell(x, shared, 2, 'd', order); }};
    });
  };
  const test::Orders orders = test::count_orders(surw, make, 30'000);
  ASSERT_EQ(orders.size(), 30u);                       // 5! / (2! 1! 2!)
  EXPECT_LT(test::chi_square_of_uniform(orders), 82);  // 29 degrees of freedom
}

// detach: the flag and the context are written once, and shared; nothing else is there.
// account: neither the lock nor the balance, which are written more often, is a lifetime.
TEST(SurwTest, PrefersObjectsThatAreWrittenOnce) {
  const auto share_of_first_two = [](const ProgramFactory& factory, std::set<std::uint64_t>& seen) {
    SurwStrategy surw;
    test::survey(surw, factory);
    std::map<std::uint64_t, int> drawn;
    for (std::uint64_t i = 0; i < 1'000; ++i) {
      surw.begin_execution(fork(Seed{3}, i));
      ++drawn[surw.interesting_object().value()];
    }
    std::multiset<int> counts;
    for (const auto& [object, count] : drawn) {
      seen.insert(object);
      counts.insert(count);
    }
    return *counts.rbegin() + *std::next(counts.rbegin());
  };
  std::set<std::uint64_t> of_detach, of_account;
  EXPECT_EQ(share_of_first_two(test::detach_use_after_free(), of_detach), 1'000);
  EXPECT_EQ(of_detach.size(), 2u);
  // 3/4 + 1/4 * 2/4 = 7/8; a standard error is 10.5.
  EXPECT_NEAR(share_of_first_two(test::account(), of_account), 875, 52);
  EXPECT_EQ(of_account.size(), 4u);
}

TEST(SurwTest, WalksAtRandomWithoutSharedObjects) {
  SurwStrategy surw;
  const auto alone = test::program([](Execution& x) {
    const ObjectId v = x.create("v");
    for (int i = 0; i < 3; ++i) test::do_op(x, v, Op::kAdd, 1);
  });
  test::survey(surw, alone);
  surw.begin_execution(Seed{1});
  EXPECT_FALSE(surw.interesting_object().has_value());
}

}  // namespace
}  // namespace nmrcheck::sim
