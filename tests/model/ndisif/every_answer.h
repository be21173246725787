// What a one-fiber program of a driver comes to over all answers of the registry.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "model/ddk/driver_program.h"
#include "sim/run/execution.h"

namespace nmrcheck::model::test {

// Drives a world whose rules are not asked, as the code of one driver, and returns what it came to:
// a status, say. Owns no host resources across a step.
using Drive = std::function<std::uint64_t(World&)>;

struct Outcomes {
  std::set<std::uint64_t> values;  // of executions that ended
  std::set<std::string> verdicts;  // of those that did not
  std::uint64_t executions = 0;
};

// Every execution of `drive` under the profile, in the order of a depth-first search.
Outcomes every_outcome(const Drive& drive, const char* profile);

// The values alone. Requires: every execution ends.
std::set<std::uint64_t> every_value(const Drive& drive, const char* profile);

}  // namespace nmrcheck::model::test
