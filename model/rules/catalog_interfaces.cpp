// Rules of callbacks of NDIS interface providers.
#include <array>

#include "model/rules/interface_checks.h"
#include "model/rules/tables.h"

namespace nmrcheck::model::tables {
namespace {

constexpr auto kInterfaceProvider = Party::kInterfaceProvider;

constexpr std::array kRules{
    RuleInfo{
        "NDISIF-CB-01", Severity::kS1, kInterfaceProvider,
        "The context of an interface, the provider's globals and its code stay valid for every "
        "callback, from when the system decided to make it until it returned.",
        "IF_QUERY_OBJECT and NdisIfRegisterInterface reference pages; when a deregistration "
        "returns "
        "is not documented",
        "Free contexts after NdisIfDeregisterProvider has returned; or give a number and a "
        "generation as the context, and look it up under a lock.",
        callback_touches_dead, EventSet(K::kFreedMemoryTouched, K::kUnloadReturned)},
};

}  // namespace

std::span<const RuleInfo> interface_callback_rules() { return kRules; }

}  // namespace nmrcheck::model::tables
