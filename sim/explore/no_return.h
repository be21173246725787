// The point of no return: the last step at which the execution could still be saved.
#pragma once

#include <cstdint>
#include <string>

#include "sim/explore/explorer.h"
#include "sim/explore/minimal.h"

namespace nmrcheck::sim {

// Continuations that are tried after each step: every other one by random walk, by partial-order
// sampling.
inline constexpr std::uint32_t kContinuations = 64;
// Steps that all of them may take together.
inline constexpr std::uint64_t kContinuationStepsMax = 2'000'000;

// Follows `schedule`, which breaks `rule`, up to each step, from the last one backwards, and tries
// continuations from there, until one does not break the rule. Their seeds are fixed: equal
// programs give equal answers.
// Requires: `schedule` takes `steps` steps to break the rule.
NoReturn find_point_of_no_return(const ProgramFactory& factory, const Schedule& schedule,
                                 std::uint32_t steps, const std::string& rule,
                                 const Limits& limits);

}  // namespace nmrcheck::sim
