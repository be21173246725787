// The samplers' turns.
#include "sim/strategy/portfolio.h"

#include <cassert>

namespace nmrcheck::sim {

bool PortfolioStrategy::begin_execution(Seed seed) {
  surveying_ = number_ < survey_executions();
  turn_ = surveying_ ? 0 : number_ % turns_.size();
  ++number_;
  if (!surveying_) return turns_[turn_]->begin_execution(seed);
  random_.begin_execution(seed);
  for (Strategy* sampler : turns_) {
    if (sampler->survey_executions() > 0) sampler->begin_execution(seed);
  }
  return true;
}

Pick PortfolioStrategy::pick(const ChoicePoint& point) {
  const Pick picked = turns_[turn_]->pick(point);
  if (!surveying_) return picked;
  for (Strategy* sampler : turns_) {
    if (sampler->survey_executions() == 0) continue;
    [[maybe_unused]] const Pick same = sampler->pick(point);
    assert(same == picked);  // all surveys are the random walk of the execution's seed
  }
  return picked;
}

}  // namespace nmrcheck::sim
