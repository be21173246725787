// Rules of the registrar itself.
#include <array>

#include "model/rules/checks.h"
#include "model/rules/tables.h"

namespace nmrcheck::model::tables {
namespace {

constexpr std::array kRules{
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
};

}  // namespace

std::span<const RuleInfo> registrar_rules() { return kRules; }

}  // namespace nmrcheck::model::tables
