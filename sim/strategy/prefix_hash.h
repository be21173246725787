// A hash of what an execution did so far that does not depend on the order of independent steps.
//
// Two beginnings of executions have equal hashes exactly if they are the same Mazurkiewicz trace,
// but for collisions of 128 bits: n beginnings collide with a probability below n^2 / 2^129. The
// hash of a step covers who made it, how often virtual time had moved on, which objects it read and
// wrote, how its questions were answered, and the hashes of the fiber's step before and of the last
// writes to these objects; the hash of a beginning is the sum over its steps.
// Source: the happens-before signature of Musuvathi and Qadeer, "Partial-order reduction for
// context-bounded state exploration" (MSR-TR-2007-12).
// Requires: footprints that are never too small. The same trace then leads to the same state, up to
// the numbering of fibers and objects.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/core/footprint.h"
#include "sim/core/rng.h"
#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

// Two hashes of 64 bits that are made differently.
struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  void mix(std::uint64_t value) { mix({value, value}); }
  void mix(const Hash128& value) {
    low = mix64(low ^ value.low);
    high = mix64(high * 0xd6e8feb86659fd93u + value.high);
  }
  // The order of additions means nothing.
  void add(const Hash128& other) {
    low += other.low;
    high += other.high;
  }
  friend bool operator==(const Hash128&, const Hash128&) = default;
};

// Follows one execution after another. Call, at each fiber choice, at_point and then begin_step.
class PrefixHash {
 public:
  void begin_execution();
  // The step that ran is over, and `point` is what it led to.
  void at_point(const ChoicePoint& point);
  // The steps before the point that was given last.
  const Hash128& prefix() const { return prefix_; }
  // Virtual time moved on between the step before that point and the point.
  bool time_moved() const { return time_moved_; }
  // The prefix followed by `fiber`'s step, provided that the step will ask no question.
  Hash128 with_step(const ChoicePoint& point, std::uint32_t fiber) const;
  void begin_step(const ChoicePoint& point, std::uint32_t fiber);
  // The running step, or the program before its first one, asked a question.
  void answer(std::uint32_t answer) { running_.hash.mix(answer); }
  // The execution ended. Returns the hash of all its steps.
  const Hash128& end();

 private:
  struct Touched {
    std::uint32_t object = 0;  // ObjectId
    bool writes = false;
  };
  struct Step {
    Hash128 hash;
    std::uint32_t fiber = 0;
    std::uint32_t touched_count = 0;
    std::array<Touched, Footprint::kOperationsMax> touched;
  };
  static void touch(const ChoicePoint& point, Step& step);
  Step step_of(const ChoicePoint& point, std::uint32_t fiber) const;
  void finish_step();

  Step running_;
  bool started_ = false;  // running_ is a fiber's step, not the program's start
  Hash128 prefix_;
  std::uint32_t clock_advances_ = 0;  // before the point that was given last
  bool time_moved_ = false;
  std::vector<Hash128> last_of_;  // by FiberId: its last step, or the one that spawned it
  // By ObjectId: its last write. A read names the write before it, which orders it with all writes.
  std::vector<Hash128> last_writes_;
};

}  // namespace nmrcheck::sim
