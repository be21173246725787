// Rules of handles, registration and liveness.
#include <array>

#include "model/rules/checks.h"
#include "model/rules/tables.h"

namespace nmrcheck::model::tables {
namespace {

constexpr std::array kRules{
    RuleInfo{"NMR-HND-01", Severity::kS1, kModule,
             "A binding handle serves only to attach inside the callback and to complete once.",
             "NmrClientAttachProvider reference page", "Forget the handle when the attach failed.",
             dead_binding_handle, EventSet(K::kBindingHandleUsed)},
    RuleInfo{"NMR-HND-02", Severity::kS1, kModule,
             "A registration handle is not used after its wait succeeded.", "netioddk.h",
             "Clear the variable that holds it.", closed_registration_handle,
             EventSet(K::kRegistrationHandleUsed)},
    RuleInfo{"NMR-HND-03", Severity::kS1, kModule,
             "Each function gets the right kind of handle: its own kind of registration, its own "
             "side's binding.",
             "Bug check 0x125, NMR_INVALID_STATE",
             "Keep client and provider handles in variables of different names.",
             handle_of_other_kind, EventSet(K::kBindingHandleUsed, K::kRegistrationHandleUsed)},
    RuleInfo{"NMR-HND-04", Severity::kS1, kModule,
             "Handles are opaque: they are not dereferenced, and no longer used as identity once "
             "their object is gone.",
             "follows from the HANDLE type; values may be reused",
             "Keep what you need to know of a binding in its context.", handle_dereferenced,
             EventSet(K::kHandleDereferenced), nullptr,
             "Noticed is an announced access to what a handle points to. A stale handle that is "
             "used breaks NMR-HND-01 or NMR-HND-02; comparing two handles is not seen."},
    RuleInfo{"NMR-REG-01", Severity::kS2, kModule,
             "Each successful registration is deregistered in the end, and waited for.",
             "Network Module Detachment; Unloading a Client Module; Unloading a Provider Module",
             "Call NmrWait* after every NmrDeregister* that returned STATUS_PENDING, also when the "
             "driver stays loaded.",
             never_waited_for, EventSet(K::kEnded), nullptr,
             "Judged at the end of an execution, for drivers that are still loaded: an unload "
             "breaks NMR-UNL-01. A driver that stays registered to the end breaks nothing."},
    RuleInfo{"NMR-REG-02", Severity::kS1, kModule,
             "All that an attach callback or an incoming call may touch is initialized before "
             "NmrRegister* is entered: both may come before it returns.",
             "NmrRegisterClient and NmrRegisterProvider reference pages; ebpf-for-windows pull "
             "request 4117",
             "Register as the last step of the initialization.", used_before_initialized,
             EventSet(K::kUsedUninitialized, K::kInitializedLate), nullptr,
             "Noticed are kernel objects that are initialized after, or never before, a callback "
             "uses them, and pool memory that nobody has written."},
    RuleInfo{"NMR-REG-03", Severity::kS1, kModule,
             "Nobody uses the variable of a registration handle before NmrRegister* returned: when "
             "it is stored is not documented.",
             "NmrRegisterClient and NmrRegisterProvider reference pages, which are silent",
             "Hand the handle to others after the return; let callbacks that give up set a flag "
             "that the registering thread looks at.",
             handle_used_too_early, EventSet(K::kUnsetHandleRead, K::kRegistrationHandleUsed),
             nullptr,
             "Noticed are announced reads, and calls from inside a callback that runs within "
             "NmrRegister*."},
    RuleInfo{"NMR-REG-04", Severity::kS1, kModule,
             "A failed registration has no handle: it is neither deregistered nor waited for.",
             "ebpf-for-windows issue 2529", "Unwind only the registrations that succeeded.",
             never_registered, EventSet(K::kRegistrationHandleUsed)},
    RuleInfo{"NMR-REG-05", Severity::kS1, kModule,
             "Each registration is deregistered exactly once.",
             "NmrDeregisterClient and NmrDeregisterProvider reference pages",
             "Let one thread own the handle when several can start the teardown.",
             second_deregister, EventSet(K::kRegistrationHandleUsed)},
    RuleInfo{"NMR-REG-06", Severity::kS1, kModule,
             "The wait comes after the deregistration returned STATUS_PENDING.",
             "NmrWaitForClientDeregisterComplete reference page", "Deregister first.",
             wait_without_deregister, EventSet(K::kRegistrationHandleUsed)},
    RuleInfo{"NMR-REG-07", Severity::kS6, kModule,
             "Registrations do not share characteristics or a registration context.",
             "Initializing and Registering a Client Module; Initializing and Registering a "
             "Provider Module",
             "Give each registration a structure and a context of its own.", structures_shared,
             EventSet(K::kRegisterCalled), nullptr,
             "A hint: sharing what nobody changes harms nobody."},
    RuleInfo{
        "NMR-REG-08", Severity::kS6, kModule,
        "A driver assumes neither that its attach callback has run when NmrRegister* returns, nor "
        "that it has not.",
        "NmrRegisterClient reference page, which is silent; Attaching the WSK Client to the WSK "
        "Subsystem",
        "Let the attach callback start what needs the peer; if the entry routine must wait, wait "
        "for an event with a timeout.",
        attach_expected_at_once, EventSet(K::kDeregisterCalled), nullptr,
        "A hint, given when an entry routine deregisters although a matching peer is there and its "
        "offer is still to come. A call through a table that is not there yet breaks NMR-ATT-10."},
    RuleInfo{"NMR-LIVE-01", Severity::kS3, kModule,
             "No wait function is called inside a callback of the same module.",
             "follows from the definition of the wait; ebpf-for-windows pull request 3594",
             "Wait in the unload routine or on a thread of its own.", wait_in_callback,
             EventSet(K::kWaitCalled)},
    RuleInfo{"NMR-LIVE-02", Severity::kS3, kModule,
             "No lock that a callback acquires is held across a function of the registrar.",
             "follows from callbacks that run inside those functions",
             "Drop the lock before calling NmrRegister*, NmrDeregister*, NmrWait* or a completion.",
             lock_across_registrar, EventSet(K::kLockRecursed, K::kDeadlocked)},
    RuleInfo{
        "NMR-LIVE-03", Severity::kS3, kModule,
        "A detach callback does not wait for its own calls into the peer.",
        "Detaching a Client Module from a Provider Module; ebpf-for-windows issues 270 and 1854",
        "Return STATUS_PENDING, and complete where the last call ends.", detach_waits_for_calls,
        EventSet(K::kMayBlock), nullptr,
        "Judged where the callback begins to wait: calls, references or requests of its side are "
        "in progress then."},
    RuleInfo{"NMR-LIVE-04", Severity::kS3, kModule,
             "With several registrations, no wait for one holds up the draining of another.",
             "Unloading a Client Module; Unloading a Provider Module",
             "Deregister all before waiting for any, or deregister in the direction of calls: "
             "first what lets work in.",
             wait_blocks_other_registration, EventSet(K::kDeadlocked), nullptr,
             "Judged when nothing can go on."},
    RuleInfo{
        "NMR-LIVE-05", Severity::kS3, kModule,
        "A declined offer is not expected to be repeated: a pair of registrations is offered once.",
        "Attaching a Client Module to a Provider Module",
        "Register anew when the reason for declining is gone, or accept and use the binding later.",
        refused_offer_awaited, EventSet(K::kDeadlocked), nullptr,
        "Judged when nothing can go on: code of the module waits, its only offers were declined, "
        "and the peers are still registered."},
    RuleInfo{"NMR-DET-12", Severity::kS3, kModule,
             "A side finishes its detach without help from the peer's detach callback, completion "
             "or cleanup, whatever their order.",
             "follows from an order of callbacks that is not documented",
             "Take back what the peer holds with a call of your own in the detach callback, or let "
             "the peer return it whenever it is asked, not in its detach callback.",
             done_depends_on_peer, EventSet(K::kDeadlocked), nullptr,
             "Judged when nothing can go on: the side has calls, references or requests open, or "
             "code of it waits, and the peer is not done."},
    RuleInfo{"NMR-DET-04", Severity::kS3, kModule,
             "After STATUS_PENDING exactly one completion call follows in finite time.",
             "Detaching pages",
             "Set the flag and test the count under one lock (or in one atomic word), on both "
             "paths; make sure that somebody completes.",
             completion_never_came, EventSet(K::kDeadlocked)},
    RuleInfo{"KRN-POOL-03", Severity::kS5, kDriver,
             "A driver frees its pool memory before it is unloaded.",
             "Driver Verifier, pool tracking", "Free it in cleanup or unload.", unload_with_leak,
             EventSet(K::kUnloadReturned)},
};

}  // namespace

std::span<const RuleInfo> handle_rules() { return kRules; }

}  // namespace nmrcheck::model::tables
