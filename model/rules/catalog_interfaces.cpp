// Rules of callbacks of NDIS interface providers.
#include <array>

#include "model/rules/interface_checks.h"
#include "model/rules/tables.h"

namespace nmrcheck::model::tables {
namespace {

constexpr auto kInterfaceProvider = Party::kInterfaceProvider;

constexpr std::array kRules{
    RuleInfo{"NDISIF-CB-01", Severity::kS1, kInterfaceProvider,
             "The context of an interface, the provider's globals and its code stay valid for "
             "every callback, from when the system decided to make it until it returned.",
             "IF_QUERY_OBJECT and NdisIfRegisterInterface reference pages; when a deregistration "
             "returns is not documented",
             "Free contexts after NdisIfDeregisterProvider has returned; or give a number and a "
             "generation as the context, and look it up under a lock.",
             callback_touches_dead, EventSet(K::kFreedMemoryTouched, K::kUnloadReturned)},
    RuleInfo{"NDISIF-CB-02", Severity::kS1, kInterfaceProvider,
             "A callback writes into the buffer that it was given, up to the length that it was "
             "told, reports no more than that, and uses neither after it has returned.",
             "IF_QUERY_OBJECT reference page",
             "Compare the length first; if it is too small, store the length that is needed and "
             "return an error without writing.",
             buffer_misused, EventSet(K::kIfCallbackReturned, K::kFreedMemoryTouched)},
    RuleInfo{"NDISIF-CB-03", Severity::kS5, kInterfaceProvider,
             "A callback answers before it returns, and does not return NDIS_STATUS_PENDING.",
             "IF_QUERY_OBJECT and IF_SET_OBJECT reference pages; no function completes a request",
             "Answer from what the driver knows; keep a copy of what takes long to find out.",
             callback_pends, EventSet(K::kIfCallbackReturned)},
    RuleInfo{"NDISIF-CB-04", Severity::kS5, kInterfaceProvider,
             "A query that succeeds has a complete answer of the right length, whose values are "
             "possible; OID_GEN_INTERFACE_INFO says the same as the single objects, with "
             "ifOperStatusFlags 0 and the compartment 0 or 1.",
             "reference pages of the OIDs; NDIS_INTERFACE_INFORMATION reference page",
             "Fill the whole structure, zeroed first, and answer all objects from one snapshot.",
             answer_wrong, EventSet(K::kIfCallbackReturned, K::kIfAnswersCompared), nullptr,
             "Answers are compared if nobody changed what both callbacks used between them. Link "
             "speeds may differ by the factor 8, since the pages give two units."},
    RuleInfo{
        "NDISIF-CB-05", Severity::kS5, kInterfaceProvider,
        "The thirteen objects that every provider must know are answered; every other "
        "identifier, and every set request, is refused.",
        "NDIS Network Interface OIDs; IF_SET_OBJECT reference page",
        "Answer all thirteen; let the default of the switch return NDIS_STATUS_INVALID_OID, and "
        "let the set handler refuse everything.",
        unknown_object_accepted, EventSet(K::kIfCallbackReturned), object_missing,
        "An object that is missing is a hint. Whether a refused request changed something in "
        "the provider is not seen."},
    RuleInfo{
        "NDISIF-CB-06", Severity::kS3, kInterfaceProvider,
        "Nothing that a callback needs is held across NdisIfDeregisterInterface or "
        "NdisIfDeregisterProvider, and no callback deregisters its own interface or provider.",
        "follows from a deregistration that waits for callbacks; whether it does is not documented",
        "Mark the interface as dying under the lock, release the lock, then deregister.",
        callback_deadlock,
        EventSet(K::kInterfaceDeregistering, K::kInterfaceDeregistered, K::kIfProviderDeregistering,
                 K::kIfProviderDeregistered, K::kDeadlocked),
        lock_across_deregistration,
        "A lock that is held though no callback has to wait for it is a hint."},
};

}  // namespace

std::span<const RuleInfo> interface_callback_rules() { return kRules; }

}  // namespace nmrcheck::model::tables
