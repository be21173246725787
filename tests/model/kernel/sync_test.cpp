// Locks and rundown protection: results, and verdicts on misuse.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/model/kernel/driver.h"

namespace nmrcheck::model::test {
namespace {

constexpr const char* kAllowed = "";

// --- Locks ---

void acquire_push(Kernel& kernel, char* lock, LockKind kind) {
  kernel.enter_region(Region::kCritical);
  kernel.acquire_lock(lock, kind, false);
}

void release_push(Kernel& kernel, char* lock, LockKind kind) {
  kernel.release_lock(lock, kind, std::nullopt);
  kernel.leave_region(Region::kCritical);
}

TEST(LockTest, ASpinLockRaisesTheIrqlAndRestoresIt) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* lock = allocate(kernel);
              kernel.acquire_lock(lock, LockKind::kSpin, true);
              EXPECT_EQ(kernel.irql(), kDispatchLevel);
              EXPECT_EQ(kernel.held_locks(kernel.execution().current()).size(), 1u);
              EXPECT_EQ(kernel.held_locks(kernel.execution().current())[0].irql_before,
                        kPassiveLevel);
              kernel.release_lock(lock, LockKind::kSpin, kPassiveLevel);
              EXPECT_EQ(kernel.irql(), kPassiveLevel);
              EXPECT_TRUE(kernel.held_locks(kernel.execution().current()).empty());
            }),
            kAllowed);
}

TEST(LockTest, ExcludesOtherThreads) {
  static int inside;
  const DriverBody two = [](Kernel& kernel) {
    char* lock = allocate(kernel);
    char* variable = allocate(kernel);
    inside = 0;
    const auto enter = [&kernel, lock, variable] {
      acquire_push(kernel, lock, LockKind::kPush);
      EXPECT_EQ(++inside, 1);
      kernel.access(variable, true, "write");
      --inside;
      release_push(kernel, lock, LockKind::kPush);
    };
    kernel.start_thread("other", enter);
    enter();
  };
  // Sections of three steps cannot overlap. other first: its return, and the three of main after
  // it, in 4 orders; main first: all seven steps in one order.
  EXPECT_EQ(verdicts(two), (Verdicts{{"", 5}}));
}

TEST(LockTest, SharersEnterTogetherAndKeepTheOwnerOut) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* lock = allocate(kernel);
              kernel.start_thread("sharer", [&kernel, lock] {
                acquire_push(kernel, lock, LockKind::kPushShared);
                EXPECT_FALSE(kernel.try_acquire_lock(lock, LockKind::kPush));
                release_push(kernel, lock, LockKind::kPushShared);
              });
              acquire_push(kernel, lock, LockKind::kPushShared);
              EXPECT_FALSE(kernel.try_acquire_lock(lock, LockKind::kPush));
              release_push(kernel, lock, LockKind::kPushShared);
              kernel.join_thread(sim::FiberId{1});
              EXPECT_TRUE(kernel.try_acquire_lock(lock, LockKind::kPush));
              kernel.release_lock(lock, LockKind::kPush, std::nullopt);
            }),
            kAllowed);
}

TEST(LockTest, IsNotRecursive) {
  EXPECT_EQ(message([](Kernel& kernel) {
              char* lock = allocate(kernel);
              kernel.set_place({"driver.c", 4});
              kernel.acquire_lock(lock, LockKind::kSpin, true);
              kernel.acquire_lock(lock, LockKind::kSpin, true);
            }),
            "main acquires a lock that it holds already, since driver.c:4");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* lock = allocate(kernel);
              acquire_push(kernel, lock, LockKind::kPushShared);
              acquire_push(kernel, lock, LockKind::kPushShared);
            }),
            "KRN-LOCK-02");
}

TEST(LockTest, IsReleasedByItsHolderInItsMode) {
  EXPECT_EQ(message([](Kernel& kernel) {
              kernel.release_lock(allocate(kernel), LockKind::kSpin, std::nullopt);
            }),
            "release spin lock on main, which does not hold it so");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* lock = allocate(kernel);
              acquire_push(kernel, lock, LockKind::kPushShared);
              release_push(kernel, lock, LockKind::kPush);
            }),
            "KRN-LOCK-01");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* lock = allocate(kernel);
              acquire_push(kernel, lock, LockKind::kPush);
              kernel.start_thread("other",
                                  [&kernel, lock] { release_push(kernel, lock, LockKind::kPush); });
            }),
            "KRN-LOCK-01");
}

TEST(LockTest, LocksAreReleasedInAnyOrder) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* first = allocate(kernel);
              char* second = allocate(kernel);
              acquire_push(kernel, first, LockKind::kPush);
              acquire_push(kernel, second, LockKind::kPush);
              release_push(kernel, first, LockKind::kPush);
              release_push(kernel, second, LockKind::kPush);
            }),
            kAllowed);
}

