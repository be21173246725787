// Regions without APCs, raising and lowering the IRQL, and how routines return.
#include <gtest/gtest.h>

#include "tests/model/kernel/driver.h"

namespace nmrcheck::model::test {
namespace {

constexpr const char* kAllowed = "";

TEST(RegionTest, RegionsNest) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              EXPECT_FALSE(kernel.apcs_disabled());
              kernel.enter_region(Region::kCritical);
              kernel.enter_region(Region::kGuarded);
              kernel.enter_region(Region::kCritical);
              kernel.leave_region(Region::kCritical);
              kernel.leave_region(Region::kGuarded);
              EXPECT_TRUE(kernel.in_region(Region::kCritical));
              EXPECT_FALSE(kernel.in_region(Region::kGuarded));
              EXPECT_TRUE(kernel.apcs_disabled());
              kernel.leave_region(Region::kCritical);
              EXPECT_FALSE(kernel.apcs_disabled());
            }),
            kAllowed);
}

TEST(RegionTest, IsLeftByWhoEnteredIt) {
  EXPECT_EQ(message([](Kernel& kernel) {
              kernel.enter_region(Region::kCritical);
              kernel.leave_region(Region::kGuarded);
            }),
            "main leaves a guarded region that it did not enter");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              kernel.start_thread("thread", [&kernel] { kernel.enter_region(Region::kGuarded); });
            }),
            "KRN-APC-02");
}

TEST(RegionTest, APushLockNeedsOneOrAHighIrql) {
  EXPECT_EQ(message([](Kernel& kernel) {
              kernel.acquire_lock(allocate(kernel), LockKind::kPush, false);
            }),
            "acquire push lock on main while normal kernel APCs are enabled");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              kernel.set_irql(kApcLevel);
              char* lock = allocate(kernel);
              kernel.acquire_lock(lock, LockKind::kPush, false);
              kernel.release_lock(lock, LockKind::kPush, std::nullopt);
            }),
            kAllowed);
}

TEST(IrqlTest, IsRaisedUpAndLoweredDown) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              EXPECT_EQ(kernel.raise_irql(kApcLevel), kPassiveLevel);
              EXPECT_EQ(kernel.raise_irql(kDispatchLevel), kApcLevel);
              EXPECT_EQ(kernel.raise_irql(kDispatchLevel), kDispatchLevel);
              kernel.lower_irql(kApcLevel);
              kernel.lower_irql(kPassiveLevel);
            }),
            kAllowed);
  EXPECT_EQ(message([](Kernel& kernel) {
              kernel.raise_irql(kDispatchLevel);
              kernel.raise_irql(kApcLevel);
            }),
            "KeRaiseIrql on main from 2 to 1");
  EXPECT_EQ(message([](Kernel& kernel) { kernel.lower_irql(kApcLevel); }),
            "KeLowerIrql on main from 0 to 1");
}

TEST(IrqlTest, ARoutineReturnsAtTheLevelAtWhichItBegan) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              kernel.start_thread("thread", [&kernel] { kernel.raise_irql(kApcLevel); });
            }),
            "KRN-IRQL-02");
}

TEST(LockTest, IsReleasedBeforeTheThreadEnds) {
  EXPECT_EQ(message([](Kernel& kernel) {
              char* lock = allocate(kernel);
              kernel.start_thread("thread", [&kernel, lock] {
                kernel.set_place({"driver.c", 7});
                kernel.acquire_lock(lock, LockKind::kSpin, true);
              });
            }),
            "thread returns and holds a lock, since driver.c:7");
  EXPECT_EQ(verdicts([](Kernel& kernel) {
              char* lock = allocate(kernel);
              kernel.start_thread(
                  "thread", [&kernel, lock] { kernel.acquire_lock(lock, LockKind::kSpin, true); });
            }),
            (Verdicts{{"KRN-LOCK-03", 1}}));
}

TEST(PoolTest, IsFreedWithItsTag) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              kernel.free(kernel.allocate(8, PoolKind::kNonPaged, 0x41, true), "free", 0x41);
              kernel.free(kernel.allocate(8, PoolKind::kNonPaged, 0x41, true), "free", 0);
            }),
            kAllowed);
  EXPECT_EQ(verdict([](Kernel& kernel) {
              kernel.free(kernel.allocate(8, PoolKind::kNonPaged, 0x41, true), "free", 0x42);
            }),
            "KRN-POOL-05");
}

}  // namespace
}  // namespace nmrcheck::model::test
