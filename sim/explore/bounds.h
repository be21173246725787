// What a search by preemptions or by deviations covered, in words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

// "complete up to 2 preemptions: 6 traces with 0 preemptions, 36 more with 1, 78 more with 2".
// A bound that is not complete says "so far". An exhausted search begins with the numbers.
std::string describe_bounds(const BoundsCoverage& coverage);

// " with 2 preemptions, the fewest": what is known of the execution that the search ended with.
std::string describe_fewest(const BoundsCoverage& coverage);

// "complete up to 1 deviation: 214 traces with 0 deviations, 1 530 more with 1". `traces` are those
// with 0, 1, … deviations. Requires: not empty.
std::string describe_deviations(const std::vector<std::uint64_t>& traces);

// " with 1 deviation, the fewest": of an execution that no search with a lower bound found.
std::string describe_fewest_deviations(std::uint32_t deviations);

}  // namespace nmrcheck::sim
