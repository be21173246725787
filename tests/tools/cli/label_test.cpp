// What findings are called: looked for under the narrower profiles.
#include "tools/cli/label.h"

#include <gtest/gtest.h>

namespace nmrcheck::cli {
namespace {

ChosenProfile chosen(const char* base, const model::AllowedLetters& allowed = {}) {
  return std::get<ChosenProfile>(rebuild_profile(base, allowed));
}

// The label of the scenario's finding for `rule`.
Label label_for(const char* name, const char* rule, const ChosenProfile& profile) {
  const Scenario& scenario = *find_scenario(name);
  const sim::Report report = sim::explore(
      [&] { return scenario.make({}, *profile.profile); },
      {.strategy = "random", .budget = {4'000, {}}, .keep_going = true, .minimize = false});
  for (const sim::Finding& finding : report.findings) {
    if (finding.violation.rule == rule) return label_of(scenario, {}, profile, finding, {});
  }
  ADD_FAILURE() << rule << " is not found in " << name;
  return {};
}

constexpr const char* kReachable = "reachable-on-windows";

TEST(LabelTest, WhatWindowsDoesToo) {
  const Label documented = label_for("nmr/wait-in-detach", "NMR-LIVE-01", chosen("documented"));
  EXPECT_EQ(documented.name, kReachable);
  EXPECT_EQ(documented.why, "the same choices break the rule with what windows allows");
  EXPECT_EQ(label_for("nmr/wait-in-detach", "NMR-LIVE-01", chosen("paranoid")).name, kReachable);
  const Label windows = label_for("nmr/wait-in-detach", "NMR-LIVE-01", chosen("windows"));
  EXPECT_EQ(windows.name, kReachable);
  EXPECT_EQ(windows.why, "found with what windows allows");
}

// A callback that waits breaks NMR-IRQL-02 only when it comes at DISPATCH_LEVEL (CP-17).
TEST(LabelTest, WhatOnlyTheDocumentationAllows) {
  const Label documented = label_for("nmr/wait-in-detach", "NMR-IRQL-02", chosen("documented"));
  EXPECT_EQ(documented.name, "bug");
  EXPECT_EQ(documented.why,
            "found with what documented allows; not found with what windows allows, in up to 4 000 "
            "executions");
  EXPECT_EQ(label_for("nmr/wait-in-detach", "NMR-IRQL-02", chosen("paranoid")).name, "bug");
}

// A wait that does not wait for the cleanup (CP-18 c) is excluded by necessity.
TEST(LabelTest, WhatNeedsAParanoidRegistrar) {
  const Label paranoid = label_for("nmr/sample-client", "NMR-UNL-03", chosen("paranoid"));
  EXPECT_EQ(paranoid.name, "fragility");
  EXPECT_EQ(paranoid.why,
            "not found with what windows or documented allows, in up to 4 000 executions");
}

// An own profile is measured by the built-in ones, whatever its base.
TEST(LabelTest, WhatIsFoundWithAnOwnProfile) {
  EXPECT_EQ(
      label_for("nmr/wait-in-detach", "NMR-IRQL-02", chosen("windows", {{"CP-17", "b"}})).name,
      "bug");
  EXPECT_EQ(label_for("nmr/sample-client", "NMR-UNL-03", chosen("windows", {{"CP-18", "c"}})).name,
            "fragility");
  EXPECT_EQ(
      label_for("nmr/wait-in-detach", "NMR-LIVE-01", chosen("paranoid", {{"CP-11", "a"}})).name,
      kReachable);
}

// The label is a function of its arguments.
TEST(LabelTest, IsTheSameEachTime) {
  const auto once = [] {
    return label_for("nmr/raw-client-pointer", "NMR-DET-03", chosen("documented"));
  };
  EXPECT_EQ(once().name, kReachable);
  EXPECT_EQ(once().why, once().why);
}

}  // namespace
}  // namespace nmrcheck::cli
