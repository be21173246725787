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
    if (!best_.outcome.violation || !same_violation(*best_.outcome.violation, violation_)) {
      return std::move(best_);
    }
    remove_chunks();
    do {
      while (remove_singly()) {
      }
    } while (lower_values());
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
    guided.begin_execution(Seed{0});
    const auto program = factory_();
    const Outcome& outcome = execution_.run(*program, guided);
    ++best_.executions;
    if (!outcome.violation || !same_violation(*outcome.violation, violation_)) return false;
    deviations_ = std::move(candidate);
    best_.outcome = outcome;
    best_.schedule = outcome.schedule;
    best_.preemptions = guided.preemptions();
    best_.deviations = guided.value_deviations();
    return true;
  }

  bool try_without(std::size_t first, std::size_t count) {
    std::vector<Deviation> candidate = deviations_;
    const auto begin = candidate.begin() + static_cast<std::ptrdiff_t>(first);
    candidate.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
    return try_to_take(std::move(candidate));
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

  const ProgramFactory& factory_;
  const Violation& violation_;
  std::uint32_t executions_max_ = 0;
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
