// Hints are reported beside the verdict, and end nothing.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/explore/explorer.h"
#include "sim/strategy/dfs.h"

namespace nmrcheck::sim {
namespace {

// Answer 1 gives a hint, answer 2 breaks a rule after a hint, if it may.
void ask_and_hint(Execution& x, bool breaks) {
  const std::uint32_t answer = x.choose("hint", 3);
  if (answer == 0) return;
  x.hint({"HINT", Severity::kS6, "first", 0, {}});
  x.step({{x.create("object"), Op::kUpdate}}, "go on");
  x.hint({"HINT", Severity::kS6, "second", 0, {}});
  x.hint({"OTHER", Severity::kS6, "another", 0, {}});
  if (answer == 2 && breaks) x.fail({"RULE", Severity::kS1, "broken", 0, {}});
}

Report search(bool breaks, bool keep_going, std::uint32_t jobs = 1) {
  SearchOptions options;
  options.strategy = "dfs";
  options.keep_going = keep_going;
  options.jobs = jobs;
  options.jobs_at_once = jobs > 1;
  const ProgramFactory factory = [breaks] {
    return std::make_unique<FunctionProgram>([breaks](Execution& x) { ask_and_hint(x, breaks); });
  };
  return explore(factory, options);
}

std::vector<std::string> rules(const std::vector<Finding>& findings) {
  std::vector<std::string> names;
  for (const Finding& finding : findings) names.push_back(finding.violation.rule);
  return names;
}

using Rules = std::vector<std::string>;

TEST(HintsTest, TheFirstOfEachRuleIsKeptAndTheExecutionGoesOn) {
  Execution execution;
  DfsStrategy dfs;
  std::vector<std::size_t> counts;
  while (dfs.begin_execution(Seed{0})) {
    FunctionProgram program([](Execution& x) { ask_and_hint(x, false); });
    const Outcome& outcome = execution.run(program, dfs);
    EXPECT_EQ(outcome.ending, Ending::kComplete);
    counts.push_back(outcome.hints.size());
    if (outcome.hints.empty()) continue;
    EXPECT_EQ(outcome.hints[0].message, "first");
    EXPECT_EQ(outcome.hints[0].step, 0u);
    EXPECT_EQ(outcome.hints[1].step, 1u);
  }
  EXPECT_EQ(counts, (std::vector<std::size_t>{0, 2, 2}));
}

TEST(HintsTest, ACompleteSearchWithHintsIsVerified) {
  const Report report = search(false, false);
  EXPECT_EQ(report.verdict, Verdict::kVerified);
  EXPECT_EQ(report.executions, 3u);
  EXPECT_EQ(rules(report.hints), (Rules{"HINT", "OTHER"}));
  EXPECT_EQ(report.hints[0].execution, 1u) << "the first that shows it";
  EXPECT_TRUE(report.findings.empty());
}

TEST(HintsTest, AViolationIsFoundAfterAHint) {
  for (const bool keep_going : {false, true}) {
    const Report report = search(true, keep_going);
    EXPECT_EQ(report.verdict, Verdict::kViolation);
    EXPECT_EQ(rules(report.findings), Rules{"RULE"});
    EXPECT_EQ(rules(report.hints), (Rules{"HINT", "OTHER"}));
  }
}

TEST(HintsTest, TheScheduleOfAHintShowsItAgain) {
  const Report report = search(false, false);
  ASSERT_EQ(report.hints.size(), 2u);
  const ProgramFactory factory = [] {
    return std::make_unique<FunctionProgram>([](Execution& x) { ask_and_hint(x, false); });
  };
  const Replayed again = replay(factory, report.hints[0].schedule, {});
  ASSERT_EQ(again.outcome.hints.size(), 2u);
  EXPECT_EQ(again.outcome.hash, report.hints[0].hash);
}

TEST(HintsTest, JobsFindTheSame) {
  const Report alone = search(false, true);
  const Report together = search(false, true, 2);
  EXPECT_EQ(rules(together.hints), rules(alone.hints));
  EXPECT_EQ(together.hints[0].execution, alone.hints[0].execution);
}

}  // namespace
}  // namespace nmrcheck::sim
