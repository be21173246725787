// The loop over the executions of one part.
#include "sim/explore/part_runner.h"

#include <algorithm>
#include <bit>

#include "sim/explore/nondeterminism.h"

namespace nmrcheck::sim {
namespace {

constexpr std::uint64_t kClockStride = 32;  // executions between looks at the clock
// Of the clean executions whose number is not known one in so many is replayed: those whose hash
// is a multiple.
constexpr std::uint64_t kRepeatStride = 4096;

bool contains(const std::vector<Found>& found, const std::string& rule) {
  return std::any_of(found.begin(), found.end(),
                     [&](const Found& one) { return one.outcome.violation->rule == rule; });
}

// Which sampler of a portfolio runs now; empty if it is none.
std::string_view sampler_of(const Strategy& strategy) {
  const auto samplers = strategy.samplers();
  return samplers.empty() ? std::string_view() : samplers[strategy.sampler()];
}

}  // namespace

StretchResult PartRunner::run(const StrategyInfo& info, const Stretch& stretch,
                              std::uint64_t executions_max, const Tell& tell) {
  StretchResult result;
  execution_.bound_deviations(state_.deviations_max);
  if (stretch.part != nullptr) result.strategy = stretch.part->start();
  while (!result.stopped && result.begun < executions_max) {
    const std::uint64_t number = stretch.first + result.begun * stretch.stride;
    Strategy& strategy = result.strategy ? *result.strategy : sampler(info, number);
    strategy.number_execution(number);
    if (!strategy.begin_execution(fork(state_.options.seed, number))) break;
    const bool slow = run_one(strategy, stretch, result);
    ++result.begun;
    if (tell) tell(execution_.steps());
    if (!result.stopped && out_of_time(result.begun, slow)) {
      result.timeout = result.stopped = true;
    }
  }
  return result;
}

// The strategy object for execution `number`, which has made its survey.
// Requires: numbers rise from call to call with the same `info`.
Strategy& PartRunner::sampler(const StrategyInfo& info, std::uint64_t number) {
  if (sampler_ == nullptr || sampler_name_ != info.name) {
    sampler_ = info.make();
    sampler_name_ = info.name;
    surveyed_ = 0;
  }
  for (; surveyed_ < std::min<std::uint64_t>(number, sampler_->survey_executions()); ++surveyed_) {
    sampler_->number_execution(surveyed_);
    sampler_->begin_execution(fork(state_.options.seed, surveyed_));
    const auto program = state_.factory();
    execution_.run(*program, *sampler_);
  }
  surveyed_ = std::max(surveyed_, number + 1);
  return *sampler_;
}

// Returns true if the execution broke a rule: such ones may be slow.
bool PartRunner::run_one(Strategy& strategy, const Stretch& stretch, StretchResult& result) {
  const auto program = state_.factory();
  const Outcome& outcome = execution_.run(*program, strategy);
  result.steps += outcome.steps;
  result.steps_deepest = std::max(result.steps_deepest, outcome.steps);
  if (stretch.part == nullptr) {
    result.traces.push_back({outcome.trace_hash, strategy.sampler()});
  }
  const bool broken = outcome.violation.has_value();
  if (outcome.ending == Ending::kCovered) {
    ++result.executions_blocked;
  } else {
    ++result.executions;
    result.situations.add(outcome.situations);
    count_deviations(outcome, result);
    take_hints(outcome, strategy, result);
    if (broken) {
      take(outcome, strategy, result);
    } else {
      const std::uint64_t number = stretch.first / stretch.stride + result.begun + 1;
      const bool sampled =
          stretch.numbered ? std::has_single_bit(number) : outcome.hash % kRepeatStride == 0;
      if (sampled) repeat(outcome, result);
    }
  }
  const Divergence* divergence = result.stopped ? nullptr : strategy.divergence();
  if (divergence != nullptr) {
    result.error = describe_prefix_divergence(*divergence, execution_);
    result.misled = divergence->changed != kNoFiber;
    result.stopped = true;
  }
  return broken;
}

void PartRunner::count_deviations(const Outcome& outcome, StretchResult& result) {
  result.bound_reached |= outcome.bound_reached;
  std::vector<std::uint64_t>& counts = result.executions_by_deviations;
  if (counts.size() <= outcome.deviations) counts.resize(outcome.deviations + 1);
  ++counts[outcome.deviations];
}

void PartRunner::take(const Outcome& outcome, const Strategy& strategy, StretchResult& result) {
  const std::string& rule = outcome.violation->rule;
  if (contains(result.found, rule) || state_.known.contains(rule)) return;
  result.found.push_back({result.begun, sampler_of(strategy), outcome});
  result.stopped = !state_.options.keep_going;
}

void PartRunner::take_hints(const Outcome& outcome, const Strategy& strategy,
                            StretchResult& result) {
  for (const Violation& hint : outcome.hints) {
    if (contains(result.hints, hint.rule) || state_.hinted.contains(hint.rule)) continue;
    result.hints.push_back({result.begun, sampler_of(strategy), outcome});
    result.hints.back().outcome.violation = hint;
  }
}

// Replays a clean execution, so that a program which does not repeat is seldom called verified.
bool PartRunner::repeat(const Outcome& outcome, StretchResult& result) {
  const Replayed again = replay(state_.factory, outcome.schedule, state_.options.limits);
  if (repeats(outcome, again)) return true;
  result.error = describe_nondeterminism(state_.factory, state_.options.limits, outcome, again);
  result.stopped = true;
  return false;
}

bool PartRunner::out_of_time(std::uint64_t begun, bool slow) const {
  return state_.seconds_max && (slow || begun % kClockStride == 0) &&
         state_.stopwatch.seconds() >= *state_.seconds_max;
}

}  // namespace nmrcheck::sim
