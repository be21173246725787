// The search loop.
#include "sim/explore/explorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

#include "sim/explore/bounds.h"
#include "sim/explore/coverage.h"
#include "sim/explore/grouped.h"
#include "sim/explore/minimize.h"
#include "sim/explore/nondeterminism.h"
#include "sim/explore/scope.h"
#include "sim/explore/stopwatch.h"
#include "sim/strategy/replay.h"

namespace nmrcheck::sim {
namespace {

constexpr double kProgressSeconds = 0.5;
constexpr std::uint64_t kClockStride = 32;  // executions between looks at the clock

class Search {
 public:
  Search(const ProgramFactory& factory, const SearchOptions& options)
      : factory_(factory), options_(options), execution_(options.limits) {}

  Report run() {
    if (options_.strategy == kAutoStrategy) {
      run_auto();
    } else {
      const StrategyInfo* info = find_strategy(options_.strategy);
      assert(info != nullptr);
      report_.scope = run_phase(*info, limits_of_one(options_.budget, info->exhaustive));
    }
    report_.seconds = stopwatch_.seconds();
    if (!report_.error.empty()) {
      report_.verdict = Verdict::kError;
    } else if (!report_.findings.empty()) {
      report_.verdict = Verdict::kViolation;
    } else {
      report_.verdict = report_.exhausted ? Verdict::kVerified : Verdict::kClean;
    }
    return std::move(report_);
  }

 private:
  void run_auto() {
    const StrategyInfo& exhaustive = *find_strategy(kAutoExhaustive);
    report_.scope = run_phase(exhaustive, limits_of_exhaustive_phase(options_.budget));
    if (report_.exhausted || (ended_ && !misled_)) return;
    const PhaseLimits rest = limits_of_sampling_phase(options_.budget, report_.executions);
    if (rest.executions_max == 0) return;
    // What misled the exhaustive search stays an error, whatever the samplers find.
    const std::string misled = std::exchange(report_.error, {});
    ended_ = false;
    const StrategyInfo& sampling = *find_strategy(kAutoSampling);
    const std::string then = run_phase(sampling, rest);
    report_.scope =
        fmt::format("{}: {}; then {}: {}", exhaustive.name, report_.scope, sampling.name, then);
    if (!misled.empty() && !report_.error.empty()) report_.error = "; then " + report_.error;
    report_.error = misled + report_.error;
  }

  // Runs one strategy within its limits. Returns what it covered, in words.
  std::string run_phase(const StrategyInfo& info, const PhaseLimits& limits) {
    const std::unique_ptr<Strategy> strategy = info.make();
    if (options_.budget.preemptions_max) {
      const bool limited = strategy->limit_preemptions(*options_.budget.preemptions_max);
      assert(limited);
      (void)limited;
    }
    const std::uint64_t blocked_before = report_.executions_blocked;
    traces_ = TraceCounter();
    std::uint64_t number = 0;
    bool exhausted = false;
    bool timeout = false;
    while (!ended_ && !exhausted && !timeout && number < limits.executions_max) {
      const Seed seed = fork(options_.seed, number);
      strategy->number_execution(number);
      exhausted = !begin(*strategy, seed);
      if (exhausted || ended_) break;
      run_one(info, *strategy, seed, number);
      if (!info.exhaustive) traces_.add(trace_hash_, strategy->sampler());
      tell_progress(info, *strategy, number);
      timeout = out_of_time(limits, ++number);
    }
    // The space may be exhausted exactly at the limit.
    if (!exhausted && !ended_ && info.exhaustive) exhausted = !begin(*strategy, Seed{0});
    const BoundsCoverage* bounds = strategy->bounds();
    const bool all = exhausted && info.exhaustive && (bounds == nullptr || bounds->exhausted);
    report_.exhausted = report_.exhausted || all;
    report_samplers(*strategy);
    if (!report_.error.empty()) {
      return fmt::format("ended by an error, in execution {}", grouped(number));
    }
    if (exhausted && !ended_) {
      if (!all) return describe_bounds(*bounds);
      const std::uint64_t blocked = report_.executions_blocked - blocked_before;
      return describe_complete(info, number - blocked) +
             (bounds == nullptr ? "" : "; " + describe_bounds(*bounds));
    }
    if (ended_) {
      return fmt::format("ended at the first violation, in execution {}{}", grouped(number),
                         bounds == nullptr ? "" : describe_fewest(*bounds));
    }
    const std::string reached = timeout ? seconds_limit(*limits.seconds_max, limits.share)
                                        : executions_limit(number, limits.share);
    if (bounds != nullptr) return reached + ": " + describe_bounds(*bounds);
    if (info.exhaustive) {
      return describe_partial(reached, timeout, number,
                              strategy->explored_fraction().value_or(0.0));
    }
    return (timeout ? reached + "; " : "") + describe_sample(number, traces_.summary());
  }

  void report_samplers(const Strategy& strategy) {
    report_.samplers.clear();
    for (std::size_t i = 0; i < strategy.samplers().size(); ++i) {
      const TraceCounter::Summary seen = traces_.summary(i);
      report_.samplers.push_back(
          {strategy.samplers()[i], seen.executions, seen.distinct, seen.unseen_mass()});
    }
  }

  // Returns false when everything has been explored. Sets the error when the strategy could not
  // tell, because the last execution left the path that it was to follow.
  bool begin(Strategy& strategy, Seed seed) {
    return strategy.begin_execution(seed) || diverged(strategy);
  }

