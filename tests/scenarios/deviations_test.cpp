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

// The scenario with its own parameters.
sim::ProgramFactory program(const char* name, const char* profile = "documented") {
  const Scenario& scenario = *find_scenario(name);
  ParameterValues values;
  for (const Parameter& parameter : scenario.parameters) {
    values[std::string(parameter.name)] = parameter.default_value;
  }
  return
      [&scenario, values, profile] { return scenario.make(values, *model::find_profile(profile)); };
}

sim::Report search(const char* scenario, const char* strategy, std::uint32_t deviations,
                   const char* profile = "documented", std::uint64_t executions = 100'000) {
  sim::SearchOptions options;
  options.strategy = strategy;
  options.budget.executions_max = executions;
  options.limits.deviations_max = deviations;
  options.minimize = false;
  return sim::explore(program(scenario, profile), options);
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

TEST(DeviationsTest, WithoutABoundAllAreCounted) {
  const sim::Report report =
      search("nmr/lost-completion-fixed", "dpor", sim::Limits{}.deviations_max, "windows");
  EXPECT_EQ(report.verdict, sim::Verdict::kVerified);
  EXPECT_EQ(report.executions_by_deviations, (Counts{9, 70, 203, 290, 172, 24}));
  EXPECT_FALSE(report.bound_reached);
  EXPECT_FALSE(report.deviations_complete);
}

// Steps that ask under one order and not under another, several of them in one execution: none is
// explored with an answer that the bound leaves out.
TEST(DeviationsTest, StepsThatAskOnlyInSomeOrdersMisleadNobody) {
  EXPECT_EQ(search("nmr/register-again", "dpor", 0).executions_by_deviations, Counts{576});
  EXPECT_EQ(search("nmr/one-context-fixed", "dpor", 0).executions_by_deviations, Counts{698});
}

TEST(DeviationsSlowTest, StepsThatAskOnlyInSomeOrdersMisleadNobody) {
  EXPECT_EQ(search("nmr/register-again", "dpor", 1).executions_by_deviations, (Counts{576, 35160}));
  for (const char* crowd : {"nmr/many-clients", "nmr/many-providers", "nmr/one-context-fixed"}) {
    for (const std::uint32_t bound : {0, 1, 2}) {
      EXPECT_EQ(search(crowd, "dpor", bound, "documented", 5'000).error, "") << crowd << bound;
    }
  }
}

sim::Report automatic(const char* scenario, std::uint32_t jobs = 1) {
  sim::SearchOptions options;
  options.jobs = jobs;
  options.jobs_at_once = true;
  return sim::explore(program(scenario), options);
}

// 24 traces without a deviation and 815 with at most one break nothing.
TEST(DeviationsTest, AutoDeepensAndFindsTheFewest) {
  for (const std::uint32_t jobs : {1, 3}) {
    const sim::Report report = automatic("nmr/logs-after-unlock", jobs);
    EXPECT_EQ(report.scope,
              "ended at the first violation, in execution 1 323 with 2 deviations, the fewest");
    EXPECT_EQ(report.executions, 1'323u);
    EXPECT_EQ(report.deviations_complete, 1u);
    EXPECT_EQ(report.executions_by_deviations, (Counts{24, 791}));
    ASSERT_EQ(report.findings.size(), 1u);
    EXPECT_EQ(report.findings[0].size.deviations, 2u);
    EXPECT_EQ(report.findings[0].execution, 1'322u);
  }
}

TEST(DeviationsTest, AutoCountsEachTraceOnceWhenItIsComplete) {
  const sim::Report report = automatic("nmr/unload-without-wait-fixed");
  EXPECT_EQ(report.verdict, sim::Verdict::kVerified);
  EXPECT_EQ(report.scope, "complete: all 2 680 traces");
  EXPECT_EQ(report.executions_by_deviations, (Counts{1, 29, 177, 562, 965, 739, 197, 10}));
  // Bounds 0 to 3; the last one did not multiply the executions by 4.
  EXPECT_EQ(report.executions, 1u + 30u + 207u + 769u + 2'680u);
  EXPECT_FALSE(report.deviations_complete);
}

TEST(DeviationsTest, AutoSaysHowFarItCame) {
  sim::SearchOptions options;
  options.budget.executions_max = 40'000;
  const sim::Report report = sim::explore(program("nmr/one-word-count"), options);
  EXPECT_EQ(report.scope.rfind("dpor: complete up to 1 deviation: 24 traces with 0 deviations, 791 "
                               "more with 1; limit of 20 000 executions, half of all, reached: ",
                               0),
            0u)
      << report.scope;
  EXPECT_EQ(report.executions, 40'000u);
  EXPECT_EQ(report.deviations_complete, 1u);
  EXPECT_EQ(report.executions_by_deviations, (Counts{24, 791}));
  EXPECT_EQ(report.verdict, sim::Verdict::kClean);
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
