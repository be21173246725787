// The priorities of the fair scheduler.
#include "sim/strategy/fairness.h"

#include <bit>

namespace nmrcheck::sim {

void Fairness::begin_execution() {
  yielded_ = 0;
  last_yielded_ = false;
}

// The step that was picked last is over: `enabled` is what it left.
void Fairness::finish_step(std::uint64_t enabled) {
  const std::uint64_t last = std::uint64_t{1} << last_;
  for (std::uint64_t left = yielded_; left != 0; left &= left - 1) {
    Since& since = since_[static_cast<std::uint32_t>(std::countr_zero(left))];
    since.gives_way_to &= ~last;
    since.enabled &= enabled;
    since.went |= last;
  }
  Since& since = since_[last_];
  if ((yielded_ & last) != 0) since.disabled |= enabled_before_ & ~enabled;
  if (!last_yielded_) return;
  if ((yielded_ & last) == 0) since = {};  // the first yield: nobody was passed over
  if ((yielded_ & last) != 0) {
    since.gives_way_to |= (since.enabled | since.disabled) & ~since.went;
  }
  since.went = since.disabled = 0;
  since.enabled = enabled;
  yielded_ |= last;
}

std::uint64_t Fairness::allowed(const ChoicePoint& point) {
  if (last_yielded_ || yielded_ != 0) finish_step(point.enabled);
  std::uint64_t allowed = point.enabled;
  for (std::uint64_t left = yielded_ & point.enabled; left != 0; left &= left - 1) {
    const auto fiber = static_cast<std::uint32_t>(std::countr_zero(left));
    if ((since_[fiber].gives_way_to & point.enabled) != 0) allowed &= ~(left & (~left + 1));
  }
  return allowed != 0 ? allowed : point.enabled;
}

void Fairness::picked(const ChoicePoint& point, std::uint32_t fiber) {
  last_ = fiber;
  last_yielded_ = point.pending[fiber].yielding;
  enabled_before_ = point.enabled;
}

}  // namespace nmrcheck::sim