TEST(LockTest, EachKindHasItsIrql) {
  EXPECT_EQ(message([](Kernel& kernel) {
              kernel.set_irql(kDispatchLevel);
              kernel.acquire_lock(allocate(kernel), LockKind::kPush, false);
            }),
            "acquire push lock at IRQL 2 on main; the highest allowed is 1");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              kernel.set_irql(kDispatchLevel + 1);
              kernel.acquire_lock(allocate(kernel), LockKind::kSpin, true);
            }),
            "KRN-IRQL-01");
  EXPECT_EQ(message([](Kernel& kernel) {
              kernel.acquire_lock(allocate(kernel), LockKind::kSpin, false);
            }),
            "acquire spin lock at IRQL 0 on main without raising it to 2");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              kernel.set_irql(kDispatchLevel);
              kernel.acquire_lock(allocate(kernel), LockKind::kSpin, false);
            }),
            kAllowed);
}

TEST(LockTest, NoWaitUnderASpinLock) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* event = allocate(kernel);
              kernel.initialize_event(event, false, true);
              kernel.acquire_lock(allocate(kernel), LockKind::kSpin, true);
              kernel.wait_event(event, std::nullopt);
            }),
            "KRN-IRQL-01");
}

TEST(LockTest, HoldsItsInitialValueBeforeUse) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              auto* garbage = static_cast<char*>(kernel.allocate(8, PoolKind::kNonPaged, 0, false));
              acquire_push(kernel, garbage, LockKind::kPush);
            }),
            "KRN-OBJECT-01");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              auto* garbage = static_cast<char*>(kernel.allocate(8, PoolKind::kNonPaged, 0, false));
              kernel.initialize_lock(garbage);
              acquire_push(kernel, garbage, LockKind::kPush);
            }),
            kAllowed);
  EXPECT_EQ(message([](Kernel& kernel) { kernel.acquire_lock(nullptr, LockKind::kSpin, true); }),
            "acquire spin lock on main is given NULL");
  EXPECT_EQ(message([](Kernel& kernel) {
              kernel.acquire_rundown(reinterpret_cast<void*>(std::uintptr_t{0x28}));
            }),
            "ExAcquireRundownProtection on main is given a member of a structure at NULL");
}

// --- Rundown protection ---

TEST(RundownTest, IsRefusedOnceItBegan) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* rundown = allocate(kernel);
              EXPECT_TRUE(kernel.acquire_rundown(rundown, 2));
              kernel.release_rundown(rundown);
              kernel.release_rundown(rundown);
              kernel.wait_for_rundown(rundown);
              EXPECT_FALSE(kernel.acquire_rundown(rundown));
              kernel.reinitialize_rundown(rundown);
              EXPECT_TRUE(kernel.acquire_rundown(rundown));
            }),
            kAllowed);
}

TEST(RundownTest, TheWaitLastsUntilTheLastRelease) {
  static bool released;
  EXPECT_EQ(verdicts([](Kernel& kernel) {
              released = false;
              char* rundown = allocate(kernel);
              kernel.acquire_rundown(rundown);
              kernel.start_thread("user", [&kernel, rundown] {
                kernel.release_rundown(rundown);
                released = true;
              });
              kernel.wait_for_rundown(rundown);
              EXPECT_TRUE(released);
            }),
            // b(egin) d(rain) of main, r(elease) e(nd) of user, d after r: the 6 orders of two and
            // two but b d r e.
            (Verdicts{{"", 5}}));
}

TEST(RundownTest, SeveralReferencesAreAcquiredTogetherOrNotAtAll) {
  for (const auto& [verdict, count] : verdicts([](Kernel& kernel) {
         char* rundown = allocate(kernel);
         kernel.start_thread("user", [&kernel, rundown] {
           if (kernel.acquire_rundown(rundown, 2)) kernel.release_rundown(rundown, 2);
         });
         kernel.wait_for_rundown(rundown);
       })) {
    EXPECT_EQ(verdict, kAllowed) << "in " << count << " schedules";
  }
}

TEST(RundownTest, IsReleasedOnlyByWhoAcquiredIt) {
  EXPECT_EQ(message([](Kernel& kernel) { kernel.release_rundown(allocate(kernel)); }),
            "main releases rundown protection that nobody holds");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* rundown = allocate(kernel);
              kernel.acquire_rundown(rundown, 2);
              kernel.release_rundown(rundown, 3);
            }),
            "KRN-RUN-01");
}

TEST(RundownTest, IsNotInitializedWhileItIsHeld) {
  EXPECT_EQ(message([](Kernel& kernel) {
              char* rundown = allocate(kernel);
              kernel.acquire_rundown(rundown, 3);
              kernel.initialize_rundown(rundown);
            }),
            "main initializes rundown protection that has 3 references");
}

TEST(RundownTest, MemoryMaySayThatItIsRunDownAlready) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* rundown = allocate(kernel);
              rundown[0] = 1;  // EX_RUNDOWN_ACTIVE
              EXPECT_FALSE(kernel.acquire_rundown(rundown));
            }),
            kAllowed);
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* rundown = allocate(kernel);
              rundown[0] = 2;
              kernel.acquire_rundown(rundown);
            }),
            "KRN-OBJECT-01");
}

TEST(RundownTest, TheWaitNeedsALowIrql) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              kernel.set_irql(kDispatchLevel);
              kernel.wait_for_rundown(allocate(kernel));
            }),
            "KRN-IRQL-01");
}

}  // namespace
}  // namespace nmrcheck::model::test
