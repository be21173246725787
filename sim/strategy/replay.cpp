// Exact replay.
#include "sim/strategy/replay.h"

#include <bit>

namespace nmrcheck::sim {

bool ReplayStrategy::begin_execution(Seed) {
  next_ = 0;
  divergence_.reset();
  return true;
}

Pick ReplayStrategy::pick(const ChoicePoint& point) {
  const bool fiber = point.kind == ChoiceKind::kFiber;
  const Choice asked{point.kind, 0, fiber ? point.enabled : point.options};
  if (asked.forced()) {
    return fiber ? static_cast<std::uint32_t>(std::countr_zero(point.enabled)) : 0;
  }
  if (next_ == schedule_.size()) {
    divergence_ = Divergence{next_, std::nullopt, asked};
    return std::nullopt;
  }
  const Choice& recorded = schedule_[next_];
  const bool possible = fiber ? recorded.picked < kFibersMax &&
                                    (point.enabled & mask_of(FiberId{recorded.picked})) != 0
                              : recorded.picked < point.options;
  if (recorded.kind != asked.kind || recorded.offered != asked.offered || !possible) {
    divergence_ = Divergence{next_, recorded, asked};
    return std::nullopt;
  }
  ++next_;
  return recorded.picked;
}

}  // namespace nmrcheck::sim