  // Ends the search in an error if the strategy could not follow its path.
  bool diverged(const Strategy& strategy) {
    const Divergence* divergence = strategy.divergence();
    if (divergence == nullptr) return false;
    report_.error = describe_prefix_divergence(*divergence, execution_);
    misled_ = divergence->changed != kNoFiber;
    ended_ = true;
    return true;
  }

  void run_one(const StrategyInfo& info, Strategy& strategy, Seed seed, std::uint64_t number) {
    const auto program = factory_();
    const Outcome& outcome = execution_.run(*program, strategy);
    report_.steps += outcome.steps;
    report_.steps_deepest = std::max(report_.steps_deepest, outcome.steps);
    depth_ = outcome.steps;
    trace_hash_ = outcome.trace_hash;
    look_at_clock_ = outcome.violation.has_value();
    if (outcome.ending == Ending::kCovered) {
      ++report_.executions_blocked;
      diverged(strategy);
      return;
    }
    ++report_.executions;
    if (outcome.violation) {
      const auto samplers = strategy.samplers();
      take(outcome, samplers.empty() ? info.name : samplers[strategy.sampler()], seed, number);
    } else if (std::has_single_bit(number + 1)) {
      confirm(outcome);
    }
  }

  // Replays `outcome` exactly. Returns true if it repeats; otherwise the search ends in an error.
  // Clean executions number 1, 2, 4, 8, … are confirmed too, so that a program which does not
  // repeat is seldom called verified.
  bool confirm(const Outcome& outcome) {
    const Replayed again = replay(factory_, outcome.schedule, options_.limits);
    if (repeats(outcome, again)) return true;
    report_.error = describe_nondeterminism(factory_, options_.limits, outcome, again);
    ended_ = true;
    return false;
  }

  bool known(const std::string& rule) const {
    return std::any_of(report_.findings.begin(), report_.findings.end(),
                       [&](const Finding& finding) { return finding.violation.rule == rule; });
  }

  // Confirms the violation by an exact replay, and keeps it, minimized.
  void take(const Outcome& found, std::string_view strategy, Seed seed, std::uint64_t number) {
    if (known(found.violation->rule)) return;
    const Outcome first = found;
    if (!confirm(first)) return;
    Finding finding;
    finding.violation = *first.violation;
    finding.schedule = finding.found = first.schedule;
    finding.steps = finding.size.steps = finding.found_size.steps = first.steps;
    finding.hash = first.hash;
    finding.execution = number;
    finding.strategy = strategy;
    finding.seed = seed;
    // Each execution of an endless step costs seconds: it is reported as found.
    if (options_.minimize && first.violation->rule != kEndlessStep) {
      const Minimized smaller =
          minimize(factory_, first.schedule, *first.violation, options_.limits, {});
      if (!smaller.outcome.violation || !confirm(smaller.outcome)) return not_minimized();
      finding.violation = *smaller.outcome.violation;
      finding.schedule = smaller.schedule;
      finding.steps = smaller.outcome.steps;
      finding.hash = smaller.outcome.hash;
      finding.size = smaller.size;
      finding.found_size = smaller.found;
      finding.proof = smaller.proof;
      finding.no_return = smaller.no_return;
    }
    report_.findings.push_back(std::move(finding));
    ended_ = !options_.keep_going;
  }

  void not_minimized() {
    ended_ = true;
    if (!report_.error.empty()) return;
    report_.error =
        "the program is not deterministic: a violation came twice under one schedule, "
        "and did not come the third time";
  }

  bool out_of_time(const PhaseLimits& limits, std::uint64_t number) const {
    return limits.seconds_max && (look_at_clock_ || number % kClockStride == 0) &&
           stopwatch_.seconds() >= *limits.seconds_max;
  }

  void tell_progress(const StrategyInfo& info, const Strategy& strategy, std::uint64_t number) {
    if (!options_.on_progress || number % kClockStride != 0) return;
    const double now = stopwatch_.seconds();
    if (now - told_ < kProgressSeconds) return;
    told_ = now;
    std::optional<double> unseen_mass;
    if (!info.exhaustive) unseen_mass = traces_.summary().unseen_mass();
    options_.on_progress(
        {report_.executions, now, depth_, strategy.explored_fraction(), unseen_mass, info.name});
  }

  const ProgramFactory& factory_;
  const SearchOptions& options_;
  Execution execution_;
  Stopwatch stopwatch_;
  Report report_;
  bool ended_ = false;
  bool misled_ = false;  // by a footprint that is too small
  std::uint32_t depth_ = 0;
  TraceCounter traces_;           // of this phase
  std::uint64_t trace_hash_ = 0;  // of the last execution
  bool look_at_clock_ = false;    // executions with a violation may be slow
  double told_ = 0;
};

}  // namespace

Report explore(const ProgramFactory& factory, const SearchOptions& options) {
  return Search(factory, options).run();
}

Replayed replay(const ProgramFactory& factory, const Schedule& schedule, const Limits& limits,
                Trace* trace) {
  Execution execution(limits);
  ReplayStrategy strategy(schedule);
  strategy.begin_execution(Seed{0});
  const auto program = factory();
  Replayed replayed;
  replayed.outcome = execution.run(*program, strategy, trace);
  if (const Divergence* divergence = strategy.divergence()) {
    replayed.divergence = *divergence;
  } else if (strategy.used() < schedule.size()) {
    // The execution ended before the record did.
    replayed.divergence = Divergence{strategy.used(), schedule[strategy.used()], {}};
  }
  return replayed;
}

}  // namespace nmrcheck::sim
