// The search that proves a number of preemptions to be the fewest, or finds fewer.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/explore/explorer.h"
#include "sim/explore/guided.h"

namespace nmrcheck::sim {

struct FewerBudget {
  std::uint32_t executions_max = 0;
  std::uint64_t steps_max = 0;
};

struct Fewer {
  bool complete = false;         // everything below the bound was tried, or something was found
  std::uint32_t executions = 0;  // with those that were abandoned
  std::vector<Deviation> deviations;  // of what was found
  bool found = false;
};

// Tries all executions with 0, then 1, … up to `below.preemptions` - 1 preemptions and at most
// `below.deviations` deviations of values, until `fails` says yes.
Fewer search_fewer_preemptions(const ProgramFactory& factory, Execution& execution,
                               const Size& below, const FewerBudget& budget,
                               const std::function<bool(const Outcome&)>& fails);

}  // namespace nmrcheck::sim
