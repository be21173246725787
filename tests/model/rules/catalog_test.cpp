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
      "(NMR-(PARAM|ATT|DET|CLN|MEM|IRQL|UNL|HND|REG|LIVE)|NDISIF-(IRQL|HDR|REG|DEREG|CB|LUID|IDX|"
      "STK|BIND)|KRN-[A-Z]+|RGR|WSK)-[0-9]{2}"
      "|harness(\\.[a-z-]+)");
  std::set<std::string_view> ids;
  for (const RuleInfo& rule : rules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_TRUE(std::regex_match(std::string(rule.id), form)) << rule.id;
  }
}

// Where two rules of a family see the same event, the earlier row speaks. NMR-DET-04 stands apart:
// at a deadlock it is asked after the rules that know a closer cause (as is NMR-DET-12). So does
// KRN-POOL-03, the only one of the kernel that is a check of events.
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
    EXPECT_TRUE(rule.hint == nullptr || rule.check != nullptr) << rule.id;
  }
}

TEST(RuleCatalogTest, RulesOnAnEventKeepTheCatalogsOrder) {
  for (std::uint32_t i = 0; i < kEventKinds; ++i) {
    const auto served = rules_on(EventKind{static_cast<std::uint8_t>(i)});
    EXPECT_TRUE(std::is_sorted(served.begin(), served.end())) << "event " << i;
  }
}

// Severity S6 is for hints, which never end an execution.
TEST(RuleCatalogTest, TheHintsAreKnown) {
  std::set<std::string_view> hints;
  for (const RuleInfo& rule : rules()) {
    if (rule.severity == sim::Severity::kS6 || rule.hint != nullptr) hints.insert(rule.id);
  }
  EXPECT_EQ(hints,
            (std::set<std::string_view>{
                "NDISIF-CB-05", "NDISIF-CB-06", "NDISIF-HDR-01", "NDISIF-LUID-01", "NDISIF-LUID-04",
                "NDISIF-REG-01", "NDISIF-REG-06", "NDISIF-REG-07", "NMR-ATT-05", "NMR-DET-01",
                "NMR-PARAM-01", "NMR-PARAM-05", "NMR-REG-07", "NMR-REG-08"}));
}

TEST(RuleCatalogTest, ThereAre64RulesOfModulesAnd16OfTheRegistrar) {
  std::map<std::string, int> families;
  for (const RuleInfo& rule : rules()) ++families[family_of(rule.id)];
  const std::map<std::string, int> modules = {
      {"NMR-PARAM", 5}, {"NMR-REG", 8},  {"NMR-ATT", 11}, {"NMR-DET", 12}, {"NMR-CLN", 4},
      {"NMR-MEM", 8},   {"NMR-IRQL", 4}, {"NMR-LIVE", 5}, {"NMR-UNL", 3},  {"NMR-HND", 4}};
  int total = 0;
  for (const auto& [family, count] : modules) {
    EXPECT_EQ(families[family], count) << family;
    total += count;
  }
  EXPECT_EQ(total, 64);
  EXPECT_EQ(families["RGR"], 16);
}

TEST(RuleCatalogTest, ThereAre30RulesOfInterfaceProviders) {
  std::map<std::string, int> families;
  for (const RuleInfo& rule : rules()) {
    if (rule.id.starts_with("NDISIF-")) ++families[family_of(rule.id)];
  }
  EXPECT_EQ(families, (std::map<std::string, int>{{"NDISIF-BIND", 1},
                                                  {"NDISIF-CB", 6},
                                                  {"NDISIF-DEREG", 4},
                                                  {"NDISIF-HDR", 2},
                                                  {"NDISIF-IDX", 1},
                                                  {"NDISIF-IRQL", 2},
                                                  {"NDISIF-LUID", 5},
                                                  {"NDISIF-REG", 7},
                                                  {"NDISIF-STK", 2}}));
}

TEST(RuleCatalogTest, FindsRulesById) {
  for (const RuleInfo& rule : rules()) EXPECT_EQ(find_rule(rule.id), &rule);
  EXPECT_EQ(find_rule("NMR-DET-99"), nullptr);
  EXPECT_EQ(find_rule("nmr-det-10"), nullptr);
  EXPECT_EQ(find_rule(""), nullptr);
}

}  // namespace
}  // namespace nmrcheck::model
