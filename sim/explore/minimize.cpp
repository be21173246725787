// Delta debugging over deviations.
#include "sim/explore/minimize.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/explore/guided.h"
#include "sim/strategy/replay.h"

namespace nmrcheck::sim {
namespace {

bool same_file(const char* left, const char* right) {
  if (left == nullptr || right == nullptr) return left == right;
  return std::strcmp(left, right) == 0;
}

// The same rule at the same place.
bool same_violation(const Violation& left, const Violation& right) {
  return left.rule == right.rule && left.place.line == right.place.line &&
         same_file(left.place.file, right.place.file);
}

class Minimizer {
 public:
  Minimizer(const ProgramFactory& factory, const Violation& violation, const Limits& limits,
            const MinimizeBudget& budget)
      : factory_(factory), violation_(violation), budget_(budget), execution_(limits) {}

  Minimized run(const Schedule& schedule) {
    ReplayStrategy exact(schedule);
    DeviationRecorder recorder(exact);
    recorder.begin_execution(Seed{0});
    const auto program = factory_();
    best_.outcome = execution_.run(*program, recorder);
    ++best_.executions;
    best_.schedule = best_.outcome.schedule;
    deviations_ = recorder.deviations();
    try_to_take(deviations_);  // counts preemptions, and confirms that deviations say it all
    remove_chunks();
    while (remove_singly()) {
    }
    return std::move(best_);
  }

 private:
  // Runs with `candidate`. Keeps it when the same rule breaks at the same place.
  bool try_to_take(std::vector<Deviation> candidate) {
    if (best_.executions >= budget_.executions_max) {
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

  const ProgramFactory& factory_;
  const Violation& violation_;
  const MinimizeBudget& budget_;
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
