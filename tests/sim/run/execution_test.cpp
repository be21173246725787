// One execution: how it ends, what it records, how time passes.
#include "sim/run/execution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>

#include "sim/strategy/dfs.h"
#include "sim/strategy/random.h"
#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

// Answers the default always: what minimization calls the default scheduler.
class DefaultStrategy final : public Strategy {
 public:
  bool begin_execution(Seed) override { return true; }
  Pick pick(const ChoicePoint& point) override {
    for (const PendingStep& pending : point.pending) yields += pending.yielding;
    DfsStrategy first;
    first.begin_execution(Seed{0});
    return first.pick(point);
  }

  int yields = 0;
};

// Covers everything from choice `last` on.
class Stopping final : public Strategy {
 public:
  explicit Stopping(int last) : last_(last) {}
  bool begin_execution(Seed) override { return true; }
  Pick pick(const ChoicePoint& point) override {
    if (last_-- == 0) return std::nullopt;
    DfsStrategy first;
    first.begin_execution(Seed{0});
    return first.pick(point);
  }

 private:
  int last_;
};

Outcome run_default(const test::Body& body, const Limits& limits = {}, Trace* trace = nullptr) {
  Execution execution(limits);
  DefaultStrategy strategy;
  FunctionProgram program(body);
  return execution.run(program, strategy, trace);
}

TEST(ExecutionTest, AnEmptyProgramIsComplete) {
  const Outcome outcome = run_default([](Execution&) {});
  EXPECT_EQ(outcome.ending, Ending::kComplete);
  EXPECT_EQ(outcome.steps, 0u);
  EXPECT_TRUE(outcome.schedule.empty());
}

TEST(ExecutionTest, ForcedChoicesAreNotRecorded) {
  const Outcome outcome = run_default([](Execution& x) {
    const ObjectId v = x.create("v");
    test::do_op(x, v, Op::kAdd, 1);
    EXPECT_EQ(x.choose("only", 1), 0u);
    test::do_op(x, v, Op::kAdd, 1);
    EXPECT_EQ(x.state(v).a, 2u);
  });
  EXPECT_EQ(outcome.steps, 2u);
  EXPECT_TRUE(outcome.schedule.empty());
}

TEST(ExecutionTest, ADeadlockSaysWhoWaitsForWhat) {
  const Outcome outcome = run_default([](Execution& x) {
    const ObjectId lock = x.create("the lock");
    x.step({{lock, Op::kLock}}, "take", {"here.c", 7});
    x.spawn("other", [&x, lock] { x.step({{lock, Op::kLock}}, "take", {"there.c", 9}); });
    x.step({{x.create("the event"), Op::kWait}}, "wait", {"here.c", 8});
  });
  ASSERT_TRUE(outcome.violation.has_value());
  EXPECT_EQ(outcome.violation->rule, kDeadlock);
  EXPECT_EQ(outcome.violation->step, 1u);
  EXPECT_EQ(outcome.violation->message,
            "no fiber can go on: main waits in wait for the event; other waits in take for the "
            "lock, held by main since here.c:7 (step 1, take)");
}

TEST(ExecutionTest, TheProgramMayExplainADeadlockAndCheckTheEnd) {
  class Explaining final : public Program {
   public:
    explicit Explaining(bool stuck) : stuck_(stuck) {}
    void run(Execution& x) override {
      if (stuck_) x.step({{x.create("never"), Op::kWait}}, "wait");
    }
    std::optional<Violation> check_end(Execution&) override {
      return Violation{"END", Severity::kS5, "the end is wrong", 0, {}};
    }
    std::optional<Violation> explain_deadlock(Execution&, const std::string& blocked) override {
      return Violation{"STUCK", Severity::kS3, blocked, 0, {}};
    }

   private:
    bool stuck_;
  };
  Execution execution;
  DefaultStrategy strategy;
  Explaining stuck(true);
  EXPECT_EQ(execution.run(stuck, strategy).violation->rule, "STUCK");
  Explaining ends(false);
  EXPECT_EQ(execution.run(ends, strategy).violation->rule, "END");
}

