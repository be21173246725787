// Rules of memory, IRQL and unloading.
#include <array>

#include "model/rules/checks.h"
#include "model/rules/tables.h"

namespace nmrcheck::model::tables {
namespace {

constexpr std::array kRules{
    RuleInfo{"NMR-MEM-01", Severity::kS1, kModule,
             "The characteristics stay valid until the wait for the deregistration returned.",
             "NmrRegisterClient and NmrRegisterProvider reference pages",
             "Make them global constants.", registration_memory_freed, EventSet(K::kMemoryFreed)},
    RuleInfo{"NMR-MEM-02", Severity::kS1, kModule,
             "The registration context stays valid until the wait for the deregistration returned: "
             "late offers pass it.",
             "NmrRegisterClient and NmrRegisterProvider reference pages",
             "Make it part of the driver's globals, or free it after the wait.",
             registration_context_freed, EventSet(K::kMemoryFreed)},
    RuleInfo{"NMR-MEM-03", Severity::kS1, kModule,
             "What the registration instance points to (NPI id, module id, NPI-specific "
             "characteristics) stays valid until the wait for the deregistration returned.",
             "NPI_REGISTRATION_INSTANCE reference page; xdp-for-windows issue 923",
             "Make them global constants, or free them after the wait.", identifiers_freed,
             EventSet(K::kMemoryFreed), nullptr,
             "Pool memory only; memory of a stack frame that has ended is not noticed."},
    RuleInfo{"NMR-MEM-04", Severity::kS1, kClient,
             "A client's dispatch table stays valid while the binding is attached.",
             "NmrClientAttachProvider reference page", "Make dispatch tables global constants.",
             client_table_freed, EventSet(K::kMemoryFreed), nullptr,
             "For the binding context see NMR-CLN-01."},
    RuleInfo{"NMR-MEM-05", Severity::kS1, kProvider,
             "A provider's dispatch table stays valid while the binding is attached.",
             "ProviderAttachClient reference page", "Make dispatch tables global constants.",
             provider_table_freed, EventSet(K::kMemoryFreed), nullptr,
             "For the binding context see NMR-CLN-01."},
    RuleInfo{"NMR-MEM-06", Severity::kS1, kModule,
             "Memory that belongs to the peer's binding is not used after the own side is done.",
             "NPI_REGISTRATION_INSTANCE reference page; ebpf-for-windows issue 1850",
             "Copy what is needed later, or hold the reference that delays the detach.",
             peer_memory_after_done, EventSet(K::kFreedMemoryTouched)},
    RuleInfo{"NMR-MEM-07", Severity::kS4, kModule,
             "Binding contexts lie in non-paged pool, and so does all that is touched in detach "
             "and cleanup callbacks or at DISPATCH_LEVEL.",
             "NmrClientAttachProvider and ProviderAttachClient reference pages",
             "Allocate with POOL_FLAG_NON_PAGED.", paged_memory_used,
             EventSet(K::kPagedMemoryTouched, K::kClientAttachCalled, K::kAttachReturned)},
    RuleInfo{"NMR-MEM-08", Severity::kS1, kModule,
             "After being done, a side does not touch its own binding context outside cleanup "
             "without a reference that cleanup respects.",
             "ebpf-for-windows issues 1087 and 2326; xdp-for-windows pull request 720",
             "Take what is needed out of the context first; let the completion be the last "
             "statement that may use it.",
             own_context_after_done, EventSet(K::kFreedMemoryTouched)},
    RuleInfo{"NMR-IRQL-01", Severity::kS4, kModule,
             "NmrRegister* and NmrClientAttachProvider are called at PASSIVE_LEVEL, NmrDeregister* "
             "and completions at most at DISPATCH_LEVEL.",
             "reference pages of these functions",
             "Release spin locks first, or register from a work item.", registrar_called_too_high,
             EventSet(K::kIrqlExceeded)},
    RuleInfo{"NMR-IRQL-02", Severity::kS4, kModule,
             "NmrWait* is called below DISPATCH_LEVEL, without a spin lock.",
             "NmrWaitForClientDeregisterComplete and NmrWaitForProviderDeregisterComplete "
             "reference pages",
             "Wait in the unload routine, after all locks are released.", wait_called_too_high,
             EventSet(K::kIrqlExceeded)},
    RuleInfo{"NMR-IRQL-03", Severity::kS4, kModule,
             "Detach and cleanup callbacks do nothing that needs an IRQL below DISPATCH_LEVEL: "
             "they may be called at it, whatever the IRQL of the deregistration.",
             "reference pages of the callbacks; xdp-for-windows pull request 720",
             "Return STATUS_PENDING and let a work item, allocated beforehand, do the rest; use "
             "spin locks.",
             callback_needs_low_irql, EventSet(K::kMayBlock, K::kIrqlExceeded), nullptr,
             "Judged at every IRQL: waits with a timeout, push locks and paged allocations. A "
             "module whose peers only ever deregister at PASSIVE_LEVEL works all the same."},
    RuleInfo{"NMR-IRQL-04", Severity::kS4, kModule,
             "A callback returns at the IRQL that it was called at, with no lock that it acquired.",
             "KeAcquireSpinLock reference page, and what callers of any callback assume",
             "Release on every path out of the callback, early returns included.",
             callback_leaves_a_trace,
             EventSet(K::kAttachReturned, K::kDetachReturned, K::kCleanupReturned)},
    RuleInfo{"NMR-UNL-01", Severity::kS2, kModule,
             "Unload does not return before every registration of the image was deregistered and "
             "waited for.",
             "Unloading a Client Module; Unloading a Provider Module",
             "STATUS_PENDING is the usual answer of NmrDeregister*: call the wait function then.",
             unload_with_registration, EventSet(K::kUnloadReturned)},
    RuleInfo{
        "NMR-UNL-02", Severity::kS2, kModule,
        "A driver entry routine that fails after it has registered deregisters and waits first.",
        "follows from unloading: after an error the image is gone, and the unload routine never "
        "runs",
        "Undo in the error path what succeeded, NmrWait* included; or register as the last step.",
        failed_entry_with_registration, EventSet(K::kEntryFailed)},
    RuleInfo{"NMR-UNL-03", Severity::kS2, kModule,
             "No thread runs code of the module after its unload returned, the instructions after "
             "a completion call included.",
             "follows from unloading; xdp-for-windows pull request 321",
             "Join threads, use I/O work items, and wait for whoever completes the detach.",
             unload_with_code_running, EventSet(K::kUnloadReturned)},
};

}  // namespace

std::span<const RuleInfo> memory_rules() { return kRules; }

}  // namespace nmrcheck::model::tables
