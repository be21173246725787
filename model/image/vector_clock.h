// Vector clocks over the fibers of one execution.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "sim/core/ids.h"

namespace nmrcheck::model {

// How far one fiber has come: the number of times it released something, plus 1.
using Epoch = std::uint32_t;

// For each fiber, the last epoch that is known. Fibers from `width` on are at 0, and cost nothing.
class VectorClock {
 public:
  Epoch of(std::uint32_t fiber) const { return fiber < width_ ? epochs_[fiber] : 0; }

  // Requires: fiber < sim::kFibersMax.
  void set(std::uint32_t fiber, Epoch epoch) {
    while (width_ <= fiber) epochs_[width_++] = 0;
    epochs_[fiber] = epoch;
  }

  // The pairwise maximum.
  void join(const VectorClock& other) {
    while (width_ < other.width_) epochs_[width_++] = 0;
    for (std::uint32_t i = 0; i < other.width_; ++i) {
      epochs_[i] = std::max(epochs_[i], other.epochs_[i]);
    }
  }

  void assign(const VectorClock& other) {
    width_ = other.width_;
    std::copy_n(other.epochs_.begin(), width_, epochs_.begin());
  }

  void clear() { width_ = 0; }
  bool empty() const { return width_ == 0; }

 private:
  std::uint32_t width_ = 0;
  std::array<Epoch, sim::kFibersMax> epochs_;  // those from width_ on are never read
};

}  // namespace nmrcheck::model
