// The search loop.
#include "sim/explore/explorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>

#include "sim/explore/coverage.h"
#include "sim/explore/grouped.h"
#include "sim/explore/minimize.h"
#include "sim/explore/nondeterminism.h"
#include "sim/explore/stopwatch.h"
#include "sim/strategy/replay.h"

namespace nmrcheck::sim {
namespace {

constexpr double kProgressSeconds = 0.5;
constexpr std::uint64_t kClockStride = 32;  // executions between looks at the clock

// "3.1 %"; never 0 % and never 100 %, which would say more than is known.
std::string percent(double fraction) {
  if (fraction < 0.0001) return "less than 0.01 %";
  if (fraction > 0.999) return "more than 99.9 %";
  return fmt::format("about {:.{}f} %", 100 * fraction, fraction < 0.01 ? 2 : 1);
}

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
      report_.scope = run_phase(*info, default_limit(*info));
    }
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
  std::uint64_t default_limit(const StrategyInfo& info) const {
    const std::uint64_t unlimited = ~std::uint64_t{0};
    if (options_.budget.executions_max) return *options_.budget.executions_max;
    return info.exhaustive || options_.budget.seconds_max ? unlimited : kSamplingExecutions;
  }

  void run_auto() {
    const std::uint64_t all = options_.budget.executions_max.value_or(~std::uint64_t{0});
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
    const std::unique_ptr<Strategy> strategy = info.make();
    InterleavingCounter interleavings;
    std::uint64_t number = 0;
    bool exhausted = false;
    bool timeout = false;
    while (!ended_ && !exhausted && !timeout && number < limit) {
      const Seed seed = fork(options_.seed, number);
      exhausted = !begin(*strategy, seed);
      if (exhausted || ended_) break;
      run_one(info, *strategy, seed, number);
      if (!info.exhaustive) interleavings.add(execution_hash_);
      tell_progress(info, *strategy, number);
      timeout = out_of_time(++number);
    }
    // The space may be exhausted exactly at the limit.
    if (!exhausted && !ended_ && info.exhaustive) exhausted = !begin(*strategy, Seed{0});
    report_.exhausted = report_.exhausted || (exhausted && info.exhaustive);
    if (exhausted && !ended_) return describe_complete(number);
    if (ended_ && report_.error.empty()) {
      return fmt::format("ended at the first violation, in execution {}", grouped(number));
    }
    const std::string reached = timeout ? seconds_limit() : executions_limit(number);
    if (info.exhaustive) return describe_partial(*strategy, number, timeout, reached);
    return (timeout ? reached + "; " : "") + describe_sample(number, interleavings.summary());
  }

  // Returns false when everything has been explored. Sets the error when the strategy could not
  // tell, because the last execution left the path that it was to follow.
  bool begin(Strategy& strategy, Seed seed) {
    if (strategy.begin_execution(seed)) return true;
    const Divergence* divergence = strategy.divergence();
    if (divergence == nullptr) return false;
    report_.error = describe_prefix_divergence(*divergence, execution_);
    ended_ = true;
    return true;
  }

  std::string seconds_limit() const {
    return fmt::format("limit of {:g} s reached", options_.budget.seconds_max.value_or(0.0));
  }

  static std::string executions_limit(std::uint64_t executions) {
    return fmt::format("limit of {} execution{} reached", grouped(executions),
                       executions == 1 ? "" : "s");
  }

  // " up to 2 deviations", if the bound left anything out.
  std::string describe_bound() const {
    if (!report_.bound_reached) return {};
    const std::uint32_t bound = options_.limits.deviations_max;
    return fmt::format(" up to {} deviation{}", bound, bound == 1 ? "" : "s");
  }

  std::string describe_complete(std::uint64_t executions) const {
    if (executions == 1) return fmt::format("complete{}: the only execution", describe_bound());
    return fmt::format("complete{}: all {} executions", describe_bound(), grouped(executions));
  }

  static std::string describe_partial(const Strategy& strategy, std::uint64_t executions,
                                      bool timeout, const std::string& reached) {
    const std::string share = percent(strategy.explored_fraction().value_or(0.0));
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

  void run_one(const StrategyInfo& info, Strategy& strategy, Seed seed, std::uint64_t number) {
    const auto program = factory_();
    const Outcome& outcome = execution_.run(*program, strategy);
    report_.steps += outcome.steps;
    report_.steps_deepest = std::max(report_.steps_deepest, outcome.steps);
    depth_ = outcome.steps;
    execution_hash_ = outcome.hash;
    look_at_clock_ = outcome.violation.has_value();
    if (outcome.ending == Ending::kCovered) {
      ++report_.executions_blocked;
      if (const Divergence* divergence = strategy.divergence()) {
        report_.error = describe_prefix_divergence(*divergence, execution_);
        ended_ = true;
      }
      return;
    }
    ++report_.executions;
    count_deviations(outcome);
    if (outcome.violation) {
      take(outcome, info, seed, number);
    } else if (std::has_single_bit(number + 1)) {
      confirm(outcome);
    }
  }

  void count_deviations(const Outcome& outcome) {
    if (options_.limits.deviations_max == Limits{}.deviations_max) return;
    report_.bound_reached |= outcome.bound_reached;
    std::vector<std::uint64_t>& counts = report_.executions_by_deviations;
    if (counts.size() <= outcome.deviations) counts.resize(outcome.deviations + 1);
    ++counts[outcome.deviations];
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
  void take(const Outcome& found, const StrategyInfo& info, Seed seed, std::uint64_t number) {
    if (known(found.violation->rule)) return;
    const Outcome first = found;
    if (!confirm(first)) return;
    Finding finding{*first.violation, first.schedule, first.schedule,         first.steps,
                    first.hash,       number,         std::string(info.name), seed};
    // Each execution of an endless step costs seconds: it is reported as found.
    if (options_.minimize && first.violation->rule != kEndlessStep) {
      const Minimized smaller =
          minimize(factory_, first.schedule, *first.violation, options_.limits, {});
      if (!smaller.outcome.violation || !confirm(smaller.outcome)) return not_minimized();
      finding.violation = *smaller.outcome.violation;
      finding.schedule = smaller.schedule;
      finding.steps = smaller.outcome.steps;
      finding.hash = smaller.outcome.hash;
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

  bool out_of_time(std::uint64_t number) const {
    return options_.budget.seconds_max && (look_at_clock_ || number % kClockStride == 0) &&
           stopwatch_.seconds() >= *options_.budget.seconds_max;
  }

  void tell_progress(const StrategyInfo& info, const Strategy& strategy, std::uint64_t number) {
    if (!options_.on_progress || number % kClockStride != 0) return;
    const double now = stopwatch_.seconds();
    if (now - told_ < kProgressSeconds) return;
    told_ = now;
    options_.on_progress(
        {report_.executions, now, depth_, strategy.explored_fraction(), info.name});
  }

  const ProgramFactory& factory_;
  const SearchOptions& options_;
  Execution execution_;
  Stopwatch stopwatch_;
  Report report_;
  bool ended_ = false;
  std::uint32_t depth_ = 0;
  std::uint64_t execution_hash_ = 0;
  bool look_at_clock_ = false;  // executions with a violation may be slow
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
