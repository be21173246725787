// A hash of an execution's Mazurkiewicz trace, computed while it runs: equal for executions that
// differ in the order of independent steps only, different (but for a chance of about one in 2^64 a
// pair) for all others.
//
// Each fiber has the hash of its last operation. That of an operation is made of its fiber's, of
// the last write's to its object, and, if it writes, of the sum over the reads since then: so of
// all that it depends on, whatever the order of the rest. What an operation is need not be hashed:
// a deterministic fiber's past decides it. The last operations of all fibers together are the
// trace; fibers and objects count by their keys, which do not depend on the schedule.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/core/ids.h"
#include "sim/core/operation.h"
#include "sim/core/rng.h"

namespace nmrcheck::sim {

class TraceHash {
 public:
  void begin_execution() {
    fiber_count_ = 0;
    objects_.clear();
  }

  // The next fiber, in the order of FiberIds, started by `parent`, or by nobody (kNoFiber).
  void spawned(std::uint64_t key, FiberId parent) {
    const std::uint64_t past = parent == kNoFiber ? 0 : fibers_[index(parent)];
    fibers_[fiber_count_++] = mix(key + past);
  }

  // The next object, in the order of ObjectIds.
  void created(std::uint64_t key) { objects_.push_back({key, 0}); }

  // `fiber` applied an operation. One after another for a step of several.
  void applied(FiberId fiber, ObjectId object, Access access) {
    if (access == Access::kNone) return;
    Object& touched = objects_[index(object)];
    const std::uint64_t past = fibers_[index(fiber)] + std::rotl(touched.written, 21);
    if (access == Access::kWrite) {
      const std::uint64_t now = mix(past + std::rotl(touched.read, 42));
      fibers_[index(fiber)] = touched.written = now;
      touched.read = 0;
    } else {
      const std::uint64_t now = mix(past);
      fibers_[index(fiber)] = now;
      touched.read += now;
    }
  }

  // `fiber` took a step without operations, or got this answer to a question.
  void passed(FiberId fiber) { answered(fiber, ~std::uint64_t{0}); }
  void answered(FiberId fiber, std::uint64_t answer) {
    fibers_[index(fiber)] = mix(fibers_[index(fiber)] ^ mix64(answer));
  }

  // Virtual time moved on: all later steps depend on all earlier ones.
  void clock_advanced() {
    const std::uint64_t all = value();
    for (std::size_t i = 0; i < fiber_count_; ++i) fibers_[i] = mix(fibers_[i] + all);
  }

  // The hash of the trace until now.
  std::uint64_t value() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < fiber_count_; ++i) sum += mix64(fibers_[i]);
    return sum;
  }

 private:
  struct Object {
    std::uint64_t written = 0;  // the last write's hash; the object's key before the first
    std::uint64_t read = 0;     // the sum of those of the reads since then
  };

  // Weaker and faster than mix64; the next operations and value() mix further.
  static constexpr std::uint64_t mix(std::uint64_t value) {
    value *= 0x9e3779b97f4a7c15u;
    return value ^ (value >> 32);
  }

  std::size_t fiber_count_ = 0;
  std::array<std::uint64_t, kFibersMax> fibers_{};
  std::vector<Object> objects_;
};

}  // namespace nmrcheck::sim
