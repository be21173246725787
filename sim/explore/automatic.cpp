// The shares of the phases of `auto`.
#include "sim/explore/automatic.h"

namespace nmrcheck::sim {

PhaseLimits limits_of_one(const Budget& budget, bool exhaustive) {
  const bool limited = exhaustive || budget.executions_max || budget.seconds_max;
  return {budget.executions_max.value_or(limited ? kUnlimited : kSamplingExecutions),
          budget.seconds_max,
          {}};
}

PhaseLimits limits_of_deepening(const Budget& budget) {
  constexpr std::uint64_t kPart = 20;
  PhaseLimits limits;
  if (!budget.executions_max && !budget.seconds_max) {
    limits.executions_max = kAutoDeepeningExecutions;
  }
  if (budget.executions_max) limits.executions_max = *budget.executions_max / kPart;
  if (budget.seconds_max) limits.seconds_max = *budget.seconds_max / kPart;
  return limits;
}

PhaseLimits limits_of_exhaustive_phase(const Budget& budget) {
  PhaseLimits limits;
  if (!budget.executions_max && !budget.seconds_max) {
    limits.executions_max = kAutoExhaustiveExecutions;
    return limits;
  }
  limits.share = ", half of all,";
  if (budget.executions_max) {
    const std::uint64_t all = *budget.executions_max;
    limits.executions_max = all - all / 2;
    if (limits.executions_max == all) limits.share.clear();
  }
  if (budget.seconds_max) limits.seconds_max = *budget.seconds_max / 2;
  return limits;
}

PhaseLimits limits_of_sampling_phase(const Budget& budget, std::uint64_t executions) {
  PhaseLimits limits = limits_of_one(budget, false);
  if (budget.executions_max) {
    limits.executions_max -=
        executions < limits.executions_max ? executions : limits.executions_max;
  }
  return limits;
}

}  // namespace nmrcheck::sim
