// Livelocks, deadlocks of a part, lost signals: found when they happen, and told apart from limits.
#include <gtest/gtest.h>

#include <string>

#include "sim/explore/explorer.h"
#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

using test::do_op;

Report search(const ProgramFactory& factory, const char* strategy, std::uint64_t executions = 0) {
  SearchOptions options;
  options.strategy = strategy;
  options.minimize = false;
  if (executions != 0) options.budget.executions_max = executions;
  return explore(factory, options);
}

std::string rule_of(const Report& report) {
  if (!report.error.empty()) return "error: " + report.error;
  return report.findings.empty() ? "" : report.findings[0].violation.rule;
}

std::string message_of(const Report& report) {
  return report.findings.empty() ? "" : report.findings[0].violation.message;
}

// Every strategy says the same of a program.
void expect_rule(const ProgramFactory& factory, const std::string& rule) {
  for (const StrategyInfo& info : strategies()) {
    EXPECT_EQ(rule_of(search(factory, std::string(info.name).c_str(), 300)), rule) << info.name;
  }
}

// The number of executions if the search ended and found nothing, else 0.
std::uint64_t verified(const ProgramFactory& factory, const char* strategy) {
  const Report report = search(factory, strategy, 100'000);
  EXPECT_EQ(rule_of(report), "");
  EXPECT_EQ(report.verdict, Verdict::kVerified) << report.scope;
  return report.verdict == Verdict::kVerified ? report.executions : 0;
}

enum class Poll : std::uint8_t { kYields, kSpins, kAwaits, kSleeps };

void poll(Execution& x, ObjectId flag, Poll how) {
  if (how == Poll::kAwaits) {
    x.spin_until(
        flag, [](std::uint64_t value) { return value != 0; }, "spin until");
    return;
  }
  const ObjectId time = x.create("time");
  while (do_op(x, flag, Op::kRead) == 0) {
    if (how == Poll::kYields) x.yield("yield");
    if (how == Poll::kSleeps) x.step_until({{time, Op::kSleep}}, x.now() + 10, "sleep");
  }
}

// `pollers` fibers poll a flag that another one sets, or that nobody sets.
ProgramFactory polled(Poll how, int pollers, bool set) {
  return test::parallel([=](Execution& x) -> test::Bodies {
    const ObjectId flag = x.create("flag");
    test::Bodies bodies;
    for (int i = 0; i < pollers; ++i) bodies.push_back([=, &x] { poll(x, flag, how); });
    if (set) bodies.push_back([=, &x] { do_op(x, flag, Op::kWrite, 1); });
    return bodies;
  });
}

// r: a read, y: a yield, S: the set. Reads are looked at from the first yield on, so that the round
// after it brings news, and the next one none: it ends in a wait, w.
//   S r | r S y r | r y S r | r y r S y r | r y r y S r, as the fiber then gives way (dfs)
//   S r | r S r | r r S r | r r r S w r, yields left out (dpor)
TEST(LivenessTest, APollEndsExhaustiveSearches) {
  EXPECT_EQ(verified(polled(Poll::kYields, 1, true), "dfs"), 5u);
  EXPECT_EQ(verified(polled(Poll::kYields, 1, true), "dpor"), 4u);
  // S r | r S w r
  EXPECT_EQ(verified(polled(Poll::kAwaits, 1, true), "dfs"), 2u);
  EXPECT_EQ(verified(polled(Poll::kAwaits, 1, true), "dpor"), 2u);
  // Each of two does so, whatever the other does.
  EXPECT_EQ(verified(polled(Poll::kYields, 2, true), "dpor"), 16u);
  EXPECT_EQ(verified(polled(Poll::kAwaits, 2, true), "dpor"), 4u);
  // S r | r S s r: the sleep ends when nothing else can go.
  EXPECT_EQ(verified(polled(Poll::kSleeps, 1, true), "dpor"), 2u);
}

// After 768 steps reads are looked at; the first one of them is news, 256 are not: then it waits.
// The set comes before one of the 1 025 reads, or when the fiber waits.
TEST(LivenessTest, ALoopThatOnlyReadsIsAPollInTheEnd) {
  EXPECT_EQ(verified(polled(Poll::kSpins, 1, true), "dpor"), 768u + 1 + kSpinReads + 1);
  EXPECT_EQ(verified(polled(Poll::kSpins, 1, true), "dfs"), 768u + 1 + kSpinReads + 1);
}

TEST(LivenessTest, APollThatNobodyEndsIsALivelock) {
  for (const Poll how : {Poll::kYields, Poll::kSpins, Poll::kAwaits, Poll::kSleeps}) {
    for (const int pollers : {1, 2}) {
      SCOPED_TRACE(static_cast<int>(how) * 10 + pollers);
      expect_rule(polled(how, pollers, false), kLivelock);
    }
  }
}

TEST(LivenessTest, APollMayGiveUpOnceNothingElseCanHappen) {
  const auto tries = [](int most) {
    return test::program([most](Execution& x) {
      const ObjectId flag = x.create("flag");
      for (int i = 0; i < most && do_op(x, flag, Op::kRead) == 0; ++i) x.yield("yield");
    });
  };
  EXPECT_EQ(verified(tries(3), "dfs"), 1u);
  EXPECT_EQ(verified(tries(900), "dfs"), 1u);
  EXPECT_EQ(rule_of(search(tries(3000), "dfs")), kLivelock);
}

TEST(LivenessTest, ACircleIsShownWithWhoDoesWhat) {
  const Report report = search(test::program([](Execution& x) {
                                 const ObjectId flag = x.create("flag");
                                 while (x.step({{flag, Op::kRead}}, "read", {"f.c", 7}) == 0) {
                                   x.yield("yield", {"f.c", 8});
                                 }
                               }),
                               "dfs");
  EXPECT_EQ(message_of(report),
            "fibers go round in a circle, and nothing changes: main repeats yield flag (f.c:8), "
            "read flag (f.c:7)");
}

// A loop that changes something each time is in no circle: a limit stays a limit.
TEST(LivenessTest, TheStepLimitIsNoLivelock) {
  const Report report = search(test::program([](Execution& x) {
                                 const ObjectId value = x.create("value");
                                 for (;;) do_op(x, value, Op::kAdd, 1);
                               }),
                               "dfs");
  EXPECT_EQ(rule_of(report), kStepLimit);
}

// --- CHESS's fairness1 to fairness4, by their verdicts ---

ProgramFactory toggling(bool yields) {
  return test::parallel([=](Execution& x) -> test::Bodies {
    const ObjectId stop = x.create("stop");
    const ObjectId value = x.create("value");
    return {[=, &x] {
              while (do_op(x, stop, Op::kRead) == 0) {
                do_op(x, value, Op::kWrite, 1);
                do_op(x, value, Op::kWrite, 0);
                if (yields) x.yield("yield");
              }
            },
            [=, &x] { do_op(x, stop, Op::kWrite, 1); }};
  });
}

TEST(ChessFairnessTest, AYieldLoopAloneIsALivelock) {  // fairness1, exit -3
  expect_rule(test::program([](Execution& x) {
                for (;;) x.yield("yield");
              }),
              kLivelock);
}

TEST(ChessFairnessTest, APollThatYieldsEnds) {  // fairness2, exit 0
  EXPECT_EQ(verified(polled(Poll::kYields, 1, true), "dfs"), 5u);
}

TEST(ChessFairnessTest, ALoopThatNeverYieldsStarvesTheOther) {  // fairness3, exit -4
  const Report report = search(toggling(false), "dfs");
  EXPECT_EQ(rule_of(report), kLivelock);
  EXPECT_TRUE(message_of(report).ends_with(
      "f1 could go and is never let: the others neither wait nor yield"))
      << message_of(report);
}

// T r w w y, S the set. S comes before any of T's first eight steps, or when T has to give way.
TEST(ChessFairnessTest, ALoopThatWritesAndYieldsEnds) {  // fairness4, exit 0
  EXPECT_EQ(verified(toggling(true), "dfs"), 9u);
}

// dpor is not fair: it gives the execution up in which the loop never lets the other one go.
TEST(ChessFairnessTest, ALoopThatYieldsIsNotBlamedForAnUnfairSearch) {
  const Report report = search(toggling(true), "dpor");
  EXPECT_EQ(rule_of(report), "");
  EXPECT_TRUE(report.exhausted);
  EXPECT_EQ(report.executions_blocked, 1u);
}

// --- Deadlocks of a part ---

// Crossed locks beside a fiber with `steps` steps.
ProgramFactory crossed(int steps) {
  return test::parallel([=](Execution& x) -> test::Bodies {
    const ObjectId a = x.create("A");
    const ObjectId b = x.create("B");
    const ObjectId work = x.create("work");
    const auto both = [&x](ObjectId outer, ObjectId inner) {
      x.step({{outer, Op::kLock}}, "lock", {"f.c", 1});
      x.step({{inner, Op::kLock}}, "lock", {"f.c", 2});
      do_op(x, inner, Op::kUnlock);
      do_op(x, outer, Op::kUnlock);
    };
    return {[=] { both(a, b); }, [=] { both(b, a); },
            [=, &x] {
              for (int i = 0; i < steps; ++i) do_op(x, work, Op::kAdd, 1);
            }};
  });
}

TEST(PartialDeadlockTest, ACircleOfOwnersIsToldAtOnce) {
  const Report report = explore(crossed(3), {.strategy = "dpor"});  // minimized
  EXPECT_EQ(rule_of(report), kDeadlock);
  EXPECT_EQ(report.findings.at(0).violation.step, 2u);
  EXPECT_EQ(message_of(report),
            "fibers wait for each other, though f2 can go on: f0 waits in lock for B, held by f1 "
            "since f.c:1 (step 2, lock); f1 waits in lock for A, held by f0 since f.c:1 (step 1, "
            "lock)");
}

TEST(PartialDeadlockTest, CanBeLeftToTheEnd) {
  SearchOptions options;
  options.strategy = "dfs";
  options.minimize = false;
  options.limits.partial_deadlocks = false;
  const Report report = explore(crossed(3), options);
  EXPECT_EQ(rule_of(report), kDeadlock);
  EXPECT_EQ(report.findings.at(0).violation.step, 5u);  // two locks, and all that f2 does
}

// The first fiber waits for the second one's end, which waits for a lock that the first one holds.
template <Op kHeld, Op kWanted>
ProgramFactory join_under_lock(bool timed) {
  return test::program([timed](Execution& x) {
    const ObjectId lock = x.create("the lock");
    do_op(x, lock, kHeld);
    const FiberId child = x.spawn_joinable("child", [&x, lock, timed] {
      if (timed) {
        x.step_until({{lock, kWanted}}, 10, "lock");
      } else {
        do_op(x, lock, kWanted);
      }
    });
    x.spawn("other", [&x] { do_op(x, x.create("work"), Op::kAdd, 1); });
    x.join(child);
  });
}

TEST(PartialDeadlockTest, JoinsAndSharersCloseACircle) {
  const auto step = [](const ProgramFactory& factory) {
    const Report report = search(factory, "dfs");
    return report.findings.empty() ? 0 : report.findings[0].violation.step;
  };
  EXPECT_EQ(step(join_under_lock<Op::kLock, Op::kLock>(false)), 1u);
  EXPECT_EQ(step(join_under_lock<Op::kLock, Op::kLockShared>(false)), 1u);
  EXPECT_EQ(step(join_under_lock<Op::kLockShared, Op::kLock>(false)), 1u);
  // Readers share, and whoever has a deadline goes on.
  EXPECT_EQ(step(join_under_lock<Op::kLockShared, Op::kLockShared>(false)), 0u);
  EXPECT_EQ(step(join_under_lock<Op::kLock, Op::kLock>(true)), 0u);
}

TEST(PartialDeadlockTest, TheReportNamesHoldersThatEnded) {
  const Report report = search(
      test::program([](Execution& x) {
        const ObjectId refs = x.create("refs");
        x.spawn("user", [&x, refs] { x.step({{refs, Op::kAcquire}}, "acquire", {"u.c", 3}); });
        x.step({{refs, Op::kBeginDrain}}, "begin", {"o.c", 4});
        x.step({{refs, Op::kDrain}}, "drain", {"o.c", 5});
      }),
      "dpor");
  EXPECT_EQ(rule_of(report), kDeadlock);
  EXPECT_EQ(message_of(report),
            "no fiber can go on: main waits in drain for refs, held by user since u.c:3 (step 1, "
            "acquire), which has ended");
}

// --- Lost signals ---

// A waiter, and a fiber that sets the event and then does `after` to it.
ProgramFactory signalled(Op wait, Op after) {
  return test::program([=](Execution& x) {
    const ObjectId event = x.create("the event");
    x.spawn("setter", [=, &x] {
      x.step({{event, Op::kSet}}, "set", {"s.c", 1});
      x.step({{event, after}}, "after", {"s.c", 2});
    });
    x.step({{event, wait}}, "wait", {"w.c", 3});
  });
}

TEST(LostWakeupTest, AClearedSignalIsLost) {
  const Report report = search(signalled(Op::kWait, Op::kClear), "dpor");
  EXPECT_EQ(rule_of(report), kLostWakeup);
  EXPECT_EQ(message_of(report),
            "the event was set in step 1 by setter (s.c:1) and cleared in step 2 by setter (s.c:2) "
            "before main waited: main waits in wait for the event");
  EXPECT_EQ(rule_of(search(signalled(Op::kWait, Op::kTryWait), "dpor")), "");
}

// A signal that another fiber took woke that one: a deadlock, which says so.
TEST(LostWakeupTest, ATakenSignalIsNotLost) {
  const Report report = search(signalled(Op::kWaitConsume, Op::kTryWaitConsume), "dpor");
  EXPECT_EQ(rule_of(report), kDeadlock);
  EXPECT_EQ(message_of(report),
            "no fiber can go on: main waits in wait for the event; the event was set in step 1 by "
            "setter (s.c:1) and taken in step 2 by setter (s.c:2) before main waited");
}

}  // namespace
}  // namespace nmrcheck::sim
