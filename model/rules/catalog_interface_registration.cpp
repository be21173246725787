// Rules of how interface providers register, what they hand over, and how they deregister.
#include <array>

#include "model/rules/interface_checks.h"
#include "model/rules/tables.h"

namespace nmrcheck::model::tables {
namespace {

constexpr auto kInterfaceProvider = Party::kInterfaceProvider;

// Whatever is given a handle, an index or a LUID that a failed call may have left.
constexpr EventSet kGivenValues(K::kIfProviderHandleUsed, K::kInterfaceCalled,
                                K::kInterfaceIndexUsed, K::kStackEntryAdding, K::kStackEntryDeleted,
                                K::kLuidUsed, K::kLuidFreeing);

constexpr std::array kRules{
    RuleInfo{"NDISIF-IRQL-01", Severity::kS4, kInterfaceProvider,
             "All NdisIf functions are called at PASSIVE_LEVEL.",
             "reference pages of these functions; Static Driver Verifier rule "
             "Irql_Interfaces_Function",
             "Release spin locks and fast mutexes first, or call from a work item.",
             interface_function_too_high, EventSet(K::kIrqlExceeded)},
    RuleInfo{"NDISIF-IRQL-02", Severity::kS4, kInterfaceProvider,
             "A query or set callback returns at the IRQL at which it was called, without a lock "
             "that it acquired.",
             "IF_QUERY_OBJECT and IF_SET_OBJECT reference pages: called at PASSIVE_LEVEL",
             "Release on every path, those that refuse the request too.",
             interface_callback_leaves_a_trace, EventSet(K::kIfCallbackReturned)},
    RuleInfo{
        "NDISIF-HDR-01", Severity::kS5, kInterfaceProvider,
        "The header of NDIS_IF_PROVIDER_CHARACTERISTICS has NDIS_OBJECT_TYPE_DEFAULT, revision 1 "
        "and the size of revision 1, and there is a QueryObjectHandler.",
        "NDIS_IF_PROVIDER_CHARACTERISTICS and NdisIfRegisterProvider reference pages",
        "Zero the structure, and use the constants of the header for the version.",
        characteristics_wrong, EventSet(K::kIfProviderCalled), characteristics_odd,
        "Whatever status the call returns. A NULL SetObjectHandler, and reserved members that are "
        "not NULL, are hints: the pages do not say what they do."},
    RuleInfo{"NDISIF-HDR-02", Severity::kS5, kInterfaceProvider,
             "The header of NET_IF_INFORMATION has NDIS_OBJECT_TYPE_DEFAULT, revision 1 and the "
             "size of the structure without the arrays behind it.",
             "NET_IF_INFORMATION reference page",
             "Set the size to NDIS_SIZEOF_NET_IF_INFORMATION_REVISION_1, however long the memory "
             "is.",
             information_header_wrong, EventSet(K::kInterfaceCalled)},
    RuleInfo{"NDISIF-REG-01", Severity::kS6, kInterfaceProvider,
             "A driver registers as an interface provider once, when it is initialized.",
             "NdisIfRegisterProvider reference page: from DriverEntry; a second call is not "
             "mentioned",
             "Register all interfaces with one provider handle, and tell them apart by their "
             "contexts.",
             second_provider, EventSet(K::kIfProviderReturned), nullptr,
             "Noticed is a second registration while the first is live."},
    RuleInfo{"NDISIF-REG-02", Severity::kS1, kInterfaceProvider,
             "Of a call that failed, with any status, nothing is used: no handle, no index, no "
             "LUID.",
             "result sections of the reference pages; Registering a Network Interface: other "
             "statuses than the listed ones occur",
             "Compare with NDIS_STATUS_SUCCESS, and remember what succeeded.", failure_ignored,
             kGivenValues, nullptr,
             "Noticed when what the call left is given to an NdisIf function: what such a variable "
             "holds is not documented."},
    RuleInfo{"NDISIF-REG-03", Severity::kS1, kInterfaceProvider,
             "All that a callback uses is complete before NdisIfRegisterInterface is called, and "
             "no callback needs the index that the call returns.",
             "NdisIfRegisterInterface reference page, which does not say when callbacks begin",
             "Fill the context first, and register last.", callback_finds_incomplete,
             EventSet(K::kUsedUninitialized, K::kInterfaceIndexUsed), nullptr,
             "Noticed are pool memory that nobody has written, kernel objects that need to be "
             "initialized, and an index of 0 that a callback gives to an NdisIf function.",
             true},
    RuleInfo{"NDISIF-REG-04", Severity::kS1, kInterfaceProvider,
             "NdisIfRegisterInterface is given the handle that the driver's own "
             "NdisIfRegisterProvider returned.",
             "NdisIfRegisterInterface reference page",
             "Pass the handle, not its address, and not before it is there.", provider_handle_wrong,
             EventSet(K::kIfProviderHandleUsed)},
    RuleInfo{"NDISIF-REG-05", Severity::kS5, kInterfaceProvider,
             "An interface's NET_LUID is made of a LUID index that its driver allocated for that "
             "interface type, and its reserved bits are zero.",
             "NdisIfRegisterInterface and NdisIfAllocateNetLuidIndex reference pages; Using a "
             "NET_LUID Index",
             "Make it with NDIS_MAKE_NET_LUID, from the type with which the index was allocated.",
             luid_not_own, EventSet(K::kInterfaceCalled)},
    RuleInfo{"NDISIF-REG-06", Severity::kS5, kInterfaceProvider,
             "A NET_LUID is registered once at a time; NDIS_STATUS_DUPLICATE_OBJECTID is a "
             "failure, which returns no index.",
             "NdisIfRegisterInterface reference page",
             "Remember that the interface is registered, with its index.", duplicate_taken_for_done,
             EventSet(K::kInterfaceIndexUsed, K::kStackEntryAdding, K::kStackEntryDeleted,
                      K::kInterfaceCalled),
             registered_twice,
             "That a driver tries to register its own NET_LUID a second time is a hint: the call "
             "refuses it."},
    RuleInfo{
        "NDISIF-REG-07", Severity::kS1, kInterfaceProvider,
        "NET_IF_INFORMATION is well formed: arrays behind the structure and inside its memory, "
        "names of whole characters, values of the enumerations, no reserved flags, an unknown "
        "location.",
        "NET_IF_INFORMATION and NET_PHYSICAL_LOCATION reference pages",
        "Count lengths in bytes, and offsets from the beginning of the structure.",
        information_wrong, EventSet(K::kInterfaceCalled), information_long,
        "Where the memory ends is known of pool memory and of a driver's globals. Addresses of "
        "more than 32 bytes and names of more than 512 are hints: the limits come from a header."},
    RuleInfo{"NDISIF-DEREG-01", Severity::kS2, kInterfaceProvider,
             "Each interface is deregistered once, by the driver that registered it, with the "
             "index that it has.",
             "NdisIfDeregisterInterface reference page; indexes are given again: Allocating an "
             "Interface Index",
             "Clear the index where it is deregistered, and let one thread do that.", index_not_own,
             EventSet(K::kInterfaceIndexUsed), nullptr,
             "An interface that is never deregistered is NDISIF-DEREG-02 or -04."},
    RuleInfo{"NDISIF-DEREG-02", Severity::kS2, kInterfaceProvider,
             "When NdisIfDeregisterProvider is called, the provider has no interface: each "
             "NdisIfDeregisterInterface has returned.",
             "NdisIfDeregisterProvider reference page; bug check 0x7C, parameter 0x17",
             "Deregister every interface first, on error paths too, and wait for who does it "
             "elsewhere.",
             provider_left_with_interfaces, EventSet(K::kIfProviderDeregistering)},
    RuleInfo{"NDISIF-DEREG-03", Severity::kS1, kInterfaceProvider,
             "A provider handle is not used from when NdisIfDeregisterProvider is called; it is "
             "deregistered once, by its driver.",
             "NdisIfDeregisterProvider reference page; Registering as an Interface Provider",
             "Stop whatever registers interfaces first; clear the handle when it is deregistered.",
             provider_handle_dead, EventSet(K::kIfProviderHandleUsed)},
    RuleInfo{"NDISIF-DEREG-04", Severity::kS2, kInterfaceProvider,
             "A driver deregisters as an interface provider before it is unloaded, and before its "
             "entry routine fails.",
             "NdisIfRegisterProvider and NdisIfDeregisterProvider reference pages",
             "Call NdisIfDeregisterProvider in the unload routine and on the error paths of "
             "DriverEntry.",
             unload_while_provider, EventSet(K::kUnloadReturned, K::kEntryFailed)},
};

}  // namespace

std::span<const RuleInfo> interface_registration_rules() { return kRules; }

}  // namespace nmrcheck::model::tables
