// A bounded search that ends at the first execution that fails.
#include "sim/explore/fewer_preemptions.h"

#include "sim/strategy/bounded.h"

namespace nmrcheck::sim {

Fewer search_fewer_preemptions(const ProgramFactory& factory, Execution& execution,
                               const Size& below, const FewerBudget& budget,
                               const std::function<bool(const Outcome&)>& fails) {
  Fewer result;
  result.complete = below.preemptions == 0;
  if (result.complete) return result;
  BoundedLimits limits;
  limits.preemptions_max = below.preemptions - 1;
  limits.deviations_max = below.deviations;
  BoundedStrategy strategy(limits);
  DeviationRecorder recorder(strategy);
  std::uint64_t steps = 0;
  while (recorder.begin_execution(Seed{0})) {
    if (result.executions == budget.executions_max || steps >= budget.steps_max) return result;
    const auto program = factory();
    const Outcome& outcome = execution.run(*program, recorder);
    ++result.executions;
    steps += outcome.steps;
    if (!fails(outcome)) continue;
    result.complete = result.found = true;
    result.deviations = recorder.deviations();
    return result;
  }
  const BoundsCoverage& covered = *strategy.bounds();
  result.complete = strategy.divergence() == nullptr &&
                    (covered.exhausted || covered.completed >= below.preemptions);
  return result;
}

}  // namespace nmrcheck::sim