TEST(ExecutionTest, TheStepLimitIsAVerdict) {
  const auto loops = [](Execution& x) {
    const ObjectId v = x.create("v");
    for (;;) test::do_op(x, v, Op::kAdd, 1);
  };
  const Outcome outcome = run_default(loops, {.steps_max = 100});
  EXPECT_EQ(outcome.violation->rule, kStepLimit);
  EXPECT_EQ(outcome.steps, 100u);
  EXPECT_EQ(outcome.violation->message,
            "limit of 100 steps reached: the execution did not end, and went through no circle");
}

TEST(ExecutionTest, QuestionsAndObjectsHaveLimits) {
  const Outcome asks = run_default(
      [](Execution& x) {
        for (;;) x.choose("again", 2);
      },
      {.steps_max = 50});
  EXPECT_EQ(asks.violation->rule, kStepLimit);
  EXPECT_EQ(asks.schedule.size(), 50u);
  EXPECT_EQ(asks.violation->message, "more than 50 questions in one execution");
  const Outcome creates = run_default([](Execution& x) {
    for (;;) x.create("object");
  });
  EXPECT_EQ(creates.violation->rule, kStepLimit);
  EXPECT_EQ(creates.violation->message, "more than 1048576 objects in one execution");
}

TEST(ExecutionTest, SixtyFourFibersAndNoMore) {
  const auto spawns = [](std::uint32_t count) {
    return [count](Execution& x) {
      const ObjectId v = x.create("v");
      for (std::uint32_t i = 0; i < count; ++i) {
        x.spawn("child", [&x, v] { test::do_op(x, v, Op::kAdd, 1); });
      }
      test::do_op(x, v, Op::kAdd, 1);
    };
  };
  const Outcome fits = run_default(spawns(63));
  EXPECT_EQ(fits.ending, Ending::kComplete);
  EXPECT_EQ(fits.steps, 64u);
  const Outcome exceeds = run_default(spawns(64));
  EXPECT_EQ(exceeds.violation->rule, kStepLimit);
  EXPECT_EQ(exceeds.violation->message, "more than 64 fibers in one execution");
}

TEST(ExecutionTest, AnExceptionThatLeavesAFiberIsAVerdict) {
  const Outcome known = run_default([](Execution& x) {
    test::do_op(x, x.create("v"), Op::kRead);
    throw std::runtime_error("no such adapter");
  });
  EXPECT_EQ(known.violation->rule, kException);
  EXPECT_EQ(known.violation->message, "an exception left fiber main: no such adapter");
  EXPECT_EQ(known.violation->step, 1u);
  const Outcome unknown = run_default([](Execution& x) { x.spawn("child", [] { throw 7; }); });
  EXPECT_EQ(unknown.violation->message, "an exception of unknown type left fiber child");
}

TEST(ExecutionTest, TheStrategyMayEndAnExecution) {
  for (int last = 0; last < 4; ++last) {
    Execution execution;
    Stopping strategy(last);
    FunctionProgram program([](Execution& x) {
      const ObjectId v = x.create("v");
      test::do_op(x, v, Op::kAdd, 1);
      x.choose("which", 2);
      test::do_op(x, v, Op::kAdd, 1);
    });
    const Outcome& outcome = execution.run(program, strategy);
    // Asked: the first step, the question, the second step.
    EXPECT_EQ(outcome.ending, last == 3 ? Ending::kComplete : Ending::kCovered) << last;
    EXPECT_FALSE(outcome.violation.has_value());
  }
}

TEST(ExecutionTest, APrologueRunsInsideTheStepThatSpawns) {
  std::string order;
  run_default([&order](Execution& x) {
    const ObjectId v = x.create("v");
    order += "a";
    x.spawn("child", [&order, &x, v] {
      order += "b";
      x.spawn("grandchild", [&order] { order += "c"; });
      order += "d";
      test::do_op(x, v, Op::kAdd, 1);
      order += "f";
    });
    order += "e";
  });
  EXPECT_EQ(order, "abcdef");
}

