// Events and virtual time: results, and verdicts on misuse.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/model/kernel/driver.h"

namespace nmrcheck::model::test {
namespace {

constexpr const char* kAllowed = "";

// --- Events ---

char* make_event(Kernel& kernel, bool synchronization, bool signaled = false) {
  char* event = allocate(kernel);
  kernel.initialize_event(event, synchronization, signaled);
  return event;
}

TEST(EventTest, ReturnsTheStateBefore) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* event = make_event(kernel, false);
              EXPECT_FALSE(kernel.read_event(event));
              EXPECT_FALSE(kernel.set_event(event));
              EXPECT_TRUE(kernel.set_event(event));
              EXPECT_TRUE(kernel.read_event(event));
              EXPECT_TRUE(kernel.reset_event(event));
              EXPECT_FALSE(kernel.reset_event(event));
            }),
            kAllowed);
}

TEST(EventTest, OnlyASynchronizationEventIsConsumed) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* notification = make_event(kernel, false, true);
              EXPECT_EQ(kernel.wait_event(notification, std::nullopt), kStatusSuccess);
              EXPECT_EQ(kernel.wait_event(notification, 0), kStatusSuccess);
              char* synchronization = make_event(kernel, true, true);
              EXPECT_EQ(kernel.wait_event(synchronization, 0), kStatusSuccess);
              EXPECT_EQ(kernel.wait_event(synchronization, 0), kStatusTimeout);
            }),
            kAllowed);
}

template <bool synchronization>
void wake_two(Kernel& kernel) {
  char* event = make_event(kernel, synchronization);
  for (int i = 0; i < 2; ++i) {
    kernel.start_thread("waiter", [&kernel, event] { kernel.wait_event(event, std::nullopt); });
  }
  kernel.set_event(event);
}

TEST(EventTest, ASynchronizationEventWakesOneWaiter) {
  // The set, then wait and return of two waiters: 4! / (2! 2!) = 6 orders.
  EXPECT_EQ(verdicts(wake_two<false>), (Verdicts{{"", 6}}));
  // The set, then wait and return of either of the two.
  EXPECT_EQ(verdicts(wake_two<true>), (Verdicts{{"harness.deadlock", 2}}));
}

TEST(EventTest, IsInitializedBeforeUse) {
  EXPECT_EQ(message([](Kernel& kernel) { kernel.set_event(allocate(kernel)); }),
            "KeSetEvent on main is given an event that was never initialized");
  EXPECT_EQ(verdict([](Kernel& kernel) { kernel.wait_event(nullptr, std::nullopt); }),
            "KRN-OBJECT-01");
}

TEST(EventTest, IsNoLock) {
  EXPECT_EQ(message([](Kernel& kernel) {
              kernel.acquire_lock(make_event(kernel, false), LockKind::kSpin, true);
            }),
            "acquire spin lock on main is given an event where it needs a lock");
}

TEST(EventTest, AWaitThatMayBlockNeedsALowIrql) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* event = make_event(kernel, false, true);
              kernel.set_irql(kDispatchLevel);
              kernel.wait_event(event, 0);  // a poll
              kernel.set_event(event);
            }),
            kAllowed);
  for (const auto body : {+[](Kernel& kernel) {
                            char* event = make_event(kernel, false, true);
                            kernel.set_irql(kDispatchLevel);
                            kernel.wait_event(event, std::nullopt);
                          },
                          +[](Kernel& kernel) {
                            char* event = make_event(kernel, false, true);
                            kernel.set_irql(kDispatchLevel);
                            kernel.wait_event(event, 1);
                          },
                          +[](Kernel& kernel) {
                            char* event = make_event(kernel, false);
                            kernel.set_irql(kDispatchLevel + 1);
                            kernel.set_event(event);
                          },
                          +[](Kernel& kernel) {
                            kernel.set_irql(kDispatchLevel);
                            kernel.sleep(1);
                          }}) {
    EXPECT_EQ(verdict(body), "KRN-IRQL-01");
  }
}

// --- Virtual time ---

TEST(TimeTest, AWaitEndsAtItsTimeoutExactly) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              kernel.sleep(7);
              EXPECT_EQ(kernel.execution().now(), 7u);
              char* event = make_event(kernel, false);
              EXPECT_EQ(kernel.wait_event(event, 100), kStatusTimeout);
              EXPECT_EQ(kernel.execution().now(), 107u);
            }),
            kAllowed);
}

TEST(TimeTest, StandsStillWhileAnyThreadCanRun) {
  EXPECT_EQ(verdicts([](Kernel& kernel) {
              char* event = make_event(kernel, false);
              kernel.start_thread("setter", [&kernel, event] { kernel.set_event(event); });
              EXPECT_EQ(kernel.wait_event(event, 1), kStatusSuccess);
              EXPECT_EQ(kernel.execution().now(), 0u);
            }),
            (Verdicts{{"", 2}}));  // set wait return, set return wait
}

TEST(TimeTest, TheEarlierDeadlineComesFirst) {
  static std::uint64_t delay;
  static std::uint32_t expected;
  const DriverBody wait_100 = [](Kernel& kernel) {
    char* event = make_event(kernel, true);
    kernel.start_thread("setter", [&kernel, event] {
      kernel.sleep(delay);
      kernel.set_event(event);
    });
    EXPECT_EQ(kernel.wait_event(event, 100), expected) << delay;
    EXPECT_EQ(kernel.execution().now(), std::min<std::uint64_t>(delay, 100));
  };
  delay = 99, expected = kStatusSuccess;
  EXPECT_EQ(verdicts(wait_100), (Verdicts{{"", 2}}));  // as in StandsStillWhileAnyThreadCanRun
  delay = 101, expected = kStatusTimeout;
  EXPECT_EQ(verdicts(wait_100), (Verdicts{{"", 1}}));
  // Both deadlines pass at once; the wait has timed out, whoever runs first: wake, set and return
  // of the setter with the wake of the waiter before, between or after them.
  delay = 100, expected = kStatusTimeout;
  EXPECT_EQ(verdicts(wait_100), (Verdicts{{"", 4}}));
}

TEST(TimeTest, AnEventFreedDuringAWaitIsNoticed) {
  EXPECT_EQ(verdicts([](Kernel& kernel) {
              char* event = make_event(kernel, false);
              kernel.start_thread("owner", [&kernel, event] {
                kernel.sleep(1);
                kernel.free(event, "ExFreePool");
              });
              kernel.wait_event(event, 2);
            }),
            (Verdicts{{"KRN-POOL-01", 1}}));
}

}  // namespace
}  // namespace nmrcheck::model::test
