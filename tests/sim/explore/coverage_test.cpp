// Counting traces, and the words for what a search covered.
#include "sim/explore/coverage.h"

#include <gtest/gtest.h>

#include "sim/core/rng.h"
#include "sim/explore/scope.h"

namespace nmrcheck::sim {
namespace {

TEST(CoverageTest, CountsDistinctAndThoseSeenOnce) {
  TraceCounter counter;
  EXPECT_EQ(counter.summary().unseen_mass(), 1.0);
  for (const std::uint64_t hash : {5u, 7u, 5u, 9u, 5u, 1u}) counter.add(hash);
  const TraceCounter::Summary seen = counter.summary();
  EXPECT_EQ(seen.executions, 6u);
  EXPECT_EQ(seen.distinct, 4u);
  EXPECT_EQ(seen.seen_once, 3u);  // 7, 9, 1
  EXPECT_EQ(seen.unseen_mass(), 0.5);
  counter.add(9);
  EXPECT_EQ(counter.summary().seen_once, 2u);  // known from before the last summary
}

// The samplers 0 and 1 see 5 once each: new to each of them, and not to both together.
TEST(CoverageTest, CountsEachSamplerAsIfAlone) {
  TraceCounter counter;
  for (const std::uint64_t hash : {5u, 7u, 7u, 9u}) counter.add(hash, 0);
  for (const std::uint64_t hash : {5u, 1u}) counter.add(hash, 1);
  const auto expect = [](const TraceCounter::Summary& seen, std::uint64_t executions,
                         std::uint64_t distinct, std::uint64_t once) {
    EXPECT_EQ(seen.executions, executions);
    EXPECT_EQ(seen.distinct, distinct);
    EXPECT_EQ(seen.seen_once, once);
  };
  expect(counter.summary(0), 4, 3, 2);
  expect(counter.summary(1), 2, 2, 2);
  expect(counter.summary(2), 0, 0, 0);
  expect(counter.summary(), 6, 4, 2);  // 9, 1
}

TEST(CoverageTest, AgreesWithArithmeticOnManyHashes) {
  TraceCounter counter;
  for (std::uint64_t i = 0; i < 30'000; ++i) counter.add(mix64(i), i % 3);
  for (std::uint64_t i = 0; i < 10'000; ++i) counter.add(mix64(i * 2), 3);
  EXPECT_EQ(counter.summary().distinct, 30'000u);
  EXPECT_EQ(counter.summary().seen_once, 20'000u);
  EXPECT_EQ(counter.summary(1).distinct, 10'000u);
  EXPECT_EQ(counter.summary(3).seen_once, 10'000u);
}

TEST(CoverageTest, StopsWhenFull) {
  TraceCounter counter(100);
  for (std::uint64_t i = 0; i < 1'000; ++i) counter.add(mix64(i));
  const TraceCounter::Summary seen = counter.summary();
  EXPECT_TRUE(seen.full);
  EXPECT_EQ(seen.distinct, 100u);
  EXPECT_EQ(seen.executions, 100u);
}

// --- Words ---

TEST(ScopeTest, PercentagesSayNoMoreThanIsKnown) {
  EXPECT_EQ(percent(0), "less than 0.01 %");
  EXPECT_EQ(percent(0.00012), "about 0.01 %");
  EXPECT_EQ(percent(0.0025), "about 0.25 %");
  EXPECT_EQ(percent(0.031), "about 3.1 %");
  EXPECT_EQ(percent(0.04), "about 4 %");
  EXPECT_EQ(percent(0.5), "about 50 %");
  EXPECT_EQ(percent(0.103), "about 10 %");
  EXPECT_EQ(percent(0.996), "about 99.6 %");
  EXPECT_EQ(percent(1), "more than 99.9 %");
}

TEST(ScopeTest, CompleteSaysOfWhat) {
  const StrategyInfo& dfs = *find_strategy("dfs");
  const StrategyInfo& dpor = *find_strategy("dpor");
  EXPECT_EQ(describe_complete(dfs, 1'680), "complete: all 1 680 executions");
  EXPECT_EQ(describe_complete(dpor, 90), "complete: all 90 traces");
  EXPECT_EQ(describe_complete(dfs, 1), "complete: the only execution");
  EXPECT_EQ(describe_complete(dpor, 1), "complete: the only trace");
}

TEST(ScopeTest, LimitsSayWhoseAndHowFar) {
  EXPECT_EQ(executions_limit(20'000), "limit of 20 000 executions reached");
  EXPECT_EQ(executions_limit(1, ", half of all,"), "limit of 1 execution, half of all, reached");
  EXPECT_EQ(seconds_limit(0.5, ", half of all,"), "limit of 0.5 s, half of all, reached");
  EXPECT_EQ(describe_partial("limit of 3 s reached", true, 1, 0.031),
            "limit of 3 s reached: 1 execution, about 3.1 % of the tree");
  EXPECT_EQ(describe_partial("limit of 20 000 executions reached", false, 20'000, 0),
            "limit of 20 000 executions reached: less than 0.01 % of the tree");
}

TEST(ScopeTest, SamplesSayWhatIsUnseen) {
  EXPECT_EQ(describe_sample(10'000, {10'000, 3'412, 400, false}),
            "sampled: 10 000 executions, 3 412 traces, unseen mass about 4 %");
  EXPECT_EQ(describe_sample(1, {1, 1, 1, false}),
            "sampled: 1 execution, 1 trace, unseen mass more than 99.9 %");
  EXPECT_EQ(describe_sample(1'000'000, {400'000, 200'000, 40'000, true}),
            "sampled: 1 000 000 executions, at least 200 000 traces, unseen mass about 10 % "
            "(counted in the first 400 000 executions)");
}

}  // namespace
}  // namespace nmrcheck::sim