TEST(ExecutionTest, JoinWaitsForTheEnd) {
  const auto factory = test::program([](Execution& x) {
    const ObjectId v = x.create("v");
    const FiberId child = x.spawn_joinable("child", [&x, v] { test::do_op(x, v, Op::kAdd, 1); });
    x.join(child);
    test::require(x, x.state(v).a == 1, __LINE__);
  });
  const test::Tree tree = test::explore_all(factory);
  EXPECT_EQ(tree.executions, 1u);  // add, end, join: each waits for the one before
  EXPECT_TRUE(tree.violations.empty());
}

// --- Virtual time ---

TEST(ExecutionTest, ADeadlinePassesOnlyWhenNothingElseCanHappen) {
  std::uint64_t time = 0;
  bool timed_out = false;
  const Outcome outcome = run_default([&](Execution& x) {
    const ObjectId event = x.create("event");
    x.spawn("setter", [&x, event] { test::do_op(x, event, Op::kSet); });
    EXPECT_TRUE(x.step_until({{event, Op::kWaitConsume}}, 1, "wait").has_value());
    EXPECT_EQ(x.now(), 0u);
    timed_out = !x.step_until({{event, Op::kWaitConsume}}, 500, "wait").has_value();
    time = x.now();
  });
  EXPECT_EQ(outcome.ending, Ending::kComplete);
  EXPECT_TRUE(timed_out);
  EXPECT_EQ(time, 500u);
  EXPECT_EQ(outcome.steps, 3u);
}

TEST(ExecutionTest, DeadlinesPassInOrder) {
  std::string order;
  run_default([&order](Execution& x) {
    const ObjectId never = x.create("never");
    const auto sleeper = [&order, &x, never](std::uint64_t deadline, char letter) {
      return [&order, &x, never, deadline, letter] {
        x.step_until({{never, Op::kSleep}}, deadline, "sleep");
        EXPECT_EQ(x.now(), deadline);
        order += letter;
      };
    };
    x.spawn("late", sleeper(300, 'c'));
    x.spawn("early", sleeper(100, 'a'));
    x.spawn("middle", sleeper(200, 'b'));
  });
  EXPECT_EQ(order, "abc");
}

TEST(ExecutionTest, EqualDeadlinesPassInAnyOrder) {
  const auto factory = test::parallel([](Execution& x) {
    const ObjectId never = x.create("never");
    return test::Bodies(3, [&x, never] { x.step_until({{never, Op::kSleep}}, 9, "sleep"); });
  });
  EXPECT_EQ(test::explore_all(factory).executions, 6u);
}

TEST(ExecutionTest, ADeadlineInThePastStillWaitsForQuiet) {
  const Outcome outcome = run_default([](Execution& x) {
    const ObjectId never = x.create("never");
    x.step_until({{never, Op::kSleep}}, 100, "sleep");
    EXPECT_FALSE(x.step_until({{never, Op::kSleep}}, 50, "sleep").has_value());
    EXPECT_EQ(x.now(), 100u);
  });
  EXPECT_EQ(outcome.ending, Ending::kComplete);
}

TEST(ExecutionTest, TheStrategySeesWhoYields) {
  Execution execution;
  DefaultStrategy strategy;
  FunctionProgram program([](Execution& x) {
    x.yield("poll");
    test::do_op(x, x.create("v"), Op::kRead);
  });
  EXPECT_EQ(execution.run(program, strategy).steps, 2u);
  EXPECT_EQ(strategy.yields, 1);
}

// --- Records ---

