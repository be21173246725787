// Words for a program that does not repeat under the same schedule.
#pragma once

#include <string>

#include "sim/explore/explorer.h"

namespace nmrcheck::sim {

// True if following the schedule of `first` gave `first` again: same rule, same step, same hash.
bool repeats(const Outcome& first, const Replayed& again);

// Says how `again`, a replay of `first`, differs from it: the choice or the step, and the usual
// causes. Runs the program two more times, to see where it parts from itself.
std::string describe_nondeterminism(const ProgramFactory& factory, const Limits& limits,
                                    const Outcome& first, const Replayed& again);

// The same for a systematic search that could not go back to where it was.
std::string describe_prefix_divergence(const Divergence& divergence, const Execution& execution);

}  // namespace nmrcheck::sim
