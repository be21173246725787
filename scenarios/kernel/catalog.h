// One function a file: each appends its scenarios, the faulty one before its correct twin.
#pragma once

#include <vector>

#include "scenarios/scenario.h"

namespace nmrcheck::designs {

void add_kernel_lock_order(std::vector<Scenario>& list);
void add_kernel_memory(std::vector<Scenario>& list);
void add_kernel_regions(std::vector<Scenario>& list);
void add_kernel_synchronization(std::vector<Scenario>& list);
void add_kernel_unload(std::vector<Scenario>& list);

}  // namespace nmrcheck::designs
