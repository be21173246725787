// Partial-order sampling.
#include "sim/strategy/pos.h"

#include "sim/core/footprint.h"
#include "sim/strategy/draw.h"

namespace nmrcheck::sim {
namespace {

// Priorities of steps that do not yield lie above, those of yielding steps below.
constexpr std::uint64_t kOrdinary = std::uint64_t{1} << 63u;

}  // namespace

bool PosStrategy::begin_execution(Seed seed) {
  rng_ = Rng(seed);
  steps_ = 0;
  drawn_ = 0;
  floor_ = kOrdinary;
  return true;
}

void PosStrategy::draw(FiberId fiber, bool yielding) {
  priorities_[index(fiber)] = yielding ? --floor_ : rng_.next() | kOrdinary;
  drawn_ |= mask_of(fiber);
}

Pick PosStrategy::pick(const ChoicePoint& point) {
  if (point.kind == ChoiceKind::kValue) return rng_.below(point.options);
  if (++steps_ % kRedrawSteps == 0) drawn_ = 0;
  for (std::uint64_t left = point.alive & ~drawn_; left != 0; left &= left - 1) {
    draw(first_of(left), point.pending[index(first_of(left))].yielding);
  }
  FiberId best = first_of(point.enabled);
  for (std::uint64_t left = point.enabled; left != 0; left &= left - 1) {
    if (priorities_[index(first_of(left))] > priorities_[index(best)]) best = first_of(left);
  }
  // What comes next of `best`, and the steps that lost a race against this one, are drawn anew.
  drawn_ &= ~mask_of(best);
  const Footprint& taken = point.pending[index(best)].footprint;
  for (std::uint64_t left = point.alive & drawn_; left != 0; left &= left - 1) {
    if (conflicts(taken, point.pending[index(first_of(left))].footprint)) {
      drawn_ &= ~mask_of(first_of(left));
    }
  }
  return index(best);
}

}  // namespace nmrcheck::sim
