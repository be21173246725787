// One function a file: each appends its scenarios, the faulty one before its correct twin.
#pragma once

#include <string_view>
#include <vector>

#include "scenarios/scenario.h"

namespace nmrcheck::designs {

// Appends `faulty` and the twin that it names: of the same source, without a rule to break.
void add_pair(std::vector<Scenario>& list, const Scenario& faulty, std::string_view fixed_summary,
              decltype(Scenario::make) fixed);

void add_generated(std::vector<Scenario>& list);
void add_raw_client_pointer(std::vector<Scenario>& list);
void add_sample_client(std::vector<Scenario>& list);
void add_free_in_detach(std::vector<Scenario>& list);
void add_refcount_then_lock(std::vector<Scenario>& list);
void add_counting(std::vector<Scenario>& list);
void add_attach_contract(std::vector<Scenario>& list);
void add_detach_contract(std::vector<Scenario>& list);
void add_binding_memory(std::vector<Scenario>& list);
void add_teardown(std::vector<Scenario>& list);
void add_designs_bindings(std::vector<Scenario>& list);
void add_designs_late(std::vector<Scenario>& list);
void add_designs_middle(std::vector<Scenario>& list);
void add_designs_attach(std::vector<Scenario>& list);
void add_designs_identity(std::vector<Scenario>& list);
void add_several(std::vector<Scenario>& list);
void add_designs_counting(std::vector<Scenario>& list);
void add_designs_draining(std::vector<Scenario>& list);
void add_param_contract(std::vector<Scenario>& list);
void add_registration_contract(std::vector<Scenario>& list);
void add_attach_bindings(std::vector<Scenario>& list);
void add_detach_requests(std::vector<Scenario>& list);
void add_lent_memory(std::vector<Scenario>& list);
void add_irql_contract(std::vector<Scenario>& list);
void add_liveness_contract(std::vector<Scenario>& list);
void add_bugs_references(std::vector<Scenario>& list);
void add_bugs_start(std::vector<Scenario>& list);
void add_bugs_failures(std::vector<Scenario>& list);
void add_bugs_calls(std::vector<Scenario>& list);
void add_bugs_teardown(std::vector<Scenario>& list);
void add_bugs_registrar(std::vector<Scenario>& list);

}  // namespace nmrcheck::designs
