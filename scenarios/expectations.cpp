// A table by kind of design. A faulty design is expected to come to what its fault needs.
#include "scenarios/expectations.h"

#include <algorithm>
#include <cassert>

#include "model/situations.h"

namespace nmrcheck {
namespace {

using namespace model::situation;
using Names = std::vector<std::string_view>;

struct Expectation {
  Names scenarios;
  Names situations;
};

const std::vector<Expectation>& expectations() {
  static const std::vector<Expectation> table = {
      // Client and provider register, attach and leave.
      {{"nmr/attach-too-late-fixed", "nmr/attach-twice-fixed", "nmr/attach-pending-fixed",
        "nmr/accept-without-dispatch-fixed", "nmr/early-upcall-fixed",
        "nmr/complete-before-callback-fixed", "nmr/wait-in-cleanup-fixed",
        "nmr/context-freed-twice-fixed", "nmr/freed-by-work-item-fixed",
        "nmr/temporary-characteristics-fixed", "nmr/dispatch-freed-in-detach-fixed",
        "nmr/unload-without-wait-fixed", "nmr/wait-in-detach-fixed",
        "nmr/lock-across-registrar-fixed", "nmr/deregister-after-wait-fixed",
        "nmr/deregister-as-provider-fixed", "nmr/deregister-null-fixed",
        "nmr/deregister-twice-fixed", "nmr/wait-first-fixed"},
       {kLateOffer, kDeregisterDuringOffer, kBothDeregister}},
      // One of them declines.
      {{"nmr/attach-veto-fixed", "nmr/attach-pretended-fixed", "nmr/dead-binding-handle-fixed"},
       {kRefusedOffer, kLateOffer, kDeregisterDuringOffer}},
      // Calls go on while they leave, and the detach waits for them.
      {{"nmr/raw-client-pointer-fixed", "nmr/sample-client", "nmr/free-in-detach-fixed",
        "nmr/refcount-then-lock-fixed", "nmr/lost-completion-fixed",
        "nmr/completion-after-success-fixed", "nmr/missing-completion-fixed",
        "nmr/check-then-call-fixed", "nmr/detach-refused-fixed", "nmr/stops-serving-fixed",
        "nmr/complete-without-drain-fixed", "nmr/complete-twice-fixed",
        "nmr/thread-outlives-unload-fixed"},
       {kLateOffer, kDeregisterDuringOffer, kBothDeregister, kDetachDuringCall, kPendingDetach,
        kEarlyCompletion}},
      // Something else than a call is waited for.
      {{"nmr/complete-and-succeed-fixed", "nmr/touch-after-complete-fixed",
        "nmr/stale-peer-data-fixed"},
       {kLateOffer, kBothDeregister, kPendingDetach, kEarlyCompletion}},
      {{"nmr/raw-client-pointer-fixed", "nmr/sample-client", "nmr/free-in-detach-fixed",
        "nmr/refcount-then-lock-fixed", "nmr/touch-after-complete-fixed",
        "nmr/stale-peer-data-fixed"},
       {kCleanupDuringDetach, kCleanupInCompletion}},
      {{"nmr/touch-after-complete-fixed"}, {kUnloadWithWork}},
      {{"nmr/generated"}, {kBothDeregister, kPendingDetach, kCleanupInCompletion}},
      // Faulty.
      {{"nmr/raw-client-pointer", "nmr/check-then-call", "nmr/stops-serving"}, {kDetachDuringCall}},
      {{"nmr/lost-completion", "nmr/missing-completion", "nmr/complete-without-drain"},
       {kDetachDuringCall, kPendingDetach}},
      {{"nmr/freed-by-work-item"}, {kUnloadWithWork}},
      {{"nmr/completion-after-success", "nmr/complete-and-succeed"}, {kEarlyCompletion}},
  };
  return table;
}

}  // namespace

void add_expectations(std::vector<Scenario>& list) {
  for (const Expectation& expectation : expectations()) {
    for (const std::string_view name : expectation.scenarios) {
      const auto found = std::find_if(list.begin(), list.end(),
                                      [name](const Scenario& one) { return one.name == name; });
      assert(found != list.end());
      found->situations.insert(found->situations.end(), expectation.situations.begin(),
                               expectation.situations.end());
    }
  }
}

}  // namespace nmrcheck
