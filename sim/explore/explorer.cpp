// The search loop.
#include "sim/explore/explorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "sim/explore/coverage.h"
#include "sim/explore/crew.h"
#include "sim/explore/grouped.h"
#include "sim/explore/minimize.h"
#include "sim/explore/nondeterminism.h"
#include "sim/explore/stopwatch.h"
#include "sim/explore/stretches.h"
#include "sim/strategy/replay.h"

namespace nmrcheck::sim {
namespace {

constexpr double kProgressSeconds = 0.5;
constexpr std::uint64_t kProgressStride = 32;  // executions between looks at the clock

// "3.1 %"; never 0 % and never 100 %, which would say more than is known.
std::string percent(double fraction) {
  if (fraction < 0.0001) return "less than 0.01 %";
  if (fraction > 0.999) return "more than 99.9 %";
  return fmt::format("about {:.{}f} %", 100 * fraction, fraction < 0.01 ? 2 : 1);
}

std::string describe(const Shard& shard) {
  return fmt::format("shard {}/{}: ", shard.index, shard.count);
}

class Search {
 public:
  Search(const ProgramFactory& factory, const SearchOptions& options)
      : options_(options), state_{factory, options, stopwatch_, {}}, crew_(state_, options.jobs) {}

  Report run() {
    if (options_.strategy == kAutoStrategy) {
      run_auto();
    } else {
      const StrategyInfo* info = find_strategy(options_.strategy);
      assert(info != nullptr);
      assert(!info->exhaustive || options_.shard.count == 1);
      report_.scope = run_phase(*info, default_limit(*info));
    }
    if (options_.shard.count > 1) report_.scope = describe(options_.shard) + report_.scope;
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
  std::uint64_t default_limit(const StrategyInfo& info) const {
    if (options_.budget.executions_max) return *options_.budget.executions_max;
    return info.exhaustive || options_.budget.seconds_max ? kUnlimited : kSamplingExecutions;
  }

  void run_auto() {
    const std::uint64_t all = options_.budget.executions_max.value_or(kUnlimited);
    const StrategyInfo& exhaustive = *find_strategy("dfs");
    const std::string first = run_phase(exhaustive, std::min(all, kAutoExhaustiveExecutions));
    report_.scope = first;
    if (ended_ || report_.exhausted || report_.executions >= all) return;
    const StrategyInfo& sampling = *find_strategy("random");
    const std::uint64_t left = all - report_.executions;
    const std::uint64_t limit =
        options_.budget.executions_max || options_.budget.seconds_max ? left : kSamplingExecutions;
    report_.scope = fmt::format("dfs: {}; then random: {}", first, run_phase(sampling, limit));
  }

  // Runs one strategy for at most `limit` executions. Returns what it covered, in words.
  std::string run_phase(const StrategyInfo& info, std::uint64_t limit) {
    Phase phase;
    const bool divided = info.exhaustive && info.divide != nullptr;
    if (info.exhaustive) {
      phase.division = divided ? info.divide() : std::make_unique<Undivided>(info);
    } else {
      limit = options_.shard.part_of(limit);
    }
    for (bool more = true; more && !phase.over && phase.begun < limit;) {
      more = run_round(info, limit, phase);
    }
    // The space may be exhausted exactly at the limit.
    const bool exhausted = info.exhaustive && !ended_ && phase.division->next_round().empty();
    report_.exhausted = report_.exhausted || exhausted;
    if (exhausted) return describe_complete(phase.begun);
    if (ended_ && report_.error.empty()) {
      return fmt::format("ended at the first violation, in execution {}", grouped(phase.last + 1));
    }
    const std::string reached = phase.timeout ? seconds_limit() : executions_limit(phase.begun);
    if (info.exhaustive) {
      return describe_partial(phase.division->explored_fraction(), phase.begun, phase.timeout,
                              reached);
    }
    return (phase.timeout ? reached + "; " : "") +
           describe_sample(phase.begun, phase.interleavings.summary());
  }

  struct Phase {
    std::unique_ptr<Division> division;  // null: sampling
    std::uint64_t begun = 0;             // executions that count
    std::uint64_t last = 0;              // number of the last one
    InterleavingCounter interleavings;
    bool timeout = false;
    bool over = false;  // the phase, or the search
  };

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
      merge(info, stretches[i], result, phase);
      if (phase.division != nullptr && !ended_) {
        phase.division->merge(*parts[i], *result.strategy);
      }
    }
    return true;
  }

