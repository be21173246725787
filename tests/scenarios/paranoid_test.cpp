// What the wait waits for whatever CP-06, CP-18 and CP-19 say: callbacks that no driver could
// otherwise survive.
#include <gtest/gtest.h>

#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"

namespace nmrcheck {
namespace {

// All executions with profile `documented` and all alternatives of one choice point.
sim::Report widened(const char* scenario, std::uint32_t choice_point) {
  model::Profile profile = *model::find_profile("documented");
  profile.allowed[choice_point] = model::find_profile("paranoid")->allowed[choice_point];
  return sim::explore([=] { return find_scenario(scenario)->make({}, profile); },
                      {.strategy = "dpor", .keep_going = true, .minimize = false});
}

void expect_verified(const char* scenario, std::uint32_t choice_point) {
  const sim::Report report = widened(scenario, choice_point);
  EXPECT_EQ(report.verdict, sim::Verdict::kVerified) << scenario << " CP-" << choice_point;
  for (const sim::Finding& finding : report.findings) ADD_FAILURE() << finding.violation.message;
}

// A detach that overlaps the attach (CP-06) ends no module whose ClientAttachProvider still runs.
TEST(ParanoidTest, TheWaitWaitsForTheAttachCallback) {
  expect_verified("nmr/unload-without-wait-fixed", 6);
  expect_verified("nmr/wait-in-cleanup-fixed", 6);
}

// Not to wait for cleanups (CP-18 c) is not to wait for no detach callback: that is CP-19.
TEST(ParanoidTest, TheWaitThatAwaitsNoCleanupAwaitsDetachCallbacks) {
  expect_verified("nmr/unload-without-wait-fixed", 18);
  expect_verified("nmr/complete-and-succeed-fixed", 18);
}

std::string rules_of(const sim::Report& report) {
  std::string rules;
  for (const sim::Finding& finding : report.findings) rules += finding.violation.rule + ";";
  return rules;
}

TEST(ParanoidTest, WhatIsFragileBreaksAllTheSame) {
  EXPECT_EQ(rules_of(widened("nmr/complete-and-succeed-fixed", 19)), "NMR-UNL-03;");
  const std::string cleanup = rules_of(widened("nmr/wait-in-cleanup-fixed", 18));
  EXPECT_NE(cleanup.find("NMR-UNL-03;"), std::string::npos) << cleanup;
  EXPECT_NE(cleanup.find("NMR-CLN-02;"), std::string::npos) << cleanup;
}

}  // namespace
}  // namespace nmrcheck