TEST(ExecutionTest, TheTraceNamesFibersStepsAndChoices) {
  Trace trace;
  const Outcome outcome = run_default(
      [](Execution& x) {
        const ObjectId v = x.create("v");
        if (x.traced()) x.rename(v, "counter");
        x.spawn("worker", [&x, v] { test::do_op(x, v, Op::kAdd, 1); });
        x.spawn("worker", [&x, v] { test::do_op(x, v, Op::kAdd, 2); });
        x.step({{v, Op::kAdd, 3}}, "add three", {"a.c", 5});
        x.note("added");
        x.choose("which", 3, 2);
      },
      {}, &trace);
  ASSERT_EQ(trace.fibers.size(), 3u);
  EXPECT_EQ(trace.fibers[0].name, "main");
  EXPECT_EQ(trace.fibers[1].name, "worker");
  EXPECT_EQ(trace.fibers[2].name, "worker 2");
  EXPECT_EQ(trace.fibers[2].parent, FiberId{0});
  ASSERT_EQ(trace.steps.size(), 3u);
  EXPECT_EQ(trace.steps[0].action, "add three");
  EXPECT_EQ(trace.steps[0].subject, "counter");
  EXPECT_EQ(trace.steps[0].place.line, 5);
  EXPECT_EQ(trace.steps[0].notes, std::vector<std::string>{"added"});
  EXPECT_EQ(trace.steps[2].fiber, FiberId{2});
  EXPECT_EQ(trace.steps[2].result, 4u);  // the old value: 3 + 1
  ASSERT_EQ(trace.choices.size(), 3u);
  EXPECT_EQ(trace.choices[0].step, 1u);  // the step that follows
  EXPECT_EQ(trace.choices[1].question, "which");
  EXPECT_EQ(trace.choices[1].choice.picked, 2u);
  EXPECT_EQ(trace.choices[1].step, 1u);  // the step that asked
  EXPECT_EQ(trace.choices[2].step, 2u);
  ASSERT_EQ(outcome.schedule.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(outcome.schedule[i], trace.choices[i].choice);
}

TEST(ExecutionTest, RecordingATraceChangesNothing) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    const Outcome plain = test::run_random(test::bluetooth(), Seed{i});
    Trace trace;
    const Replayed traced = replay(test::bluetooth(), plain.schedule, {}, &trace);
    EXPECT_EQ(traced.outcome.hash, plain.hash);
    EXPECT_EQ(trace.steps.size(), plain.steps);
  }
}

TEST(ExecutionTest, DifferentInterleavingsHaveDifferentHashes) {
  Execution execution;
  DfsStrategy dfs;
  std::vector<std::uint64_t> hashes;
  const auto factory = test::bare_steps(3, 3);
  while (dfs.begin_execution(Seed{0})) {
    const auto program = factory();
    hashes.push_back(execution.run(*program, dfs).hash);
  }
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::unique(hashes.begin(), hashes.end()) - hashes.begin(), 1680);
}

TEST(ExecutionTest, KeysDoNotDependOnTheSchedule) {
  // Two parents start a child each; who starts first decides ids, but not keys.
  std::vector<std::uint64_t> keys;
  std::vector<std::uint32_t> ids;
  const auto factory = test::parallel([&](Execution& x) -> test::Bodies {
    const ObjectId v = x.create("v");
    const auto parent = [&, v](bool records) {
      test::do_op(x, v, Op::kAdd, 1);
      const FiberId child = x.spawn("child", [] {});
      if (!records) return;
      keys.push_back(x.key_of(child));
      ids.push_back(index(child));
    };
    return {[=] { parent(true); }, [=] { parent(false); }};
  });
  EXPECT_EQ(test::explore_all(factory).executions, 2u);
  EXPECT_EQ(ids, (std::vector<std::uint32_t>{3, 4}));
  EXPECT_EQ(keys[0], keys[1]);
}

// --- Reuse ---

TEST(ExecutionTest, AMachineServesManyExecutionsWhateverTheirEnd) {
  Execution execution;
  RandomStrategy random;
  const Outcome alone = test::run_random(test::bluetooth(), Seed{3});
  for (std::uint64_t i = 0; i < 300; ++i) {
    const auto program = i % 3 == 0 ? test::deadlock01()() : test::twostage()();
    random.begin_execution(fork(Seed{1}, i));
    execution.run(*program, random);
    random.begin_execution(Seed{3});
    const auto same = test::bluetooth()();
    EXPECT_EQ(execution.run(*same, random).hash, alone.hash);
  }
}

TEST(ExecutionTest, MachinesOnTwoThreadsDoNotDisturbEachOther) {
  const Outcome expected = test::run_random(test::twostage(), Seed{9});
  const auto body = [&expected] {
    for (int i = 0; i < 200; ++i) {
      EXPECT_EQ(test::run_random(test::twostage(), Seed{9}).hash, expected.hash);
    }
  };
  std::thread other(body);
  body();
  other.join();
}

}  // namespace
}  // namespace nmrcheck::sim
