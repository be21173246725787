// A smaller interleaving that breaks the same rule.
#pragma once

#include <cstdint>

#include "sim/explore/explorer.h"

namespace nmrcheck::sim {

struct MinimizeBudget {
  std::uint32_t executions_max = 2'000;
};

// What the search for fewer deviations may spend of that, and how many steps it may run.
inline constexpr std::uint32_t kFewerExecutionsMax = 1'000;
inline constexpr std::uint64_t kFewerStepsMax = 1'000'000;

// Each execution of a step without end costs seconds: no more than these are spent on it.
inline constexpr std::uint32_t kEndlessExecutionsMax = 10;

struct Minimized {
  Schedule schedule;
  Outcome outcome;
  std::uint32_t preemptions = 0;  // switches away from an enabled fiber
  std::uint32_t deviations = 0;   // value choices that leave their default
  std::uint32_t executions = 0;   // spent
  bool budget_reached = false;    // a smaller one may be near
  bool fewest = false;            // no schedule with fewer deviations breaks the rule there
};

// Removes forced switches and value deviations from `schedule` while the same rule breaks at the
// same place (at any place, if that of `violation` is unknown), and makes the values that are left
// smaller. Without a budget reached, the result is 1-minimal: no single deviation can be left out.
// Then it tries all schedules with fewer deviations, as far as its budget goes: see `fewest`.
// It is the schedule that was really taken, so that it replays exactly.
// The default scheduler stays on the current fiber while it is enabled, else takes the first
// enabled in spawn order; values take their default.
// Sources: Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", 2002 (ddmin).
// Requires: `schedule` reproduces `violation`; otherwise the outcome has no violation, or another.
Minimized minimize(const ProgramFactory& factory, const Schedule& schedule,
                   const Violation& violation, const Limits& limits, const MinimizeBudget& budget);

}  // namespace nmrcheck::sim
