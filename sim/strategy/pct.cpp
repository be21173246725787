// Probabilistic concurrency testing.
#include "sim/strategy/pct.h"

#include "sim/strategy/draw.h"

namespace nmrcheck::sim {
namespace {

// First priorities lie above kFirst, those of change points follow kChange, yields lie below it.
constexpr std::uint64_t kFirst = std::uint64_t{1} << 63u;
constexpr std::uint64_t kChange = std::uint64_t{1} << 62u;

}  // namespace

bool PctStrategy::begin_execution(Seed seed) {
  rng_ = Rng(seed);
  surveying_ = survey_.begin_execution();
  if (surveying_) return true;
  steps_max_ = options_.steps == 0 ? survey_.steps_longest() : options_.steps;
  step_ = 0;
  met_ = 0;
  aside_ = 0;
  floor_ = kChange;
  const std::uint32_t depth = options_.depth == 0 ? 1 + rng_.below(kDepthMax) : options_.depth;
  changes_.clear();
  for (std::uint32_t i = 1; i < depth; ++i) changes_.push_back(1 + rng_.below(steps_max_));
  return true;
}

void PctStrategy::meet(const ChoicePoint& point) {
  for (; met_ < point.pending.size(); ++met_) priorities_[met_] = rng_.next() | kFirst;
  for (std::uint64_t left = point.enabled & ~aside_; left != 0; left &= left - 1) {
    const FiberId fiber = first_of(left);
    if (!point.pending[index(fiber)].yielding) continue;
    priorities_[index(fiber)] = --floor_;
    aside_ |= mask_of(fiber);
  }
}

FiberId PctStrategy::highest(std::uint64_t fibers) const {
  FiberId best = first_of(fibers);
  for (std::uint64_t left = fibers; left != 0; left &= left - 1) {
    if (priorities_[index(first_of(left))] > priorities_[index(best)]) best = first_of(left);
  }
  return best;
}

// `change` counts from 1. A fiber that yielded stays below all others.
void PctStrategy::lower(FiberId fiber, std::uint32_t change) {
  std::uint64_t& priority = priorities_[index(fiber)];
  priority = priority < kChange ? --floor_ : kChange + change;
}

Pick PctStrategy::pick(const ChoicePoint& point) {
  if (point.kind == ChoiceKind::kValue) return rng_.below(point.options);
  if (surveying_) {
    const FiberId any = draw_any(rng_, point.enabled);
    survey_.add(point, any);
    return index(any);
  }
  ++step_;
  if (step_ > std::uint64_t{2} * steps_max_) {
    return index(draw_any(rng_, point.enabled));
  }
  meet(point);
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    if (changes_[i] != step_) continue;
    lower(highest(point.enabled), static_cast<std::uint32_t>(i) + 1);
  }
  const FiberId best = highest(point.enabled);
  aside_ &= ~mask_of(best);
  return index(best);
}

}  // namespace nmrcheck::sim
