// The search loop.
#include "sim/explore/explorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "sim/explore/bounds.h"
#include "sim/explore/coverage.h"
#include "sim/explore/crew.h"
#include "sim/explore/grouped.h"
#include "sim/explore/minimize.h"
#include "sim/explore/nondeterminism.h"
#include "sim/explore/scope.h"
#include "sim/explore/situation_counter.h"
#include "sim/explore/stopwatch.h"
#include "sim/explore/stretches.h"
#include "sim/strategy/replay.h"

namespace nmrcheck::sim {
namespace {

constexpr double kProgressSeconds = 0.5;
constexpr std::uint64_t kProgressStride = 32;  // executions between looks at the clock

std::string describe(const Shard& shard) {
  return fmt::format("shard {}/{}: ", shard.index, shard.count);
}

class Search {
 public:
  Search(const ProgramFactory& factory, const SearchOptions& options)
      : options_(options),
        state_{factory, options, stopwatch_, {}, {}, {}, options.limits.deviations_max},
        crew_(state_, options.jobs) {}

  Report run() {
    if (options_.strategy == kAutoStrategy) {
      run_auto();
    } else {
      const StrategyInfo* info = find_strategy(options_.strategy);
      assert(info != nullptr);
      assert(!info->exhaustive || options_.shard.count == 1);
      report_.scope = run_phase(*info, limits_of_one(options_.budget, info->exhaustive));
    }
    if (options_.shard.count > 1) report_.scope = describe(options_.shard) + report_.scope;
    report_.situations = situations_.counts();
    report_.seconds = stopwatch_.seconds();
    if (!report_.error.empty()) {
      report_.verdict = Verdict::kError;
    } else if (!report_.findings.empty()) {
      report_.verdict = Verdict::kViolation;
    } else {
      const bool all = report_.exhausted && !report_.bound_reached;
      report_.verdict = all ? Verdict::kVerified : Verdict::kClean;
    }
    return std::move(report_);
  }

 private:
  struct Phase {
    std::unique_ptr<Division> division;  // null: sampling
    std::uint64_t begun = 0;             // executions that count
    std::uint64_t last = 0;              // number of the last one
    std::uint64_t first = 0;             // executions of the deepening before it
    bool bounded = false;                // it is a part of the deepening
    std::uint64_t blocked = 0;
    TraceCounter traces;                   // of sampled executions
    std::optional<BoundsCoverage> bounds;  // of a search by preemptions
    bool timeout = false;
    bool over = false;  // the phase, or the search
  };

  void run_auto() {
    const StrategyInfo& exhaustive = *find_strategy(kAutoExhaustive);
    report_.scope = deepen(exhaustive);
    if (report_.exhausted || (ended_ && !misled_)) return;
    const PhaseLimits rest = limits_of_sampling_phase(options_.budget, report_.executions);
    if (rest.executions_max == 0) return;
    // What misled the exhaustive search stays an error, whatever the samplers find.
    const std::string misled = std::exchange(report_.error, {});
    ended_ = false;
    const StrategyInfo& sampling = *find_strategy(kAutoSampling);
    const std::string then = run_phase(sampling, rest);
    report_.executions_by_deviations = deepened_;
    report_.scope =
        fmt::format("{}: {}; then {}: {}", exhaustive.name, report_.scope, sampling.name, then);
    if (!misled.empty() && !report_.error.empty()) report_.error = "; then " + report_.error;
    report_.error = misled + report_.error;
  }

  // Searches with at most 0, 1, … deviations as far as that is worth it, then without that bound.
  // Returns what was covered, in words.
  std::string deepen(const StrategyInfo& info) {
    const PhaseLimits all = limits_of_exhaustive_phase(options_.budget);
    PhaseLimits left = limits_of_deepening(options_.budget);
    std::uint64_t before = 0;  // executions with the last bound
    for (std::uint32_t bound = 0; bound < options_.limits.deviations_max; ++bound) {
      if (left.executions_max == 0) break;
      state_.deviations_max = bound;
      const std::string scope = run_phase(info, left, &all);
      if (ended_) report_.executions_by_deviations = deepened_;
      if (ended_ || !report_.bound_reached) return scope;
      if (!report_.exhausted) break;
      report_.exhausted = false;
      deepened_ = report_.executions_by_deviations;
      report_.deviations_complete = bound;
      const std::uint64_t made = phase_begun_;
      left.executions_max -= std::min(left.executions_max, made);
      if (made < kAutoDeepeningGrowth * before) break;
      before = made;
    }
    state_.deviations_max = options_.limits.deviations_max;
    const std::string scope = run_phase(info, all);
    if (report_.exhausted) return scope;
    report_.executions_by_deviations = deepened_;
    return deepened_.empty() ? scope : describe_deviations(deepened_) + "; " + scope;
  }

