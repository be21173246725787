// Brent's way to find a cycle.
#include "sim/run/lasso.h"

namespace nmrcheck::sim {

void Lasso::reset() {
  kept_.clear();
  visits_ = 0;
  next_ = 1;
  repeats_ = 0;
  recent_ = false;
}

std::uint32_t Lasso::visit(const State& state) {
  ++visits_;
  const bool again = !kept_.empty() && state == kept_;
  if (again) {
    ++repeats_;
    recent_ = true;
  }
  if (visits_ == next_) {
    next_ *= 2;
    if (!recent_) {
      kept_ = state;
      repeats_ = 0;
    }
    recent_ = false;
  }
  return again ? repeats_ : 0;
}

}  // namespace nmrcheck::sim
