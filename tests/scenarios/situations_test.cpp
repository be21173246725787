// Situations of the catalog: known in number, facts of the trace, and all that is expected comes
// up.
#include "model/situations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"
#include "sim/strategy/random.h"

namespace nmrcheck {
namespace {

sim::ProgramFactory factory_of(const Scenario& scenario) {
  ParameterValues values;
  for (const Parameter& parameter : scenario.parameters) {
    values[std::string(parameter.name)] = parameter.default_value;
  }
  return
      [&scenario, values] { return scenario.make(values, *model::find_profile(scenario.profile)); };
}

using Counts = std::vector<std::pair<std::string, std::uint64_t>>;

TEST(ScenarioSituationsTest, ACompleteSearchCountsThemExactly) {
  sim::SearchOptions options;
  options.strategy = "dpor";
  const sim::Report report =
      sim::explore(factory_of(*find_scenario("nmr/attach-veto-fixed")), options);
  EXPECT_TRUE(report.exhausted);
  EXPECT_EQ(report.executions, 30u);
  Counts counts;
  for (const auto& [name, executions] : report.situations) counts.emplace_back(name, executions);
  EXPECT_EQ(counts,
            (Counts{{"deregister during an offer", 4}, {"late offer", 6}, {"refused offer", 14}}));
}

// Executions of one trace come to the same situations, so that a search which makes one of them
// for all misses none.
TEST(ScenarioSituationsTest, AreFactsOfTheTrace) {
  constexpr std::uint64_t kExecutions = 300;
  std::uint64_t again = 0;  // executions of a trace that was seen before
  sim::RandomStrategy random;
  sim::Execution execution;
  for (const Scenario& scenario : scenarios()) {
    const bool registers = scenario.name.starts_with("nmr/") || scenario.name.starts_with("wsk/") ||
                           scenario.name.starts_with("ndisif/");
    if (!registers) continue;
    const sim::ProgramFactory factory = factory_of(scenario);
    std::map<std::uint64_t, std::set<std::string_view>> seen;
    for (std::uint64_t i = 0; i < kExecutions; ++i) {
      random.begin_execution(sim::fork(sim::Seed{1}, i));
      const auto program = factory();
      const sim::Outcome& outcome = execution.run(*program, random);
      std::set<std::string_view> reached(outcome.situations.begin(), outcome.situations.end());
      reached.erase(model::situation::kUnloadWithWork);
      const auto [known, made] = seen.emplace(outcome.trace_hash, reached);
      if (!made) ++again;
      EXPECT_EQ(known->second, reached) << scenario.name << ", execution " << i;
    }
  }
  EXPECT_GT(again, 500u);
}

// Of correct designs and of faulty ones, which are given as many executions as it takes.
TEST(ScenarioSituationsTest, AllThatAreExpectedComeUp) {
  constexpr std::uint64_t kExecutionsMax = 20'000;
  std::uint64_t expecting = 0;
  sim::RandomStrategy random;
  sim::Execution execution;
  for (const Scenario& scenario : scenarios()) {
    std::set<std::string_view> missing(scenario.situations.begin(), scenario.situations.end());
    EXPECT_EQ(missing.size(), scenario.situations.size()) << scenario.name << " lists one twice";
    if (missing.empty()) continue;
    ++expecting;
    const sim::ProgramFactory factory = factory_of(scenario);
    for (std::uint64_t i = 0; i < kExecutionsMax && !missing.empty(); ++i) {
      random.begin_execution(sim::fork(sim::Seed{1}, i));
      const auto program = factory();
      for (const std::string_view name : execution.run(*program, random).situations) {
        missing.erase(name);
      }
    }
    EXPECT_TRUE(missing.empty()) << scenario.name << ": never " << *missing.begin();
  }
  EXPECT_GE(expecting, 208u);
}

TEST(ScenarioSituationsTest, EachIsExpectedSomewhere) {
  std::set<std::string_view> expected;
  for (const Scenario& scenario : scenarios()) {
    expected.insert(scenario.situations.begin(), scenario.situations.end());
  }
  for (const model::SituationInfo& info : model::situations()) {
    EXPECT_TRUE(expected.contains(info.name)) << info.name;
  }
}

// By what a deregistration waits for: callbacks that are chosen, those that are entered, or none.
TEST(ScenarioSituationsTest, ACompleteSearchCountsThoseOfInterfacesExactly) {
  const Scenario& scenario = *find_scenario("ndisif/free-after-deregister-fixed");
  const auto counts_under = [&](const char* profile) {
    sim::SearchOptions options;
    options.strategy = "dpor";
    const sim::Report report = sim::explore(
        [&] {
          return scenario.make({{"requests", 1}, {"objects", 1}}, *model::find_profile(profile));
        },
        options);
    EXPECT_TRUE(report.exhausted) << profile;
    Counts counts{{"executions", report.executions}};
    for (const auto& [name, executions] : report.situations) counts.emplace_back(name, executions);
    return counts;
  };
  EXPECT_EQ(counts_under("strong"),
            (Counts{{"executions", 10}, {"callback during a deregistration", 4}}));
  EXPECT_EQ(counts_under("entered"), (Counts{{"executions", 30},
                                             {"callback during a deregistration", 8},
                                             {"callback outlives a deregistration", 8}}));
  EXPECT_EQ(counts_under("none"), (Counts{{"executions", 30},
                                          {"callback after a deregistration", 4},
                                          {"callback during a deregistration", 8},
                                          {"callback outlives a deregistration", 12}}));
}

TEST(ScenarioSituationsTest, EveryDesignThatRegistersAndIsCorrectExpectsSome) {
  for (const Scenario& scenario : scenarios()) {
    const bool nmr = scenario.name.starts_with("nmr/") || scenario.name.starts_with("wsk/");
    if (!nmr || !scenario.expected.empty()) continue;
    // It is alone: nothing is offered to it.
    const bool alone = scenario.name == "nmr/stop-without-wait-fixed";
    EXPECT_EQ(scenario.situations.empty(), alone) << scenario.name;
  }
}

}  // namespace
}  // namespace nmrcheck
