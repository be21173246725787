// The random walk.
#include "sim/strategy/random.h"

#include "sim/strategy/draw.h"

namespace nmrcheck::sim {

bool RandomStrategy::begin_execution(Seed seed) {
  rng_ = Rng(seed);
  return true;
}

Pick RandomStrategy::pick(const ChoicePoint& point) {
  if (point.kind == ChoiceKind::kValue) return rng_.below(point.options);
  return index(draw_any(rng_, point.enabled));
}

}  // namespace nmrcheck::sim
