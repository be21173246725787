// The objects that a step reads, writes or may wait for, declared before the step runs.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "sim/core/operation.h"

namespace nmrcheck::sim {

// A step's operations, in the order in which they are applied. A step is enabled when all are.
class Footprint {
 public:
  static constexpr std::size_t kOperationsMax = 8;

  Footprint() = default;
  // Requires: at most kOperationsMax operations.
  Footprint(std::initializer_list<Operation> operations) {
    for (const Operation& operation : operations) add(operation);
  }

  void add(const Operation& operation) {
    assert(count_ < kOperationsMax);
    copy(operation, operations_[count_++]);
    blockable_ |= may_block(operation.op);
  }

  const Operation* begin() const { return operations_.data(); }
  const Operation* end() const { return operations_.data() + count_; }
  std::size_t size() const { return count_; }
  // True if some state disables the step.
  bool blockable() const { return blockable_; }

  // Copies only what is in use: footprints are copied once a step.
  Footprint(const Footprint& other) { *this = other; }
  Footprint& operator=(const Footprint& other) {
    if (this == &other) return *this;
    count_ = other.count_;
    blockable_ = other.blockable_;
    if (count_ == 0) return *this;
    copy(other.operations_[0], operations_[0]);  // nearly every step has just one
    for (std::uint32_t i = 1; i < count_; ++i) copy(other.operations_[i], operations_[i]);
    return *this;
  }

 private:
  // Member by member: a processor cannot forward what was stored in parts to one wide load, and
  // waits for its store buffer instead (some 15 cycles, several times a step).
  static void copy(const Operation& from, Operation& to) {
    to.object = from.object;
    to.op = from.op;
    to.a = from.a;
    to.b = from.b;
  }

  std::uint32_t count_ = 0;
  bool blockable_ = false;
  std::array<Operation, kOperationsMax> operations_;
};

// Two steps conflict when they touch a common object and at least one writes it. Steps that do not
// conflict commute, and neither enables nor disables the other.
bool conflicts(const Footprint& left, const Footprint& right);

}  // namespace nmrcheck::sim