  void merge(const StrategyInfo& info, const Stretch& stretch, const StretchResult& result,
             Phase& phase) {
    report_.executions += result.executions;
    report_.executions_blocked += result.executions_blocked;
    report_.steps += result.steps;
    report_.steps_deepest = std::max(report_.steps_deepest, result.steps_deepest);
    for (const std::uint64_t hash : result.hashes) phase.interleavings.add(hash);
    // Where a part begins in the search is known only now.
    const std::uint64_t first = phase.division != nullptr ? phase.begun : stretch.first;
    for (const Found& found : result.found) {
      const std::uint64_t number = first + found.begun * stretch.stride;
      take(found.outcome, info, fork(options_.seed, number), number);
      if (ended_) break;
    }
    if (!ended_ && !result.error.empty()) {
      report_.error = result.error;
      ended_ = true;
    }
    phase.begun += result.begun;
    if (result.begun > 0) phase.last = first + (result.begun - 1) * stretch.stride;
    phase.timeout = result.timeout;
    phase.over = ended_ || result.timeout;
  }

  std::string seconds_limit() const {
    return fmt::format("limit of {:g} s reached", options_.budget.seconds_max.value_or(0.0));
  }

  static std::string executions_limit(std::uint64_t executions) {
    return fmt::format("limit of {} execution{} reached", grouped(executions),
                       executions == 1 ? "" : "s");
  }

  static std::string describe_complete(std::uint64_t executions) {
    if (executions == 1) return "complete: the only execution";
    return fmt::format("complete: all {} executions", grouped(executions));
  }

  static std::string describe_partial(std::optional<double> explored, std::uint64_t executions,
                                      bool timeout, const std::string& reached) {
    const std::string share = percent(explored.value_or(0.0));
    if (!timeout) return fmt::format("{}: {} of the tree", reached, share);
    return fmt::format("{}: {} execution{}, {} of the tree", reached, grouped(executions),
                       executions == 1 ? "" : "s", share);
  }

  static std::string describe_sample(std::uint64_t executions,
                                     const InterleavingCounter::Summary& seen) {
    return fmt::format(
        "sampled: {} execution{}, {}{} distinct interleaving{}, unseen mass {}{}",
        grouped(executions), executions == 1 ? "" : "s", seen.full ? "at least " : "",
        grouped(seen.distinct), seen.distinct == 1 ? "" : "s", percent(seen.unseen_mass()),
        seen.full ? fmt::format(" (counted in the first {} executions)", grouped(seen.executions))
                  : "");
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
  void take(const Outcome& first, const StrategyInfo& info, Seed seed, std::uint64_t number) {
    if (state_.known.contains(first.violation->rule)) return;
    if (!confirm(first)) return;
    Finding finding{*first.violation, first.schedule, first.schedule,         first.steps,
                    first.hash,       number,         std::string(info.name), seed};
    // Each execution of an endless step costs seconds: it is reported as found.
    if (options_.minimize && first.violation->rule != kEndlessStep) {
      const Minimized smaller =
          minimize(state_.factory, first.schedule, *first.violation, options_.limits, {});
      if (!smaller.outcome.violation || !confirm(smaller.outcome)) return not_minimized();
      finding.violation = *smaller.outcome.violation;
      finding.schedule = smaller.schedule;
      finding.steps = smaller.outcome.steps;
      finding.hash = smaller.outcome.hash;
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
  Crew::Tell teller(const StrategyInfo& info, const Phase& phase) {
    if (!options_.on_progress) return {};
    return [&](std::uint64_t executions, std::uint32_t steps) {
      if (++told_after_ % kProgressStride != 0) return;
      const double now = stopwatch_.seconds();
      if (now - told_ < kProgressSeconds) return;
      told_ = now;
      const std::optional<double> explored =
          phase.division != nullptr ? phase.division->explored_fraction() : std::nullopt;
      options_.on_progress({report_.executions + executions, now, steps, explored, info.name});
    };
  }

  const SearchOptions& options_;
  Stopwatch stopwatch_;
  SearchState state_;
  Crew crew_;
  Report report_;
  bool ended_ = false;
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
