// Fibers: dropping them, and exceptions that span switches.
#include "sim/run/fiber.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "sim/strategy/dfs.h"
#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

struct Counted {
  static inline int alive = 0;
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  ~Counted() { --alive; }
};

// Its objects belong to the program and to the bodies of fibers, which the machine owns.
class CountedProgram final : public Program {
 public:
  void run(Execution& x) override {
    const ObjectId v = x.create("v");
    for (int i = 0; i < 2; ++i) {
      x.spawn("child", [&x, v, counted = Counted()] {
        test::do_op(x, v, Op::kAdd, 1);
        if (x.choose("fail", 2) == 1) x.fail({"FAILED", Severity::kS1, "failed", 0, {}});
        test::do_op(x, v, Op::kAdd, 1);
      });
    }
    x.step({{x.create("event"), Op::kWait}}, "wait");
  }

 private:
  Counted counted_;
};

TEST(FiberTest, AbandonedExecutionsLeakNothing) {
  Execution execution;
  DfsStrategy dfs;
  std::uint64_t executions = 0;
  while (dfs.begin_execution(Seed{0})) {
    CountedProgram program;
    const Outcome& outcome = execution.run(program, dfs);
    EXPECT_EQ(Counted::alive, 1);  // the program itself
    EXPECT_TRUE(outcome.violation.has_value());
    ++executions;
  }
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_GT(executions, 10u);
}

TEST(FiberTest, NoCodeOfADroppedFiberRuns) {
  int destroyed = 0;
  struct Guard {
    int& count;
    ~Guard() { ++count; }
  };
  Execution execution;
  DfsStrategy dfs;
  dfs.begin_execution(Seed{0});
  FunctionProgram program([&destroyed](Execution& x) {
    const Guard guard{destroyed};
    x.step({{x.create("event"), Op::kWait}}, "wait");
  });
  EXPECT_EQ(execution.run(program, dfs).violation->rule, kDeadlock);
  EXPECT_EQ(destroyed, 0);
}

// Each fiber throws its own exception and switches while it handles it, at every interleaving.
TEST(FiberTest, ExceptionsBelongToTheirFiber) {
  const auto factory = test::parallel([](Execution& x) {
    const ObjectId v = x.create("v");
    test::Bodies bodies;
    for (int fiber = 0; fiber < 3; ++fiber) {
      bodies.push_back([&x, v, fiber] {
        try {
          throw std::runtime_error("exception of fiber " + std::to_string(fiber));
        } catch (const std::runtime_error&) {
          test::do_op(x, v, Op::kAdd, 1);
          try {
            throw;  // the one that is handled here
          } catch (const std::exception& again) {
            test::do_op(x, v, Op::kAdd, 1);
            test::require(x, again.what() == "exception of fiber " + std::to_string(fiber),
                          __LINE__);
          }
        }
        test::require(x, std::current_exception() == nullptr, __LINE__);
      });
    }
    return bodies;
  });
  const test::Tree tree = test::explore_all(factory);
  EXPECT_EQ(tree.executions, 90u);
  EXPECT_TRUE(tree.violations.empty());
  EXPECT_EQ(std::current_exception(), nullptr);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

TEST(FiberTest, ExceptionsInFlightBelongToTheirFiber) {
  struct StepsInDestructor {
    Execution& x;
    ObjectId v;
    ~StepsInDestructor() { test::do_op(x, v, Op::kAdd, 1); }
  };
  const auto factory = test::parallel([](Execution& x) {
    const ObjectId v = x.create("v");
    return test::Bodies(2, [&x, v] {
      try {
        const StepsInDestructor guard{x, v};
        throw std::runtime_error("in flight");
      } catch (const std::runtime_error&) {
        test::require(x, std::uncaught_exceptions() == 0, __LINE__);
        test::do_op(x, v, Op::kAdd, 1);
      }
    });
  });
  const test::Tree tree = test::explore_all(factory);
  EXPECT_EQ(tree.executions, 6u);
  EXPECT_TRUE(tree.violations.empty());
}

TEST(FiberTest, AFiberMayBeDroppedWhileItHandlesExceptions) {
  Execution execution;
  for (int i = 0; i < 100; ++i) {
    DfsStrategy dfs;
    dfs.begin_execution(Seed{0});
    FunctionProgram program([](Execution& x) {
      try {
        throw std::runtime_error("outer, long enough to be on the heap of the host");
      } catch (const std::runtime_error&) {
        try {
          throw std::logic_error("inner, long enough to be on the heap of the host");
        } catch (const std::logic_error&) {
          x.step({{x.create("event"), Op::kWait}}, "wait");
        }
      }
    });
    EXPECT_EQ(execution.run(program, dfs).violation->rule, kDeadlock);
    EXPECT_EQ(std::current_exception(), nullptr);
  }
}

TEST(FiberTest, FailingInsideACatchBlockIsAVerdict) {
  Execution execution;
  DfsStrategy dfs;
  dfs.begin_execution(Seed{0});
  FunctionProgram program([](Execution& x) {
    try {
      throw 1;
    } catch (int) {
      x.fail({"RULE", Severity::kS1, "a message that is long enough for the heap", 0, {}});
    }
  });
  EXPECT_EQ(execution.run(program, dfs).violation->rule, "RULE");
  EXPECT_EQ(std::current_exception(), nullptr);
}

// The layer below: switching by hand.
TEST(FiberTest, AFiberGoesOnWhereItLeft) {
  struct Log {
    FiberPool* pool = nullptr;
    std::string text;
  } log;
  FiberPool pool(
      64 * 1024,
      [](void* argument, std::uint32_t slot) {
        auto& l = *static_cast<Log*>(argument);
        for (const char step : {'a', 'b'}) {
          l.text += step;
          l.text += std::to_string(slot);
          l.pool->switch_to(FiberPool::kController);
        }
      },
      &log);
  log.pool = &pool;
  pool.reserve(2);
  EXPECT_EQ(pool.slots(), 2u);
  for (const std::uint32_t slot : {0u, 1u, 1u, 0u}) pool.switch_to(slot);
  EXPECT_EQ(log.text, "a0a1b1b0");
  pool.drop(0);
  pool.switch_to(0);  // from the beginning
  pool.switch_to(1);  // the entry returned, and is entered again
  EXPECT_EQ(log.text, "a0a1b1b0a0a1");
  EXPECT_EQ(pool.current(), FiberPool::kController);
  const FiberPool::Stack stack = pool.stack(0);
  EXPECT_GE(stack.bytes, 64u * 1024);
  EXPECT_GT(stack.guard_bytes, 0u);
}

}  // namespace
}  // namespace nmrcheck::sim
