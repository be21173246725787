// Pool memory, image data, and what happens to those who use them too late.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/model/kernel/driver.h"

namespace nmrcheck::model::test {
namespace {

constexpr const char* kAllowed = "";

TEST(MemoryTest, IsUsedThenFreed) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* memory = allocate(kernel);
              kernel.access(memory, true, "write");
              kernel.access(memory + 7, false, "read");
              kernel.free(memory, "ExFreePool");
            }),
            kAllowed);
}

TEST(MemoryTest, IsZeroedOnRequestOnly) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              const auto* zeroed =
                  static_cast<unsigned char*>(kernel.allocate(2, PoolKind::kNonPaged, 0, true));
              const auto* fresh =
                  static_cast<unsigned char*>(kernel.allocate(2, PoolKind::kNonPaged, 0, false));
              EXPECT_EQ(zeroed[1], 0);
              EXPECT_EQ(fresh[1], sim::Heap::kFreshByte);
            }),
            kAllowed);
}

TEST(MemoryTest, ASecondFreeIsAViolation) {
  const DriverBody body = [](Kernel& kernel) {
    char* memory = allocate(kernel);
    kernel.set_place({"driver.c", 7});
    kernel.free(memory, "ExFreePool");
    kernel.free(memory, "ExFreePool");
  };
  EXPECT_EQ(verdict(body), "KRN-POOL-02");
  EXPECT_EQ(message(body),
            "second free of 24 bytes of driver.sys, allocated by main, freed in step 1 by main at "
            "driver.c:7");
}

TEST(MemoryTest, OnlyThePointerOfTheAllocationIsFreed) {
  EXPECT_EQ(verdict([](Kernel& kernel) { kernel.free(allocate(kernel) + 1, "ExFreePool"); }),
            "KRN-POOL-02");
  EXPECT_EQ(verdict([](Kernel& kernel) { kernel.free(nullptr, "ExFreePool"); }), "KRN-POOL-02");
  EXPECT_EQ(message([](Kernel& kernel) {
              int local = 0;
              kernel.free(&local, "ExFreePool");
            }),
            "ExFreePool of a pointer that no allocation returned, on main");
}

TEST(MemoryTest, WhereAccessesAreSeenAVariableIsNamedByItsGranule) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              alignas(Kernel::kGranule) static char data[2 * Kernel::kGranule];
              kernel.adopt_image_data(kernel.current_module(), data, sizeof data);
              sim::Footprint footprint;
              for (const std::size_t offset : {0, 4, 8}) {
                kernel.add_variable(footprint, data + offset, sim::Op::kUpdate);
              }
              EXPECT_EQ(footprint.size(), 2u);  // the first granule once
            }),
            kAllowed);
}

TEST(MemoryTest, ImageDataIsNotPoolMemory) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              kernel.free(kernel.image_data(kernel.current_module(), 8, "globals"), "ExFreePool");
            }),
            "KRN-POOL-02");
}

TEST(MemoryTest, UseAfterFreeIsAViolationOfEveryKindOfUse) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* memory = allocate(kernel);
              kernel.free(memory, "ExFreePool");
              kernel.access(memory, false, "read");
            }),
            "KRN-POOL-01");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* memory = allocate(kernel);
              kernel.free(memory, "ExFreePool");
              kernel.touch(memory + 7, "read");
            }),
            "KRN-POOL-01");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* event = allocate(kernel, 24);
              kernel.initialize_event(event, false, false);
              kernel.free(event, "ExFreePool");
              kernel.set_event(event);
            }),
            "KRN-POOL-01");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* lock = allocate(kernel);
              kernel.free(lock, "ExFreePool");
              kernel.acquire_lock(lock, LockKind::kSpin, true);
            }),
            "KRN-POOL-01");
}

TEST(MemoryTest, UseAfterFreeSaysWhoMadeAndFreedIt) {
  EXPECT_EQ(message([](Kernel& kernel) {
              kernel.set_place({"driver.c", 3});
              char* memory = allocate(kernel, 24);
              kernel.set_place({"driver.c", 5});
              kernel.free(memory, "ExFreePool");
              kernel.access(memory, false, "read");
            }),
            "read on main touches 24 bytes of driver.sys, allocated by main at driver.c:3, freed "
            "in step 1 by main at driver.c:5");
}

// The reader makes two steps, the read and its return; the owner one, the free: read return free,
// read free return, free read.
TEST(MemoryTest, ARaceOfFreeAndUseIsFoundInExactlyTheOrdersThatHaveIt) {
  const DriverBody race = [](Kernel& kernel) {
    char* memory = allocate(kernel);
    kernel.start_thread("reader", [&kernel, memory] { kernel.access(memory, false, "read"); });
    kernel.free(memory, "ExFreePool");
  };
  EXPECT_EQ(verdicts(race), (Verdicts{{"", 2}, {"KRN-POOL-01", 1}}));
}

TEST(MemoryTest, AnUnannouncedWriteToFreedMemoryIsSeenAtTheEnd) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* memory = allocate(kernel);
              kernel.free(memory, "ExFreePool");
              std::memset(memory, 0, 1);
            }),
            "KRN-POOL-04");
}

TEST(MemoryTest, PagedPoolIsAllocatedBelowDispatchLevel) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              kernel.set_irql(kApcLevel);
              kernel.allocate(8, PoolKind::kPaged, 0, false);
              kernel.set_irql(kDispatchLevel);
              kernel.allocate(8, PoolKind::kNonPaged, 0, false);
            }),
            kAllowed);
  EXPECT_EQ(message([](Kernel& kernel) {
              kernel.set_irql(kDispatchLevel);
              kernel.allocate(8, PoolKind::kPaged, 0, false);
            }),
            "allocating paged pool at IRQL 2 on main; the highest allowed is 1");
}

TEST(MemoryTest, AnUnloadedDriverLeavesNothingBehind) {
  const auto unload = [](bool frees) {
    return verdict_of([frees](World& world) {
      Kernel& kernel = world.kernel();
      const ModuleId driver = kernel.load("driver.sys");
      kernel.push({FrameKind::kModuleCode, driver});
      char* memory = allocate(kernel);
      kernel.pop();
      kernel.unload(driver, [&] {
        if (frees) kernel.free(memory, "ExFreePool");
      });
    });
  };
  EXPECT_EQ(unload(true), kAllowed);
  EXPECT_EQ(unload(false), "KRN-POOL-03");
}

TEST(MemoryTest, ImageDataLivesUntilUnload) {
  const auto use = [](bool after) {
    return verdict_of([after](World& world) {
      Kernel& kernel = world.kernel();
      const ModuleId driver = kernel.load("driver.sys");
      void* globals = kernel.image_data(driver, 8, "globals");
      if (!after) kernel.access(globals, true, "write");
      kernel.unload(driver, [] {});
      if (after) kernel.access(globals, true, "write");
    });
  };
  EXPECT_EQ(use(false), kAllowed);
  EXPECT_EQ(use(true), "KRN-IMAGE-01");
}

}  // namespace
}  // namespace nmrcheck::model::test
