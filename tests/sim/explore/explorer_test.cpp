// Verdicts with exact counts, confirmation by replay, and minimization to known minima.
#include "sim/explore/explorer.h"

#include <gtest/gtest.h>

#include "sim/explore/minimize.h"

namespace nmrcheck::sim {
namespace {

ProgramFactory factory(std::function<void(Execution&)> body) {
  return [body] { return std::make_unique<FunctionProgram>(body); };
}

void check(Execution& execution, bool holds, const char* rule) {
  if (!holds) execution.fail({rule, Severity::kS1, "assertion", 0, {}});
}

// Two fibers that each read a counter and write it back incremented; a third asserts nothing.
void lost_update(Execution& execution) {
  const ObjectId counter = execution.create("counter");
  const ObjectId ended = execution.create("ended");
  for (int i = 0; i < 2; ++i) {
    execution.spawn("adder", [&execution, counter, ended] {
      const std::uint64_t seen = execution.step({{counter, Op::kRead}}, "read");
      execution.step({{counter, Op::kWrite, seen + 1}}, "write");
      if (execution.step({{ended, Op::kAdd, 1}}, "end") == 1) {
        check(execution, execution.state(counter).a == 2, "LOST");
      }
    });
  }
}

// The stop race of the classic Bluetooth driver: pending = 1.
void bluetooth(Execution& execution) {
  const ObjectId pending = execution.create("pending", {1, 0});
  const ObjectId flag = execution.create("flag");
  const ObjectId event = execution.create("event");
  const ObjectId stopped = execution.create("stopped");
  execution.spawn("stop", [&execution, pending, flag, event, stopped] {
    execution.step({{flag, Op::kWrite, 1}}, "write");
    if (execution.step({{pending, Op::kAdd, ~std::uint64_t{0}}}, "release") == 1) {
      execution.step({{event, Op::kWrite, 1}}, "write");
    }
    if (execution.step({{event, Op::kRead}}, "read") == 1) {
      execution.step({{stopped, Op::kWrite, 1}}, "write");
    }
  });
  execution.spawn("add", [&execution, pending, flag, event, stopped] {
    if (execution.step({{flag, Op::kRead}}, "read") == 0) {
      execution.step({{pending, Op::kAdd, 1}}, "acquire");
      check(execution, execution.step({{stopped, Op::kRead}}, "read") == 0, "STOPPED");
    }
    if (execution.step({{pending, Op::kAdd, ~std::uint64_t{0}}}, "release") == 1) {
      execution.step({{event, Op::kWrite, 1}}, "write");
    }
  });
}

void crossed_locks(Execution& execution) {
  const ObjectId a = execution.create("a");
  const ObjectId b = execution.create("b");
  const auto both = [&execution](ObjectId outer, ObjectId inner) {
    execution.step({{outer, Op::kLock}}, "lock");
    execution.step({{inner, Op::kLock}}, "lock");
    execution.step({{inner, Op::kUnlock}}, "unlock");
    execution.step({{outer, Op::kUnlock}}, "unlock");
  };
  execution.spawn("left", [=] { both(a, b); });
  execution.spawn("right", [=] { both(b, a); });
}

std::function<void(Execution&)> independent(int steps) {
  return [steps](Execution& execution) {
    for (int i = 0; i < 2; ++i) {
      execution.spawn("f", [&execution, steps] {
        for (int k = 0; k < steps; ++k) execution.step({}, "s");
      });
    }
  };
}

TEST(ExplorerTest, VerifiedCountsEveryExecution) {
  const Report report = explore(factory(independent(4)), {.strategy = "dfs"});
  EXPECT_EQ(report.verdict, Verdict::kVerified);
  EXPECT_TRUE(report.exhausted);
  EXPECT_EQ(report.executions, 70u);  // 8! / (4! 4!)
  EXPECT_EQ(report.steps, 560u);
  EXPECT_EQ(report.scope, "complete: all 70 executions");
}

TEST(ExplorerTest, ALimitIsReportedAndNeverVerified) {
  const Report report =
      explore(factory(independent(4)), {.strategy = "dfs", .budget = {.executions_max = 69}});
  EXPECT_EQ(report.verdict, Verdict::kClean);
  EXPECT_FALSE(report.exhausted);
  EXPECT_EQ(report.executions, 69u);
  const Report exact =
      explore(factory(independent(4)), {.strategy = "dfs", .budget = {.executions_max = 70}});
  EXPECT_EQ(exact.verdict, Verdict::kVerified);
}

TEST(ExplorerTest, SamplingIsNeverVerified) {
  const Report report =
      explore(factory(independent(1)), {.strategy = "random", .budget = {.executions_max = 50}});
  EXPECT_EQ(report.verdict, Verdict::kClean);
  EXPECT_EQ(report.scope,
            "sampled: 50 executions, 2 distinct interleavings, unseen mass less than 0.01 %");
}

TEST(ExplorerTest, AutoFallsBackToSampling) {
  // 22! / (11! 11!) = 705 432 interleavings: too many for the exhaustive phase.
  const Report report = explore(factory(independent(11)),
                                {.budget = {.executions_max = kAutoExhaustiveExecutions + 100}});
  EXPECT_EQ(report.verdict, Verdict::kClean);
  EXPECT_EQ(report.executions, kAutoExhaustiveExecutions + 100);
  EXPECT_NE(report.scope.find("; then random: sampled: 100 executions"), std::string::npos)
      << report.scope;
}

TEST(ExplorerTest, FindingsReplayExactly) {
  for (const char* strategy : {"dfs", "random"}) {
    const Report report = explore(factory(bluetooth), {.strategy = strategy});
    ASSERT_EQ(report.verdict, Verdict::kViolation) << strategy;
    ASSERT_EQ(report.findings.size(), 1u);
    const Finding& finding = report.findings[0];
    EXPECT_EQ(finding.violation.rule, "STOPPED");
    const Replayed again = replay(factory(bluetooth), finding.schedule, {});
    EXPECT_FALSE(again.divergence.has_value());
    EXPECT_EQ(again.outcome.hash, finding.hash);
    EXPECT_EQ(again.outcome.steps, finding.steps);
  }
}

TEST(ExplorerTest, KeepGoingKeepsOneFindingForEachRule) {
  const Report report = explore(factory(lost_update), {.strategy = "dfs", .keep_going = true});
  EXPECT_TRUE(report.exhausted);
  EXPECT_EQ(report.executions, 20u);  // 6! / (3! 3!)
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].violation.rule, "LOST");
}

