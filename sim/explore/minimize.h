// A smaller interleaving that breaks the same rule.
#pragma once

#include <cstdint>

#include "sim/explore/explorer.h"

namespace nmrcheck::sim {

struct MinimizeBudget {
  std::uint32_t executions_max = 2'000;
};

struct Minimized {
  Schedule schedule;
  Outcome outcome;
  std::uint32_t preemptions = 0;  // switches away from an enabled fiber
  std::uint32_t deviations = 0;   // value choices that leave their default
  std::uint32_t executions = 0;   // spent
  bool budget_reached = false;    // a smaller one may exist
};

// Removes forced switches and value deviations from `schedule` while the same rule breaks at the
// same place. The default scheduler stays on the current fiber while it is enabled, else takes the
// first enabled in spawn order; values take their default.
// Sources: Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", 2002 (ddmin).
// Requires: `schedule` reproduces `violation`.
Minimized minimize(const ProgramFactory& factory, const Schedule& schedule,
                   const Violation& violation, const Limits& limits, const MinimizeBudget& budget);

}  // namespace nmrcheck::sim
