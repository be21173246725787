// Faults that take CPU time or stack: each becomes a verdict, and the next execution is unharmed.
#include <gtest/gtest.h>

#include <memory>

#include "sim/run/execution.h"
#include "sim/strategy/dfs.h"

namespace nmrcheck::sim {
namespace {

std::string rule_after(Execution& execution, const std::function<void(Execution&)>& body) {
  DfsStrategy strategy;
  strategy.begin_execution(Seed{0});
  FunctionProgram program(body);
  const Outcome& outcome = execution.run(program, strategy);
  return outcome.violation ? outcome.violation->rule : "";
}

int recurse(int depth, const volatile bool& for_ever) {
  volatile char frame[256];
  frame[0] = static_cast<char>(depth);
  if (!for_ever) return 0;
  return recurse(depth + 1, for_ever) + frame[0];
}

TEST(CrashTest, StackOverflowIsAVerdictAgainAndAgain) {
  Execution execution;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(rule_after(execution,
                         [](Execution& running) {
                           running.step({}, "before");
                           const volatile bool for_ever = true;
                           const volatile int result = recurse(0, for_ever);
                           (void)result;
                         }),
              kStackOverflow);
    EXPECT_EQ(rule_after(execution, [](Execution& running) { running.step({}, "fine"); }), "");
  }
}

TEST(CrashTest, DivisionByZeroIsAVerdict) {
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
  Execution execution;
  EXPECT_EQ(rule_after(execution,
                       [](Execution& running) {
                         running.step({}, "before");
                         const volatile int zero = 0;
                         const volatile int result = 100 / zero;
                         (void)result;
                       }),
            kCrash);
#else
  GTEST_SKIP() << "integer division by zero does not fault here, or UBSan reports it first";
#endif
}

TEST(CrashSlowTest, AnEndlessStepIsAVerdict) {
  Execution execution;
  EXPECT_EQ(rule_after(execution,
                       [](Execution& running) {
                         running.step({}, "before");
                         volatile bool for_ever = true;
                         while (for_ever) {
                         }
                       }),
            kEndlessStep);
  EXPECT_EQ(rule_after(execution, [](Execution& running) { running.step({}, "fine"); }), "");
}

struct Counted {
  explicit Counted(int& alive) : alive_(alive) { ++alive_; }
  ~Counted() { --alive_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  int& alive_;
};

TEST(CrashTest, ADroppedFiberRunsNoDestructorAndItsClosureIsFreed) {
  int alive = 0;
  int closures = 0;
  {
    Execution execution;
    rule_after(execution, [&](Execution& running) {
      running.spawn("child", [&running, closure = std::make_shared<Counted>(closures)] {
        running.step({}, "runs");
        running.fail({"END", Severity::kS1, "", 0, {}});
      });
    });
    EXPECT_EQ(closures, 0);
    rule_after(execution, [&](Execution& running) {
      running.spawn("owner", [&] {
        const Counted local(alive);
        running.step({}, "held");
        running.fail({"END", Severity::kS1, "", 0, {}});
      });
    });
  }
  EXPECT_EQ(alive, 1);  // by design: none of the dropped fiber's code runs
  EXPECT_EQ(closures, 0);
}

}  // namespace
}  // namespace nmrcheck::sim
