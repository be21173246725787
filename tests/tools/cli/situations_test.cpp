// What explore says of situations, and when it warns.
#include "tools/cli/situations.h"

#include <gtest/gtest.h>

namespace nmrcheck::cli {
namespace {

Scenario expecting(std::vector<std::string_view> situations) {
  Scenario scenario;
  scenario.situations = std::move(situations);
  return scenario;
}

sim::Report report_of(std::uint64_t executions, bool exhausted) {
  sim::Report report;
  report.executions = executions;
  report.exhausted = exhausted;
  report.situations = {{"door open", 7}, {"late offer", 1'312}, {"pending detach", 3}};
  return report;
}

TEST(SituationsTextTest, ExpectedOnesComeFirstThenTheCatalogsThenTheDesignsOwn) {
  const SituationsText text =
      situations_text(expecting({"pending detach"}), report_of(8'384, true));
  EXPECT_EQ(text.reached,
            "reached, in 8 384 executions: pending detach 3, late offer 1 312, door open 7");
  EXPECT_TRUE(text.warnings.empty());
}

TEST(SituationsTextTest, ACompleteSearchWarnsOfWhatNeverCameUp) {
  const SituationsText text =
      situations_text(expecting({"door open", "refused offer", "door shut"}), report_of(1, true));
  EXPECT_EQ(text.reached,
            "reached, in 1 execution: door open 7, late offer 1 312, pending detach 3; never: "
            "refused offer, door shut");
  EXPECT_EQ(text.warnings,
            (std::vector<std::string>{
                "\"refused offer\" was expected and never came up, though all was explored "
                "(ClientAttachProvider returned without success)",
                "\"door shut\" was expected and never came up, though all was explored"}));
}

TEST(SituationsTextTest, AnIncompleteSearchWarnsWhenItIsLarge) {
  const Scenario scenario = expecting({"door shut"});
  EXPECT_TRUE(situations_text(scenario, report_of(kLargeSearch - 1, false)).warnings.empty());
  EXPECT_EQ(situations_text(scenario, report_of(kLargeSearch, false)).warnings,
            std::vector<std::string>{"\"door shut\" was expected and never came up"});
}

TEST(SituationsTextTest, NothingExpectedAndNothingReachedIsNoLine) {
  EXPECT_EQ(situations_text(expecting({}), sim::Report{}).reached, "");
  EXPECT_EQ(situations_text(expecting({"door shut"}), sim::Report{}).reached, "never: door shut");
}

}  // namespace
}  // namespace nmrcheck::cli
