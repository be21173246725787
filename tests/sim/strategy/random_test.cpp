// The random walk, against exact probabilities.
//
// All statistics use fixed seeds, so that they pass or fail for good. Bounds are chosen so that a
// correct sampler would exceed each for one seed in a million.
#include "sim/strategy/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

using test::Tree;

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

struct Known {
  const char* name;
  ProgramFactory factory;
  double probability;  // of a violation, by a random walk
};

std::vector<Known> known_programs() {
  return {{"account", test::account(), 1 / 3.},
          {"deadlock01", test::deadlock01(), 1 / 2.},
          {"carter01", test::carter01(), 1 / 2.},
          {"bluetooth", test::bluetooth(), 5 / 128.},
          {"twostage", test::twostage(), 1 / 64.},
          {"reorder", test::reorder(2), 4 / 81.},
          {"detach", test::detach_use_after_free(), 73 / 324.},
          {"rundown", test::detach_rundown(), 0}};
}

TEST(RandomTest, TheTreeGivesTheExactProbabilities) {
  for (const Known& known : known_programs()) {
    EXPECT_NEAR(test::explore_all(known.factory).random_walk, known.probability, 1e-12)
        << known.name;
  }
}

TEST(RandomTest, FindsEachBugAsOftenAsComputed) {
  constexpr int kExecutions = 20'000;
  constexpr double kErrorsMax = 4.9;  // standard errors: a false alarm in a million
  for (const Known& known : known_programs()) {
    Execution execution;
    RandomStrategy random;
    int found = 0;
    for (std::uint64_t i = 0; i < kExecutions; ++i) {
      random.begin_execution(fork(Seed{7}, i));
      const auto program = known.factory();
      found += execution.run(*program, random).violation.has_value();
    }
    const double p = known.probability;
    const double error = std::sqrt(p * (1 - p) / kExecutions);
    EXPECT_NEAR(found / double{kExecutions}, p, kErrorsMax * error) << known.name;
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
