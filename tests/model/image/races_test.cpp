// What races and what does not, one law a test.
#include "model/image/races.h"

#include <gtest/gtest.h>

namespace nmrcheck::model {
namespace {

constexpr sim::FiberId kA{0};
constexpr sim::FiberId kB{1};
constexpr sim::FiberId kC{2};
constexpr sim::ObjectId kLock{0};
constexpr sim::ObjectId kOther{1};
constexpr std::uintptr_t kData = 0x1000;

class RacesTest : public testing::Test {
 protected:
  const MemoryAccess* note(sim::FiberId fiber, bool write, bool atomic, std::uintptr_t address,
                           std::uint32_t bytes) {
    return races_.access({.fiber = fiber,
                          .address = address,
                          .bytes = bytes,
                          .write = write,
                          .atomic = atomic,
                          .stack = StackId{7},
                          .code = 0xc0de,
                          .step = ++step_});
  }
  const MemoryAccess* read(sim::FiberId fiber, std::uintptr_t address = kData,
                           std::uint32_t bytes = 4) {
    return note(fiber, false, false, address, bytes);
  }
  const MemoryAccess* write(sim::FiberId fiber, std::uintptr_t address = kData,
                            std::uint32_t bytes = 4) {
    return note(fiber, true, false, address, bytes);
  }
  const MemoryAccess* atomic_read(sim::FiberId fiber) { return note(fiber, false, true, kData, 4); }
  const MemoryAccess* atomic_write(sim::FiberId fiber) { return note(fiber, true, true, kData, 4); }

  RaceDetector races_;
  std::uint32_t step_ = 0;
};

TEST_F(RacesTest, NamesTheEarlierAccess) {
  EXPECT_EQ(write(kA), nullptr);
  const MemoryAccess* found = read(kB);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->fiber, kA);
  EXPECT_EQ(found->address, kData);
  EXPECT_EQ(found->bytes, 4u);
  EXPECT_TRUE(found->write);
  EXPECT_FALSE(found->atomic);
  EXPECT_EQ(found->stack, StackId{7});
  EXPECT_EQ(found->code, 0xc0deu);
  EXPECT_EQ(found->step, 1u);
}

TEST_F(RacesTest, ReadsDoNotRaceAndAreAllRemembered) {
  EXPECT_EQ(read(kA), nullptr);
  EXPECT_EQ(read(kB), nullptr);
  races_.order().synchronize(kB, kLock, true);
  races_.order().synchronize(kC, kLock, true);  // orders the later read only
  const MemoryAccess* found = write(kC);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->fiber, kA);
}

TEST_F(RacesTest, AWriterOfAnObjectIsOrderedBeforeItsReaders) {
  write(kA);
  races_.order().synchronize(kA, kLock, true);
  races_.order().synchronize(kC, kLock, false);
  EXPECT_EQ(write(kC), nullptr);
  EXPECT_EQ(read(kB)->fiber, kC);  // B made no step
}

TEST_F(RacesTest, ReadersOfAnObjectAreOrderedBeforeItsWritersOnly) {
  write(kA);
  races_.order().synchronize(kA, kLock, false);
  races_.order().synchronize(kB, kLock, false);
  EXPECT_NE(read(kB), nullptr);
  races_.reset();
  write(kA);
  races_.order().synchronize(kA, kLock, false);
  races_.order().synchronize(kB, kLock, true);
  EXPECT_EQ(write(kB), nullptr);
  races_.order().synchronize(kC, kLock, false);
  EXPECT_NE(read(kC), nullptr);  // B wrote after its step
}

TEST_F(RacesTest, AStepReleasesWhatWasBeforeIt) {
  races_.order().synchronize(kA, kLock, true);
  write(kA);
  races_.order().synchronize(kB, kLock, true);
  EXPECT_NE(write(kB), nullptr);
}

TEST_F(RacesTest, AnotherObjectOrdersNothing) {
  write(kA);
  races_.order().synchronize(kA, kLock, true);
  races_.order().synchronize(kB, kOther, true);
  EXPECT_NE(write(kB), nullptr);
}

TEST_F(RacesTest, AStepOnTwoObjectsCarriesOrderFromOneToTheOther) {
  write(kA);
  races_.order().synchronize(kA, kOther, true);
  for (const sim::ObjectId object : {kLock, kOther}) races_.order().acquire(kB, object, true);
  for (const sim::ObjectId object : {kLock, kOther}) races_.order().release(kB, object, true);
  races_.order().synchronize(kC, kLock, false);
  EXPECT_EQ(write(kC), nullptr);
}

TEST_F(RacesTest, AChildIsOrderedBehindItsSpawn) {
  write(kA);
  races_.order().spawned(kA, kB);
  EXPECT_EQ(write(kB), nullptr);
  races_.order().spawned(kA, kC);
  EXPECT_EQ(races_.access({.fiber = kC, .address = kData, .bytes = 4})->fiber, kB);
}

TEST_F(RacesTest, TheParentsLaterAccessesAreNotOrderedBeforeTheChild) {
  races_.order().spawned(kA, kB);
  write(kA);
  EXPECT_NE(write(kB), nullptr);
}

