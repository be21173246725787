// The uniform random walk.
#include "sim/strategy/urw.h"

#include "sim/strategy/draw.h"

namespace nmrcheck::sim {

bool UrwStrategy::begin_execution(Seed seed) {
  rng_ = Rng(seed);
  surveying_ = survey_.begin_execution();
  if (surveying_) return true;
  if (!counted_) counts_ = survey_.counts(kEverything);
  counted_ = true;
  remaining_.begin_execution(counts_);
  return true;
}

Pick UrwStrategy::pick(const ChoicePoint& point) {
  if (point.kind == ChoiceKind::kValue) return rng_.below(point.options);
  if (surveying_) {
    const FiberId any = draw_any(rng_, point.enabled);
    survey_.add(point, any);
    return index(any);
  }
  while (remaining_.newcomers(point)) remaining_.meet(point);
  const FiberId next =
      draw_weighted(rng_, point.enabled, [&](FiberId fiber) { return remaining_.of(fiber, true); });
  remaining_.took(next, true);
  return index(next);
}

}  // namespace nmrcheck::sim