  // Runs one strategy within its limits. `free`, if not null, are its limits as long as the bound
  // on deviations has left nothing out. Returns what it covered, in words.
  std::string run_phase(const StrategyInfo& info, const PhaseLimits& bounded,
                        const PhaseLimits* free = nullptr) {
    Phase phase;
    phase.bounded = free != nullptr;
    phase.first = info.exhaustive ? begun_ : 0;
    report_.executions_by_deviations.clear();
    report_.bound_reached = false;
    const auto limits = [&]() -> const PhaseLimits& {
      return free != nullptr && !report_.bound_reached ? *free : bounded;
    };
    if (info.exhaustive && info.divide != nullptr) {
      phase.division = info.divide();
    } else if (info.exhaustive) {
      phase.division = std::make_unique<Undivided>(info, options_.budget.preemptions_max);
    }
    for (bool more = true; more && !phase.over;) {
      state_.seconds_max = limits().seconds_max;
      const std::uint64_t most = info.exhaustive ? limits().executions_max
                                                 : options_.shard.part_of(limits().executions_max);
      more = phase.begun < most && run_round(info, most, phase);
    }
    report_samplers(info, phase);
    phase_begun_ = phase.begun;
    if (info.exhaustive) begun_ += phase.begun;
    return describe_phase(info, limits(), phase);
  }

  std::string describe_phase(const StrategyInfo& info, const PhaseLimits& limits, Phase& phase) {
    if (!report_.error.empty()) {
      return fmt::format("ended by an error, in execution {}", grouped(phase.last + 1));
    }
    if (ended_) {
      const bool fewest = phase.bounded && report_.bound_reached;
      return fmt::format("ended at the first violation, in execution {}{}",
                         grouped(phase.first + phase.last + 1),
                         phase.bounds ? describe_fewest(*phase.bounds)
                         : fewest     ? describe_fewest_deviations(state_.deviations_max)
                                      : "");
    }
    // The space may be exhausted exactly at the limit.
    if (info.exhaustive && phase.division->next_round().empty()) {
      if (phase.bounds && !phase.bounds->exhausted) return describe_bounds(*phase.bounds);
      report_.exhausted = true;
      report_.deviations_complete = deviations_bound();
      return describe_complete(info, phase.begun - phase.blocked, deviations_bound()) +
             (phase.bounds ? "; " + describe_bounds(*phase.bounds) : "");
    }
    const std::string reached = phase.timeout ? seconds_limit(*limits.seconds_max, limits.share)
                                              : executions_limit(phase.begun, limits.share);
    if (phase.bounds) return reached + ": " + describe_bounds(*phase.bounds);
    if (info.exhaustive) {
      return describe_partial(reached, phase.timeout, phase.begun,
                              phase.division->explored_fraction().value_or(0.0));
    }
    return (phase.timeout ? reached + "; " : "") +
           describe_sample(phase.begun, phase.traces.summary());
  }

  // The bound on deviations, if it left anything out.
  std::optional<std::uint32_t> deviations_bound() const {
    if (!report_.bound_reached) return std::nullopt;
    return state_.deviations_max;
  }

  void report_samplers(const StrategyInfo& info, Phase& phase) {
    report_.samplers.clear();
    const std::unique_ptr<Strategy> strategy = info.make();
    for (std::size_t i = 0; i < strategy->samplers().size(); ++i) {
      const TraceCounter::Summary seen = phase.traces.summary(i);
      report_.samplers.push_back(
          {strategy->samplers()[i], seen.executions, seen.distinct, seen.unseen_mass()});
    }
  }

  // Returns false when nothing is left to run.
  bool run_round(const StrategyInfo& info, std::uint64_t limit, Phase& phase) {
    std::vector<std::unique_ptr<Part>> parts;
    if (phase.division != nullptr) parts = phase.division->next_round();
    const std::vector<Stretch> stretches =
        phase.division != nullptr ? stretches_of(parts, phase.begun)
                                  : sampled_stretches(phase.begun, limit, options_.shard);
    if (stretches.empty()) return false;
    std::vector<StretchResult> results =
        crew_.run(info, stretches, limit - phase.begun, teller(info, phase));
    for (std::size_t i = 0; i < stretches.size() && !phase.over && phase.begun < limit; ++i) {
      StretchResult& result = results[i];
      // Others may have made executions meanwhile that come before these.
      if (result.begun > limit - phase.begun) {
        result = crew_.again(info, stretches[i], limit - phase.begun);
      }
      const bool stands =
          phase.division == nullptr || phase.division->stands(*parts[i], *result.strategy);
      if (!stands && !result.stopped) {
        leave_out(result, phase);
        continue;
      }
      merge(info, stretches[i], result, phase);
      if (phase.division == nullptr) continue;
      if (!ended_ && stands) phase.division->merge(*parts[i], *result.strategy);
      if (const BoundsCoverage* bounds = result.strategy->bounds()) phase.bounds = *bounds;
    }
    return true;
  }

