// One execution: every way to end, time, joins, exceptions, and that nothing leaks into the next.
#include "sim/run/execution.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "sim/strategy/dfs.h"
#include "sim/strategy/random.h"
#include "sim/strategy/replay.h"

namespace nmrcheck::sim {
namespace {

Outcome run(const std::function<void(Execution&)>& body, const Limits& limits = {},
            Trace* trace = nullptr) {
  Execution execution(limits);
  DfsStrategy strategy;  // its first execution never preempts
  strategy.begin_execution(Seed{0});
  FunctionProgram program(body);
  return execution.run(program, strategy, trace);
}

std::string rule_of(const Outcome& outcome) {
  return outcome.violation ? outcome.violation->rule : "";
}

TEST(ExecutionTest, DeadlockNamesWaitersHoldersAndPlaces) {
  const Outcome outcome = run([](Execution& execution) {
    const ObjectId lock = execution.create("gate");
    execution.step({{lock, Op::kLock}}, "lock", {"a.c", 7});
    execution.step({{lock, Op::kLock}}, "lock again", {"a.c", 8});
  });
  ASSERT_EQ(rule_of(outcome), kDeadlock);
  EXPECT_EQ(outcome.violation->message,
            "no fiber can go on: main waits in lock again for gate, held by main since a.c:7");
}

TEST(ExecutionTest, StepLimitIsExact) {
  const Outcome outcome = run(
      [](Execution& execution) {
        const ObjectId object = execution.create("object");
        for (;;) execution.step({{object, Op::kRead}}, "poll");
      },
      {.steps_max = 100});
  EXPECT_EQ(rule_of(outcome), kStepLimit);
  EXPECT_EQ(outcome.steps, 100u);
}

TEST(ExecutionTest, ExceptionIsAVerdict) {
  const Outcome outcome = run([](Execution&) { throw std::runtime_error("boom"); });
  EXPECT_EQ(rule_of(outcome), kException);
  EXPECT_EQ(outcome.violation->message, "an exception left fiber main: boom");
}

TEST(ExecutionTest, FailEndsTheExecutionAtOnce) {
  bool after = false;
  const Outcome outcome = run([&](Execution& execution) {
    execution.spawn("child", [&] {
      execution.step({}, "first");
      execution.fail({"MY-RULE", Severity::kS2, "seen", 0, {"x.c", 3}});
      after = true;
    });
  });
  EXPECT_EQ(rule_of(outcome), "MY-RULE");
  EXPECT_EQ(outcome.violation->step, 1u);
  EXPECT_FALSE(after);
}

TEST(ExecutionTest, TooManyFibersIsAVerdict) {
  const Outcome outcome = run([](Execution& execution) {
    for (std::uint32_t i = 0; i < kFibersMax; ++i) {
      execution.spawn("child", [&] { execution.step({}, "step"); });
    }
  });
  EXPECT_EQ(rule_of(outcome), kStepLimit);
  EXPECT_EQ(outcome.violation->message, "more than 64 fibers in one execution");
}

TEST(ExecutionTest, TimePassesOnlyWhenNothingElseCanRun) {
  std::string log;
  const Outcome outcome = run([&](Execution& execution) {
    const ObjectId event = execution.create("event");
    execution.spawn("late", [&] {
      const bool signaled = execution.step_until({{event, Op::kWait}}, 50, "wait").has_value();
      log += signaled ? "signaled " : "timeout ";
      log += std::to_string(execution.now());
    });
    execution.spawn("busy", [&] {
      for (int i = 0; i < 3; ++i) execution.step({}, "work");
      log += std::to_string(execution.now()) + " ";
    });
  });
  EXPECT_EQ(outcome.ending, Ending::kComplete);
  EXPECT_EQ(log, "0 timeout 50");
}

TEST(ExecutionTest, JoinWaitsForTheEnd) {
  std::string log;
  const Outcome outcome = run([&](Execution& execution) {
    const FiberId child = execution.spawn_joinable("child", [&] {
      execution.step({}, "work");
      log += "child ";
    });
    execution.join(child);
    log += "main";
  });
  EXPECT_EQ(outcome.ending, Ending::kComplete);
  EXPECT_EQ(log, "child main");
}

TEST(ExecutionTest, ExceptionsBelongToFibers) {
  std::string log;
  Execution execution;
  RandomStrategy strategy;
  for (std::uint64_t i = 0; i < 50; ++i) {
    log.clear();
    strategy.begin_execution(fork(Seed{9}, i));
    FunctionProgram program([&](Execution& running) {
      for (const char* name : {"left", "right"}) {
        running.spawn(name, [&running, &log, name] {
          try {
            throw std::runtime_error(name);
          } catch (const std::runtime_error&) {
            running.step({}, "inside the handler");
            running.step({}, "inside the handler");
            try {
              throw;
            } catch (const std::runtime_error& again) {
              log += std::string(again.what()) == name ? "+" : "-";
            }
          }
        });
      }
    });
    EXPECT_EQ(execution.run(program, strategy).ending, Ending::kComplete);
    EXPECT_EQ(log, "++");
  }
}

TEST(ExecutionTest, ReplayGivesTheSameOutcome) {
  const auto body = [](Execution& execution) {
    const ObjectId object = execution.create("object");
    for (int i = 0; i < 3; ++i) {
      execution.spawn("adder", [&execution, object] {
        execution.step({{object, Op::kAdd, execution.choose("how much", 3)}}, "add");
        execution.step({{object, Op::kAdd, 1}}, "add");
      });
    }
  };
  Execution execution;
  RandomStrategy random;
  for (std::uint64_t i = 0; i < 200; ++i) {
    random.begin_execution(fork(Seed{3}, i));
    FunctionProgram first(body);
    const Outcome found = execution.run(first, random);
    ReplayStrategy exact(found.schedule);
    exact.begin_execution(Seed{0});
    FunctionProgram second(body);
    const Outcome& again = execution.run(second, exact);
    EXPECT_EQ(again.hash, found.hash);
    EXPECT_EQ(again.schedule, found.schedule);
    EXPECT_EQ(exact.used(), found.schedule.size());
  }
}

TEST(ExecutionTest, ReplayOfAnotherProgramDiverges) {
  const auto two = [](Execution& execution) {
    for (int i = 0; i < 2; ++i) execution.spawn("f", [&] { execution.step({}, "s"); });
  };
  const auto three = [](Execution& execution) {
    for (int i = 0; i < 3; ++i) execution.spawn("f", [&] { execution.step({}, "s"); });
  };
  const Outcome recorded = run(two);
  Execution execution;
  ReplayStrategy exact(recorded.schedule);
  exact.begin_execution(Seed{0});
  FunctionProgram program(three);
  EXPECT_EQ(execution.run(program, exact).ending, Ending::kCovered);
  ASSERT_NE(exact.divergence(), nullptr);
  EXPECT_EQ(exact.divergence()->choice, 0u);
  EXPECT_EQ(exact.divergence()->asked.offered, 0b1110u);
}

TEST(ExecutionTest, TwoMachinesShareAThread) {
  Execution left;
  Execution right;
  RandomStrategy strategy;
  const auto body = [](Execution& execution) {
    for (int i = 0; i < 3; ++i) execution.spawn("f", [&] { execution.step({}, "s"); });
  };
  for (std::uint64_t i = 0; i < 20; ++i) {
    strategy.begin_execution(Seed{i});
    FunctionProgram one(body);
    const std::uint64_t hash = left.run(one, strategy).hash;
    strategy.begin_execution(Seed{i});
    FunctionProgram other(body);
    EXPECT_EQ(right.run(other, strategy).hash, hash);
  }
}

__attribute__((no_sanitize("undefined"))) int read_through(const int* pointer) {
  return *const_cast<const volatile int*>(pointer);
}

TEST(ExecutionTest, NullDereferenceIsAVerdict) {
  const Outcome outcome = run([](Execution& execution) {
    execution.step({}, "before", {"d.c", 12});
    read_through(nullptr);
  });
  ASSERT_EQ(rule_of(outcome), kCrash);
  EXPECT_EQ(outcome.violation->message,
            "fiber main dereferenced a NULL pointer, after its step before");
  EXPECT_EQ(outcome.violation->place.line, 12);
}

TEST(ExecutionTest, TraceSaysWhoDidWhat) {
  Trace trace;
  run(
      [](Execution& execution) {
        const ObjectId object = execution.create("object");
        execution.rename(object, "counter");
        execution.step({{object, Op::kAdd, 2}}, "add", {"t.c", 4});
        execution.note("seen");
      },
      {}, &trace);
  ASSERT_EQ(trace.steps.size(), 1u);
  EXPECT_EQ(trace.fibers[0].name, "main");
  EXPECT_EQ(trace.steps[0].action, "add");
  EXPECT_EQ(trace.steps[0].subject, "counter");
  EXPECT_EQ(trace.steps[0].notes, std::vector<std::string>{"seen"});
}

}  // namespace
}  // namespace nmrcheck::sim
