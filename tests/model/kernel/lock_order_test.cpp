// Deadlocks that are predicted, and what keeps the prediction silent.
#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

#include "tests/model/kernel/driver.h"

namespace nmrcheck::model::test {
namespace {

struct Locks {
  char* a = nullptr;
  char* b = nullptr;
  char* c = nullptr;
  char* event = nullptr;
};

Locks make(Kernel& kernel) {
  Locks locks{allocate(kernel), allocate(kernel), allocate(kernel), allocate(kernel)};
  kernel.initialize_event(locks.event, false, false);
  kernel.enter_region(Region::kCritical);
  return locks;
}

using Held = std::pair<char*, LockKind>;

// Acquires the locks one after another, and releases them. Fibers that are dropped own no heap.
void nest(Kernel& kernel, std::initializer_list<Held> locks) {
  kernel.enter_region(Region::kCritical);
  for (const auto& [lock, kind] : locks) kernel.acquire_lock(lock, kind, false);
  for (const Held* held = locks.end(); held-- != locks.begin();) {
    kernel.release_lock(held->first, held->second, std::nullopt);
  }
  kernel.leave_region(Region::kCritical);
}

constexpr LockKind kPush = LockKind::kPush;
constexpr LockKind kShared = LockKind::kPushShared;

// Verdicts of the two orders of the whole nests of two threads, and of those in which they mix.
TEST(LockOrderTest, TwoOrdersArePredictedInEveryExecutionThatDoesNotDeadlock) {
  const Verdicts found = verdicts([](Kernel& kernel) {
    const Locks locks = make(kernel);
    kernel.start_thread("other", [&kernel, locks] {
      nest(kernel, {{locks.a, kPush}, {locks.b, kPush}});
    });
    nest(kernel, {{locks.b, kPush}, {locks.a, kPush}});
    kernel.leave_region(Region::kCritical);
  });
  EXPECT_EQ(found.size(), 2u);
  EXPECT_EQ(found.count("KRN-LOCK-04"), 1u);
  EXPECT_EQ(found.count("harness.deadlock"), 1u);
}

TEST(LockOrderTest, OneOrderIsSilent) {
  const Verdicts found = verdicts([](Kernel& kernel) {
    const Locks locks = make(kernel);
    kernel.start_thread("other", [&kernel, locks] {
      nest(kernel, {{locks.a, kPush}, {locks.b, kPush}});
    });
    nest(kernel, {{locks.a, kPush}, {locks.b, kPush}});
    kernel.leave_region(Region::kCritical);
  });
  EXPECT_EQ(found.size(), 1u);
  EXPECT_EQ(found.count(""), 1u);
}

TEST(LockOrderTest, AGateLockKeepsTheOrdersApart) {
  const Verdicts found = verdicts([](Kernel& kernel) {
    const Locks locks = make(kernel);
    kernel.start_thread("other", [&kernel, locks] {
      nest(kernel, {{locks.c, kPush}, {locks.a, kPush}, {locks.b, kPush}});
    });
    nest(kernel, {{locks.c, kPush}, {locks.b, kPush}, {locks.a, kPush}});
    kernel.leave_region(Region::kCritical);
  });
  EXPECT_EQ(found.size(), 1u);
  EXPECT_EQ(found.count(""), 1u);
}

TEST(LockOrderTest, AGateThatBothShareDoesNot) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              const Locks locks = make(kernel);
              const sim::FiberId other = kernel.start_thread("other", [&kernel, locks] {
                nest(kernel, {{locks.c, kShared}, {locks.a, kPush}, {locks.b, kPush}});
              });
              nest(kernel, {{locks.c, kShared}, {locks.b, kPush}, {locks.a, kPush}});
              kernel.join_thread(other);
              kernel.leave_region(Region::kCritical);
            }),
            "KRN-LOCK-04");
}

