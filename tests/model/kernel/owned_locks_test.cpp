// Mutexes, executive resources and what must be deleted: results, and verdicts on misuse.
#include <gtest/gtest.h>

#include "tests/model/kernel/driver.h"

namespace nmrcheck::model::test {
namespace {

constexpr const char* kAllowed = "";
constexpr std::size_t kBytes = 104;  // of the largest object

char* make_mutex(Kernel& kernel) {
  char* mutex = allocate(kernel, kBytes);
  kernel.initialize_mutex(mutex);
  return mutex;
}

char* make_resource(Kernel& kernel) {
  char* resource = allocate(kernel, kBytes);
  kernel.initialize_resource(resource);
  kernel.enter_region(Region::kCritical);
  return resource;
}

// --- Mutexes ---

TEST(MutexTest, ItsOwnerMayAcquireItAgain) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* mutex = make_mutex(kernel);
              EXPECT_EQ(kernel.read_mutex(mutex), 1);
              EXPECT_EQ(kernel.wait(mutex, std::nullopt), kStatusSuccess);
              EXPECT_EQ(kernel.read_mutex(mutex), 0);
              EXPECT_EQ(kernel.wait(mutex, 0), kStatusSuccess);
              EXPECT_EQ(kernel.read_mutex(mutex), -1);
              EXPECT_EQ(kernel.release_mutex(mutex), 2u);
              EXPECT_TRUE(kernel.apcs_disabled());
              EXPECT_EQ(kernel.release_mutex(mutex), 1u);
              EXPECT_FALSE(kernel.apcs_disabled());
              EXPECT_EQ(kernel.read_mutex(mutex), 1);
            }),
            kAllowed);
}

TEST(MutexTest, ExcludesOtherThreads) {
  static int inside;
  const DriverBody two = [](Kernel& kernel) {
    char* mutex = make_mutex(kernel);
    char* variable = allocate(kernel);
    inside = 0;
    const auto enter = [&kernel, mutex, variable] {
      kernel.wait(mutex, std::nullopt);
      EXPECT_EQ(++inside, 1);
      kernel.access(variable, true, "write");
      --inside;
      kernel.release_mutex(mutex);
    };
    kernel.start_thread("other", enter);
    enter();
  };
  EXPECT_EQ(verdicts(two), (Verdicts{{"", 5}}));  // as for a push lock: see LockTest
}

TEST(MutexTest, AWaitForItMayTimeOut) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* mutex = make_mutex(kernel);
              kernel.wait(mutex, std::nullopt);
              const sim::FiberId other = kernel.start_thread("other", [&kernel, mutex] {
                EXPECT_EQ(kernel.wait(mutex, 0), kStatusTimeout);
                EXPECT_EQ(kernel.wait(mutex, 10), kStatusTimeout);
                EXPECT_EQ(kernel.read_mutex(mutex), 0);
              });
              kernel.join_thread(other);
              kernel.release_mutex(mutex);
            }),
            kAllowed);
}

TEST(MutexTest, IsReleasedByItsOwner) {
  EXPECT_EQ(message([](Kernel& kernel) { kernel.release_mutex(make_mutex(kernel)); }),
            "KeReleaseMutex on main, which does not hold it so");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* mutex = make_mutex(kernel);
              const sim::FiberId other = kernel.start_thread(
                  "other", [&kernel, mutex] { kernel.wait(mutex, std::nullopt); });
              kernel.join_thread(other);
            }),
            "KRN-LOCK-03");
  EXPECT_EQ(message([](Kernel& kernel) { kernel.release_mutex(allocate(kernel, kBytes)); }),
            "KeReleaseMutex on main is given a mutex that was never initialized");
}

TEST(MutexTest, IsNotWaitedForAtDispatchLevel) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* mutex = make_mutex(kernel);
              kernel.set_irql(kDispatchLevel);
              kernel.wait(mutex, 10);
            }),
            "KRN-IRQL-01");
}

// --- Resources ---

