// The detector against the definition, on random sequences.
#include <gtest/gtest.h>

#include <string>

#include "sim/core/rng.h"
#include "tests/model/image/naive_races.h"

namespace nmrcheck::model {
namespace {

using test::Event;
using test::NaiveRaces;
using Kind = test::Event::Kind;

constexpr std::uintptr_t kMemory = 0x7f0000001005;  // not the first byte of a granule
constexpr std::uint32_t kMemoryBytes = 22;          // in 4 granules
constexpr std::uint32_t kObjects = 3;

// Draws sequences in which fibers mostly, but not always, hold a lock around what they access.
class RandomSequence {
 public:
  explicit RandomSequence(sim::Rng& rng) : rng_(rng) {
    const std::uint32_t count = 2 + rng_.below(4);
    const std::uint32_t stride = rng_.below(4) == 0 ? sim::kFibersMax / count : 1;
    for (std::uint32_t i = 0; i < count; ++i) fibers_.push_back(sim::FiberId{i * stride});
    careless_ = rng_.below(3) * 6;
  }

  std::vector<Event> draw() {
    const std::uint32_t length = 10 + rng_.below(70);
    const auto parent = fibers_.front();
    for (std::size_t i = 1; i < fibers_.size(); ++i) {
      if (chance(30)) access(parent);
      events_.push_back({.kind = Kind::kSpawn, .fiber = parent, .child = fibers_[i]});
    }
    while (events_.size() < length) add(any_of(fibers_));
    return events_;
  }

 private:
  bool chance(std::uint32_t percent) { return rng_.below(100) < percent; }
  sim::FiberId any_of(const std::vector<sim::FiberId>& from) {
    return from[rng_.below(static_cast<std::uint32_t>(from.size()))];
  }

  void add(sim::FiberId fiber) {
    if (chance(4)) {
      events_.push_back({.kind = Kind::kForget, .fiber = fiber, .access = somewhere(fiber)});
    } else if (chance(careless_)) {
      access(fiber);
    } else if (chance(10)) {
      step(fiber, {any_touch(), any_touch()});
    } else if (chance(10)) {
      step(fiber, {any_touch()});
    } else {
      const sim::ObjectId lock{chance(90) ? 0 : rng_.below(kObjects)};
      const bool shared = chance(30);
      step(fiber, {{lock, !shared}});
      for (std::uint32_t i = rng_.below(3) + 1; i > 0; --i) access(fiber, shared && chance(95));
      step(fiber, {{lock, !shared}});
    }
  }

  test::Touch any_touch() { return {sim::ObjectId{rng_.below(kObjects)}, chance(60)}; }

  void step(sim::FiberId fiber, std::vector<test::Touch> touches) {
    events_.push_back({.kind = Kind::kStep, .fiber = fiber, .touches = std::move(touches)});
  }

  MemoryAccess somewhere(sim::FiberId fiber) {
    constexpr std::uint32_t kSizes[] = {1, 2, 3, 4, 8, 16};
    const std::uint32_t bytes = kSizes[rng_.below(6)];
    return {.fiber = fiber,
            .address = kMemory + rng_.below(kMemoryBytes - bytes + 1),
            .bytes = bytes,
            .write = chance(50),
            .atomic = chance(35),
            .stack = kNoStack,
            .code = 0,
            .step = static_cast<std::uint32_t>(events_.size())};
  }

  void access(sim::FiberId fiber, bool only_reads = false) {
    MemoryAccess access = somewhere(fiber);
    if (only_reads) access.write = false;
    events_.push_back({.kind = Kind::kAccess, .fiber = fiber, .access = access});
  }

  sim::Rng& rng_;
  std::vector<sim::FiberId> fibers_;
  std::uint32_t careless_;  // percent of accesses without a lock
  std::vector<Event> events_;
};

const MemoryAccess* apply(RaceDetector& races, const Event& event) {
  switch (event.kind) {
    case Kind::kStep:
      for (const test::Touch& touch : event.touches) {
        races.order().acquire(event.fiber, touch.object, touch.writes);
      }
      for (const test::Touch& touch : event.touches) {
        races.order().release(event.fiber, touch.object, touch.writes);
      }
      return nullptr;
    case Kind::kSpawn:
      races.order().spawned(event.fiber, event.child);
      return nullptr;
    case Kind::kForget:
      races.forget(event.access.address, event.access.bytes);
      return nullptr;
    case Kind::kAccess:
      break;
  }
  return races.access(event.access);
}

// True if the fiber accessed a common byte since its last step or spawn: event k may repeat that.
bool may_repeat(const NaiveRaces& naive, std::size_t k) {
  const Event& now = naive.event(k);
  for (std::size_t i = k; i-- > 0;) {
    const Event& event = naive.event(i);
    if (event.fiber != now.fiber) continue;
    if (event.kind == Kind::kStep || event.kind == Kind::kSpawn) return false;
    if (event.kind == Kind::kAccess &&
        event.access.address < now.access.address + now.access.bytes &&
        now.access.address < event.access.address + event.access.bytes) {
      return true;
    }
  }
  return false;
}

struct Counts {
  int racing = 0;  // sequences
  int races = 0;   // accesses that race
};

void compare(RaceDetector& races, const std::vector<Event>& events, Counts& counts) {
  NaiveRaces naive;
  bool raced = false;
  races.reset();
  for (std::size_t k = 0; k < events.size(); ++k) {
    SCOPED_TRACE("event " + std::to_string(k));
    naive.add(events[k]);
    const MemoryAccess* found = apply(races, events[k]);
    const auto expected = naive.latest_race(k);
    if (found != nullptr) {
      ASSERT_TRUE(naive.race(found->step, k));  // what it names is a race
    }
    if (expected && raced && may_repeat(naive, k)) {  // wholly, or in some of its granules
      continue;
    }
    ASSERT_EQ(found != nullptr, expected.has_value());
    if (found == nullptr) continue;
    ASSERT_EQ(found->fiber, naive.event(*expected).fiber);
    counts.racing += raced ? 0 : 1;
    ++counts.races;
    raced = true;
  }
}

TEST(RacesRandomTest, AgreesWithTheDefinition) {
  constexpr int kSequences = 10'000;
  RaceDetector races;
  Counts counts;
  for (int i = 0; i < kSequences; ++i) {
    SCOPED_TRACE("sequence " + std::to_string(i));
    sim::Rng rng(sim::fork(sim::Seed{1}, static_cast<std::uint64_t>(i)));
    compare(races, RandomSequence(rng).draw(), counts);
    if (HasFatalFailure()) return;
  }
  EXPECT_FALSE(races.full());
  // Counted with the definition: about half of the sequences race.
  EXPECT_EQ(counts.racing, 5'461);
  EXPECT_EQ(counts.races, 15'949);  // and 4 961 that may repeat one
}

}  // namespace
}  // namespace nmrcheck::model
