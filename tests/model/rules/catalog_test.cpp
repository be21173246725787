// The rule table: every row is complete, in its place, and found.
#include "model/rules/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace nmrcheck::model {
namespace {

// "NMR-DET" of "NMR-DET-10", "harness" of "harness.deadlock".
std::string family_of(std::string_view id) {
  return std::string(id.substr(0, id.find_last_of("-.")));
}

// The harness is asked last, whatever its ids are.
bool has_number(std::string_view id) { return id.find('.') == std::string_view::npos; }

TEST(RuleCatalogTest, IdsAreUniqueAndWellFormed) {
  const std::regex form(
      "(NMR-(ATT|DET|CLN|MEM|UNL|HND|REG|LIVE)|KRN-[A-Z]+|RGR|WSK)-[0-9]{2}"
      "|harness(\\.[a-z-]+)");
  std::set<std::string_view> ids;
  for (const RuleInfo& rule : rules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_TRUE(std::regex_match(std::string(rule.id), form)) << rule.id;
  }
}

// Where two rules of a family see the same event, the earlier row speaks. NMR-DET-04 stands apart:
// at a deadlock it is asked after the rules that know a closer cause. So does KRN-POOL-03, the only
// one of the kernel that is a check of events.
TEST(RuleCatalogTest, IdsOfAFamilyAreInOrder) {
  std::map<std::string, std::string_view> last;
  for (const RuleInfo& rule : rules()) {
    if (!has_number(rule.id) || rule.id == "NMR-DET-04" || rule.id == "KRN-POOL-03") continue;
    std::string_view& before = last[family_of(rule.id)];
    EXPECT_LT(before, rule.id);
    before = rule.id;
  }
}

// The rules of drivers come first, so that a driver's mistake is not reported as the registrar's;
// then the registrar's obligations; then what the kernel and the harness find by themselves.
TEST(RuleCatalogTest, DriversAreAskedBeforeTheRegistrar) {
  std::vector<int> ranks;
  for (const RuleInfo& rule : rules()) {
    ranks.push_back(rule.check == nullptr ? 2 : rule.id.starts_with("RGR-") ? 1 : 0);
  }
  EXPECT_TRUE(std::is_sorted(ranks.begin(), ranks.end()));
}

TEST(RuleCatalogTest, EveryRowIsComplete) {
  for (const RuleInfo& rule : rules()) {
    EXPECT_GE(rule.severity, sim::Severity::kS1) << rule.id;
    EXPECT_LE(rule.severity, sim::Severity::kS6) << rule.id;
    ASSERT_FALSE(rule.statement.empty()) << rule.id;
    EXPECT_EQ(rule.statement.back(), '.') << rule.id;
    EXPECT_FALSE(rule.source.empty()) << rule.id;
    EXPECT_NE(to_string(rule.party), "") << rule.id;
    // A registrar of our own is mended by us; everyone else is told how.
    EXPECT_EQ(rule.mend.empty(), rule.id.starts_with("RGR-")) << rule.id;
  }
}

TEST(RuleCatalogTest, TheHarnessAnswersForTheRegistrarAndItself) {
  for (const RuleInfo& rule : rules()) {
    const bool own = rule.id.starts_with("RGR-") || rule.id.starts_with("harness.");
    EXPECT_EQ(rule.party == Party::kHarness, own) << rule.id;
  }
}

TEST(RuleCatalogTest, AChecksEventsAreGivenAndServed) {
  for (const RuleInfo& rule : rules()) {
    std::uint32_t kinds = 0;
    for (std::uint32_t i = 0; i < kEventKinds; ++i) {
      const EventKind kind{static_cast<std::uint8_t>(i)};
      const auto served = rules_on(kind);
      const bool found = std::find(served.begin(), served.end(), &rule) != served.end();
      EXPECT_EQ(found, rule.on.contains(kind)) << rule.id << ", event " << i;
      kinds += found;
    }
    EXPECT_EQ(kinds > 0, rule.check != nullptr) << rule.id;
  }
}

TEST(RuleCatalogTest, RulesOnAnEventKeepTheCatalogsOrder) {
  for (std::uint32_t i = 0; i < kEventKinds; ++i) {
    const auto served = rules_on(EventKind{static_cast<std::uint8_t>(i)});
    EXPECT_TRUE(std::is_sorted(served.begin(), served.end())) << "event " << i;
  }
}

TEST(RuleCatalogTest, FindsRulesById) {
  for (const RuleInfo& rule : rules()) EXPECT_EQ(find_rule(rule.id), &rule);
  EXPECT_EQ(find_rule("NMR-DET-99"), nullptr);
  EXPECT_EQ(find_rule("nmr-det-10"), nullptr);
  EXPECT_EQ(find_rule(""), nullptr);
}

}  // namespace
}  // namespace nmrcheck::model
