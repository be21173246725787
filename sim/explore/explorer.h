// Many executions: search, confirm each finding by replay, minimize it, count.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/rng.h"
#include "sim/run/execution.h"
#include "sim/strategy/catalog.h"

namespace nmrcheck::sim {

using ProgramFactory = std::function<std::unique_ptr<Program>()>;

// Name of the strategy a user gets without choosing: `dfs` within kAutoExhaustiveExecutions
// executions, then `random`.
inline constexpr const char* kAutoStrategy = "auto";
inline constexpr const char* kAutoSummary =
    "dfs while it may finish soon, then random; what you get without choosing";
inline constexpr std::uint64_t kAutoExhaustiveExecutions = 20'000;
// Executions of a sampling strategy when no limit is given.
inline constexpr std::uint64_t kSamplingExecutions = 10'000;

struct Budget {
  std::optional<std::uint64_t> executions_max;  // complete and violating executions
  std::optional<double> seconds_max;            // wall time of the search
};

struct Progress {
  std::uint64_t executions = 0;
  double seconds = 0;
  std::uint32_t depth = 0;                  // steps of the last execution
  std::optional<double> explored_fraction;  // exhaustive searches
  std::string_view strategy;
};

struct SearchOptions {
  std::string strategy = kAutoStrategy;  // "auto" or a name of the catalog
  Seed seed{1};
  Budget budget;
  Limits limits;
  bool keep_going = false;  // go on after the first violation; at most one finding for each rule
  bool minimize = true;
  std::function<void(const Progress&)> on_progress;  // called about twice a second; may be empty
};

// A confirmed violation. `schedule` reproduces it; `found` is the schedule before minimization.
struct Finding {
  Violation violation;
  Schedule schedule;
  Schedule found;
  std::uint32_t steps = 0;  // of the execution under `schedule`
  std::uint64_t hash = 0;
  std::uint64_t execution = 0;  // number of the execution that found it, from 0
  std::string strategy;         // the one that found it: never "auto"
  Seed seed{0};                 // that execution's own
};

enum class Verdict : std::uint8_t {
  kVerified,   // the space is exhausted and nothing was found
  kClean,      // a limit was reached and nothing was found
  kViolation,  // findings is not empty
  kError,      // the harness failed: `error` says how
};

struct Report {
  Verdict verdict = Verdict::kClean;
  bool exhausted = false;
  std::uint64_t executions = 0;
  std::uint64_t executions_blocked = 0;  // abandoned by the strategy as covered
  std::uint64_t steps = 0;
  std::uint32_t steps_deepest = 0;
  double seconds = 0;
  // What was covered, in words: "complete: all 1 234 executions", "limit of 20 000 executions
  // reached: about 3.1 % of the tree", "sampled: 10 000 executions, 3 412 distinct interleavings,
  // unseen mass about 4.0 %".
  std::string scope;
  // With a bound on deviations: executions with exactly 0, 1, … of them, and whether the bound left
  // anything out. If not, the bound was no restriction.
  std::vector<std::uint64_t> executions_by_deviations;
  bool bound_reached = false;
  std::vector<Finding> findings;
  std::string error;
};

// Searches. Requires: options.strategy is "auto" or in the catalog.
// With options.limits.deviations_max = N the space is that of executions with at most N deviations;
// exhausting it is kVerified only if the bound left nothing out, else kClean, with `exhausted`. A
// search with N + 1 repeats that with N; whoever deepens calls this with 0, 1, 2, … and ends when
// `bound_reached` is false.
// The verdict kError is given when an execution did not repeat; `error` says which choice or step
// differed. Every finding, and now and then an execution without one, is confirmed by a replay, so
// `factory` is called more often than executions are counted.
Report explore(const ProgramFactory& factory, const SearchOptions& options);

// The result of following a schedule exactly.
struct Replayed {
  Outcome outcome;
  std::optional<Divergence> divergence;
};

// Runs `schedule` once on a new execution machine; with `trace` the trace is recorded.
Replayed replay(const ProgramFactory& factory, const Schedule& schedule, const Limits& limits,
                Trace* trace = nullptr);

}  // namespace nmrcheck::sim
