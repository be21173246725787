// What a search by preemptions covered, in words.
#pragma once

#include <string>

#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

// "complete up to 2 preemptions: 6 traces with 0 preemptions, 36 more with 1, 78 more with 2".
// A bound that is not complete says "so far". An exhausted search begins with the numbers.
std::string describe_bounds(const BoundsCoverage& coverage);

// " with 2 preemptions, the fewest": what is known of the execution that the search ended with.
std::string describe_fewest(const BoundsCoverage& coverage);

}  // namespace nmrcheck::sim
