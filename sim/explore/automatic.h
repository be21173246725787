// What a user gets without choosing: the strategy `auto`. It is exhaustive search with at most 0,
// 1, … deviations from the default answers, so that what it finds first has the fewest; then
// without that bound, within a share of the limits; and a portfolio of samplers with the rest, if
// that was not enough.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/strategy/division.h"

namespace nmrcheck::sim {

struct Budget {
  std::optional<std::uint64_t> executions_max;  // complete and violating executions
  std::optional<double> seconds_max;            // wall time of the search
  // In one execution. Requires: the strategy goes by preemptions (Strategy::limit_preemptions).
  std::optional<std::uint32_t> preemptions_max;
};

// The strategies of the catalog that `auto` is made of.
inline constexpr const char* kAutoExhaustive = "dpor";
inline constexpr const char* kAutoSampling = "portfolio";

// Executions of the exhaustive phase when no limit is given. Of limits that are given, it has half.
inline constexpr std::uint64_t kAutoExhaustiveExecutions = 200'000;
// Executions of the deepening when no limit is given. Of limits that are given, it has a twentieth.
// All faulty designs of the catalog are found within 1 400, and it costs the correct ones an
// eighth.
inline constexpr std::uint64_t kAutoDeepeningExecutions = 20'000;
// A bound has to multiply the executions by so much for the next bound to be tried. Where it does
// not, much of the whole space is within it, and going through that at once costs less.
inline constexpr std::uint64_t kAutoDeepeningGrowth = 4;
// Executions of a sampling strategy when no limit is given.
inline constexpr std::uint64_t kSamplingExecutions = 10'000;

// The limits of one strategy in a search.
struct PhaseLimits {
  std::uint64_t executions_max = kUnlimited;
  std::optional<double> seconds_max;  // since the start of the search
  std::string share;                  // words behind the limit: ", half of all,"
};

// Of a strategy that a user chose.
PhaseLimits limits_of_one(const Budget& budget, bool exhaustive);
// Of the phases of `auto`; `executions` were made before sampling, which may have none. The
// deepening's are those of all bounds together.
PhaseLimits limits_of_deepening(const Budget& budget);
PhaseLimits limits_of_exhaustive_phase(const Budget& budget);
PhaseLimits limits_of_sampling_phase(const Budget& budget, std::uint64_t executions);

}  // namespace nmrcheck::sim
