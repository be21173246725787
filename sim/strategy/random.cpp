// The random walk.
#include "sim/strategy/random.h"

#include <bit>

namespace nmrcheck::sim {

bool RandomStrategy::begin_execution(Seed seed) {
  rng_ = Rng(seed);
  return true;
}

std::optional<std::uint32_t> RandomStrategy::pick(const ChoicePoint& point) {
  if (point.kind == ChoiceKind::kValue) return rng_.below(point.options);
  std::uint64_t candidates = point.enabled;
  const auto count = static_cast<std::uint32_t>(std::popcount(candidates));
  if (count > 1) {
    for (std::uint32_t skip = rng_.below(count); skip > 0; --skip) candidates &= candidates - 1;
  }
  return static_cast<std::uint32_t>(std::countr_zero(candidates));
}

}  // namespace nmrcheck::sim
