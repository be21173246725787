// One function a file: each appends its scenarios, the faulty one before its correct twin.
#pragma once

#include <vector>

#include "scenarios/scenario.h"

namespace nmrcheck::designs {

void add_ndisif_contract(std::vector<Scenario>& list);
void add_ndisif_registration(std::vector<Scenario>& list);
void add_ndisif_deregistration(std::vector<Scenario>& list);
void add_ndisif_lifetime(std::vector<Scenario>& list);
void add_ndisif_callbacks(std::vector<Scenario>& list);
void add_ndisif_answers(std::vector<Scenario>& list);
void add_ndisif_both(std::vector<Scenario>& list);
void add_ndisif_stack(std::vector<Scenario>& list);
void add_ndisif_indexes(std::vector<Scenario>& list);
void add_ndisif_luids(std::vector<Scenario>& list);
void add_ndisif_restarts(std::vector<Scenario>& list);

}  // namespace nmrcheck::designs