TEST_F(RacesTest, AtomicAccessesRaceOnlyWithPlainOnes) {
  EXPECT_EQ(atomic_write(kA), nullptr);
  EXPECT_EQ(atomic_write(kB), nullptr);
  EXPECT_EQ(atomic_read(kC), nullptr);
  EXPECT_EQ(read(kC)->fiber, kB);  // the latest
  races_.reset();
  EXPECT_EQ(atomic_read(kA), nullptr);
  EXPECT_EQ(read(kB), nullptr);
  EXPECT_EQ(atomic_write(kC)->fiber, kB);
  races_.reset();
  atomic_read(kA);
  EXPECT_EQ(write(kB)->fiber, kA);
}

TEST_F(RacesTest, BytesCount) {
  EXPECT_EQ(write(kA, kData, 1), nullptr);
  EXPECT_EQ(write(kB, kData + 1, 1), nullptr);
  EXPECT_EQ(write(kC, kData + 2, 6), nullptr);
  EXPECT_EQ(read(kA, kData + 1, 1)->fiber, kB);
  EXPECT_EQ(write(kB, kData + 7, 1)->fiber, kC);
  // Over the border of a granule, and with the granule behind it.
  EXPECT_EQ(write(kA, kData + 30, 4), nullptr);
  EXPECT_EQ(read(kB, kData + 29, 1), nullptr);
  EXPECT_EQ(read(kB, kData + 34, 1), nullptr);
  EXPECT_EQ(read(kB, kData + 33, 1)->bytes, 4u);
}

TEST_F(RacesTest, LongRangesAreOneAccess) {
  EXPECT_EQ(write(kA, kData + 3, 100'000), nullptr);  // 12 501 granules: the table grows
  EXPECT_EQ(read(kB, kData + 2, 1), nullptr);
  EXPECT_EQ(read(kB, kData + 100'003, 1), nullptr);
  EXPECT_EQ(read(kB, kData + 3, 1)->bytes, 100'000u);
  EXPECT_EQ(read(kB, kData + 100'002, 1)->bytes, 100'000u);
  EXPECT_EQ(write(kB, kData, 200'000)->bytes, 100'000u);
}

TEST_F(RacesTest, ForgottenBytesDoNotRace) {
  write(kA, kData, 16);
  races_.forget(kData + 3, 7);
  EXPECT_EQ(write(kB, kData + 3, 7), nullptr);
  EXPECT_NE(read(kB, kData + 2, 1), nullptr);
  EXPECT_NE(read(kB, kData + 10, 1), nullptr);
  races_.forget(0, std::size_t{1} << 50);  // more than can be looked up one by one
  EXPECT_EQ(write(kC, kData, 16), nullptr);
}

TEST_F(RacesTest, ForgettingMuchMemoryKeepsItsNeighbours) {
  write(kA, kData, 8);
  write(kA, kData + (1u << 30), 8);
  races_.forget(kData + 4, 1u << 30);
  EXPECT_NE(write(kB, kData + 3, 1), nullptr);
  EXPECT_EQ(write(kB, kData + 4, 4), nullptr);
  EXPECT_EQ(write(kB, kData + (1u << 30), 4), nullptr);
  EXPECT_NE(write(kB, kData + (1u << 30) + 4, 1), nullptr);
}

TEST_F(RacesTest, ResetForgetsAccessesFibersAndObjects) {
  write(kA);
  races_.order().synchronize(kA, kLock, true);
  races_.reset();
  EXPECT_EQ(write(kB), nullptr);  // not against the access before
  races_.order().synchronize(kA, kLock, true);
  EXPECT_NE(write(kA), nullptr);  // the lock has released nothing in this execution
}

TEST_F(RacesTest, ALimitIsSaidAndEarlierAccessesStayKnown) {
  RaceDetector small(2);
  const auto write_at = [&](sim::FiberId fiber, std::uintptr_t address) {
    return small.access({.fiber = fiber, .address = address, .bytes = 8, .write = true});
  };
  write_at(kA, 0x1000);
  write_at(kA, 0x2000);
  EXPECT_FALSE(small.full());
  write_at(kA, 0x3000);
  EXPECT_TRUE(small.full());
  EXPECT_NE(write_at(kB, 0x1000), nullptr);
  EXPECT_EQ(write_at(kB, 0x3000), nullptr);  // missed, as full() says
  small.reset();
  EXPECT_FALSE(small.full());
}

TEST_F(RacesTest, TheHighestFiberAndTheLastByteCount) {
  constexpr sim::FiberId kLast{sim::kFibersMax - 1};
  EXPECT_EQ(write(kLast, UINTPTR_MAX, 1), nullptr);
  EXPECT_EQ(write(kA, UINTPTR_MAX - 3, 3), nullptr);
  EXPECT_EQ(write(kA, UINTPTR_MAX, 1)->fiber, kLast);
  EXPECT_EQ(read(kA, kData, 0), nullptr);
}

}  // namespace
}  // namespace nmrcheck::model
