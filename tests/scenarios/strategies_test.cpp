// Every strategy on the whole catalog: what is found is expected and replays, and a complete search
// finds all that sampling does.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "model/profile.h"
#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"
#include "tests/sim/random_programs.h"

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

sim::Report search(const Scenario& scenario, std::string_view strategy, std::uint64_t executions) {
  sim::SearchOptions options;
  options.strategy = strategy;
  options.budget.executions_max = executions;
  options.keep_going = true;
  options.minimize = false;
  return sim::explore(factory_of(scenario), options);
}

std::set<std::string> rules_of(const sim::Report& report) {
  std::set<std::string> rules;
  for (const sim::Finding& finding : report.findings) rules.insert(finding.violation.rule);
  return rules;
}

std::string test_name(std::string_view text) {
  std::string name(text);
  std::replace_if(
      name.begin(), name.end(), [](char letter) { return letter == '/' || letter == '-'; }, '_');
  return name;
}

// Scenarios that end by themselves: an endless step costs seconds each time.
std::vector<const Scenario*> quick_scenarios() {
  std::vector<const Scenario*> list;
  for (const Scenario& scenario : scenarios()) {
    const bool endless = std::find(scenario.expected.begin(), scenario.expected.end(),
                                   sim::kEndlessStep) != scenario.expected.end();
    if (!endless) list.push_back(&scenario);
  }
  return list;
}

class StrategyContractTest : public testing::TestWithParam<std::string_view> {};

TEST_P(StrategyContractTest, FindsNothingUnexpectedAndAllOfItReplays) {
  constexpr std::uint64_t kExecutions = 100;
  std::uint32_t found = 0;
  for (const Scenario* scenario : quick_scenarios()) {
    SCOPED_TRACE(scenario->name);
    const sim::Report report = search(*scenario, GetParam(), kExecutions);
    EXPECT_EQ(report.error, "");
    EXPECT_LE(report.executions, kExecutions);
    for (const sim::Finding& finding : report.findings) {
      ++found;
      EXPECT_TRUE(std::find(scenario->expected.begin(), scenario->expected.end(),
                            finding.violation.rule) != scenario->expected.end())
          << finding.violation.rule;
      const sim::Replayed again = sim::replay(factory_of(*scenario), finding.schedule, {});
      ASSERT_TRUE(again.outcome.violation);
      EXPECT_EQ(again.outcome.violation->rule, finding.violation.rule);
      EXPECT_EQ(again.outcome.hash, finding.hash);
    }
  }
  EXPECT_GE(found, 40u);  // some 60 scenarios are faulty, and most of them easily
}

std::vector<std::string_view> strategy_names() {
  std::vector<std::string_view> names;
  for (const sim::StrategyInfo& info : sim::strategies()) names.push_back(info.name);
  return names;
}

std::string name_of_strategy(const testing::TestParamInfo<std::string_view>& strategy) {
  return test_name(strategy.param);
}

INSTANTIATE_TEST_SUITE_P(All, StrategyContractTest, testing::ValuesIn(strategy_names()),
                         name_of_strategy);

class CompleteSearchSlowTest : public testing::TestWithParam<const Scenario*> {};

TEST_P(CompleteSearchSlowTest, FindsWhateverSamplingFinds) {
  constexpr std::uint64_t kComplete = sim::test::in_this_build(30'000);
  constexpr std::uint64_t kSampled = 500;
  const Scenario& scenario = *GetParam();
  const sim::Report complete = search(scenario, "dpor", kComplete);
  EXPECT_EQ(complete.error, "");
  // Behind a violation an execution may turn out to have nothing left but steps that failed before.
  if (scenario.expected.empty()) {
    EXPECT_EQ(complete.executions_blocked, 0u);
  }
  if (!complete.exhausted) GTEST_SKIP() << "more than " << kComplete << " executions";
  std::set<std::string> all = rules_of(complete);
  for (const sim::Finding& hint : complete.hints) {
    const auto& expected = scenario.expected;
    const bool meant =
        std::find(expected.begin(), expected.end(), hint.violation.rule) != expected.end();
    if (meant) all.insert(hint.violation.rule);
  }
  EXPECT_EQ(all.empty(), scenario.expected.empty());
  for (const char* sampling : {"random", "pct", "pos"}) {
    for (const std::string& rule : rules_of(search(scenario, sampling, kSampled))) {
      EXPECT_TRUE(all.contains(rule)) << sampling << " finds " << rule;
    }
  }
}

std::vector<const Scenario*> driver_scenarios() {
  std::vector<const Scenario*> list = quick_scenarios();
  std::erase_if(list,
                [](const Scenario* scenario) { return scenario->name.starts_with("engine/"); });
  return list;
}

std::string name_of_scenario(const testing::TestParamInfo<const Scenario*>& scenario) {
  return test_name(scenario.param->name);
}

INSTANTIATE_TEST_SUITE_P(All, CompleteSearchSlowTest, testing::ValuesIn(driver_scenarios()),
                         name_of_scenario);

}  // namespace
}  // namespace nmrcheck
