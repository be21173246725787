// A bound on the registrar's deviations, with every kind of strategy.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"

namespace nmrcheck {
namespace {

using Counts = std::vector<std::uint64_t>;

sim::Report search(const char* scenario, const char* strategy, std::uint32_t deviations,
                   const char* profile = "documented", std::uint64_t executions = 100'000) {
  sim::SearchOptions options;
  options.strategy = strategy;
  options.budget.executions_max = executions;
  options.limits.deviations_max = deviations;
  options.minimize = false;
  return sim::explore(
      [=] { return find_scenario(scenario)->make({}, *model::find_profile(profile)); }, options);
}

// How many traces have 0, 1, … deviations does not depend on the bound: the bounded search with
// dpor loses none within it and makes no other, and abandons none half-way.
void expect_traces_within(std::initializer_list<std::uint32_t> bounds) {
  const Counts all{9, 228, 1582, 5137, 8800, 7187, 2471, 322, 12};
  for (const std::uint32_t bound : bounds) {
    const sim::Report report = search("nmr/lost-completion-fixed", "dpor", bound);
    const std::size_t within = std::min<std::size_t>(bound + 1, all.size());
    const Counts expected(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(within));
    EXPECT_EQ(report.executions_by_deviations, expected) << bound;
    EXPECT_EQ(report.executions_blocked, 0u) << bound;
    EXPECT_TRUE(report.exhausted) << bound;
    const bool everything = bound >= all.size() - 1;
    EXPECT_EQ(report.bound_reached, !everything) << bound;
    EXPECT_EQ(report.verdict, everything ? sim::Verdict::kVerified : sim::Verdict::kClean) << bound;
  }
}

TEST(DeviationsTest, DporExploresExactlyTheTracesWithinTheBound) {
  expect_traces_within({0, 1, 2, 3});
}

TEST(DeviationsSlowTest, DporExploresExactlyTheTracesWithinTheBound) {
  expect_traces_within({4, 5, 6, 7, 8, 9});
}

TEST(DeviationsTest, TheScopeNamesTheBound) {
  const auto scope = [](const char* scenario, std::uint32_t bound) {
    return search(scenario, "dpor", bound).scope;
  };
  EXPECT_EQ(scope("nmr/lost-completion-fixed", 0), "complete up to 0 deviations: all 9 traces");
  EXPECT_EQ(scope("nmr/lost-completion-fixed", 1), "complete up to 1 deviation: all 237 traces");
  EXPECT_EQ(scope("nmr/unload-without-wait-fixed", 99), "complete: all 2 680 traces");
}

// With dfs the numbers are of interleavings, and just as independent of the bound.
TEST(DeviationsTest, DfsExploresExactlyTheExecutionsWithinTheBound) {
  const auto counts = [](std::uint32_t bound) {
    const sim::Report report =
        search("nmr/unload-without-wait-fixed", "dfs", bound, "windows", 1'000'000);
    EXPECT_TRUE(report.exhausted) << bound;
    return report.executions_by_deviations;
  };
  const Counts most = counts(3);
  ASSERT_EQ(most.size(), 4u);
  for (std::uint32_t bound = 0; bound < 3; ++bound) {
    EXPECT_EQ(counts(bound), Counts(most.begin(), most.begin() + bound + 1)) << bound;
  }
}

TEST(DeviationsTest, EveryStrategyKeepsToTheBound) {
  for (const sim::StrategyInfo& strategy : sim::strategies()) {
    const sim::Report report =
        search("nmr/lost-completion-fixed", strategy.name.data(), 2, "documented", 400);
    EXPECT_EQ(report.error, "") << strategy.name;
    EXPECT_LE(report.executions_by_deviations.size(), 3u) << strategy.name;
    EXPECT_TRUE(report.bound_reached || strategy.exhaustive) << strategy.name;
    EXPECT_EQ(report.verdict, sim::Verdict::kClean) << strategy.name;
  }
}

TEST(DeviationsTest, WithoutABoundNothingIsCounted) {
  const sim::Report report =
      search("nmr/lost-completion-fixed", "dpor", sim::Limits{}.deviations_max, "windows");
  EXPECT_EQ(report.verdict, sim::Verdict::kVerified);
  EXPECT_EQ(report.executions_by_deviations, Counts{});
  EXPECT_FALSE(report.bound_reached);
}

// What is found within a bound replays without it, minimized too.
TEST(DeviationsTest, FindingsReplayWithoutTheBound) {
  for (const char* strategy : {"dpor", "dfs", "random"}) {
    for (const bool minimize : {false, true}) {
      sim::SearchOptions options;
      options.strategy = strategy;
      options.minimize = minimize;
      options.limits.deviations_max = 0;
      const sim::ProgramFactory factory = [] {
        return find_scenario("nmr/lost-completion")->make({}, *model::find_profile("documented"));
      };
      const sim::Report report = sim::explore(factory, options);
      ASSERT_EQ(report.findings.size(), 1u) << strategy << report.error;
      const sim::Replayed again = sim::replay(factory, report.findings[0].schedule, {});
      EXPECT_FALSE(again.divergence.has_value()) << strategy;
      ASSERT_TRUE(again.outcome.violation.has_value()) << strategy;
      EXPECT_EQ(again.outcome.violation->rule, report.findings[0].violation.rule);
      EXPECT_EQ(again.outcome.deviations, 0u) << strategy;
    }
  }
}

}  // namespace
}  // namespace nmrcheck
