// The search loop.
#include "sim/explore/explorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <set>

#include "sim/explore/grouped.h"
#include "sim/explore/minimize.h"
#include "sim/explore/stopwatch.h"
#include "sim/strategy/replay.h"

namespace nmrcheck::sim {
namespace {

constexpr double kProgressSeconds = 0.5;
constexpr std::uint64_t kClockStride = 32;  // executions between looks at the clock
// Distinct interleavings that sampling counts; beyond, the count is a lower bound.
constexpr std::size_t kInterleavingsMax = 200'000;

std::string describe_difference(const Outcome& first, const Outcome& second) {
  const std::string rule = first.violation ? first.violation->rule : "no violation";
  const std::string again = second.violation ? second.violation->rule : "no violation";
  return fmt::format(
      "the program is not deterministic: one schedule gave {} after {} steps (hash {:016x}), and, "
      "run again, {} after {} steps (hash {:016x}). Usual causes: a static variable that survives "
      "an execution, uninitialized memory, the order of pointers, time, random numbers",
      rule, first.steps, first.hash, again, second.steps, second.hash);
}

std::string describe_prefix_divergence(const Divergence& divergence) {
  return fmt::format(
      "the program is not deterministic: after the same {} choices it offered other alternatives "
      "than before. Usual causes: a static variable that survives an execution, uninitialized "
      "memory, the order of pointers, time, random numbers",
      divergence.choice);
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
      report_.verdict = report_.exhausted ? Verdict::kVerified : Verdict::kClean;
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
    std::set<std::uint64_t> interleavings;
    std::uint64_t number = 0;
    bool exhausted = false;
    for (; number < limit && !ended_ && !out_of_time(number); ++number) {
      const Seed seed = fork(options_.seed, number);
      if (!strategy->begin_execution(seed)) {
        exhausted = true;
        break;
      }
      run_one(info, *strategy, seed, number);
      if (!info.exhaustive && interleavings.size() < kInterleavingsMax) {
        interleavings.insert(execution_hash_);
      }
      tell_progress(info, *strategy, number);
    }
    // The space may be exhausted exactly at the limit.
    if (!exhausted && !ended_ && info.exhaustive && number == limit) {
      exhausted = !strategy->begin_execution(Seed{0});
    }
    report_.exhausted = report_.exhausted || (exhausted && info.exhaustive);
    if (exhausted) {
      return number == 1 ? "complete: the only execution"
                         : fmt::format("complete: all {} executions", grouped(number));
    }
    if (ended_ && report_.error.empty()) {
      return fmt::format("ended at the first violation, in execution {}", grouped(number));
    }
    return describe_scope(info, *strategy, number, interleavings.size());
  }

  static std::string describe_scope(const StrategyInfo& info, const Strategy& strategy,
                                    std::uint64_t executions, std::size_t interleavings) {
    const char* plural = executions == 1 ? "" : "s";
    if (!info.exhaustive) {
      const char* bound = interleavings >= kInterleavingsMax ? "at least " : "";
      return fmt::format("sampled: {} execution{}, {}{} distinct interleaving{}",
                         grouped(executions), plural, bound, grouped(interleavings),
                         interleavings == 1 ? "" : "s");
    }
    const double fraction = strategy.explored_fraction().value_or(0.0);
    return fmt::format(
        "{} execution{}, {} of the tree", grouped(executions), plural,
        fraction < 0.0001 ? "less than 0.01 %" : fmt::format("about {:.2f} %", 100 * fraction));
  }

  void run_one(const StrategyInfo& info, Strategy& strategy, Seed seed, std::uint64_t number) {
    const auto program = factory_();
    const Outcome& outcome = execution_.run(*program, strategy);
    report_.steps += outcome.steps;
    report_.steps_deepest = std::max(report_.steps_deepest, outcome.steps);
    depth_ = outcome.steps;
    execution_hash_ = outcome.hash;
    if (outcome.ending == Ending::kCovered) {
      ++report_.executions_blocked;
      if (const Divergence* divergence = strategy.divergence()) {
        report_.error = describe_prefix_divergence(*divergence);
        ended_ = true;
      }
      return;
    }
    ++report_.executions;
    if (outcome.violation) take(outcome, info, seed, number);
  }

  bool known(const std::string& rule) const {
    return std::any_of(report_.findings.begin(), report_.findings.end(),
                       [&](const Finding& finding) { return finding.violation.rule == rule; });
  }

  // Confirms the violation by an exact replay, and keeps it, minimized.
  void take(const Outcome& found, const StrategyInfo& info, Seed seed, std::uint64_t number) {
    if (known(found.violation->rule)) return;
    const Outcome first = found;
    const Replayed again = replay(factory_, first.schedule, options_.limits);
    const bool same = again.outcome.violation &&
                      again.outcome.violation->rule == first.violation->rule &&
                      again.outcome.hash == first.hash;
    if (!same) {
      report_.error = describe_difference(first, again.outcome);
      ended_ = true;
      return;
    }
    Finding finding{*first.violation, first.schedule, first.schedule,         first.steps,
                    first.hash,       number,         std::string(info.name), seed};
    // Each execution of an endless step costs seconds: it is reported as found.
    if (options_.minimize && first.violation->rule != kEndlessStep) {
      const Minimized smaller =
          minimize(factory_, first.schedule, *first.violation, options_.limits, {});
      finding.violation = *smaller.outcome.violation;
      finding.schedule = smaller.schedule;
      finding.steps = smaller.outcome.steps;
      finding.hash = smaller.outcome.hash;
    }
    report_.findings.push_back(std::move(finding));
    ended_ = !options_.keep_going;
  }

  bool out_of_time(std::uint64_t number) const {
    return options_.budget.seconds_max && number % kClockStride == 0 &&
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
