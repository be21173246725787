// A smaller interleaving that breaks the same rule at the same place.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/explore/explorer.h"
#include "sim/explore/minimal.h"

namespace nmrcheck::sim {

struct MinimizeBudget {
  std::uint32_t executions_max = 2'000;  // of everything but the proof and the continuations
  std::uint32_t proof_executions_max = 20'000;
  std::uint64_t proof_steps_max = 1'000'000;
};

// What the search for fewer deviations may spend of the executions, and how many steps it may run.
inline constexpr std::uint32_t kFewerExecutionsMax = 1'000;
inline constexpr std::uint64_t kFewerStepsMax = 1'000'000;

// What the merging of blocks may spend of the executions.
inline constexpr std::uint32_t kMergeExecutionsMax = 200;

// Each execution of a step without end costs seconds: no more than these are spent on it, and
// neither a proof nor the point of no return is looked for.
inline constexpr std::uint32_t kEndlessExecutionsMax = 10;

struct Minimized {
  Schedule schedule;
  Outcome outcome;
  Size size;
  Size found;                         // of the schedule that was given
  std::uint32_t executions = 0;       // spent, those of the proof with them
  bool budget_reached = false;        // a smaller one may be near
  bool fewest = false;                // no schedule with fewer deviations is as good
  Proof proof;                        // about preemptions
  std::optional<NoReturn> no_return;  // nothing for a step without end
};

// Makes `schedule` smaller while the same rule breaks at the same place (at any place, if that of
// `violation` is unknown), never at the price of more preemptions or more values that leave their
// default:
//   1. steps that do not conflict are reordered (OrderRecorder), which one replay confirms;
//   2. forced switches and value deviations are left out, in blocks and singly, and the values
//      that are left are made smaller; without a budget reached the result is 1-minimal;
//   3. all executions with fewer preemptions are tried, as far as the budget goes: see `proof`;
//   4. all schedules with fewer deviations are tried, as far as the budget goes: see `fewest`;
//   5. blocks of steps of one fiber are merged.
// The result is the schedule that was really taken, so that it replays exactly.
// A deviation is an answer other than the default scheduler's, which stays on the current fiber
// while it is enabled, else takes the first enabled in spawn order; values take their default.
// Sources: Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", 2002 (ddmin).
// Requires: `schedule` reproduces `violation`; otherwise the outcome has no violation, or another.
Minimized minimize(const ProgramFactory& factory, const Schedule& schedule,
                   const Violation& violation, const Limits& limits, const MinimizeBudget& budget);

}  // namespace nmrcheck::sim
