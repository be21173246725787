// Rules of what names interfaces: indexes, bindings, the stack table, LUID indexes.
#include <array>

#include "model/rules/interface_checks.h"
#include "model/rules/tables.h"

namespace nmrcheck::model::tables {
namespace {

constexpr auto kInterfaceProvider = Party::kInterfaceProvider;

// What a binding told is more exact than what any index is, and that is more than what a pair is.
constexpr std::array kIndexRules{
    RuleInfo{
        "NDISIF-BIND-01", Severity::kS5, kInterfaceProvider,
        "NdisIfQueryBindingIfIndex gets the handle of an open binding, and nobody uses the indexes "
        "that it told once the interfaces of the binding have changed.",
        "NdisIfQueryBindingIfIndex and NdisCloseAdapterEx reference pages",
        "Forget the indexes when the binding pauses or closes, and query again when it restarts.",
        binding_out_of_date,
        EventSet(K::kBindingQueried, K::kInterfaceIndexUsed, K::kStackEntryAdding,
                 K::kStackEntryDeleted),
        nullptr,
        "Of indexes that NDIS_BIND_PARAMETERS told, nothing is known. A change is seen where the "
        "interface with the index is deregistered."},
    RuleInfo{"NDISIF-IDX-01", Severity::kS5, kInterfaceProvider,
             "An interface index names its interface until NdisIfDeregisterInterface is called, in "
             "one boot only; 0 names none.",
             "NdisIfRegisterInterface, NdisIfDeregisterInterface reference pages; Mapping a "
             "NET_LUID Value to an Interface Index",
             "Keep the NET_LUID instead, and clear the index where the interface is deregistered.",
             index_out_of_date,
             EventSet(K::kInterfaceIndexUsed, K::kStackEntryAdding, K::kStackEntryDeleted), nullptr,
             "Checked are indexes of interfaces that the driver registered itself, and those in "
             "its durable records (NMRCHECK_RECORD_COMMIT). Of a deregistration NDISIF-DEREG-01 "
             "tells, of a deletion from the stack table NDISIF-STK-02."},
    RuleInfo{"NDISIF-STK-01", Severity::kS2, kInterfaceProvider,
             "No pair that is added to the interface stack closes a circle.",
             "Bug Check 0x7C: BUGCODE_NDIS_DRIVER, parameter 1 is 0x1B",
             "Delete the pair of the old order before the pair of the new one is added.",
             stack_circle, EventSet(K::kStackEntryAdding)},
    RuleInfo{"NDISIF-STK-02", Severity::kS5, kInterfaceProvider,
             "NdisIfAddIfStackEntry names interfaces that were registered; "
             "NdisIfDeleteIfStackEntry names a pair that the same driver added, once, while its "
             "indexes mean what they meant then.",
             "NdisIfAddIfStackEntry and NdisIfDeleteIfStackEntry reference pages",
             "Remember both indexes of a pair when NdisIfAddIfStackEntry has succeeded, and delete "
             "it before either interface is deregistered.",
             pair_not_own, EventSet(K::kStackEntryAdding, K::kStackEntryDeleted), nullptr,
             "That an interface of somebody else is gone when it is to be an end is no breach: "
             "NdisIfAddIfStackEntry says so by its status."},
};

constexpr std::array kLuidRules{
    RuleInfo{"NDISIF-LUID-01", Severity::kS5, kInterfaceProvider,
             "NdisIfFreeNetLuidIndex gets a LUID index that the driver has allocated, of the "
             "interface type that it was allocated for, once.",
             "NdisIfFreeNetLuidIndex reference page",
             "Keep type and index together, and forget both when the index is freed.",
             foreign_luid_freed, EventSet(K::kLuidFreeing, K::kLuidFreed), luid_freed_after_crash,
             "Only a hint if power failed after the driver had freed the index and before it had "
             "erased its record: nothing tells then that the index is free, or somebody else's. "
             "Free at the very start of the next boot."},
    RuleInfo{"NDISIF-LUID-02", Severity::kS5, kInterfaceProvider,
             "A LUID index is freed when its interface is deregistered for good, and not used "
             "afterwards.",
             "NdisIfFreeNetLuidIndex reference page; Using a NET_LUID Index",
             "Call NdisIfDeregisterInterface first, and wait until it has returned.",
             luid_used_wrongly, EventSet(K::kLuidFreeing, K::kInterfaceCalled, K::kLuidUsed)},
    RuleInfo{"NDISIF-LUID-03", Severity::kS5, kInterfaceProvider,
             "A driver records the LUID of an interface where it survives a restart, before it "
             "registers the interface, and a persistent interface has the same LUID and GUID after "
             "the restart.",
             "NdisIfAllocateNetLuidIndex and NET_IF_INFORMATION reference pages; NDIS Interface "
             "Provider Operations",
             "Read the records at the start; allocate only for an interface that has none, and "
             "write its record at once.",
             luid_not_recorded,
             EventSet(K::kLuidAllocated, K::kRecordCommitted, K::kInterfaceCalled, K::kEnded),
             nullptr,
             "Records are what NMRCHECK_RECORD_COMMIT tells. That one is missing is seen when a "
             "restart has lost the LUID."},
    RuleInfo{"NDISIF-LUID-04", Severity::kS5, kInterfaceProvider,
             "A LUID index whose interface is gone for good is freed: at once, or, where power "
             "failed, at the next start.",
             "NdisIfAllocateNetLuidIndex and NdisIfFreeNetLuidIndex reference pages",
             "Free it where the interface is removed, and where registering a new one fails; at "
             "the start, free what records of interfaces that are not persistent say.",
             luid_leaked, EventSet(K::kEnded), luid_unaccounted,
             "Asked when an execution ends, of drivers that are unloaded. If power fails between "
             "NdisIfAllocateNetLuidIndex and the record, nobody can free the index; that is no "
             "breach. Of a driver that never commits a record (NMRCHECK_RECORD_COMMIT) it is a "
             "hint: it may keep its indexes elsewhere."},
    RuleInfo{"NDISIF-LUID-05", Severity::kS5, kInterfaceProvider,
             "A LUID index is freed before its record is erased, and the record is erased even if "
             "that fails.",
             "NdisIfFreeNetLuidIndex reference page; the order follows from power failures",
             "Call NdisIfFreeNetLuidIndex, then erase the record whatever the status.",
             record_and_free_swapped, EventSet(K::kLuidFreeing, K::kEnded), nullptr,
             "The wrong order is seen when power has failed between the two."},
};

}  // namespace

std::span<const RuleInfo> interface_index_rules() { return kIndexRules; }
std::span<const RuleInfo> interface_luid_rules() { return kLuidRules; }

}  // namespace nmrcheck::model::tables
