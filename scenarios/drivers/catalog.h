// Whole drivers in C.
#pragma once

#include <vector>

#include "scenarios/scenario.h"

namespace nmrcheck::designs {

void add_echo(std::vector<Scenario>& list);

}  // namespace nmrcheck::designs
