// Power failures: fibers that are left behind, and when an execution with such fibers is over.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "sim/explore/explorer.h"
#include "sim/strategy/dfs.h"
#include "sim/strategy/dpor.h"
#include "tests/sim/programs.h"
#include "tests/sim/traces.h"

namespace nmrcheck::sim {
namespace {

using test::do_op;

// The rule that each strategy breaks first; "" if all of 300 executions are well.
void expect_rule(const ProgramFactory& factory, const std::string& rule) {
  for (const StrategyInfo& info : strategies()) {
    SearchOptions options;
    options.strategy = info.name;
    options.minimize = false;
    options.budget.executions_max = 300;
    const Report report = explore(factory, options);
    EXPECT_EQ(report.error, "") << info.name;
    EXPECT_EQ(report.findings.empty() ? "" : report.findings[0].violation.rule, rule) << info.name;
  }
}

void fail_power(Execution& x, ObjectId power) {
  do_op(x, power, Op::kWrite, 0);
  x.leave_others_behind();
}

void write_durably(Execution& x, ObjectId power, ObjectId variable, std::uint64_t value) {
  x.step({{power, Op::kAwait, 1, 0}, {variable, Op::kWrite, value, 0}}, "write durably");
}

// Writes 1 and then 2 to each of `writers` durable variables; the power fails at any moment. The
// values that are left, as digits, go to `states`.
class TwoWrites final : public Program {
 public:
  TwoWrites(std::size_t writers, std::multiset<std::string>& states)
      : writers_(writers), states_(states) {}

  void run(Execution& x) override {
    const ObjectId power = x.create("power", {1, 0});
    for (std::size_t i = 0; i < writers_; ++i) variables_[i] = x.create("durable");
    for (std::size_t i = 0; i < writers_; ++i) {
      x.spawn("writer", [this, &x, power, i] {
        write_durably(x, power, variables_[i], 1);
        write_durably(x, power, variables_[i], 2);
      });
    }
    fail_power(x, power);
  }

  std::optional<Violation> check_end(Execution& x) override {
    std::string digits;
    for (std::size_t i = 0; i < writers_; ++i) {
      digits += std::to_string(x.state(variables_[i]).a);
    }
    states_.insert(digits);
    return std::nullopt;
  }

