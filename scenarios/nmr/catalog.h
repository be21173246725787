// One function a file: each appends its scenarios, the faulty one before its correct twin.
#pragma once

#include <vector>

#include "scenarios/scenario.h"

namespace nmrcheck::designs {

void add_raw_client_pointer(std::vector<Scenario>& list);

}  // namespace nmrcheck::designs
