// The list of scenarios, in the order in which they are shown and explored.
#include "scenarios/kernel/catalog.h"

#include <vector>

#include "scenarios/drivers/catalog.h"
#include "scenarios/engine/catalog.h"
#include "scenarios/expectations.h"
#include "scenarios/harness/catalog.h"
#include "scenarios/ndisif/catalog.h"
#include "scenarios/nmr/catalog.h"
#include "scenarios/scenario.h"
#include "scenarios/wsk/catalog.h"

namespace nmrcheck {

void designs::add_pair(std::vector<Scenario>& list, const Scenario& faulty,
                       std::string_view fixed_summary, decltype(Scenario::make) fixed) {
  list.push_back(faulty);
  list.push_back({faulty.twin,
                  fixed_summary,
                  {},
                  faulty.name,
                  faulty.source,
                  faulty.parameters,
                  fixed,
                  faulty.situations,
                  faulty.profile});
}

namespace {

std::vector<Scenario> all_scenarios() {
  using namespace designs;
  std::vector<Scenario> list;
  add_raw_client_pointer(list);
  add_sample_client(list);
  add_free_in_detach(list);
  add_refcount_then_lock(list);
  add_counting(list);
  add_attach_contract(list);
  add_detach_contract(list);
  add_binding_memory(list);
  add_teardown(list);
  add_designs_counting(list);
  add_designs_draining(list);
  add_designs_bindings(list);
  add_designs_late(list);
  add_designs_middle(list);
  add_designs_attach(list);
  add_designs_identity(list);
  add_several(list);
  add_param_contract(list);
  add_registration_contract(list);
  add_attach_bindings(list);
  add_detach_requests(list);
  add_lent_memory(list);
  add_irql_contract(list);
  add_liveness_contract(list);
  add_bugs_references(list);
  add_bugs_start(list);
  add_bugs_failures(list);
  add_bugs_calls(list);
  add_bugs_teardown(list);
  add_bugs_registrar(list);
  add_generated(list);
  add_ndisif_contract(list);
  add_ndisif_registration(list);
  add_ndisif_deregistration(list);
  add_ndisif_lifetime(list);
  add_ndisif_callbacks(list);
  add_ndisif_answers(list);
  add_ndisif_both(list);
  add_ndisif_stack(list);
  add_ndisif_indexes(list);
  add_ndisif_luids(list);
  add_ndisif_restarts(list);
  add_wsk_registration(list);
  add_wsk_use(list);
  add_kernel_memory(list);
  add_kernel_synchronization(list);
  add_kernel_regions(list);
  add_kernel_lock_order(list);
  add_kernel_unload(list);
  add_verdicts(list);
  add_liveness(list);
  add_echo(list);
  add_asker(list);
  add_ticker(list);
  add_relay(list);
  add_port(list);
  add_engine(list);
  add_expectations(list);
  return list;
}

}  // namespace

std::span<const Scenario> scenarios() {
  static const std::vector<Scenario> list = all_scenarios();
  return list;
}

const Scenario* find_scenario(std::string_view name) {
  for (const Scenario& scenario : scenarios()) {
    if (scenario.name == name) return &scenario;
  }
  return nullptr;
}

}  // namespace nmrcheck
