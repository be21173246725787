// How often each sampling strategy breaks a rule of the known programs, and how to hold one against
// that.
//
// All statistics use fixed seeds, so that they pass or fail for good. Bounds are chosen so that a
// correct sampler would exceed each for one seed in a million.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/strategy/strategy.h"
#include "tests/sim/programs.h"

namespace nmrcheck::sim::test {

// Probabilities of a violation, by strategy: exact, but for `pos`.
struct Rates {
  const char* name;
  ProgramFactory factory;
  std::uint32_t steps;  // of the longest execution
  double random;
  double urw;                 // weights: the steps of each fiber's longest execution
  std::array<double, 3> pct;  // of depth 1, 2, 3, with k = steps
  double pos;                 // counted in kPosExecutions executions elsewhere, to three digits
};
inline constexpr double kPosExecutions = 100'000;
std::vector<Rates> rates();

// Runs executions fork(seed, 0), fork(seed, 1), … and compares the part of them that breaks a rule
// with `probability`, which was itself counted in `counted` executions; 0: it is exact.
void expect_rate(Strategy& strategy, const Rates& program, double probability, double counted = 0);

// Runs the executions that the strategy surveys, of the same search.
void survey(Strategy& strategy, const ProgramFactory& factory);

// Runs executions of `make`, whose programs write their order of steps to a string, and counts how
// often each order occurs. The surveyed ones do not count.
using Orders = std::map<std::string, std::uint64_t>;
Orders count_orders(Strategy& strategy,
                    const std::function<ProgramFactory(std::string& order)>& make,
                    std::uint64_t executions);
// Against equal probabilities of all that occurred.
double chi_square_of_uniform(const Orders& orders);

// `steps` times a step on `object`, each of them then adding `letter` to `order`.
void spell(Execution& execution, ObjectId object, int steps, char letter, std::string& order);

}  // namespace nmrcheck::sim::test
