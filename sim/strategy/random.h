// Random walk: each enabled fiber is equally likely at each step, each alternative at each
// question.
//
// Guarantee: a schedule has the probability of the product of 1 / (number of enabled fibers) over
// its steps, so every schedule can occur; rare ones are very rare.
#pragma once

#include <optional>

#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

class RandomStrategy final : public Strategy {
 public:
  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;

 private:
  Rng rng_{Seed{0}};
};

}  // namespace nmrcheck::sim
