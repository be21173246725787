// Whole drivers in C.
#pragma once

#include <vector>

#include "scenarios/scenario.h"

namespace nmrcheck::designs {

void add_echo(std::vector<Scenario>& list);
void add_asker(std::vector<Scenario>& list);
void add_ticker(std::vector<Scenario>& list);
void add_port(std::vector<Scenario>& list);
void add_relay(std::vector<Scenario>& list);

}  // namespace nmrcheck::designs