TEST(ResourceTest, OwnersAndSharersMayAcquireAgain) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* resource = make_resource(kernel);
              EXPECT_TRUE(kernel.acquire_resource(resource, true, true));
              EXPECT_TRUE(kernel.acquire_resource(resource, true, false));
              EXPECT_TRUE(kernel.acquire_resource(resource, false, true));
              EXPECT_EQ(kernel.holds_resource(resource, true), 3u);
              kernel.release_resource(resource);
              kernel.release_resource(resource);
              kernel.release_resource(resource);
              EXPECT_EQ(kernel.holds_resource(resource, false), 0u);
              EXPECT_TRUE(kernel.acquire_resource(resource, false, true));
              EXPECT_TRUE(kernel.acquire_resource(resource, false, true));
              EXPECT_EQ(kernel.holds_resource(resource, false), 2u);
              EXPECT_EQ(kernel.holds_resource(resource, true), 0u);
              EXPECT_FALSE(kernel.acquire_resource(resource, true, false));
              kernel.release_resource(resource);
              kernel.release_resource(resource);
            }),
            kAllowed);
}

TEST(ResourceTest, AnOwnerMayBecomeASharer) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* resource = make_resource(kernel);
              kernel.acquire_resource(resource, true, true);
              kernel.share_resource(resource);
              EXPECT_EQ(kernel.holds_resource(resource, true), 0u);
              const sim::FiberId other = kernel.start_thread("other", [&kernel, resource] {
                kernel.enter_region(Region::kGuarded);
                EXPECT_FALSE(kernel.acquire_resource(resource, true, false));
                EXPECT_TRUE(kernel.acquire_resource(resource, false, true));
                kernel.release_resource(resource);
                kernel.leave_region(Region::kGuarded);
              });
              kernel.join_thread(other);
              kernel.release_resource(resource);
            }),
            kAllowed);
}

TEST(ResourceTest, ASharerDoesNotWaitToOwnIt) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* resource = make_resource(kernel);
              kernel.acquire_resource(resource, false, true);
              kernel.acquire_resource(resource, true, true);
            }),
            "KRN-LOCK-02");
}

TEST(ResourceTest, NeedsAHolderToRelease) {
  EXPECT_EQ(verdict([](Kernel& kernel) { kernel.release_resource(make_resource(kernel)); }),
            "KRN-LOCK-01");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* resource = make_resource(kernel);
              kernel.acquire_resource(resource, false, true);
              kernel.share_resource(resource);
            }),
            "KRN-LOCK-01");
}

TEST(ResourceTest, NeedsDisabledApcs) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* resource = make_resource(kernel);
              kernel.leave_region(Region::kCritical);
              kernel.acquire_resource(resource, false, true);
            }),
            "KRN-APC-01");
}

TEST(ResourceTest, IsDeletedOnceNobodyHoldsIt) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* resource = make_resource(kernel);
              kernel.delete_resource(resource);
              kernel.initialize_resource(resource);
              kernel.delete_resource(resource);
              kernel.free(resource, "ExFreePool");
            }),
            kAllowed);
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* resource = make_resource(kernel);
              kernel.acquire_resource(resource, false, true);
              kernel.delete_resource(resource);
            }),
            "KRN-OBJECT-02");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* resource = make_resource(kernel);
              kernel.delete_resource(resource);
              kernel.acquire_resource(resource, true, true);
            }),
            "KRN-OBJECT-01");
}

TEST(ResourceTest, IsDeletedBeforeItsMemory) {
  EXPECT_EQ(verdict([](Kernel& kernel) { kernel.free(make_resource(kernel), "ExFreePool"); }),
            "KRN-OBJECT-02");
  EXPECT_EQ(verdict([](Kernel& kernel) { kernel.initialize_resource(make_resource(kernel)); }),
            "KRN-OBJECT-02");
  EXPECT_EQ(verdict_of([](World& world) {
              Kernel& kernel = world.kernel();
              const ModuleId driver = kernel.load("driver.sys");
              void* resource = kernel.image_data(driver, kBytes, "globals");
              kernel.unload(driver, [&] { kernel.initialize_resource(resource); });
            }),
            "KRN-OBJECT-02");
}

// --- Lookaside lists ---

TEST(LookasideTest, IsUsedUntilItIsDeleted) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* list = allocate(kernel, 128);
              kernel.initialize_lookaside(list);
              kernel.use_lookaside(list, "allocate");
              kernel.delete_lookaside(list);
              kernel.free(list, "ExFreePool");
            }),
            kAllowed);
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* list = allocate(kernel, 128);
              kernel.initialize_lookaside(list);
              kernel.delete_lookaside(list);
              kernel.use_lookaside(list, "allocate");
            }),
            "KRN-OBJECT-01");
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* list = allocate(kernel, 128);
              kernel.initialize_lookaside(list);
              kernel.free(list, "ExFreePool");
            }),
            "KRN-OBJECT-02");
}

}  // namespace
}  // namespace nmrcheck::model::test
