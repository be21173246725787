// What each design of an interface provider breaks, by whether a deregistration waits for callbacks
// that are chosen or entered (profile strong), for those that are chosen (entered), or for none.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "model/choice_points.h"
#include "model/ndisif/choices.h"
#include "model/profile.h"
#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"

namespace nmrcheck {
namespace {

// Rules, hints with a question mark.
using Broken = std::set<std::string>;

struct Row {
  const char* scenario;
  Broken strong;
  Broken entered;
  Broken none;
};

// All that any execution breaks. Every trace is explored.
Broken broken_under(const model::Profile& profile, const char* name) {
  const Scenario& scenario = *find_scenario(name);
  ParameterValues values;
  for (const Parameter& parameter : scenario.parameters) {
    values[std::string(parameter.name)] = parameter.default_value;
  }
  const sim::Report report =
      sim::explore([&] { return scenario.make(values, profile); },
                   {.strategy = "dpor", .keep_going = true, .minimize = false});
  EXPECT_TRUE(report.exhausted) << name << " under " << profile.name;
  Broken broken;
  for (const sim::Finding& finding : report.findings) broken.insert(finding.violation.rule);
  for (const sim::Finding& hint : report.hints) broken.insert(hint.violation.rule + "?");
  return broken;
}

void expect(const Row& row) {
  const auto broken = [&](const char* profile) {
    return broken_under(*model::find_profile(profile), row.scenario);
  };
  EXPECT_EQ(broken("strong"), row.strong) << row.scenario << " under strong";
  EXPECT_EQ(broken("entered"), row.entered) << row.scenario << " under entered";
  EXPECT_EQ(broken("none"), row.none) << row.scenario << " under none";
}

// The same whatever a deregistration waits for.
void expect_always(const char* scenario, const Broken& broken) {
  expect({scenario, broken, broken, broken});
}

TEST(InterfaceMatrixTest, RightDesignsBreakNothing) {
  for (const char* name :
       {"ndisif/static-provider", "ndisif/numbered-contexts", "ndisif/free-after-deregister-fixed",
        "ndisif/boot-reconciliation", "ndisif/mux-internal-interface"}) {
    expect_always(name, {});
  }
}

TEST(InterfaceMatrixTest, WhoReliesOnTheWaitBreaksWithoutIt) {
  const Broken freed{"NDISIF-CB-01"};
  const Broken freed_twice{"NDISIF-CB-01", "KRN-POOL-02"};
  expect({"ndisif/free-after-deregister", {}, freed, freed});
  // A context whose count of users lies in it is counted in, and freed, when it is gone.
  expect({"ndisif/count-in-context", {}, freed_twice, freed_twice});
  expect({"ndisif/count-in-globals", {}, freed, freed});
}

TEST(InterfaceMatrixTest, WhoBlocksTheWaitHangsWithIt) {
  expect({"ndisif/lock-across-deregister",
          {"NDISIF-CB-06", "NDISIF-CB-06?"},
          {"NDISIF-CB-06?"},
          {"NDISIF-CB-06?"}});
}

TEST(InterfaceMatrixTest, MostMistakesAreMistakesInAnyCase) {
  expect_always("ndisif/stale-index", {"NDISIF-DEREG-01"});
  expect_always("ndisif/missed-interface", {"NDISIF-DEREG-02"});
  expect_always("ndisif/removal-not-awaited", {"NDISIF-DEREG-02"});
  expect_always("ndisif/context-filled-late", {"NDISIF-REG-03"});
  expect_always("ndisif/luid-on-every-boot", {"NDISIF-LUID-03"});
  expect_always("ndisif/luid-freed-before-deregister", {"NDISIF-LUID-02"});
  // No function of the registry closes the gap between the free and the record: a hint.
  expect_always("ndisif/free-from-old-record", {"NDISIF-LUID-01?"});
  expect_always("ndisif/length-ignored", {"NDISIF-CB-02"});
  expect_always("ndisif/answer-pending", {"NDISIF-CB-03"});
  expect_always("ndisif/answer-refreshed", {"NDISIF-CB-02"});
  expect_always("ndisif/stack-loop", {"NDISIF-STK-01"});
  expect_always("ndisif/stack-loop-of-three", {"NDISIF-STK-01"});
  expect_always("ndisif/failed-entry-as-provider", {"NDISIF-DEREG-04"});
  expect_always("ndisif/unload-as-provider", {"NDISIF-DEREG-04"});
  expect_always("ndisif/status-enumerated", {"NDISIF-REG-02"});
}

// Whether a callback may deregister its own interface is not documented (U11): where it may, the
// driver's unload does not wait for it, and goes on too early.
TEST(InterfaceMatrixTest, ADeregistrationInsideACallbackDependsOnTheRegistry) {
  expect({"ndisif/deregister-in-callback",
          {"NDISIF-CB-06", "NDISIF-CB-01", "NDISIF-LUID-02"},
          {"NDISIF-CB-06", "NDISIF-LUID-02"},
          {"NDISIF-CB-06", "NDISIF-LUID-02"}});
  const auto with = [](model::Alternatives answer) {
    model::Profile profile = *model::find_profile("canonical");
    profile.allowed[model::interface_choice(11)] = answer;
    return broken_under(profile, "ndisif/deregister-in-callback");
  };
  EXPECT_EQ(with(model::kA), (Broken{"NDISIF-CB-06", "NDISIF-LUID-02"}));
  EXPECT_EQ(with(model::kB), (Broken{"NDISIF-CB-01", "NDISIF-LUID-02"}));
  EXPECT_EQ(with(model::kC), (Broken{"NDISIF-CB-06", "NDISIF-LUID-02"}));
}

// Every object that the requester knows, with a buffer of every length, set requests, and answers
// that are compared.
TEST(InterfaceMatrixSlowTest, RightProvidersAnswerWhateverTheyAreAsked) {
  for (const char* name : {"ndisif/static-provider", "ndisif/numbered-contexts", "driver/port"}) {
    const ParameterValues values{{"requests", 1}, {"objects", 43}, {"lengths", 1},
                                 {"sets", 1},     {"compares", 1}, {"faults", 0}};
    const sim::Report report = sim::explore(
        [&] { return find_scenario(name)->make(values, *model::find_profile("documented")); },
        {.strategy = "dpor", .keep_going = true, .minimize = false});
    EXPECT_EQ(report.verdict, sim::Verdict::kVerified) << name;
    EXPECT_TRUE(report.findings.empty()) << name;
    EXPECT_TRUE(report.hints.empty()) << name;
  }
}

}  // namespace
}  // namespace nmrcheck
