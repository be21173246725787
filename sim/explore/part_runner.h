// Runs stretches of a search on one OS thread: counts, and keeps the first execution that breaks
// each rule.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/explore/explorer.h"
#include "sim/explore/situation_counter.h"
#include "sim/explore/stopwatch.h"
#include "sim/strategy/division.h"

namespace nmrcheck::sim {

// Executions of a search in a row. Of a sampling strategy they are number first, first + stride, …
// and any strategy object gives the same ones; of a systematic one `part` starts them.
struct Stretch {
  const Part* part = nullptr;  // null: sampling
  std::uint64_t executions_max = 0;
  std::uint64_t first = 0;
  std::uint64_t stride = 1;
  bool numbered = false;  // `first` is known: sampling, and the first part of a search
};

// An execution that broke a rule. `begun` is how many of its stretch began before it.
struct Found {
  std::uint64_t begun = 0;
  std::string_view sampler;  // of a portfolio; else empty
  Outcome outcome;
};

// A sampled execution.
struct SampledTrace {
  std::uint64_t hash = 0;
  std::size_t sampler = 0;  // see Strategy::samplers
};

struct StretchResult {
  SituationCounter situations;  // of the executions that are not blocked
  std::uint64_t begun = 0;      // executions, blocked ones included
  std::uint64_t executions = 0;
  std::uint64_t executions_blocked = 0;
  std::uint64_t steps = 0;
  std::uint32_t steps_deepest = 0;
  std::vector<SampledTrace> traces;
  // See Report.
  std::vector<std::uint64_t> executions_by_deviations;
  bool bound_reached = false;
  std::vector<Found> found;  // each rule once
  std::vector<Found> hints;  // each rule once; the hint stands in outcome.violation
  std::string error;         // of the last execution; empty if none
  bool misled = false;       // the error is that a footprint is too small
  bool timeout = false;
  bool stopped = false;  // what comes later is of no interest: found, error or timeout
  std::unique_ptr<Strategy> strategy;  // that ran the part
};

// What all threads of a search know.
struct SearchState {
  const ProgramFactory& factory;
  const SearchOptions& options;
  const Stopwatch& stopwatch;
  // Changed between rounds only.
  std::set<std::string> known;        // rules with a finding
  std::set<std::string> hinted;       // rules with a hint
  std::optional<double> seconds_max;  // since the start of the search
  std::uint32_t deviations_max = 0;   // of this phase
};

class PartRunner {
 public:
  // Called after each execution of run() with its steps.
  using Tell = std::function<void(std::uint32_t steps)>;

  // Requires: used and destroyed on one thread. `state` outlives the runner.
  explicit PartRunner(const SearchState& state) : state_(state), execution_(state.options.limits) {}

  // Runs at most `executions_max` executions of the stretch with strategies of `info`; ends early
  // at a violation, unless the search keeps going, at an error and when the time is over.
  StretchResult run(const StrategyInfo& info, const Stretch& stretch, std::uint64_t executions_max,
                    const Tell& tell);

 private:
  Strategy& sampler(const StrategyInfo& info, std::uint64_t number);
  bool run_one(Strategy& strategy, const Stretch& stretch, StretchResult& result);
  static void count_deviations(const Outcome& outcome, StretchResult& result);
  void take(const Outcome& outcome, const Strategy& strategy, StretchResult& result);
  void take_hints(const Outcome& outcome, const Strategy& strategy, StretchResult& result);
  bool repeat(const Outcome& outcome, StretchResult& result);
  bool out_of_time(std::uint64_t begun, bool slow) const;

  const SearchState& state_;
  Execution execution_;
  std::unique_ptr<Strategy> sampler_;
  std::string_view sampler_name_;
  std::uint64_t surveyed_ = 0;  // executions 0, 1, … that sampler_ ran in order
};

}  // namespace nmrcheck::sim
