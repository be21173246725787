// The engine's benchmarks as scenarios.
#pragma once

#include <vector>

#include "scenarios/scenario.h"

namespace nmrcheck::designs {

void add_engine(std::vector<Scenario>& list);

}  // namespace nmrcheck::designs