TEST(LockOrderTest, ReadersDoNotWaitForReaders) {
  const Verdicts found = verdicts([](Kernel& kernel) {
    const Locks locks = make(kernel);
    kernel.start_thread("other", [&kernel, locks] {
      nest(kernel, {{locks.a, kPush}, {locks.b, kShared}});
    });
    nest(kernel, {{locks.b, kShared}, {locks.a, kPush}});
    kernel.leave_region(Region::kCritical);
  });
  EXPECT_EQ(found.size(), 1u);
  EXPECT_EQ(found.count(""), 1u);
}

TEST(LockOrderTest, OneThreadDoesNotDeadlockWithItself) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              const Locks locks = make(kernel);
              nest(kernel, {{locks.a, kPush}, {locks.b, kPush}});
              nest(kernel, {{locks.b, kPush}, {locks.a, kPush}});
              kernel.leave_region(Region::kCritical);
            }),
            "");
}

TEST(LockOrderTest, WhatComesAfterAnEventIsKeptApart) {
  const Verdicts found = verdicts([](Kernel& kernel) {
    const Locks locks = make(kernel);
    kernel.start_thread("other", [&kernel, locks] {
      nest(kernel, {{locks.a, kPush}, {locks.b, kPush}});
      kernel.set_event(locks.event);
    });
    kernel.wait_event(locks.event, std::nullopt);
    nest(kernel, {{locks.b, kPush}, {locks.a, kPush}});
    kernel.leave_region(Region::kCritical);
  });
  EXPECT_EQ(found.size(), 1u);
  EXPECT_EQ(found.count(""), 1u);
}

TEST(LockOrderTest, ThreeThreadsMakeACircle) {
  const DriverBody three = [](Kernel& kernel) {
    const Locks locks = make(kernel);
    kernel.start_thread("first", [&kernel, locks] {
      nest(kernel, {{locks.a, kPush}, {locks.b, kPush}});
    });
    kernel.start_thread("second", [&kernel, locks] {
      nest(kernel, {{locks.b, kPush}, {locks.c, kPush}});
    });
    nest(kernel, {{locks.c, kPush}, {locks.a, kPush}});
    kernel.leave_region(Region::kCritical);
  };
  EXPECT_EQ(verdict(three), "KRN-LOCK-04");
  EXPECT_NE(message(three).find("acquires lock C and then lock A"), std::string::npos)
      << message(three);
}

// --- A mutex and an executive resource ---

struct Owned {
  char* mutex = nullptr;
  char* resource = nullptr;
};

Owned make_owned(Kernel& kernel) {
  const Owned owned{allocate(kernel, 104), allocate(kernel, 104)};
  kernel.initialize_mutex(owned.mutex);
  kernel.initialize_resource(owned.resource);
  return owned;
}

void mutex_first(Kernel& kernel, const Owned& owned) {
  kernel.wait(owned.mutex, std::nullopt);
  kernel.acquire_resource(owned.resource, true, true);
  kernel.release_resource(owned.resource);
  kernel.release_mutex(owned.mutex);
}

void resource_first(Kernel& kernel, const Owned& owned, std::optional<std::uint64_t> timeout) {
  kernel.enter_region(Region::kCritical);
  kernel.acquire_resource(owned.resource, true, true);
  if (kernel.wait(owned.mutex, timeout) == kStatusSuccess) kernel.release_mutex(owned.mutex);
  kernel.release_resource(owned.resource);
  kernel.leave_region(Region::kCritical);
}

TEST(LockOrderTest, MutexesAndResourcesCount) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              const Owned owned = make_owned(kernel);
              const sim::FiberId other =
                  kernel.start_thread("other", [&kernel, owned] { mutex_first(kernel, owned); });
              resource_first(kernel, owned, std::nullopt);
              kernel.join_thread(other);
              kernel.delete_resource(owned.resource);
            }),
            "KRN-LOCK-04");
}

TEST(LockOrderTest, WhoGivesUpDoesNotDeadlock) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              const Owned owned = make_owned(kernel);
              const sim::FiberId other =
                  kernel.start_thread("other", [&kernel, owned] { mutex_first(kernel, owned); });
              resource_first(kernel, owned, 10'000);
              kernel.join_thread(other);
              kernel.delete_resource(owned.resource);
            }),
            "");
}

}  // namespace
}  // namespace nmrcheck::model::test