  // What a part explored that comes again: its executions count as blocked ones.
  void leave_out(const StretchResult& result, Phase& phase) {
    report_.executions_blocked += result.begun;
    phase.begun += result.begun;
    phase.blocked += result.begun;
  }

  void merge(const StrategyInfo& info, const Stretch& stretch, const StretchResult& result,
             Phase& phase) {
    report_.executions += result.executions;
    report_.executions_blocked += result.executions_blocked;
    report_.steps += result.steps;
    situations_.add(result.situations);
    report_.steps_deepest = std::max(report_.steps_deepest, result.steps_deepest);
    count_deviations(result);
    for (const SampledTrace& sampled : result.traces) {
      phase.traces.add(sampled.hash, sampled.sampler);
    }
    // Where a part begins in the search is known only now.
    const std::uint64_t first =
        phase.division != nullptr ? phase.first + phase.begun : stretch.first;
    for (const Found& found : result.hints) {
      const std::uint64_t number = first + found.begun * stretch.stride;
      take_hint(found.outcome, found.sampler.empty() ? info.name : found.sampler,
                fork(options_.seed, number), number);
    }
    for (const Found& found : result.found) {
      const std::uint64_t number = first + found.begun * stretch.stride;
      const std::string_view strategy = found.sampler.empty() ? info.name : found.sampler;
      take(found.outcome, strategy, fork(options_.seed, number), number);
      if (ended_) break;
    }
    if (!ended_ && !result.error.empty()) {
      report_.error = result.error;
      misled_ = result.misled;
      ended_ = true;
    }
    phase.begun += result.begun;
    phase.blocked += result.executions_blocked;
    if (result.begun > 0) phase.last = first - phase.first + (result.begun - 1) * stretch.stride;
    phase.timeout = result.timeout;
    phase.over = ended_ || result.timeout;
  }

  void count_deviations(const StretchResult& result) {
    report_.bound_reached |= result.bound_reached;
    std::vector<std::uint64_t>& counts = report_.executions_by_deviations;
    counts.resize(std::max(counts.size(), result.executions_by_deviations.size()));
    for (std::size_t i = 0; i < result.executions_by_deviations.size(); ++i) {
      counts[i] += result.executions_by_deviations[i];
    }
  }

  void take_hint(const Outcome& first, std::string_view strategy, Seed seed, std::uint64_t number) {
    if (!state_.hinted.insert(first.violation->rule).second) return;
    Finding hint;
    hint.violation = *first.violation;
    hint.schedule = hint.found = first.schedule;
    hint.steps = hint.size.steps = hint.found_size.steps = first.steps;
    hint.hash = first.hash;
    hint.execution = number;
    hint.strategy = strategy;
    hint.seed = seed;
    report_.hints.push_back(std::move(hint));
  }

  // Replays `outcome` exactly. Returns true if it repeats; otherwise the search ends in an error.
  bool confirm(const Outcome& outcome) {
    const Replayed again = replay(state_.factory, outcome.schedule, options_.limits);
    if (repeats(outcome, again)) return true;
    report_.error = describe_nondeterminism(state_.factory, options_.limits, outcome, again);
    ended_ = true;
    return false;
  }

  // Confirms the violation by an exact replay, and keeps it, minimized.
  void take(const Outcome& first, std::string_view strategy, Seed seed, std::uint64_t number) {
    if (state_.known.contains(first.violation->rule)) return;
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
          minimize(state_.factory, first.schedule, *first.violation, options_.limits, {});
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
    state_.known.insert(first.violation->rule);
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

  // Tells the user how far the search is, about twice a second.
  Crew::Tell teller(const StrategyInfo& info, Phase& phase) {
    if (!options_.on_progress) return {};
    return [&](std::uint64_t executions, std::uint32_t steps) {
      if (++told_after_ % kProgressStride != 0) return;
      const double now = stopwatch_.seconds();
      if (now - told_ < kProgressSeconds) return;
      told_ = now;
      std::optional<double> explored;
      std::optional<double> unseen;
      if (phase.division != nullptr) {
        explored = phase.division->explored_fraction();
      } else {
        unseen = phase.traces.summary().unseen_mass();
      }
      options_.on_progress(
          {report_.executions + executions, now, steps, explored, unseen, info.name});
    };
  }

  const SearchOptions& options_;
  Stopwatch stopwatch_;
  SearchState state_;
  Crew crew_;
  Report report_;
  SituationCounter situations_;
  bool ended_ = false;
  std::vector<std::uint64_t> deepened_;  // executions of the last complete bound
  std::uint64_t phase_begun_ = 0;        // executions of the last phase
  std::uint64_t begun_ = 0;              // of all exhaustive phases
  bool misled_ = false;                  // by a footprint that is too small
  double told_ = 0;
  std::uint64_t told_after_ = 0;
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
