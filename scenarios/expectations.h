// Which situations the scenarios should come to.
#pragma once

#include <vector>

#include "scenarios/scenario.h"

namespace nmrcheck {

// Adds to each scenario what the table expects of it. Requires: all that the table names are there.
void add_expectations(std::vector<Scenario>& list);

}  // namespace nmrcheck
