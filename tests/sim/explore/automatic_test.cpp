// What a user gets without choosing: exhaustive search, then the portfolio, and what is said of it.
#include "sim/explore/automatic.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "sim/explore/explorer.h"
#include "sim/strategy/portfolio.h"
#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

SearchOptions limited(std::uint64_t executions_max) {
  SearchOptions options;
  options.budget.executions_max = executions_max;
  return options;
}

void expect_limits(const PhaseLimits& limits, std::uint64_t executions,
                   std::optional<double> seconds, const std::string& share) {
  EXPECT_EQ(limits.executions_max, executions);
  EXPECT_EQ(limits.seconds_max, seconds);
  EXPECT_EQ(limits.share, share);
}

TEST(AutomaticTest, HalfOfEachLimitIsForExhaustiveSearch) {
  const std::string half = ", half of all,";
  expect_limits(limits_of_exhaustive_phase({}), 200'000, {}, "");
  expect_limits(limits_of_exhaustive_phase({1'001, {}}), 501, {}, half);
  expect_limits(limits_of_exhaustive_phase({{}, 30.0}), kUnlimited, 15.0, half);
  expect_limits(limits_of_exhaustive_phase({1'000'000, 30.0}), 500'000, 15.0, half);
  expect_limits(limits_of_exhaustive_phase({1, {}}), 1, {}, "");
}

TEST(AutomaticTest, ATwentiethOfEachLimitIsForDeepening) {
  expect_limits(limits_of_deepening({}), 20'000, {}, "");
  expect_limits(limits_of_deepening({1'001, {}}), 50, {}, "");
  expect_limits(limits_of_deepening({{}, 30.0}), kUnlimited, 1.5, "");
  expect_limits(limits_of_deepening({19, {}}), 0, {}, "");
}

TEST(AutomaticTest, TheRestIsForSampling) {
  expect_limits(limits_of_sampling_phase({}, 200'000), 10'000, {}, "");
  expect_limits(limits_of_sampling_phase({1'001, {}}, 501), 500, {}, "");
  expect_limits(limits_of_sampling_phase({1, {}}, 1), 0, {}, "");
  expect_limits(limits_of_sampling_phase({{}, 30.0}, 90'000), kUnlimited, 30.0, "");
}

TEST(AutomaticTest, AChosenStrategyHasAllLimits) {
  expect_limits(limits_of_one({}, true), kUnlimited, {}, "");
  expect_limits(limits_of_one({}, false), 10'000, {}, "");
  expect_limits(limits_of_one({{}, 30.0}, false), kUnlimited, 30.0, "");
  expect_limits(limits_of_one({7, 30.0}, true), 7, 30.0, "");
}

TEST(AutomaticTest, ExhaustsWhatFitsItsShare) {
  EXPECT_EQ(explore(test::bare_steps(3, 3), {}).scope, "complete: all 1 680 traces");
  // Exactly the half.
  const Report report = explore(test::bare_steps(2, 2), limited(12));
  EXPECT_EQ(report.scope, "complete: all 6 traces");
  EXPECT_EQ(report.verdict, Verdict::kVerified);
  EXPECT_TRUE(report.samplers.empty());
}

TEST(AutomaticTest, SaysWhyItSamples) {
  const Report report = explore(test::bare_steps(2, 2), limited(6));
  EXPECT_EQ(report.scope,
            "dpor: limit of 3 executions, half of all, reached: about 50 % of the tree; then "
            "portfolio: sampled: 3 executions, 2 traces, unseen mass about 33 %");
  EXPECT_EQ(report.verdict, Verdict::kClean);
  EXPECT_EQ(report.executions, 6u);
  EXPECT_EQ(explore(test::bare_steps(2, 2), limited(1)).scope,
            "limit of 1 execution reached: about 50 % of the tree");
}

TEST(AutomaticTest, SaysThatTimeWasTheReason) {
  SearchOptions options;
  options.budget.seconds_max = 0.01;
  const std::string scope = explore(test::bare_steps(8, 8), options).scope;
  EXPECT_EQ(scope.rfind("dpor: limit of 0.005 s, half of all, reached: ", 0), 0u) << scope;
  EXPECT_NE(scope.find(" of the tree; then portfolio: limit of 0.01 s reached; sampled: "),
            std::string::npos)
      << scope;
}

TEST(AutomaticTest, ReportsEachSampler) {
  const Report report = explore(test::bare_steps(4, 4), limited(1'000));
  EXPECT_EQ(report.executions, 1'000u);
  ASSERT_EQ(report.samplers.size(), PortfolioStrategy::kSamplers.size());
  std::uint64_t executions = 0;
  for (std::size_t i = 0; i < report.samplers.size(); ++i) {
    const SamplerReport& sampler = report.samplers[i];
    EXPECT_EQ(sampler.name, PortfolioStrategy::kSamplers[i]);
    // 32 surveyed random walks; then 468 executions, from a turn of `pos` on.
    EXPECT_EQ(sampler.executions, i == 0 ? 125u : i == 1 ? 93u : 94u);
    EXPECT_LE(sampler.traces, sampler.executions);
    EXPECT_GT(sampler.traces, 0u);
    executions += sampler.executions;
  }
  EXPECT_EQ(executions, 500u);
}

// Deep in a tree that dpor does not get to: the first fiber's first step after all others'.
TEST(AutomaticTest, AFindingNamesItsSampler) {
  const auto rare = test::parallel([](Execution& x) -> test::Bodies {
    const ObjectId v = x.create("v");
    const auto add = [=, &x] {
      for (int i = 0; i < 6; ++i) test::do_op(x, v, Op::kAdd, 1);
    };
    return {[=, &x] { test::require(x, test::do_op(x, v, Op::kAdd, 1) < 18, __LINE__); }, add, add,
            add};
  });
  const Report report = explore(rare, limited(2'000));
  EXPECT_EQ(report.verdict, Verdict::kViolation);
  ASSERT_EQ(report.findings.size(), 1u);
  const Finding& finding = report.findings[0];
  EXPECT_EQ(report.scope.rfind("dpor: limit of 1 000 executions, half of all, reached: ", 0), 0u);
  const std::string end = "; then portfolio: ended at the first violation, in execution " +
                          std::to_string(finding.execution + 1);
  EXPECT_EQ(report.scope.substr(report.scope.size() - end.size()), end);
  // That sampler alone finds it in the same execution, if not before.
  const std::set<std::string> names(PortfolioStrategy::kSamplers.begin(),
                                    PortfolioStrategy::kSamplers.end());
  EXPECT_TRUE(names.contains(finding.strategy)) << finding.strategy;
  SearchOptions alone = limited(finding.execution + 1);
  alone.strategy = finding.strategy;
  alone.keep_going = true;
  const Report again = explore(rare, alone);
  ASSERT_EQ(again.findings.size(), 1u);
  EXPECT_LE(again.findings[0].execution, finding.execution);
}

TEST(AutomaticTest, AFootprintThatMisleadsIsAnErrorAndSamplingGoesOn) {
  SearchOptions options;
  const Report clean = explore(test::misleading(false), options);
  EXPECT_EQ(clean.verdict, Verdict::kError);
  EXPECT_EQ(clean.error.rfind("two steps whose footprints do not conflict were exchanged", 0), 0u)
      << clean.error;
  EXPECT_TRUE(clean.findings.empty());
  EXPECT_EQ(clean.scope.rfind("dpor: ended by an error, in execution 2; then portfolio: sampled: "
                              "10 000 executions, ",
                              0),
            0u)
      << clean.scope;

  const Report breaks = explore(test::misleading(true), options);
  EXPECT_EQ(breaks.verdict, Verdict::kError);
  EXPECT_EQ(breaks.error, clean.error);
  ASSERT_EQ(breaks.findings.size(), 1u);
  EXPECT_EQ(breaks.findings[0].violation.rule, kAssertion);
  EXPECT_EQ(breaks.findings[0].strategy, "random");
}

// Samplers cannot help where the program itself does not repeat.
TEST(AutomaticTest, AProgramThatDoesNotRepeatEndsTheSearch) {
  std::uint32_t executions = 0;
  const auto grows = test::program([&executions](Execution& x) {
    x.choose("same", 2);
    x.choose("other", executions++ == 0 ? 2 : 3);
  });
  const Report report = explore(grows, {});
  EXPECT_EQ(report.verdict, Verdict::kError);
  EXPECT_EQ(report.scope, "ended by an error, in execution 1");
}

}  // namespace
}  // namespace nmrcheck::sim
