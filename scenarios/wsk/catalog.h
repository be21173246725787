// One function a file: each appends its scenarios, the faulty one before its correct twin.
#pragma once

#include <vector>

#include "scenarios/scenario.h"

namespace nmrcheck::designs {

void add_wsk_registration(std::vector<Scenario>& list);
void add_wsk_use(std::vector<Scenario>& list);

}  // namespace nmrcheck::designs
