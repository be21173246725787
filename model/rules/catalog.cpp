// The rule table. Ids never change: they stand in failure files.
#include "model/rules/catalog.h"

#include <array>
#include <vector>

#include "model/rules/checks.h"
#include "model/rules/wsk.h"

namespace nmrcheck::model {
namespace {

using sim::Severity;
using K = EventKind;

constexpr auto kClient = Party::kClient;
constexpr auto kProvider = Party::kProvider;
constexpr auto kModule = Party::kModule;
constexpr auto kDriver = Party::kDriver;
constexpr auto kHarness = Party::kHarness;

constexpr std::array kRules{
    RuleInfo{"NMR-ATT-01", Severity::kS1, kClient,
             "NmrClientAttachProvider is called only inside the client's attach callback for that "
             "very binding.",
             "NmrClientAttachProvider reference page",
             "Decide and attach inside ClientAttachProvider; attaching later is not possible.",
             attach_outside_callback, EventSet(K::kBindingHandleUsed)},
    RuleInfo{"NMR-ATT-02", Severity::kS1, kClient,
             "After NmrClientAttachProvider succeeded for a binding it is not called again for it; "
             "another attempt after a failure is allowed inside the same callback.",
             "Attaching the WSK client to the WSK subsystem",
             "Leave the retry loop at the first success.", attach_after_success,
             EventSet(K::kBindingHandleUsed)},
    RuleInfo{"NMR-ATT-03", Severity::kS1, kClient,
             "The client's attach callback returns the status of its last NmrClientAttachProvider "
             "call: there is no way back after success.",
             "ClientAttachProvider reference page; ebpf-for-windows issues 2009 and 2048",
             "Validate the provider before the call, and return exactly what the call returned.",
             attach_status_differs, EventSet(K::kAttachReturned)},
    RuleInfo{"NMR-ATT-04", Severity::kS1, kModule,
             "An attach callback returns success only for a real attachment, and never "
             "STATUS_PENDING: attaching is synchronous.",
             "ClientAttachProvider and ProviderAttachClient reference pages",
             "Return STATUS_NOINTERFACE to decline; finish all work before returning.",
             success_without_attach, EventSet(K::kAttachReturned)},
    RuleInfo{"NMR-ATT-07", Severity::kS1, kProvider,
             "A provider that accepts has stored its binding context and its dispatch table.",
             "ProviderAttachClient reference page",
             "Store both out parameters on every path that returns STATUS_SUCCESS.",
             provider_answer_missing, EventSet(K::kAttachReturned)},
    RuleInfo{"NMR-ATT-09", Severity::kS1, kProvider,
             "The provider calls the client only after its attach callback has returned success.",
             "Network Programming Interface; ebpf-for-windows pull request 2011",
             "Publish the client to other threads so that they see it only when attached; do not "
             "call it from inside ProviderAttachClient.",
             upcall_before_acceptance, EventSet(K::kCallBegan)},
    RuleInfo{"NMR-DET-02", Severity::kS5, kModule,
             "Detach callbacks return STATUS_SUCCESS or STATUS_PENDING.",
             "ClientDetachProvider and ProviderDetachClient reference pages",
             "There is no way to refuse a detach: return PENDING and complete later.",
             undocumented_detach_status, EventSet(K::kDetachReturned)},
    RuleInfo{"NMR-DET-03", Severity::kS1, kModule,
             "A detach callback returns success only when no call of its side into the peer is in "
             "progress.",
             "Detaching a Client Module from a Provider Module; Programming Considerations",
             "Count calls into the peer; return STATUS_PENDING while the count is not zero and "
             "let the last call complete the detach.",
             success_with_calls_open, EventSet(K::kDetachReturned)},
    RuleInfo{"NMR-DET-05", Severity::kS1, kModule,
             "After a detach callback returned success there is no completion call.",
             "NmrClientDetachProviderComplete and NmrProviderDetachClientComplete reference pages",
             "Decide under one lock, or with one atomic word, whether the callback or the last "
             "call finishes the detach.",
             completion_after_success, EventSet(K::kCompletionCalled)},
    RuleInfo{"NMR-DET-06", Severity::kS1, kModule,
             "A side completes its detach only when no call of it into the peer is in progress.",
             "Detaching a Client Module from a Provider Module",
             "Complete where the last reference is dropped, after the call returned.",
             completion_with_calls_open, EventSet(K::kCompletionCalled)},
    RuleInfo{"NMR-DET-07", Severity::kS1, kModule,
             "A detach is completed once: by the callback's return or by one completion call.",
             "NmrClientDetachProviderComplete reference page",
             "Let exactly one place complete: whoever brings the count to zero while detaching.",
             second_completion, EventSet(K::kCompletionCalled, K::kDetachReturned)},
    RuleInfo{"NMR-DET-08", Severity::kS5, kModule,
             "There is no completion before the detach callback of that side was invoked.",
             "NmrProviderDetachClientComplete reference page (Windows tolerates it)",
             "Remember that the detach was requested, and complete only then.",
             completion_before_callback, EventSet(K::kCompletionCalled)},
    RuleInfo{"NMR-DET-10", Severity::kS1, kModule,
             "After a side is done it neither calls the peer nor uses the peer's dispatch table or "
             "context.",
             "Detaching pages; Programming Considerations",
             "Take a reference before reading the peer's pointers, and let the detach wait for it.",
             call_after_done, EventSet(K::kCallBegan)},
    RuleInfo{"NMR-DET-11", Severity::kS1, kModule,
             "A side that was asked to detach keeps serving the peer's calls until both sides are "
             "done.",
             "NmrClientAttachProvider and ProviderAttachClient reference pages (lifetime text)",
             "Free what calls need in the cleanup callback, not in the detach callback.",
             stopped_serving, EventSet(K::kFreedMemoryTouched)},
    RuleInfo{"NMR-CLN-01", Severity::kS1, kModule,
             "The context of an attached binding is freed only in its cleanup callback, or after "
             "the owner's wait returned.",
             "NmrClientAttachProvider reference page; ebpf-for-windows issue 990",
             "Move the free from the detach callback into the cleanup callback.",
             context_freed_too_early, EventSet(K::kMemoryFreed)},
    RuleInfo{"NMR-CLN-03", Severity::kS3, kModule,
             "A cleanup callback does not wait for a deregistration.",
             "ClientCleanupBindingContext and ProviderCleanupBindingContext reference pages",
             "Only release the binding's own memory there.", wait_in_cleanup,
             EventSet(K::kWaitCalled)},
    RuleInfo{"NMR-CLN-04", Severity::kS1, kModule,
             "A binding context is freed at most once on all paths together.",
             "follows from the cleanup contract",
             "Give the context one owner: the failure path of attach, or cleanup.",
             context_freed_twice, EventSet(K::kMemoryFreed)},
    RuleInfo{"NMR-MEM-01", Severity::kS1, kModule,
             "The characteristics stay valid until the wait for the deregistration returned.",
             "NmrRegisterClient and NmrRegisterProvider reference pages",
             "Make them global constants.", registration_memory_freed, EventSet(K::kMemoryFreed)},
    RuleInfo{"NMR-MEM-04", Severity::kS1, kModule,
             "A dispatch table stays valid while the binding is attached.",
             "NmrClientAttachProvider and ProviderAttachClient reference pages",
             "Make dispatch tables global constants.", dispatch_freed_too_early,
             EventSet(K::kMemoryFreed)},
    RuleInfo{"NMR-MEM-06", Severity::kS1, kModule,
             "Memory that belongs to the peer's binding is not used after the own side is done.",
             "NPI_REGISTRATION_INSTANCE reference page; ebpf-for-windows issue 1850",
             "Copy what is needed later, or hold the reference that delays the detach.",
             peer_memory_after_done, EventSet(K::kFreedMemoryTouched)},
    RuleInfo{"NMR-MEM-08", Severity::kS1, kModule,
             "After being done, a side does not touch its own binding context outside cleanup "
             "without a reference that cleanup respects.",
             "ebpf-for-windows issues 1087 and 2326; xdp-for-windows pull request 720",
             "Take what is needed out of the context first; let the completion be the last "
             "statement that may use it.",
             own_context_after_done, EventSet(K::kFreedMemoryTouched)},
    RuleInfo{"NMR-UNL-01", Severity::kS2, kModule,
             "Unload does not return before every registration of the image was deregistered and "
             "waited for.",
             "Unloading a Client Module; Unloading a Provider Module",
             "STATUS_PENDING is the usual answer of NmrDeregister*: call the wait function then.",
             unload_with_registration, EventSet(K::kUnloadReturned)},
    RuleInfo{"NMR-UNL-03", Severity::kS2, kModule,
             "No thread runs code of the module after its unload returned, the instructions after "
             "a completion call included.",
             "follows from unloading; xdp-for-windows pull request 321",
             "Join threads, use I/O work items, and wait for whoever completes the detach.",
             unload_with_code_running, EventSet(K::kUnloadReturned)},
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
    RuleInfo{"RGR-01", Severity::kS1, kHarness, "Only pairs with equal NPIID are offered.",
             "Network Module Attachment", "", offer_of_other_npi, EventSet(K::kAttachCalled)},
    RuleInfo{"RGR-02", Severity::kS1, kHarness,
             "A pair of live registrations is offered at most once.",
             "Attaching a Client Module to a Provider Module", "", second_offer,
             EventSet(K::kAttachCalled)},
    RuleInfo{"RGR-03", Severity::kS1, kHarness,
             "ProviderAttachClient is called only during NmrClientAttachProvider.",
             "ProviderAttachClient reference page", "", provider_attach_unasked,
             EventSet(K::kAttachCalled)},
    RuleInfo{"RGR-04", Severity::kS1, kHarness,
             "NmrClientAttachProvider returns the provider's status unchanged.",
             "NmrClientAttachProvider reference page", "", status_changed,
             EventSet(K::kClientAttachReturned)},
    RuleInfo{"RGR-05", Severity::kS1, kHarness,
             "Attach callbacks come at PASSIVE_LEVEL, the others at most at DISPATCH_LEVEL.",
             "callback reference pages", "", callback_irql,
             EventSet(K::kAttachCalled, K::kDetachCalled, K::kCleanupCalled)},
    RuleInfo{"RGR-06", Severity::kS1, kHarness,
             "No detach or cleanup callback comes for a binding that never attached.",
             "follows from the attach contract", "", detach_of_unattached,
             EventSet(K::kDetachCalled, K::kCleanupCalled)},
    RuleInfo{"RGR-07", Severity::kS1, kHarness,
             "Both detach callbacks come exactly once for each attached binding.",
             "Network Module Detachment", "", detach_not_once,
             EventSet(K::kDetachCalled, K::kBindingClosed)},
    RuleInfo{"RGR-08", Severity::kS1, kHarness,
             "Each cleanup comes exactly once, after both sides are done.",
             "Network Module Detachment", "", cleanup_not_once,
             EventSet(K::kCleanupCalled, K::kDeadlocked, K::kEnded)},
    RuleInfo{"RGR-09", Severity::kS1, kHarness,
             "Contexts, dispatch tables and handles are passed on unchanged, NULL included.",
             "callback reference pages", "", value_changed,
             EventSet(K::kAttachCalled, K::kClientAttachReturned, K::kDetachCalled,
                      K::kCleanupCalled, K::kBindingHandleUsed, K::kRegistrationHandleUsed)},
    RuleInfo{"RGR-10", Severity::kS1, kHarness,
             "The wait returns only when every binding of the registration is finished.",
             "Network Module Detachment", "", wait_returned_early, EventSet(K::kWaitReturned)},
    RuleInfo{"RGR-11", Severity::kS1, kHarness,
             "After the wait there is no callback through that registration.",
             "follows from unloading", "", callback_after_wait,
             EventSet(K::kAttachCalled, K::kDetachCalled, K::kCleanupCalled)},
    RuleInfo{"RGR-12", Severity::kS1, kHarness,
             "The registrar holds nothing across a callback: of its functions only the waits wait "
             "for anything but callbacks.",
             "follows from the functions that callbacks may call", "", registrar_blocked,
             EventSet(K::kDeadlocked)},
    RuleInfo{"RGR-13", Severity::kS1, kHarness, "A late attach is always followed by detach.",
             "usersim issue 318", "", binding_stranded, EventSet(K::kDeadlocked, K::kEnded)},
    RuleInfo{
        "RGR-14", Severity::kS1, kHarness,
        "A completion that comes while its detach callback still runs counts, and counts once.",
        "Programming Considerations (the sample client)", "", early_completion_lost,
        EventSet(K::kBindingClosed, K::kDeadlocked, K::kEnded)},
    RuleInfo{"RGR-15", Severity::kS1, kHarness,
             "What attach callbacks answer does not fail a registration: it fails before its first "
             "offer, or not at all.",
             "NmrRegisterClient and NmrRegisterProvider reference pages", "",
             registration_failed_late, EventSet(K::kRegisterReturned)},
    RuleInfo{"RGR-16", Severity::kS1, kHarness,
             "A binding is detached only when one of its own two registrations is deregistered.",
             "Network Module Detachment", "", detach_unasked, EventSet(K::kDetachCalled)},
    RuleInfo{"KRN-POOL-01", Severity::kS1, kDriver, "Freed pool memory is not used.",
             "Driver Verifier, special pool", "Keep the memory until the last user is gone."},
    RuleInfo{"KRN-POOL-02", Severity::kS1, kDriver,
             "Pool memory is freed once, by the pointer that the allocation returned.",
             "Driver Verifier, pool checks", "Give each allocation one owner."},
    RuleInfo{"KRN-POOL-04", Severity::kS1, kDriver, "Freed pool memory is not written.",
             "Driver Verifier, special pool", "Keep the memory until the last user is gone."},
    RuleInfo{"KRN-IMAGE-01", Severity::kS2, kDriver, "The data of an unloaded image is not used.",
             "follows from unloading",
             "Stop every thread, callback and work item of the driver before unload returns."},
    RuleInfo{"KRN-OBJECT-01", Severity::kS1, kDriver,
             "Kernel objects are initialized before use, and used as what they are.",
             "wdm.h reference pages of the initialization functions", "Initialize the object."},
    RuleInfo{"KRN-LOCK-01", Severity::kS1, kDriver,
             "A lock is released by the thread that holds it, in the mode it was acquired.",
             "Driver Verifier, deadlock detection", "Pair acquire and release on every path."},
    RuleInfo{"KRN-LOCK-02", Severity::kS3, kDriver, "Spin locks and push locks are not recursive.",
             "KeAcquireSpinLock and ExAcquirePushLockExclusive reference pages",
             "Split the function into one that locks and one that expects the lock."},
    RuleInfo{"KRN-RUN-01", Severity::kS1, kDriver,
             "Rundown protection is released only after it was acquired.",
             "ExReleaseRundownProtection reference page", "Release on the paths that acquired."},
    RuleInfo{"KRN-RUN-02", Severity::kS1, kDriver,
             "Rundown protection is not initialized while references are held.",
             "ExInitializeRundownProtection reference page; ebpf-for-windows pull request 4117",
             "Initialize before the object is published."},
    RuleInfo{"KRN-IRQL-01", Severity::kS4, kDriver,
             "Each function is called at an IRQL that it allows.",
             "wdm.h and netioddk.h reference pages", "Move the call to a work item."},
    RuleInfo{"KRN-ASSERT-01", Severity::kS1, kDriver,
             "The driver's own assertions hold, and it does not ask for a bug check.",
             "NT_ASSERT, RtlFailFast, KeBugCheckEx", "See the assertion's place."},
    RuleInfo{"harness.deadlock", Severity::kS3, kHarness,
             "Some fiber can always go on, and none wait for each other in a circle.",
             "the harness", "The message says who waits for what, and who holds it since when."},
    RuleInfo{
        "harness.livelock", Severity::kS3, kHarness,
        "Fibers that run get further some time: they do not go round in a circle.", "the harness",
        "The message says what each repeats. Wait for an event, or yield, or let one give up."},
    RuleInfo{"harness.lost-wakeup", Severity::kS3, kHarness,
             "No event is set and cleared before the fiber waits that needs it.", "the harness",
             "Leave the event set until it was seen; do not pulse it."},
    RuleInfo{"harness.assertion", Severity::kS1, kHarness,
             "The assertions of a program without drivers hold.", "the harness",
             "See the assertion's place."},
    RuleInfo{"harness.step-limit", Severity::kS3, kHarness,
             "An execution ends within the limit of steps.", "the harness",
             "Look for a loop that counts; raise the limit if the program is just long."},
    RuleInfo{"harness.exception", Severity::kS1, kHarness,
             "No exception leaves a fiber of the checked program.", "the harness",
             "Catch it where it can be handled."},
    RuleInfo{"harness.crash", Severity::kS1, kHarness,
             "The checked program does not fault: no NULL dereference, no division by zero.",
             "the harness", "The message names the last announced step before the fault."},
    RuleInfo{"harness.stack-overflow", Severity::kS1, kHarness, "A fiber stays within its stack.",
             "the harness", "Look for unbounded recursion."},
    RuleInfo{"harness.endless-step", Severity::kS3, kHarness,
             "Code between two announced steps ends.", "the harness",
             "Look for a loop that neither waits nor accesses shared memory."},
};

const std::vector<RuleInfo>& all_rules() {
  static const std::vector<RuleInfo> all = [] {
    std::vector<RuleInfo> made(wsk_rules().begin(), wsk_rules().end());
    made.insert(made.end(), kRules.begin(), kRules.end());
    return made;
  }();
  return all;
}

using ByKind = std::array<std::vector<const RuleInfo*>, kEventKinds>;

ByKind group_by_kind() {
  ByKind groups;
  for (const RuleInfo& rule : all_rules()) {
    for (std::uint32_t kind = 0; rule.check != nullptr && kind < kEventKinds; ++kind) {
      if (rule.on.contains(EventKind{static_cast<std::uint8_t>(kind)})) {
        groups[kind].push_back(&rule);
      }
    }
  }
  return groups;
}

}  // namespace

std::span<const RuleInfo> rules() { return all_rules(); }

std::span<const RuleInfo* const> rules_on(EventKind kind) {
  static const ByKind groups = group_by_kind();
  return groups[static_cast<std::size_t>(kind)];
}

const RuleInfo* find_rule(std::string_view id) {
  for (const RuleInfo& rule : all_rules()) {
    if (rule.id == id) return &rule;
  }
  return nullptr;
}

std::string_view to_string(Party party) {
  switch (party) {
    case Party::kClient:
      return "client";
    case Party::kProvider:
      return "provider";
    case Party::kModule:
      return "client and provider";
    case Party::kDriver:
      return "driver";
    default:
      return "harness";
  }
}

}  // namespace nmrcheck::model
