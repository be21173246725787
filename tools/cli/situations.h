// What explore says of situations: which a search reached, and which it should have.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"

namespace nmrcheck::cli {

// Executions from which on a search counts as large: what it never reached is worth a warning.
inline constexpr std::uint64_t kLargeSearch = 10'000;

struct SituationLine {
  std::string name;
  std::uint64_t executions = 0;
  bool expected = false;  // by the scenario
};

// What the scenario expects, in its order, then what else was reached: the catalog's in its order,
// and the designs' own by name.
std::vector<SituationLine> situation_lines(const Scenario& scenario, const sim::Report& report);

// What is to be said of an expected situation that a complete or large search never reached, "" of
// any other.
std::string warning_of(const SituationLine& line, const sim::Report& report);

struct SituationsText {
  // "reached, in 96 executions: pending detach 48, early completion 12; never: late offer". Empty
  // if there is nothing to say.
  std::string reached;
  // One for each expected situation that a complete or large search never reached.
  std::vector<std::string> warnings;
};
SituationsText situations_text(const Scenario& scenario, const sim::Report& report);

// The same as lines behind the column of the targets.
void print_situations(const Scenario& scenario, const sim::Report& report);

}  // namespace nmrcheck::cli
