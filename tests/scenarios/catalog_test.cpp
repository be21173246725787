// The catalog of scenarios: well-formed, complete, and true to what it says.
#include "model/rules/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "model/choice_points.h"
#include "model/profile.h"
#include "scenarios/scenario.h"
#include "sim/core/rng.h"
#include "sim/run/execution.h"
#include "sim/strategy/random.h"

namespace nmrcheck {
namespace {

constexpr sim::Seed kSeed{1};

struct Found {
  std::uint64_t execution = 0;  // counted from 1
  sim::Violation violation;
};

ParameterValues defaults_of(const Scenario& scenario) {
  ParameterValues values;
  for (const Parameter& parameter : scenario.parameters) {
    values[std::string(parameter.name)] = parameter.default_value;
  }
  return values;
}

bool is_expected(const Scenario& scenario, std::string_view rule) {
  return std::find(scenario.expected.begin(), scenario.expected.end(), rule) !=
         scenario.expected.end();
}

// The hint of a rule that the scenario expects, if the outcome has one.
const sim::Violation* expected_hint(const Scenario& scenario, const sim::Outcome& outcome) {
  for (const sim::Violation& hint : outcome.hints) {
    if (is_expected(scenario, hint.rule)) return &hint;
  }
  return nullptr;
}

// The first violation, or expected hint, of up to `executions_max` random executions.
std::optional<Found> search(const Scenario& scenario, std::uint64_t executions_max) {
  const model::Profile& profile = *model::find_profile(scenario.profile);
  const ParameterValues values = defaults_of(scenario);
  sim::RandomStrategy strategy;
  sim::Execution execution;
  for (std::uint64_t i = 0; i < executions_max; ++i) {
    if (!strategy.begin_execution(sim::fork(kSeed, i))) break;
    const std::unique_ptr<sim::Program> program = scenario.make(values, profile);
    const sim::Outcome outcome = execution.run(*program, strategy);
    if (outcome.violation) return Found{i + 1, *outcome.violation};
    const Scenario* faulty = scenario.expected.empty() ? find_scenario(scenario.twin) : &scenario;
    const sim::Violation* hint = faulty == nullptr ? nullptr : expected_hint(*faulty, outcome);
    if (hint != nullptr) return Found{i + 1, *hint};
  }
  return std::nullopt;
}

std::string test_name(const testing::TestParamInfo<const Scenario*>& info) {
  std::string name;
  bool upper = true;
  for (const char letter : info.param->name) {
    const bool separator = letter == '/' || letter == '-';
    if (!separator) {
      name +=
          upper && letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    }
    upper = separator;
  }
  return name;
}

std::vector<const Scenario*> all_of(bool faulty) {
  std::vector<const Scenario*> list;
  for (const Scenario& scenario : scenarios()) {
    if (scenario.expected.empty() != faulty) list.push_back(&scenario);
  }
  return list;
}

TEST(ScenarioCatalogTest, NamesAreUniqueAndWellFormed) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  std::set<std::string_view> names;
  for (const Scenario& scenario : scenarios()) {
    EXPECT_TRUE(names.insert(scenario.name).second) << scenario.name;
    const std::size_t slash = scenario.name.find('/');
    ASSERT_NE(slash, std::string_view::npos) << scenario.name;
    const std::string_view family = scenario.name.substr(0, slash);
    const std::string_view own = scenario.name.substr(slash + 1);
    for (const std::string_view part : {family, own}) {
      ASSERT_FALSE(part.empty()) << scenario.name;
      EXPECT_EQ(part.find_first_not_of(kLetters), std::string_view::npos) << scenario.name;
      EXPECT_NE(part.front(), '-') << scenario.name;
      EXPECT_NE(part.back(), '-') << scenario.name;
    }
  }
}

TEST(ScenarioCatalogTest, SummariesAreSentencesAndSourcesAreNamed) {
  for (const Scenario& scenario : scenarios()) {
    ASSERT_FALSE(scenario.summary.empty()) << scenario.name;
    EXPECT_EQ(scenario.summary.back(), '.') << scenario.name;
    EXPECT_FALSE(scenario.source.empty()) << scenario.name;
  }
}

TEST(ScenarioCatalogTest, FindsScenariosByName) {
  for (const Scenario& scenario : scenarios()) EXPECT_EQ(find_scenario(scenario.name), &scenario);
  EXPECT_EQ(find_scenario("nmr/none"), nullptr);
}

TEST(ScenarioCatalogTest, TwinsNameEachOtherAndOneIsCorrect) {
  for (const Scenario& scenario : scenarios()) {
    if (scenario.twin.empty()) {
      EXPECT_TRUE(scenario.expected.empty()) << scenario.name << " has no correct version";
      continue;
    }
    const Scenario* twin = find_scenario(scenario.twin);
    ASSERT_NE(twin, nullptr) << scenario.name;
    EXPECT_EQ(twin->twin, scenario.name);
    EXPECT_NE(twin->expected.empty(), scenario.expected.empty()) << scenario.name;
  }
}

TEST(ScenarioCatalogTest, ExpectedRulesExistAndAreNamedOnce) {
  for (const Scenario& scenario : scenarios()) {
    std::set<std::string_view> rules;
    for (const std::string_view rule : scenario.expected) {
      EXPECT_NE(model::find_rule(rule), nullptr) << scenario.name << " expects " << rule;
      EXPECT_TRUE(rules.insert(rule).second) << scenario.name << " expects " << rule << " twice";
    }
  }
}

TEST(ScenarioCatalogTest, EveryRuleOfDriversIsBrokenBySomeScenario) {
  for (const model::RuleInfo& rule : model::rules()) {
    if (rule.party == model::Party::kHarness) continue;
    bool broken = false;
    for (const Scenario& scenario : scenarios()) {
      broken = broken || is_expected(scenario, rule.id);
    }
    EXPECT_TRUE(broken) << rule.id;
  }
}

class FaultyScenarioTest : public testing::TestWithParam<const Scenario*> {};

TEST_P(FaultyScenarioTest, BreaksAnExpectedRuleFirst) {
  constexpr std::uint64_t kExecutionsMax = 20'000;
  const std::optional<Found> found = search(*GetParam(), kExecutionsMax);
  ASSERT_TRUE(found) << "nothing found in " << kExecutionsMax << " executions";
  EXPECT_TRUE(is_expected(*GetParam(), found->violation.rule))
      << found->violation.rule << " in execution " << found->execution << ": "
      << found->violation.message;
}

INSTANTIATE_TEST_SUITE_P(All, FaultyScenarioTest, testing::ValuesIn(all_of(true)), test_name);

class CorrectScenarioTest : public testing::TestWithParam<const Scenario*> {};

TEST_P(CorrectScenarioTest, BreaksNoRule) {
  constexpr std::uint64_t kExecutionsMax = 2'000;
  const std::optional<Found> found = search(*GetParam(), kExecutionsMax);
  EXPECT_FALSE(found) << found->violation.rule << " in execution " << found->execution << ": "
                      << found->violation.message;
}

INSTANTIATE_TEST_SUITE_P(All, CorrectScenarioTest, testing::ValuesIn(all_of(false)), test_name);

}  // namespace
}  // namespace nmrcheck
