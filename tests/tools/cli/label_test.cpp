// What findings are called: looked for under the narrower profiles.
#include "tools/cli/label.h"

#include <gtest/gtest.h>

#include "model/answers.h"
#include "model/choice_points.h"
#include "model/ndisif/choices.h"

namespace nmrcheck::cli {
namespace {

ChosenProfile chosen(const char* base, const model::AllowedLetters& allowed = {}) {
  return std::get<ChosenProfile>(rebuild_profile(base, allowed));
}

// The label of the scenario's finding for `rule`.
Label label_for(const Scenario& scenario, const char* rule, const ChosenProfile& profile,
                const ParameterValues& values = {}) {
  const sim::Report report = sim::explore(
      [&] { return scenario.make(values, *profile.profile); },
      {.strategy = "random", .budget = {4'000, {}}, .keep_going = true, .minimize = false});
  for (const sim::Finding& finding : report.findings) {
    if (finding.violation.rule == rule) return label_of(scenario, values, profile, finding, {});
  }
  ADD_FAILURE() << rule << " is not found in " << scenario.name;
  return {};
}

Label label_for(const char* name, const char* rule, const ChosenProfile& profile) {
  return label_for(*find_scenario(name), rule, profile);
}

// Breaks kAssertion if one choice point of interface providers gets one answer.
class BrokenByAnAnswer final : public sim::Program {
 public:
  BrokenByAnAnswer(const ParameterValues& values, const model::Profile& profile)
      : number_(static_cast<std::uint32_t>(values.at("number"))),
        answer_(static_cast<std::uint32_t>(values.at("answer"))),
        profile_(profile) {}

  void run(sim::Execution& execution) override {
    if (model::Answers(execution, profile_).ask(number_) != answer_) return;
    execution.fail({.rule = sim::kAssertion, .message = model::choice_point(number_).question});
  }

 private:
  std::uint32_t number_;
  std::uint32_t answer_;
  const model::Profile& profile_;
};

// The label of what alternative `letter` of U<nn> alone breaks.
Label label_of_answer(std::uint32_t nn, char letter, const char* profile) {
  Scenario scenario{.name = "broken-by-an-answer", .summary = ""};
  scenario.make = [](const ParameterValues& values,
                     const model::Profile& used) -> std::unique_ptr<sim::Program> {
    return std::make_unique<BrokenByAnAnswer>(values, used);
  };
  return label_for(scenario, sim::kAssertion, chosen(profile),
                   {{"number", model::interface_choice(nn)}, {"answer", letter - 'a'}});
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

// canonical is within windows, strong within documented, entered and none within neither.
TEST(LabelTest, WhatIsFoundWithAProfileAboutInterfaceProviders) {
  struct Found {
    std::uint32_t nn;
    char letter;
    const char* profile;
    const char* label;
    const char* why;
  };
  const char* const followed_on_windows =
      "the same choices break the rule with what windows allows";
  const char* const not_on_windows =
      "; not found with what windows allows, in up to 4 000 executions";
  const char* const neither =
      "not found with what windows or documented allows, in up to 4 000 executions";
  const std::string documented = std::string("found with what documented allows") + not_on_windows;
  const std::string followed_as_documented =
      std::string("the same choices break the rule with what documented allows") + not_on_windows;
  for (const Found& found :
       {Found{1, 'a', "canonical", kReachable, "found with what windows allows"},
        Found{10, 'a', "strong", kReachable, followed_on_windows},
        Found{8, 'c', "strong", kReachable, followed_on_windows},
        Found{7, 'b', "strong", "bug", documented.c_str()},
        Found{8, 'c', "entered", kReachable, followed_on_windows},
        Found{7, 'b', "entered", "bug", followed_as_documented.c_str()},
        Found{10, 'b', "entered", "fragility", neither},
        Found{8, 'c', "none", kReachable, followed_on_windows},
        Found{7, 'b', "none", "bug", followed_as_documented.c_str()},
        Found{10, 'c', "none", "fragility", neither},
        Found{10, 'b', "paranoid", "fragility", neither}}) {
    const Label label = label_of_answer(found.nn, found.letter, found.profile);
    EXPECT_EQ(label.name, found.label) << found.nn << found.letter << found.profile;
    EXPECT_EQ(label.why, found.why) << found.nn << found.letter << found.profile;
  }
}

// They are windows or documented for the Network Module Registrar.
TEST(LabelTest, WhatAProfileAboutInterfaceProvidersFindsInNmr) {
  EXPECT_EQ(label_for("nmr/wait-in-detach", "NMR-LIVE-01", chosen("canonical")).name, kReachable);
  EXPECT_EQ(label_for("nmr/wait-in-detach", "NMR-LIVE-01", chosen("none")).name, kReachable);
  EXPECT_EQ(label_for("nmr/wait-in-detach", "NMR-IRQL-02", chosen("strong")).name, "bug");
  EXPECT_EQ(label_for("nmr/wait-in-detach", "NMR-IRQL-02", chosen("entered")).name, "bug");
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
