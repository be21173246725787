// Follows a recorded schedule, exactly or as far as it makes sense.
#pragma once

#include <optional>

#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

// Answers every question as recorded; for one execution. A question that differs from the record
// (its kind, or what was offered), or one behind the record's end, is a divergence.
class ReplayStrategy final : public Strategy {
 public:
  explicit ReplayStrategy(Schedule schedule) : schedule_(std::move(schedule)) {}

  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;
  const Divergence* divergence() const override { return divergence_ ? &*divergence_ : nullptr; }
  bool answers_settled() const override { return true; }

  // How many recorded choices the execution used.
  std::size_t used() const { return next_; }

 private:
  Schedule schedule_;
  std::size_t next_ = 0;
  std::optional<Divergence> divergence_;
};

}  // namespace nmrcheck::sim
