// The search: what it covers, what it says about that, and programs that do not repeat.
#include "sim/explore/explorer.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/explore/grouped.h"
#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

SearchOptions with(const char* strategy) {
  SearchOptions options;
  options.strategy = strategy;
  return options;
}

SearchOptions with(const char* strategy, std::uint64_t executions_max) {
  SearchOptions options = with(strategy);
  options.budget.executions_max = executions_max;
  return options;
}

TEST(ExplorerTest, ACompleteSearchIsVerified) {
  const Report report = explore(test::detach_rundown(), with("dfs"));
  EXPECT_EQ(report.verdict, Verdict::kVerified);
  EXPECT_TRUE(report.exhausted);
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.executions, test::explore_all(test::detach_rundown()).executions);
  EXPECT_EQ(report.steps_deepest, 9u);
  EXPECT_EQ(report.scope, "complete: all " + grouped(report.executions) + " executions");
}

TEST(ExplorerTest, CountsExecutionsAndSteps) {
  const Report report = explore(test::bare_steps(3, 3), with("dfs"));
  EXPECT_EQ(report.executions, 1680u);
  EXPECT_EQ(report.steps, 1680u * 9);
  EXPECT_EQ(report.scope, "complete: all 1 680 executions");
}

TEST(ExplorerTest, OneExecutionIsTheOnlyOne) {
  EXPECT_EQ(explore(test::bare_steps(1, 3), with("dfs")).scope, "complete: the only execution");
}

TEST(ExplorerTest, ALimitIsClean) {
  // 6 interleavings; the first three are those that begin with f0: half of the tree.
  const Report report = explore(test::bare_steps(2, 2), with("dfs", 3));
  EXPECT_EQ(report.verdict, Verdict::kClean);
  EXPECT_FALSE(report.exhausted);
  EXPECT_EQ(report.executions, 3u);
  EXPECT_EQ(report.scope, "limit of 3 executions reached: about 50 % of the tree");
  EXPECT_EQ(explore(test::bare_steps(2, 2), with("dfs", 1)).scope,
            "limit of 1 execution reached: about 25 % of the tree");
}

TEST(ExplorerTest, ALimitOfExactlyAllIsComplete) {
  const Report report = explore(test::bare_steps(2, 2), with("dfs", 6));
  EXPECT_EQ(report.verdict, Verdict::kVerified);
  EXPECT_EQ(report.scope, "complete: all 6 executions");
}

TEST(ExplorerTest, ATimeLimitIsSaid) {
  SearchOptions options = with("dfs");
  options.budget.seconds_max = 0;
  const std::string scope = explore(test::bare_steps(4, 8), options).scope;
  EXPECT_EQ(scope, "limit of 0 s reached: 32 executions, less than 0.01 % of the tree");
  options.strategy = "random";
  EXPECT_EQ(
      explore(test::bare_steps(4, 8), options).scope,
      "limit of 0 s reached; sampled: 32 executions, 32 traces, unseen mass more than 99.9 %");
}

