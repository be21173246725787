// The random walk, against exact probabilities.
//
// All statistics use fixed seeds, so that they pass or fail for good. Bounds are chosen so that a
// correct sampler would exceed each for one seed in a million.
#include "sim/strategy/random.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/sim/programs.h"
#include "tests/sim/strategy/rates.h"

namespace nmrcheck::sim {
namespace {

// The order of steps, as letters: fiber f0 makes a, b; fiber f1 makes A, B.
std::string interleaving_of(RandomStrategy& random, Execution& execution, std::uint64_t i) {
  static constexpr char kLetters[2][3] = {"ab", "AB"};
  std::string order;
  const auto factory = test::parallel([&](Execution& x) {
    const ObjectId v = x.create("v");
    test::Bodies bodies;
    for (int fiber = 0; fiber < 2; ++fiber) {
      bodies.push_back([&order, &x, fiber, v] {
        for (int step = 0; step < 2; ++step) {
          test::do_op(x, v, Op::kAdd, 1);
          order += kLetters[fiber][step];
        }
      });
    }
    return bodies;
  });
  random.begin_execution(fork(Seed{1}, i));
  const auto program = factory();
  execution.run(*program, random);
  return order;
}

TEST(RandomTest, ChoosesEachInterleavingWithItsProbability) {
  // While both fibers are left each goes with 1/2; then the rest is forced.
  const std::map<std::string, double> expected{{"abAB", 1 / 4.}, {"aAbB", 1 / 8.},
                                               {"aABb", 1 / 8.}, {"AabB", 1 / 8.},
                                               {"AaBb", 1 / 8.}, {"ABab", 1 / 4.}};
  constexpr std::uint64_t kExecutions = 40'000;
  std::map<std::string, std::uint64_t> counts;
  RandomStrategy random;
  Execution execution;
  for (std::uint64_t i = 0; i < kExecutions; ++i) ++counts[interleaving_of(random, execution, i)];
  ASSERT_EQ(counts.size(), expected.size());
  double chi_square = 0;
  for (const auto& [order, probability] : expected) {
    const double mean = probability * kExecutions;
    const double difference = static_cast<double>(counts[order]) - mean;
    chi_square += difference * difference / mean;
  }
  EXPECT_LT(chi_square, 35.9);  // 5 degrees of freedom
}

TEST(RandomTest, TheTreeGivesTheExactProbabilities) {
  for (const test::Rates& program : test::rates()) {
    if (program.steps > 12) continue;  // has millions of interleavings
    EXPECT_NEAR(test::explore_all(program.factory).random_walk, program.random, 1e-12)
        << program.name;
  }
}

TEST(RandomTest, FindsEachBugAsOftenAsComputed) {
  for (const test::Rates& program : test::rates()) {
    RandomStrategy random;
    test::expect_rate(random, program, program.random);
  }
}

TEST(RandomTest, AnExecutionDependsOnItsSeedOnly) {
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Outcome left = test::run_random(test::bluetooth(), Seed{i});
    const Outcome right = test::run_random(test::bluetooth(), Seed{i});
    EXPECT_EQ(left.schedule, right.schedule);
    EXPECT_EQ(left.hash, right.hash);
  }
}

}  // namespace
}  // namespace nmrcheck::sim
