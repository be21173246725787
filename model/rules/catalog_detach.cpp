// Rules of detach and cleanup.
#include <array>

#include "model/rules/checks.h"
#include "model/rules/tables.h"

namespace nmrcheck::model::tables {
namespace {

constexpr std::array kRules{
    RuleInfo{"NMR-DET-01", Severity::kS1, kModule,
             "Once its detach callback has returned, a side begins no new use of its peer.",
             "Detaching a Client Module from a Provider Module; contrast Unregistering and "
             "Unloading the WSK Client",
             "Clear the flag that admits new calls inside the detach callback, under the lock that "
             "guards the count.",
             reference_after_detach, EventSet(K::kReferenceTaken, K::kCallBegan), call_after_detach,
             "A call may have taken its reference before: it is only a hint unless the design "
             "announces references with nmrcheck_reference_taken. An NPI may allow more: see "
             "nmrcheck_declare_npi. The callback's return counts, not its start, because no driver "
             "can stop what begins in between."},
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
    RuleInfo{
        "NMR-DET-09", Severity::kS1, kModule,
        "A request that pends counts as in progress until its completion has been delivered.",
        "Programming Considerations; Unregistering a Winsock Kernel Application",
        "Keep the reference of a call that returned STATUS_PENDING, and drop it in the completion.",
        done_with_requests_pending, EventSet(K::kDetachReturned, K::kCompletionCalled), nullptr,
        "The design announces requests with nmrcheck_request_pended and "
        "nmrcheck_request_completed."},
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
    RuleInfo{"NMR-CLN-02", Severity::kS5, kModule,
             "What a binding context needs released is released by cleanup; it is NULL only if "
             "nothing does.",
             "NPI_CLIENT_CHARACTERISTICS and NPI_PROVIDER_CHARACTERISTICS reference pages",
             "Supply a cleanup callback that frees the context.", context_never_freed,
             EventSet(K::kUnloadReturned), nullptr,
             "Noticed when the driver is unloaded and the context is still there."},
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
};

}  // namespace

std::span<const RuleInfo> detach_rules() { return kRules; }

}  // namespace nmrcheck::model::tables
