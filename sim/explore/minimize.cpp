// Delta debugging over deviations.
#include "sim/explore/minimize.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/explore/guided.h"
#include "sim/strategy/replay.h"

namespace nmrcheck::sim {
namespace {

// The same rule at the same place, where the place is known.
bool same_violation(const Violation& candidate, const Violation& wanted) {
  if (candidate.rule != wanted.rule) return false;
  if (wanted.place.file == nullptr) return true;
  return candidate.place.line == wanted.place.line && candidate.place.file != nullptr &&
         std::strcmp(candidate.place.file, wanted.place.file) == 0;
}

class Minimizer {
 public:
  Minimizer(const ProgramFactory& factory, const Violation& violation, const Limits& limits,
            const MinimizeBudget& budget)
      : factory_(factory), violation_(violation), execution_(limits) {
    executions_max_ = violation.rule == kEndlessStep
                          ? std::min(budget.executions_max, kEndlessExecutionsMax)
                          : budget.executions_max;
  }

  Minimized run(const Schedule& schedule) {
    ReplayStrategy exact(schedule);
    DeviationRecorder recorder(exact);
    recorder.begin_execution(Seed{0});
    const auto program = factory_();
    best_.outcome = execution_.run(*program, recorder);
    ++best_.executions;
    best_.schedule = best_.outcome.schedule;
    best_.preemptions = recorder.preemptions();
    best_.deviations = recorder.value_deviations();
    deviations_ = recorder.deviations();
    if (!breaks(best_.outcome)) return std::move(best_);
    remove_chunks();
    remove_and_lower();
    search_fewer();
    remove_and_lower();
    return std::move(best_);
  }

 private:
  // Runs with `candidate`. Keeps it when the same rule breaks at the same place.
  bool try_to_take(std::vector<Deviation> candidate) {
    if (best_.executions >= executions_max_) {
      best_.budget_reached = true;
      return false;
    }
    GuidedStrategy guided(candidate);
    const Outcome& outcome = run_guided(guided);
    if (!breaks(outcome)) return false;
    take(std::move(candidate), guided, outcome);
    return true;
  }

  const Outcome& run_guided(GuidedStrategy& guided) {
    guided.begin_execution(Seed{0});
    const auto program = factory_();
    ++best_.executions;
    return execution_.run(*program, guided);
  }

  bool breaks(const Outcome& outcome) const {
    return outcome.violation && same_violation(*outcome.violation, violation_);
  }

  void take(std::vector<Deviation> deviations, const GuidedStrategy& guided,
            const Outcome& outcome) {
    deviations_ = std::move(deviations);
    best_.outcome = outcome;
    best_.schedule = outcome.schedule;
    best_.preemptions = guided.preemptions();
    best_.deviations = guided.value_deviations();
  }

  bool try_without(std::size_t first, std::size_t count) {
    std::vector<Deviation> candidate = deviations_;
    const auto begin = candidate.begin() + static_cast<std::ptrdiff_t>(first);
    candidate.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
    return try_to_take(std::move(candidate));
  }

  void remove_and_lower() {
    do {
      while (remove_singly()) {
      }
    } while (lower_values());
  }

  void remove_chunks() {
    for (std::size_t chunk = deviations_.size() / 2; chunk > 1; chunk /= 2) {
      for (std::size_t first = 0; first < deviations_.size() && !best_.budget_reached;) {
        const std::size_t count = std::min(chunk, deviations_.size() - first);
        if (!try_without(first, count)) first += count;
      }
    }
  }

  // Returns true if something was removed, so that another round may remove more.
  bool remove_singly() {
    bool removed = false;
    for (std::size_t i = deviations_.size(); i-- > 0 && !best_.budget_reached;) {
      removed |= try_without(i, 1);
    }
    return removed && !best_.budget_reached;
  }

  // Takes the smallest alternative that will do for each value that deviates. Returns true if one
  // became smaller, so that deviations may have become needless.
  bool lower_values() {
    bool lowered = false;
    for (std::size_t i = 0; i < deviations_.size(); ++i) {
      if (deviations_[i].kind != ChoiceKind::kValue) continue;
      for (std::uint64_t value = 0; value < deviations_[i].picked; ++value) {
        std::vector<Deviation> candidate = deviations_;
        candidate[i].picked = value;
        if (best_.budget_reached) return false;
        if (!try_to_take(std::move(candidate))) continue;
        lowered = true;
        break;
      }
    }
    return lowered;
  }

  // Tries all sets of 0, 1, 2, … deviations, up to as many as there are, and takes one that breaks
  // the rule with fewer of them, or as many and fewer preemptions.
  void search_fewer() {
    fewer_executions_max_ = std::min(executions_max_, best_.executions + kFewerExecutionsMax);
    fewer_steps_left_ = kFewerStepsMax;
    bool all = !best_.budget_reached;
    for (std::size_t count = 0; all && count <= deviations_.size(); ++count) {
      all = try_all(std::vector<Deviation>(), count);
    }
    best_.fewest = all;
  }

  // Tries `fixed` with every `more` later deviations. Returns false when the budget is spent.
  bool try_all(const std::vector<Deviation>& fixed, std::size_t more) {
    if (best_.executions >= fewer_executions_max_ || fewer_steps_left_ == 0) return false;
    GuidedStrategy guided(fixed, more > 0);
    const Outcome& outcome = run_guided(guided);
    fewer_steps_left_ -= std::min<std::uint64_t>(fewer_steps_left_, outcome.steps);
    if (more == 0) {
      const bool fewer =
          fixed.size() < deviations_.size() ||
          (fixed.size() == deviations_.size() && guided.preemptions() < best_.preemptions);
      if (fewer && breaks(outcome)) take(fixed, guided, outcome);
      return true;
    }
    for (const Deviation& next : guided.alternatives()) {
      std::vector<Deviation> extended = fixed;
      extended.push_back(next);
      if (!try_all(extended, more - 1)) return false;
    }
    return true;
  }

  const ProgramFactory& factory_;
  const Violation& violation_;
  std::uint32_t executions_max_ = 0;
  std::uint32_t fewer_executions_max_ = 0;
  std::uint64_t fewer_steps_left_ = 0;
  Execution execution_;
  std::vector<Deviation> deviations_;
  Minimized best_;
};

}  // namespace

Minimized minimize(const ProgramFactory& factory, const Schedule& schedule,
                   const Violation& violation, const Limits& limits, const MinimizeBudget& budget) {
  return Minimizer(factory, violation, limits, budget).run(schedule);
}

}  // namespace nmrcheck::sim