 private:
  std::size_t writers_;
  std::multiset<std::string>& states_;
  std::array<ObjectId, 2> variables_{};
};

// What is left at the end of each execution that the strategy makes.
std::multiset<std::string> states_left(std::size_t writers, Strategy& strategy) {
  std::multiset<std::string> states;
  const test::Traces traces = test::traces_of(
      [&] { return std::make_unique<TwoWrites>(writers, states); }, strategy, 10'000);
  EXPECT_TRUE(traces.exhausted);
  EXPECT_EQ(traces.covered, 0u);
  EXPECT_EQ(traces.violations.size(), 0u);
  return states;
}

// F, aF and aAF: the failure conflicts with each write, so every order is a trace.
TEST(LeftBehindTest, OneWriterLeavesAnyOfItsStates) {
  DporStrategy dpor;
  EXPECT_EQ(states_left(1, dpor), (std::multiset<std::string>{"0", "1", "2"}));
  DfsStrategy dfs;
  EXPECT_EQ(states_left(1, dfs), (std::multiset<std::string>{"0", "1", "2"}));
}

// The writers do not meet, so a trace is how far each came: 3 · 3. Executions one by one, writers
// a and b: F aF bF aAF bBF abF baF aAbF abAF baAF bBaF baBF abBF, and with all four writes 6 orders
// of aA and bB: 13 + 6 = 19.
TEST(LeftBehindTest, TwoWritersLeaveAnyOfTheirStatesOnceATrace) {
  DporStrategy dpor;
  EXPECT_EQ(states_left(2, dpor),
            (std::multiset<std::string>{"00", "01", "02", "10", "11", "12", "20", "21", "22"}));
  DfsStrategy dfs;
  const std::multiset<std::string> all = states_left(2, dfs);
  EXPECT_EQ(all.size(), 19u);
  EXPECT_EQ(all.count("11"), 2u);
  EXPECT_EQ(all.count("21"), 3u);
  EXPECT_EQ(all.count("22"), 6u);
}

// What is left behind goes on while it can, and what it spawns is left behind too.
TEST(LeftBehindTest, VolatileStepsGoOnAndChildrenNeedNotEndEither) {
  std::multiset<std::uint64_t> sums;
  struct Sum final : Program {
    explicit Sum(std::multiset<std::uint64_t>& into) : sums(into) {}
    void run(Execution& x) override {
      const ObjectId power = x.create("power", {1, 0});
      sum = x.create("sum");
      const FiberId parent = x.spawn("parent", [this, &x, power] {
        do_op(x, sum, Op::kAdd, 1);
        const FiberId child = x.spawn("child", [this, &x, power] {
          do_op(x, sum, Op::kAdd, 10);
          do_op(x, power, Op::kAwait, 1);
          do_op(x, power, Op::kAwait, 7);
        });
        EXPECT_EQ(x.left_behind(child), x.left_behind(x.current()));
      });
      fail_power(x, power);
      EXPECT_EQ(x.left_behind(parent), !x.ended(parent));
      EXPECT_FALSE(x.left_behind(x.current()));
      const FiberId next = x.spawn("next boot", [&x, this] { do_op(x, sum, Op::kRead); });
      EXPECT_FALSE(x.left_behind(next));
    }
    std::optional<Violation> check_end(Execution& x) override {
      sums.insert(x.state(sum).a);
      return std::nullopt;
    }
    ObjectId sum = kNoObject;
    std::multiset<std::uint64_t>& sums;
  };
  DporStrategy dpor;
  const test::Traces traces =
      test::traces_of([&] { return std::make_unique<Sum>(sums); }, dpor, 1'000);
  EXPECT_TRUE(traces.exhausted);
  // The read before, between and behind the two additions, the last await before the failure or
  // not: it comes behind both additions, so that the read then does. 3 + 1.
  EXPECT_EQ(traces.total, 4u);
  EXPECT_EQ(sums.size(), sums.count(11));
}

TEST(LeftBehindTest, WhoWaitsForWhatIsLeftBehindIsInADeadlock) {
  const auto program = [](bool caller_waits) {
    return test::program([caller_waits](Execution& x) {
      const ObjectId power = x.create("power", {1, 0});
      const ObjectId event = x.create("event");
      x.spawn("old", [&x, power, event] {
        do_op(x, power, Op::kAwait, 2);
        do_op(x, event, Op::kSet);
      });
      x.spawn("waits", [&x, event] { do_op(x, event, Op::kWait); });
      fail_power(x, power);
      if (caller_waits) do_op(x, event, Op::kWait);
    });
  };
  expect_rule(program(false), "");
  expect_rule(program(true), kDeadlock);
  SearchOptions options;
  options.strategy = "dfs";
  const Report report = explore(program(true), options);
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].violation.message,
            "no fiber can go on: main waits in wait for event");
}

// Locks of the old boot: the circle could have closed before the failure, whatever the order.
TEST(LeftBehindTest, ACircleOfLocksIsADeadlockWheneverItCloses) {
  const ProgramFactory program = test::program([](Execution& x) {
    const ObjectId power = x.create("power", {1, 0});
    const ObjectId a = x.create("a");
    const ObjectId b = x.create("b");
    for (const bool crossed : {false, true}) {
      x.spawn("locker", [&x, a, b, crossed] {
        do_op(x, crossed ? b : a, Op::kLock);
        do_op(x, crossed ? a : b, Op::kLock);
        do_op(x, crossed ? a : b, Op::kUnlock);
        do_op(x, crossed ? b : a, Op::kUnlock);
      });
    }
    x.spawn("durable", [&x, power] { do_op(x, power, Op::kAwait, 1); });
    fail_power(x, power);
    do_op(x, power, Op::kRead);
  });
  for (const char* strategy : {"dpor", "dfs", "bounded"}) {
    SearchOptions options;
    options.strategy = strategy;
    const Report report = explore(program, options);
    ASSERT_EQ(report.findings.size(), 1u) << strategy;
    EXPECT_EQ(report.findings[0].violation.rule, kDeadlock) << strategy;
  }
}

// Polls, sleeps and loops that never end, left behind: no livelock, and the others do go on.
enum class Loop { kYields, kSleeps, kSpins, kNeitherWaitsNorYields };

ProgramFactory looping(Loop how, bool others_wait) {
  return test::program([how, others_wait](Execution& x) {
    const ObjectId power = x.create("power", {1, 0});
    const ObjectId flag = x.create("flag");
    const ObjectId time = x.create("time");
    const ObjectId started = x.create("started");
    // Waits for the failure, so that no loop begins before.
    x.spawn("loops", [&x, how, flag, time, started] {
      do_op(x, started, Op::kWait);
      if (how == Loop::kSpins) {
        x.spin_until(
            flag, [](std::uint64_t value) { return value != 0; }, "spin");
      }
      while (do_op(x, flag, Op::kRead) == 0) {
        if (how == Loop::kYields) x.yield("yield");
        if (how == Loop::kSleeps) x.step_until({{time, Op::kSleep}}, x.now() + 10, "sleep");
      }
    });
    fail_power(x, power);
    do_op(x, started, Op::kSet);
    if (others_wait) x.step_until({{time, Op::kSleep}}, x.now() + 25, "sleep");
    do_op(x, power, Op::kWrite, 1);
    test::require(x, others_wait || x.state(flag).a == 0, __LINE__);
    if (others_wait) x.fail({kAssertion, Severity::kS3, "came here", 0, {}});
  });
}

TEST(LeftBehindTest, LoopsThatAreLeftBehindAreNoLivelock) {
  for (const Loop how :
       {Loop::kYields, Loop::kSleeps, Loop::kSpins, Loop::kNeitherWaitsNorYields}) {
    for (const char* strategy : {"dpor", "random", "pct"}) {
      SearchOptions options;
      options.strategy = strategy;
      options.budget.executions_max = 20;
      const Report clean = explore(looping(how, false), options);
      EXPECT_EQ(clean.error, "");
      EXPECT_EQ(clean.findings.size(), 0u) << strategy << static_cast<int>(how);
      const Report report = explore(looping(how, true), options);
      ASSERT_EQ(report.findings.size(), 1u) << strategy << static_cast<int>(how);
      EXPECT_EQ(report.findings[0].violation.rule, kAssertion);
    }
  }
}

}  // namespace
}  // namespace nmrcheck::sim
