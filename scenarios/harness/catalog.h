// Programs that end in one of the harness's own verdicts, each beside one that does not.
#pragma once

#include <vector>

#include "scenarios/scenario.h"

namespace nmrcheck::designs {

void add_verdicts(std::vector<Scenario>& list);
void add_liveness(std::vector<Scenario>& list);

}  // namespace nmrcheck::designs
