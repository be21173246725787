// Draws of fibers that sampling strategies share; integers only, so that all machines agree.
#pragma once

#include <bit>
#include <cassert>
#include <cstdint>

#include "sim/core/ids.h"
#include "sim/core/rng.h"

namespace nmrcheck::sim {

// The fiber that comes first in `fibers`. Requires: not empty.
constexpr FiberId first_of(std::uint64_t fibers) {
  return FiberId{static_cast<std::uint32_t>(std::countr_zero(fibers))};
}

constexpr bool contains(std::uint64_t fibers, FiberId fiber) {
  return fiber != kNoFiber && (fibers & mask_of(fiber)) != 0;
}

// Each fiber of `fibers` with equal probability. Requires: not empty.
inline FiberId draw_any(Rng& rng, std::uint64_t fibers) {
  const auto count = static_cast<std::uint32_t>(std::popcount(fibers));
  if (count > 1) {
    for (std::uint32_t skip = rng.below(count); skip > 0; --skip) fibers &= fibers - 1;
  }
  return first_of(fibers);
}

// The largest weight of one fiber: the sum over all fits 32 bits.
inline constexpr std::uint32_t kWeightMax = 1u << 24u;

// Each fiber of `fibers` with probability weight(fiber) / sum; kNoFiber when the sum is 0.
// Requires: weights of at most kWeightMax.
template <class Weight>
FiberId draw_weighted(Rng& rng, std::uint64_t fibers, const Weight& weight) {
  std::uint32_t sum = 0;
  for (std::uint64_t left = fibers; left != 0; left &= left - 1) sum += weight(first_of(left));
  if (sum == 0) return kNoFiber;
  std::uint32_t drawn = rng.below(sum);
  for (std::uint64_t left = fibers;; left &= left - 1) {
    assert(left != 0);
    const std::uint32_t share = weight(first_of(left));
    if (drawn < share) return first_of(left);
    drawn -= share;
  }
}

}  // namespace nmrcheck::sim
