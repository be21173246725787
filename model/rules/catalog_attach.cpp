// Rules of what modules pass, and the attach phase.
#include <array>

#include "model/rules/checks.h"
#include "model/rules/tables.h"

namespace nmrcheck::model::tables {
namespace {

constexpr std::array kRules{
    RuleInfo{"NMR-PARAM-01", Severity::kS6, kModule,
             "Version in the characteristics and in the registration instance is 0.",
             "NPI_CLIENT_CHARACTERISTICS, NPI_PROVIDER_CHARACTERISTICS and "
             "NPI_REGISTRATION_INSTANCE reference pages",
             "Keep Version at 0, and put a version of your own protocol into the NPI-specific "
             "characteristics.",
             version_not_zero, EventSet(K::kRegisterCalled), nullptr,
             "A hint: Windows takes other values, and shipping drivers use them."},
    RuleInfo{"NMR-PARAM-02", Severity::kS5, kModule,
             "Length, Size and the module id's Length are the sizes of their structures.",
             "NPI_CLIENT_CHARACTERISTICS, NPI_PROVIDER_CHARACTERISTICS, NPI_REGISTRATION_INSTANCE "
             "and NPI_MODULEID reference pages",
             "Initialize them with sizeof, of the structure that they stand in: the registrar may "
             "refuse anything else.",
             length_wrong, EventSet(K::kRegisterCalled)},
    RuleInfo{"NMR-PARAM-03", Severity::kS5, kModule,
             "The attach and detach callbacks are there; only cleanup may be NULL.",
             "NPI_CLIENT_CHARACTERISTICS and NPI_PROVIDER_CHARACTERISTICS reference pages",
             "Supply a detach callback that returns STATUS_SUCCESS if there is nothing to do.",
             callback_missing, EventSet(K::kRegisterCalled)},
    RuleInfo{"NMR-PARAM-04", Severity::kS5, kModule,
             "NpiId and ModuleId point to objects that do not change while they are registered, "
             "and the module id's type is MIT_GUID or MIT_IF_LUID.",
             "NPI_REGISTRATION_INSTANCE and NPI_MODULEID reference pages",
             "Make both global constants.", identifier_wrong,
             EventSet(K::kRegisterCalled, K::kWaitReturned), nullptr,
             "Changes are noticed when the wait for the deregistration returns. A NULL NpiId is "
             "answered with STATUS_INVALID_PARAMETER, and breaks nothing."},
    RuleInfo{"NMR-PARAM-05", Severity::kS5, kModule,
             "What depends on the NPI follows it: there is a client dispatch table if the NPI has "
             "functions of the client, NPI-specific characteristics if it defines any, and always "
             "a provider dispatch table.",
             "Network Programming Interface; NmrClientAttachProvider reference page",
             "Pass the table and the characteristics that the NPI's header declares, and NULL "
             "where it declares none.",
             npi_not_followed,
             EventSet(K::kRegisterCalled, K::kClientAttachCalled, K::kAttachReturned),
             provider_table_null,
             "The design says with nmrcheck_declare_npi what its NPI defines. A NULL provider "
             "table is only a hint: shipping drivers pass one."},
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
    RuleInfo{"NMR-ATT-05", Severity::kS6, kModule,
             "A module that declines an offer says STATUS_NOINTERFACE.",
             "Attaching a Client Module to a Provider Module; Attaching a Provider Module to a "
             "Client Module",
             "Return STATUS_NOINTERFACE to decline, and an error only where something failed.",
             unusual_refusal, EventSet(K::kAttachReturned), nullptr,
             "A hint: whether something failed is not seen. A lack of memory, and what "
             "NmrClientAttachProvider returned, are taken for causes."},
    RuleInfo{"NMR-ATT-06", Severity::kS5, kModule,
             "After an attach that failed the module releases what it had allocated for it: no "
             "cleanup callback comes.",
             "NmrClientAttachProvider reference page; ebpf-for-windows pull request 2190",
             "Undo on every path of the attach callback that returns an error, in reverse order of "
             "the allocations.",
             refused_attach_leaks, EventSet(K::kUnloadReturned), nullptr,
             "Noticed when the driver is unloaded and the memory is still there. Uses of the dead "
             "handle break NMR-HND-01."},
    RuleInfo{"NMR-ATT-07", Severity::kS1, kProvider,
             "A provider that accepts has stored its binding context and its dispatch table.",
             "ProviderAttachClient reference page",
             "Store both out parameters on every path that returns STATUS_SUCCESS.",
             provider_answer_missing, EventSet(K::kAttachReturned)},
    RuleInfo{"NMR-ATT-08", Severity::kS1, kClient,
             "When a client calls NmrClientAttachProvider its binding context is ready for "
             "upcalls: they may come before the call returns.",
             "Network Programming Interface; ebpf-for-windows pull request 2005",
             "Initialize locks, counters, flags and the handle before the call; let upcalls that "
             "need the provider's table wait for a flag that is set under a lock afterwards.",
             upcall_into_unready_client,
             EventSet(K::kUsedUninitialized, K::kInitializedLate, K::kNullTableCalled), nullptr,
             "Noticed are kernel objects and pool memory that nobody initialized, and calls "
             "through a table that is not there yet; a field of zeroes that was meant to be "
             "another value is not."},
    RuleInfo{"NMR-ATT-09", Severity::kS1, kProvider,
             "The provider calls the client only after its attach callback has returned success.",
             "Network Programming Interface; ebpf-for-windows pull request 2011",
             "Publish the client to other threads so that they see it only when attached; do not "
             "call it from inside ProviderAttachClient.",
             upcall_before_acceptance, EventSet(K::kCallBegan)},
    RuleInfo{"NMR-ATT-10", Severity::kS1, kClient,
             "The client calls its provider only after NmrClientAttachProvider returned success.",
             "Network Programming Interface",
             "Set the flag that lets threads call only after the provider's table and context are "
             "stored.",
             call_before_attached, EventSet(K::kNullTableCalled), nullptr,
             "Noticed is the call through a table that is still NULL. A table kept from a binding "
             "that is gone breaks NMR-DET-10."},
    RuleInfo{
        "NMR-ATT-11", Severity::kS1, kModule,
        "A module that supports a bounded number of bindings gates its attach callback atomically "
        "against concurrent offers, and opens the gate only when a binding is gone or its attach "
        "failed.",
        "Managing Multiple Attached Provider Modules; ebpf-for-windows pull requests 2009 and 2396",
        "Reserve the slot under a lock, or with one interlocked exchange, before "
        "NmrClientAttachProvider; give it back if that fails, and otherwise in cleanup.",
        too_many_bindings, EventSet(K::kClientAttachReturned, K::kAttachReturned), nullptr,
        "The design says with nmrcheck_declare_bindings_max how many bindings it supports. A gate "
        "that is never opened again shows as NMR-LIVE-05, if anyone waits."},
};

}  // namespace

std::span<const RuleInfo> attach_rules() { return kRules; }

}  // namespace nmrcheck::model::tables
