// Preemption-bounded depth-first search with a cache of beginnings.
#include "sim/explore/fewer_preemptions.h"

#include <bit>

#include "sim/explore/partial_order.h"

namespace nmrcheck::sim {
namespace {

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) { return mix64(hash ^ mix64(value)); }

}  // namespace

bool PreemptionBoundedStrategy::begin_execution(Seed) {
  if (depth_ > 0) {  // not the first execution
    while (!path_.empty() && path_.back().todo == 0) path_.pop_back();
    if (path_.empty()) return false;
    Entry& last = path_.back();
    last.picked = static_cast<std::uint32_t>(std::countr_zero(last.todo));
    last.todo &= last.todo - 1;
  }
  depth_ = 0;
  preemptions_ = deviations_ = 0;
  fibers_.clear();
  objects_.clear();
  return true;
}

// What may be picked, as a mask.
std::uint64_t PreemptionBoundedStrategy::alternatives(const ChoicePoint& point) const {
  if (point.kind == ChoiceKind::kFiber) {
    const bool busy = point.current_enabled() && preemptions_ == preemptions_max_;
    return busy ? mask_of(point.current) : point.enabled;
  }
  const std::uint64_t all = ~std::uint64_t{0} >> (kOptionsMax - point.options);
  return deviations_ == deviations_max_ ? std::uint64_t{1} << point.default_option : all;
}

// True if the execution so far is covered. The key is the sum over the fibers of what they did and
// saw, so that it does not depend on the order of what commutes; and who can go on for nothing.
bool PreemptionBoundedStrategy::seen(const ChoicePoint& point) {
  std::uint64_t key = mix(point.clock_advances, 1);
  for (const auto& [fiber, trail] : fibers_) key += mix(fiber, trail);
  if (point.current_enabled()) key = mix(key, point.pending[index(point.current)].fiber_key);
  const auto known = seen_.find(key);
  if (known == seen_.end()) {
    if (seen_.size() < kSeenMax) seen_.emplace(key, preemptions_);
    return false;
  }
  if (known->second <= preemptions_) return true;
  known->second = preemptions_;
  return false;
}

// Makes the answer part of what is known of the execution.
void PreemptionBoundedStrategy::count(const ChoicePoint& point, std::uint32_t picked) {
  preemptions_ += is_preemption(point, picked);
  deviations_ += is_value_deviation(point, picked);
  if (point.kind == ChoiceKind::kValue) {
    if (point.current == kNoFiber) return;
    std::uint64_t& trail = fibers_[point.pending[index(point.current)].fiber_key];
    trail = mix(trail, picked);
    return;
  }
  const std::uint64_t fiber = point.pending[picked].fiber_key;
  std::uint64_t& trail = fibers_[fiber];
  trail = mix(trail, point.clock_advances);
  const std::vector<Touch> touches = touches_of(point, picked);
  for (const Touch& touch : touches) {
    const Trail& object = objects_[touch.object];
    trail = mix(trail, mix(touch.object, object.written));
    if (touch.writes) trail = mix(trail, object.read);
  }
  const std::uint64_t step = mix(fiber, trail);
  for (const Touch& touch : touches) {
    Trail& object = objects_[touch.object];
    if (touch.writes) {
      object = {step, 0};
    } else {
      object.read += step;
    }
  }
}

std::optional<std::uint32_t> PreemptionBoundedStrategy::answer(const ChoicePoint& point) {
  if (depth_ < path_.size()) return path_[depth_].picked;
  if (point.kind == ChoiceKind::kFiber && seen(point)) return std::nullopt;
  std::uint64_t todo = alternatives(point);
  const std::uint32_t first = PointCounter::default_answer(point);
  todo &= ~(std::uint64_t{1} << first);
  path_.push_back({first, todo});
  return first;
}

std::optional<std::uint32_t> PreemptionBoundedStrategy::pick(const ChoicePoint& point) {
  const std::optional<std::uint32_t> picked = answer(point);
  ++depth_;
  if (!picked) return std::nullopt;
  const bool possible = point.kind == ChoiceKind::kFiber
                            ? *picked < kFibersMax && (point.enabled & mask_of(FiberId{*picked}))
                            : *picked < point.options;
  if (!possible) {
    followed_ = false;
    return std::nullopt;
  }
  count(point, *picked);
  return picked;
}

Fewer search_fewer_preemptions(const ProgramFactory& factory, Execution& execution,
                               const Size& below, const FewerBudget& budget,
                               const std::function<bool(const Outcome&)>& fails) {
  Fewer result;
  std::uint64_t steps = 0;
  for (std::uint32_t bound = 0; bound < below.preemptions; ++bound) {
    PreemptionBoundedStrategy strategy(bound, below.deviations);
    DeviationRecorder recorder(strategy);
    while (recorder.begin_execution(Seed{0})) {
      if (result.executions == budget.executions_max || steps >= budget.steps_max) return result;
      const auto program = factory();
      const Outcome& outcome = execution.run(*program, recorder);
      ++result.executions;
      steps += outcome.steps;
      if (!strategy.followed()) return result;
      if (!fails(outcome)) continue;
      result.complete = result.found = true;
      result.deviations = recorder.deviations();
      return result;
    }
  }
  result.complete = true;
  return result;
}

}  // namespace nmrcheck::sim