TEST(ExplorerTest, ANondeterministicProgramIsAnError) {
  int executions = 0;
  const auto body = [&executions](Execution& execution) {
    const int fibers = 2 + executions++ % 2;
    for (int i = 0; i < fibers; ++i) execution.spawn("f", [&] { execution.step({}, "s"); });
  };
  const Report report = explore(factory(body), {.strategy = "dfs"});
  EXPECT_EQ(report.verdict, Verdict::kError);
  EXPECT_NE(report.error.find("not deterministic"), std::string::npos);
}

TEST(ExplorerTest, AViolationThatDoesNotRepeatIsAnError) {
  int executions = 0;
  const auto body = [&executions](Execution& execution) {
    execution.step({}, "s");
    check(execution, ++executions != 3, "ONCE");
  };
  const Report report = explore(factory(body), {.strategy = "random"});
  EXPECT_EQ(report.verdict, Verdict::kError);
  EXPECT_NE(report.error.find("not deterministic"), std::string::npos);
  EXPECT_TRUE(report.findings.empty());
}

// From 40 random failing executions each, the known fewest preemptions are reached.
void expect_preemptions(const std::function<void(Execution&)>& body, std::uint32_t fewest) {
  std::uint64_t number = 0;
  for (int found = 0; found < 40; ++found) {
    SearchOptions options{.strategy = "random", .seed = Seed{1000 + number++}, .minimize = false};
    const Report report = explore(factory(body), options);
    ASSERT_EQ(report.findings.size(), 1u);
    const Finding& finding = report.findings[0];
    const Minimized smaller = minimize(factory(body), finding.schedule, finding.violation, {}, {});
    EXPECT_EQ(smaller.preemptions, fewest);
    EXPECT_FALSE(smaller.budget_reached);
    EXPECT_EQ(smaller.outcome.violation->rule, finding.violation.rule);
    const Replayed again = replay(factory(body), smaller.schedule, {});
    EXPECT_EQ(again.outcome.hash, smaller.outcome.hash);
  }
}

TEST(MinimizeTest, LostUpdateNeedsOnePreemption) { expect_preemptions(lost_update, 1); }
TEST(MinimizeTest, BluetoothNeedsOnePreemption) { expect_preemptions(bluetooth, 1); }
TEST(MinimizeTest, CrossedLocksNeedOnePreemption) { expect_preemptions(crossed_locks, 1); }

TEST(MinimizeTest, ValuesReturnToTheirDefault) {
  const auto body = [](Execution& execution) {
    const std::uint32_t first = execution.choose("first", 5);
    const std::uint32_t second = execution.choose("second", 5);
    check(execution, second != 3, "THREE");
    (void)first;
  };
  const Report report = explore(factory(body), {.strategy = "random", .seed = Seed{4}});
  ASSERT_EQ(report.findings.size(), 1u);
  const Schedule expected{{ChoiceKind::kValue, 0, 5}, {ChoiceKind::kValue, 3, 5}};
  EXPECT_EQ(report.findings[0].schedule, expected);
}

// A walk over two enabled fibers of one step each is either order with probability 1/2; of 10 000
// walks the share leaves 0.5 by more than 4 standard errors (0.02) with probability below 1e-4.
TEST(RandomTest, EachOrderIsEquallyLikely) {
  int first_wins = 0;
  Execution execution;
  const StrategyInfo* info = find_strategy("random");
  const auto strategy = info->make();
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    strategy->begin_execution(fork(Seed{77}, i));
    std::uint64_t winner = 0;
    FunctionProgram program([&](Execution& running) {
      const ObjectId object = running.create("object");
      for (std::uint64_t fiber = 1; fiber <= 2; ++fiber) {
        running.spawn("f", [&running, &winner, object, fiber] {
          if (running.step({{object, Op::kExchange, 1}}, "x") == 0) winner = fiber;
        });
      }
    });
    execution.run(program, *strategy);
    first_wins += winner == 1;
  }
  EXPECT_NEAR(first_wins / 10'000.0, 0.5, 0.02);
}

}  // namespace
}  // namespace nmrcheck::sim
