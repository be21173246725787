// Many executions: search, confirm each finding by replay, minimize it, count.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/rng.h"
#include "sim/explore/automatic.h"
#include "sim/explore/minimal.h"
#include "sim/run/execution.h"
#include "sim/strategy/catalog.h"

namespace nmrcheck::sim {

using ProgramFactory = std::function<std::unique_ptr<Program>()>;

// Name of the strategy a user gets without choosing: see automatic.h.
inline constexpr const char* kAutoStrategy = "auto";
inline constexpr const char* kAutoSummary =
    "dpor with 0, 1, … deviations, then dpor within half of the limits, then portfolio; what you "
    "get "
    "without choosing";

struct Progress {
  std::uint64_t executions = 0;
  double seconds = 0;
  std::uint32_t depth = 0;                  // steps of the last execution
  std::optional<double> explored_fraction;  // exhaustive searches
  std::optional<double> unseen_mass;        // sampling ones
  std::string_view strategy;
};

// The index-th of `count` parts of a sampling search: executions number index, index + count, …
// Together the parts are the whole. Exhaustive searches are not split.
struct Shard {
  std::uint64_t index = 0;  // from 0
  std::uint64_t count = 1;

  // How many of the first `executions` executions of the whole belong to the part.
  std::uint64_t part_of(std::uint64_t executions) const {
    return executions / count + (executions % count > index ? 1 : 0);
  }
};

struct SearchOptions {
  std::string strategy = kAutoStrategy;  // "auto" or a name of the catalog
  Seed seed{1};
  Budget budget;
  Limits limits;
  bool keep_going = false;  // go on after the first violation; at most one finding for each rule
  bool minimize = true;
  // OS threads, at least 1. The report is the same for every number, but for the time it took.
  std::uint32_t jobs = 1;
  bool jobs_at_once = false;  // start the threads even for a search that may be over in a moment
  // Limits of executions are those of the whole, limits of time those of the part. "auto" searches
  // exhaustively in each shard, and splits the sampling that may follow.
  Shard shard;
  std::function<void(const Progress&)> on_progress;  // called about twice a second; may be empty
};

// A confirmed violation. `schedule` reproduces it; `found` is the schedule before minimization.
struct Finding {
  Violation violation;
  Schedule schedule;
  Schedule found;
  std::uint32_t steps = 0;  // of the execution under `schedule`
  std::uint64_t hash = 0;
  Size size;        // of `schedule`
  Size found_size;  // of `found`
  // Nothing when it was not minimized.
  std::optional<Proof> proof;
  std::optional<NoReturn> no_return;
  std::uint64_t execution = 0;  // number of the execution that found it, from 0
  std::string strategy;         // the one that found it: never "auto", of a portfolio the sampler
  Seed seed{0};                 // that execution's own
};

// What one sampler of a portfolio came to.
struct SamplerReport {
  std::string_view name;
  std::uint64_t executions = 0;
  std::uint64_t traces = 0;  // different ones
  double unseen_mass = 0;    // probability that its next execution is a new trace
};

// Something that executions may come to, by the name that was told to Execution::reached.
struct SituationCount {
  std::string name;
  std::uint64_t executions = 0;  // that came to it; blocked ones do not count
};

enum class Verdict : std::uint8_t {
  kVerified,   // the space is exhausted and nothing was found
  kClean,      // a limit was reached and nothing was found
  kViolation,  // findings is not empty
  kError,      // the harness failed: `error` says how; there may be findings all the same
};

struct Report {
  Verdict verdict = Verdict::kClean;
  bool exhausted = false;
  std::uint64_t executions = 0;
  // Abandoned by the strategy as covered, or of a part that was explored again (Division::stands).
  std::uint64_t executions_blocked = 0;
  std::uint64_t steps = 0;
  std::uint32_t steps_deepest = 0;
  double seconds = 0;
  // What was covered, in words: "complete: all 1 234 executions", "limit of 20 000 executions
  // reached: about 3.1 % of the tree", "sampled: 10 000 executions, 3 412 traces, unseen mass about
  // 4 %", "complete up to 2 preemptions: …". See scope.h and bounds.h.
  std::string scope;
  std::vector<SamplerReport> samplers;  // of a portfolio that ran
  // Those that came up at all, by name. A systematic search counts the executions that it made: of
  // those that differ in the order of independent steps only, one.
  std::vector<SituationCount> situations;
  // Executions with exactly 0, 1, … deviations, each execution once: of a search that repeats
  // itself, as "auto" does, those of what was completed.
  std::vector<std::uint64_t> executions_by_deviations;
  // Everything with at most so many deviations was executed, and there are executions with more.
  std::optional<std::uint32_t> deviations_complete;
  // Whether a bound on deviations left anything out. If not, it was no restriction.
  bool bound_reached = false;
  std::vector<Finding> findings;
  // Hints, one for each rule, each with the execution that showed it first, not minimized. They do
  // not change the verdict.
  std::vector<Finding> hints;
  std::string error;
};

// Searches. Requires: options.strategy is "auto" or in the catalog, and samples if options.shard is
// not the whole; with several jobs, `factory` and the programs it makes share nothing that changes.
// With options.limits.deviations_max = N the space is that of executions with at most N deviations;
// exhausting it is kVerified only if the bound left nothing out, else kClean, with `exhausted`.
// The verdict kError is given when an execution did not repeat; `error` says which choice or step
// differed; or when a footprint misled dpor. In the latter case `auto` samples all the same, since
// samplers do not rely on footprints, and may have findings beside the error. Every finding, and
// now and then an execution without one, is confirmed by a replay, so `factory` is called more
// often than executions are counted.
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