TEST(ExplorerTest, SamplingSaysWhatIsUnseen) {
  EXPECT_EQ(explore(test::bare_steps(2, 2), with("random", 1'000)).scope,
            "sampled: 1 000 executions, 6 traces, unseen mass less than 0.01 %");
  EXPECT_EQ(explore(test::bare_steps(2, 2), with("random", 1)).scope,
            "sampled: 1 execution, 1 trace, unseen mass more than 99.9 %");
  const Report all = explore(test::bare_steps(2, 1), with("random"));
  EXPECT_EQ(all.executions, kSamplingExecutions);
  EXPECT_EQ(all.verdict, Verdict::kClean);  // sampling proves nothing
}

TEST(ExplorerTest, EndsAtTheFirstViolation) {
  const Report report = explore(test::deadlock01(), with("dfs"));
  EXPECT_EQ(report.verdict, Verdict::kViolation);
  ASSERT_EQ(report.findings.size(), 1u);
  const Finding& finding = report.findings[0];
  EXPECT_EQ(finding.violation.rule, kDeadlock);
  // Of the 6 executions 2 begin with both locks by f0; the third crosses them.
  EXPECT_EQ(finding.execution, 2u);
  EXPECT_EQ(report.executions, 3u);
  EXPECT_EQ(report.scope, "ended at the first violation, in execution 3");
  EXPECT_EQ(finding.strategy, "dfs");
  EXPECT_EQ(finding.steps, 2u);
}

TEST(ExplorerTest, KeepsOneFindingForEachRule) {
  const auto asks = test::program([](Execution& x) {
    const std::uint32_t answer = x.choose("which", 5);
    if (answer == 1 || answer == 3) x.fail({"ODD", Severity::kS1, "odd", 0, {}});
    if (answer == 2) x.fail({"EVEN", Severity::kS5, "even", 0, {}});
  });
  SearchOptions options = with("dfs");
  options.keep_going = true;
  const Report report = explore(asks, options);
  EXPECT_EQ(report.verdict, Verdict::kViolation);
  EXPECT_EQ(report.executions, 5u);
  EXPECT_EQ(report.scope, "complete: all 5 executions");
  ASSERT_EQ(report.findings.size(), 2u);
  EXPECT_EQ(report.findings[0].violation.rule, "ODD");
  EXPECT_EQ(report.findings[0].schedule, (Schedule{{ChoiceKind::kValue, 1, 5}}));
  EXPECT_EQ(report.findings[1].violation.rule, "EVEN");
  EXPECT_EQ(report.findings[1].execution, 2u);
}

TEST(ExplorerTest, EveryFindingReplays) {
  for (const bool minimizes : {false, true}) {
    for (const auto& factory : {test::account(), test::bluetooth(), test::reorder(3)}) {
      SearchOptions options = with("random");
      options.minimize = minimizes;
      const Report report = explore(factory, options);
      ASSERT_EQ(report.findings.size(), 1u);
      const Finding& finding = report.findings[0];
      const Replayed small = replay(factory, finding.schedule, {});
      EXPECT_FALSE(small.divergence.has_value());
      EXPECT_EQ(small.outcome.hash, finding.hash);
      EXPECT_EQ(small.outcome.violation->rule, finding.violation.rule);
      const Replayed found = replay(factory, finding.found, {});
      EXPECT_EQ(found.outcome.violation->rule, finding.violation.rule);
      EXPECT_EQ(test::run_random(factory, finding.seed).schedule, finding.found);
      EXPECT_EQ(finding.seed, fork(options.seed, finding.execution));
    }
  }
}

TEST(ExplorerTest, EqualSeedsGiveEqualReports) {
  SearchOptions options = with("random", 500);
  const Report left = explore(test::bare_steps(3, 4), options);
  EXPECT_EQ(explore(test::bare_steps(3, 4), options).scope, left.scope);
  options.seed = Seed{2};
  const Report other = explore(test::twostage(), options);
  options.seed = Seed{1};
  EXPECT_NE(explore(test::twostage(), options).findings.at(0).seed, other.findings.at(0).seed);
}

// 252 interleavings, which differ in the order of independent steps only.
TEST(ExplorerTest, SamplingCountsTracesNotInterleavings) {
  const auto apart = test::parallel([](Execution& x) -> test::Bodies {
    const auto add = [&x](ObjectId object) {
      for (int i = 0; i < 5; ++i) test::do_op(x, object, Op::kAdd, 1);
    };
    const ObjectId left = x.create("left");
    const ObjectId right = x.create("right");
    return {[=] { add(left); }, [=] { add(right); }};
  });
  EXPECT_EQ(explore(apart, with("dfs")).scope, "complete: all 252 executions");
  EXPECT_EQ(explore(apart, with("dpor")).scope, "complete: the only trace");
  EXPECT_EQ(explore(apart, with("random", 100)).scope,
            "sampled: 100 executions, 1 trace, unseen mass less than 0.01 %");
}

TEST(ExplorerTest, TellsProgress) {
  SearchOptions options = with("random");
  options.budget.seconds_max = 0.8;
  std::uint64_t calls = 0;
  options.on_progress = [&calls](const Progress& progress) {
    ++calls;
    EXPECT_EQ(progress.strategy, "random");
    EXPECT_EQ(progress.depth, 4u);
    EXPECT_GT(progress.executions, 0u);
    EXPECT_GE(progress.seconds, 0.5);
    EXPECT_FALSE(progress.explored_fraction);
    EXPECT_EQ(progress.unseen_mass, 0);  // all 6 traces came thousands of times
  };
  explore(test::bare_steps(2, 2), options);
  EXPECT_EQ(calls, 1u);
}

// --- Programs that do not repeat ---

void expect_error(const Report& report, const std::vector<std::string>& parts) {
  EXPECT_EQ(report.verdict, Verdict::kError);
  EXPECT_TRUE(report.findings.empty());
  for (const std::string& part : parts) {
    EXPECT_NE(report.error.find(part), std::string::npos) << part << "\nin: " << report.error;
  }
}

TEST(ExplorerTest, AViolationThatDoesNotRepeatIsAnError) {
  int executions = 0;
  const auto once = test::program([&executions](Execution& x) {
    test::do_op(x, x.create("v"), Op::kRead);
    if (executions++ == 0) x.fail({"ONCE", Severity::kS1, "once", 0, {}});
  });
  expect_error(explore(once, with("dfs")),
               {"the program is not deterministic", "one schedule gave ONCE after 1 steps",
                "run again, no violation after 1 steps", "two more runs agree with each other",
                "a static variable that survives"});
}

TEST(ExplorerTest, AnErrorNamesTheStepThatDiffers) {
  std::uint64_t executions = 0;
  const auto counts = test::program([&executions](Execution& x) {
    ++executions;
    test::do_op(x, x.create("event"), Op::kSet);
    x.step({{x.create("v", {executions, 0}), Op::kRead}}, "look", {"driver.c", 4});
  });
  // The search makes execution 1, its confirmation 2; then two more look for the step.
  expect_error(explore(counts, with("dfs")),
               {"no violation after 2 steps",
                "two more runs part at step 2: \"look\" by main, result 3 at driver.c:4, then "
                "\"look\" by main, result 4 at driver.c:4"});
}

TEST(ExplorerTest, AnErrorNamesTheChoiceThatDiffers) {
  std::uint32_t executions = 0;
  const auto grows = test::program([&executions](Execution& x) {
    x.choose("same", 2);
    x.choose("other", executions++ == 0 ? 2 : 3);
  });
  expect_error(explore(grows, with("dfs")),
               {"at choice 2 it offered first a question with 2 alternatives, then a question "
                "with 3 alternatives"});
}

// The third execution does not go back to where it was: nothing else confirms that one.
TEST(ExplorerTest, ASystematicSearchNoticesThatItCannotGoBack) {
  std::uint32_t executions = 0;
  const auto changes = test::program([&executions](Execution& x) {
    x.choose("which", ++executions < 5 ? 3 : 2);
    x.choose("which", 2);
  });
  // Executions 1 and 3 are the first two of the search, 2 and 4 their replays.
  expect_error(explore(changes, with("dfs")),
               {"after the same choices, at choice 1 it offered first a question with 3 "
                "alternatives, then a question with 2 alternatives"});
}

TEST(GroupedTest, GroupsDigitsByThree) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1 000");
  EXPECT_EQ(grouped(12'345'678), "12 345 678");
}

}  // namespace
}  // namespace nmrcheck::sim
