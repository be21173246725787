// A table by kind of design. A faulty design is expected to come to what its fault needs.
#include "scenarios/expectations.h"

#include <algorithm>
#include <cassert>
#include <span>

#include "model/situations.h"

namespace nmrcheck {
namespace {

using namespace model::situation;
using Names = std::vector<std::string_view>;

// Both modules may leave while they attach, and at the same time.
constexpr std::string_view kBothLeave[] = {"nmr/one-word-count",
                                           "nmr/quiesce-first",
                                           "nmr/counted-requests",
                                           "nmr/two-counters-fixed",
                                           "nmr/drained-in-work-item",
                                           "nmr/owner-thread",
                                           "nmr/grace-period",
                                           "nmr/grace-period-two-readers",
                                           "nmr/broadcast-to-providers",
                                           "nmr/broadcast-to-clients",
                                           "nmr/one-context-fixed",
                                           "nmr/goodbye-call-fixed",
                                           "nmr/timer-not-cancelled-fixed",
                                           "nmr/logs-after-unlock-fixed",
                                           "nmr/asserts-on-late-requests-fixed",
                                           "nmr/middle-driver",
                                           "nmr/own-client",
                                           "nmr/register-before-wait",
                                           "nmr/stateless-provider",
                                           "nmr/attach-in-work-item-fixed",
                                           "nmr/gate-left-closed-fixed",
                                           "nmr/address-as-identity-fixed",
                                           "nmr/both-leave",
                                           "nmr/many-clients",
                                           "nmr/many-providers",
                                           "nmr/register-again",
                                           "nmr/version-not-zero-fixed",
                                           "nmr/length-of-other-structure-fixed",
                                           "nmr/no-detach-callback-fixed",
                                           "nmr/module-id-untyped-fixed",
                                           "nmr/module-id-changed-fixed",
                                           "nmr/client-table-missing-fixed",
                                           "nmr/initialized-after-register-fixed",
                                           "nmr/attach-expected-at-once-fixed",
                                           "nmr/entry-fails-registered-fixed",
                                           "nmr/handle-dereferenced-fixed",
                                           "nmr/unsynchronized-gate-fixed",
                                           "nmr/context-not-ready-fixed",
                                           "nmr/upcall-before-table-fixed",
                                           "nmr/calls-before-attached-fixed",
                                           "nmr/admits-while-detaching-fixed",
                                           "nmr/detach-waits-for-calls-fixed",
                                           "nmr/request-not-counted-fixed",
                                           "nmr/requests-kept-until-detach-fixed",
                                           "nmr/no-cleanup-fixed",
                                           "nmr/context-freed-before-wait-fixed",
                                           "nmr/temporary-npi-characteristics-fixed",
                                           "nmr/client-table-freed-in-detach-fixed",
                                           "nmr/register-under-lock-fixed",
                                           "nmr/wait-under-lock-fixed",
                                           "nmr/push-lock-in-detach-fixed",
                                           "nmr/lock-kept-in-detach-fixed",
                                           "nmr/paged-context-fixed",
                                           "nmr/paged-memory-in-detach-fixed",
                                           "nmr/middle-waits-downwards-fixed",
                                           "nmr/pointer-cleared-first-fixed",
                                           "nmr/last-reference-in-detach-fixed",
                                           "nmr/error-path-keeps-reference-fixed",
                                           "nmr/use-before-acquire-fixed",
                                           "nmr/shallow-copy-fixed",
                                           "nmr/rundown-initialized-late-fixed",
                                           "nmr/timeout-is-success-fixed",
                                           "nmr/registered-before-ready-fixed",
                                           "nmr/validated-after-attach-fixed",
                                           "nmr/register-in-epoch-fixed",
                                           "nmr/counter-not-atomic-fixed",
                                           "nmr/rundown-never-released-fixed",
                                           "nmr/release-after-close-fixed",
                                           "nmr/deregister-at-dispatch-fixed",
                                           "nmr/push-lock-in-dpc-fixed",
                                           "nmr/worker-outlives-unload-fixed",
                                           "nmr/timer-outlives-unload-fixed",
                                           "nmr/wait-for-own-queue-fixed",
                                           "nmr/handle-cleared-during-close-fixed",
                                           "nmr/notify-after-completion-fixed",
                                           "nmr/dangling-characteristics-fixed",
                                           "nmr/two-detachers-fixed",
                                           "nmr/both-deregister"};

// One of them leaves, or the other one is never attached when it does.
constexpr std::string_view kOneLeaves[] = {
    "nmr/veto-frees-context-fixed",         "nmr/handle-read-early-fixed",
    "nmr/deregister-in-attach-fixed",       "nmr/shared-structures-fixed",
    "nmr/declines-with-error-fixed",        "nmr/refused-attach-leaks-fixed",
    "nmr/failed-accept-leaks-fixed",        "nmr/detach-needs-memory-fixed",
    "nmr/failed-link-detached-again-fixed", "nmr/rollback-of-wrong-field-fixed",
    "nmr/refused-during-deregister"};

// An offer is declined, or fails.
constexpr std::string_view kDeclined[] = {"nmr/one-context-fixed",
                                          "nmr/veto-frees-context-fixed",
                                          "nmr/gate-left-closed-fixed",
                                          "nmr/handle-read-early-fixed",
                                          "nmr/deregister-in-attach-fixed",
                                          "nmr/shared-structures-fixed",
                                          "nmr/declines-with-error-fixed",
                                          "nmr/refused-attach-leaks-fixed",
                                          "nmr/unsynchronized-gate-fixed",
                                          "nmr/failed-accept-leaks-fixed",
                                          "nmr/detach-needs-memory-fixed",
                                          "nmr/failed-link-detached-again-fixed",
                                          "nmr/rollback-of-wrong-field-fixed",
                                          "nmr/refused-during-deregister"};

// A detach waits for something.
constexpr std::string_view kAwaited[] = {"nmr/one-word-count",
                                         "nmr/quiesce-first",
                                         "nmr/counted-requests",
                                         "nmr/two-counters-fixed",
                                         "nmr/drained-in-work-item",
                                         "nmr/owner-thread",
                                         "nmr/grace-period",
                                         "nmr/grace-period-two-readers",
                                         "nmr/broadcast-to-providers",
                                         "nmr/broadcast-to-clients",
                                         "nmr/one-context-fixed",
                                         "nmr/goodbye-call-fixed",
                                         "nmr/timer-not-cancelled-fixed",
                                         "nmr/logs-after-unlock-fixed",
                                         "nmr/asserts-on-late-requests-fixed",
                                         "nmr/middle-driver",
                                         "nmr/own-client",
                                         "nmr/register-before-wait",
                                         "nmr/stateless-provider",
                                         "nmr/attach-in-work-item-fixed",
                                         "nmr/gate-left-closed-fixed",
                                         "nmr/address-as-identity-fixed",
                                         "nmr/both-leave",
                                         "nmr/many-clients",
                                         "nmr/many-providers",
                                         "nmr/register-again",
                                         "nmr/context-not-ready-fixed",
                                         "nmr/upcall-before-table-fixed",
                                         "nmr/calls-before-attached-fixed",
                                         "nmr/admits-while-detaching-fixed",
                                         "nmr/detach-waits-for-calls-fixed",
                                         "nmr/request-not-counted-fixed",
                                         "nmr/requests-kept-until-detach-fixed",
                                         "nmr/pointer-cleared-first-fixed",
                                         "nmr/error-path-keeps-reference-fixed",
                                         "nmr/use-before-acquire-fixed",
                                         "nmr/shallow-copy-fixed",
                                         "nmr/detach-needs-memory-fixed",
                                         "nmr/counter-not-atomic-fixed",
                                         "nmr/rundown-never-released-fixed",
                                         "nmr/release-after-close-fixed",
                                         "nmr/deregister-at-dispatch-fixed",
                                         "nmr/push-lock-in-dpc-fixed",
                                         "nmr/both-deregister"};

// Calls are in progress, and begin, while the modules leave.
constexpr std::string_view kCalling[] = {"nmr/one-word-count",
                                         "nmr/quiesce-first",
                                         "nmr/counted-requests",
                                         "nmr/two-counters-fixed",
                                         "nmr/drained-in-work-item",
                                         "nmr/owner-thread",
                                         "nmr/grace-period",
                                         "nmr/grace-period-two-readers",
                                         "nmr/broadcast-to-providers",
                                         "nmr/broadcast-to-clients",
                                         "nmr/one-context-fixed",
                                         "nmr/logs-after-unlock-fixed",
                                         "nmr/asserts-on-late-requests-fixed",
                                         "nmr/middle-driver",
                                         "nmr/own-client",
                                         "nmr/stateless-provider",
                                         "nmr/attach-in-work-item-fixed",
                                         "nmr/context-not-ready-fixed",
                                         "nmr/upcall-before-table-fixed",
                                         "nmr/calls-before-attached-fixed",
                                         "nmr/detach-waits-for-calls-fixed",
                                         "nmr/request-not-counted-fixed",
                                         "nmr/requests-kept-until-detach-fixed",
                                         "nmr/pointer-cleared-first-fixed",
                                         "nmr/error-path-keeps-reference-fixed",
                                         "nmr/use-before-acquire-fixed",
                                         "nmr/timeout-is-success-fixed",
                                         "nmr/counter-not-atomic-fixed",
                                         "nmr/rundown-never-released-fixed",
                                         "nmr/release-after-close-fixed",
                                         "nmr/push-lock-in-dpc-fixed"};

// There is something to clean up, and the other side may still be asked to detach.
constexpr std::string_view kCleaningUp[] = {"nmr/one-word-count",
                                            "nmr/drained-in-work-item",
                                            "nmr/owner-thread",
                                            "nmr/grace-period",
                                            "nmr/grace-period-two-readers",
                                            "nmr/broadcast-to-providers",
                                            "nmr/broadcast-to-clients",
                                            "nmr/one-context-fixed",
                                            "nmr/logs-after-unlock-fixed",
                                            "nmr/address-as-identity-fixed",
                                            "nmr/context-not-ready-fixed",
                                            "nmr/use-before-acquire-fixed",
                                            "nmr/shallow-copy-fixed"};

// Work items are queued when a driver is unloaded, in executions that dpor makes too.
constexpr std::string_view kQueued[] = {
    "nmr/drained-in-work-item",         "nmr/grace-period",
    "nmr/grace-period-two-readers",     "nmr/asserts-on-late-requests-fixed",
    "nmr/register-before-wait",         "nmr/stateless-provider",
    "nmr/attach-in-work-item-fixed",    "nmr/register-again",
    "nmr/rundown-never-released-fixed", "nmr/release-after-close-fixed",

    "nmr/worker-outlives-unload-fixed", "nmr/wait-for-own-queue-fixed"};

// Callbacks are in progress when their interface is deregistered.
constexpr std::string_view kAsked[] = {"ndisif/static-provider",
                                       "ndisif/numbered-contexts",
                                       "ndisif/free-after-deregister-fixed",
                                       "ndisif/count-in-context-fixed",
                                       "ndisif/count-in-globals-fixed",
                                       "ndisif/context-filled-late-fixed",
                                       "ndisif/callback-needs-index-fixed",
                                       "ndisif/duplicate-taken-for-done-fixed",
                                       "ndisif/stale-index-fixed",
                                       "ndisif/missed-interface-fixed",
                                       "ndisif/removal-not-awaited-fixed",
                                       "ndisif/arrival-beside-unload-fixed",
                                       "ndisif/length-ignored-fixed",
                                       "ndisif/answer-pending-fixed",
                                       "ndisif/answer-refreshed-fixed",
                                       "ndisif/lock-across-deregister-fixed",
                                       "ndisif/deregister-in-callback-fixed",
                                       "ndisif/deregister-under-spin-lock-fixed",
                                       "ndisif/callback-keeps-spin-lock-fixed",
                                       "ndisif/module-and-provider-fixed",
                                       "ndisif/boot-reconciliation",
                                       "driver/port",
                                       "driver/port-count",
                                       "ndisif/removal-not-awaited",
                                       "ndisif/lock-across-deregister",
                                       "ndisif/deregister-in-callback"};

struct Group {
  std::span<const std::string_view> scenarios;
  Names situations;
};

const std::vector<Group>& groups() {
  static const std::vector<Group> table = {
      {kBothLeave, {kLateOffer, kDeregisterDuringOffer, kBothDeregister}},
      {kOneLeaves, {kLateOffer, kDeregisterDuringOffer}},
      {kDeclined, {kRefusedOffer}},
      {kAwaited, {kPendingDetach, kEarlyCompletion}},
      {kCalling, {kDetachDuringCall, kCallWhileDetaching}},
      {kCleaningUp, {kCleanupDuringDetach, kCleanupInCompletion}},
      {kQueued, {kUnloadWithWork}},
      {kAsked, {kCallbackDuringDeregister}},
  };
  return table;
}

struct Expectation {
  Names scenarios;
  Names situations;
};

const std::vector<Expectation>& expectations() {
  static const std::vector<Expectation> table = {
      // Client and provider register, attach and leave.
      {{"nmr/attach-too-late-fixed", "nmr/attach-twice-fixed", "nmr/attach-pending-fixed",
        "nmr/accept-without-dispatch-fixed", "nmr/early-upcall-fixed",
        "nmr/complete-before-callback-fixed", "nmr/wait-in-cleanup-fixed",
        "nmr/context-freed-twice-fixed", "nmr/freed-by-work-item-fixed",
        "nmr/temporary-characteristics-fixed", "nmr/dispatch-freed-in-detach-fixed",
        "nmr/unload-without-wait-fixed", "nmr/wait-in-detach-fixed",
        "nmr/lock-across-registrar-fixed", "nmr/deregister-after-wait-fixed",
        "nmr/deregister-as-provider-fixed", "nmr/deregister-null-fixed",
        "nmr/deregister-twice-fixed", "nmr/wait-first-fixed"},
       {kLateOffer, kDeregisterDuringOffer, kBothDeregister}},
      // One of them declines.
      {{"nmr/attach-veto-fixed", "nmr/attach-pretended-fixed", "nmr/dead-binding-handle-fixed"},
       {kRefusedOffer, kLateOffer, kDeregisterDuringOffer}},
      // Calls go on while they leave, and the detach waits for them.
      {{"nmr/raw-client-pointer-fixed", "nmr/sample-client", "nmr/free-in-detach-fixed",
        "nmr/refcount-then-lock-fixed", "nmr/lost-completion-fixed",
        "nmr/completion-after-success-fixed", "nmr/missing-completion-fixed",
        "nmr/check-then-call-fixed", "nmr/detach-refused-fixed", "nmr/stops-serving-fixed",
        "nmr/complete-without-drain-fixed", "nmr/complete-twice-fixed",
        "nmr/thread-outlives-unload-fixed"},
       {kLateOffer, kDeregisterDuringOffer, kBothDeregister, kDetachDuringCall, kPendingDetach,
        kEarlyCompletion}},
      // Something else than a call is waited for.
      {{"nmr/complete-and-succeed-fixed", "nmr/touch-after-complete-fixed",
        "nmr/stale-peer-data-fixed"},
       {kLateOffer, kBothDeregister, kPendingDetach, kEarlyCompletion}},
      {{"nmr/raw-client-pointer-fixed", "nmr/sample-client", "nmr/free-in-detach-fixed",
        "nmr/refcount-then-lock-fixed", "nmr/touch-after-complete-fixed",
        "nmr/stale-peer-data-fixed"},
       {kCleanupDuringDetach, kCleanupInCompletion}},
      {{"nmr/touch-after-complete-fixed"}, {kUnloadWithWork}},
      {{"nmr/generated"}, {kBothDeregister, kPendingDetach, kCleanupInCompletion}},
      {{"nmr/registered-before-ready-fixed", "nmr/validated-after-attach-fixed"},
       {kDetachDuringCall}},
      {{"nmr/second-offer-awaited-fixed", "nmr/reset-after-register-fixed"},
       {kDeregisterDuringOffer, kBothDeregister}},
      {{"nmr/timeout-is-success-fixed", "nmr/registered-before-ready-fixed",
        "nmr/validated-after-attach-fixed", "nmr/register-in-epoch-fixed"},
       {kPendingDetach}},
      {{"nmr/timeout-is-success-fixed", "nmr/register-in-epoch-fixed"}, {kDetachInRegister}},
      {{"nmr/rollback-by-address-fixed"}, {"second registration failed"}},
      // Whole drivers in C.
      {{"driver/echo", "driver/asker", "driver/ticker", "driver/ticker-dpc-flushed",
        "driver/listener", "driver/relay"},
       {kDeregisterDuringOffer, kBothDeregister, kDetachDuringCall, kPendingDetach,
        kEarlyCompletion, kCleanupInCompletion}},
      {{"driver/echo", "driver/asker", "driver/relay"}, {kUnloadWithWork}},
      // Interface providers, correct and faulty.
      {{"ndisif/free-after-deregister", "ndisif/free-after-deregister-fixed",
        "ndisif/count-in-context", "ndisif/count-in-context-fixed", "ndisif/count-in-globals",
        "ndisif/count-in-globals-fixed"},
       {kCallbackAfterDeregister, kCallbackOutlivesDeregister}},
      {{"ndisif/deregister-in-callback"}, {kCallbackOutlivesDeregister}},
      {{"ndisif/static-provider", "ndisif/numbered-contexts", "ndisif/status-enumerated",
        "ndisif/status-enumerated-fixed", "ndisif/handle-instead-of-status-fixed",
        "ndisif/missed-interface", "ndisif/missed-interface-fixed", "ndisif/luid-lost-on-failure",
        "ndisif/luid-lost-on-failure-fixed", "ndisif/mux-internal-interface",
        "ndisif/duplicate-taken-for-done"},
       {kRefusedInterface}},
      {{"ndisif/duplicate-taken-for-done"}, {kDuplicateLuid}},
      {{"ndisif/stale-index", "ndisif/stale-index-fixed"}, {kIndexGivenAgain}},
      {{"ndisif/boot-reconciliation", "ndisif/record-kept-after-failed-free",
        "ndisif/record-kept-after-failed-free-fixed", "ndisif/free-from-old-record-fixed"},
       {kRefusedFree, kPowerFailed}},
      {{"ndisif/luid-freed-twice", "ndisif/free-with-other-type"}, {kRefusedFree}},
      {{"ndisif/luid-recorded-late", "ndisif/luid-recorded-late-fixed",
        "ndisif/record-erased-first", "ndisif/record-erased-first-fixed",
        "ndisif/free-from-old-record"},
       {kPowerFailed}},
      {{"ndisif/module-and-provider"}, {kDetachDuringCall}},
      {{"ndisif/module-and-provider-fixed"},
       {kLateOffer, kDeregisterDuringOffer, kBothDeregister, kDetachDuringCall, kPendingDetach,
        kCallWhileDetaching, kEarlyCompletion}},
      // Faulty.
      {{"nmr/raw-client-pointer", "nmr/check-then-call", "nmr/stops-serving"}, {kDetachDuringCall}},
      {{"nmr/lost-completion", "nmr/missing-completion", "nmr/complete-without-drain"},
       {kDetachDuringCall, kPendingDetach}},
      {{"nmr/freed-by-work-item"}, {kUnloadWithWork}},
      {{"nmr/completion-after-success", "nmr/complete-and-succeed"}, {kEarlyCompletion}},
  };
  return table;
}

void add(std::vector<Scenario>& list, std::string_view name, const Names& situations) {
  const auto found = std::find_if(list.begin(), list.end(),
                                  [name](const Scenario& one) { return one.name == name; });
  assert(found != list.end());
  found->situations.insert(found->situations.end(), situations.begin(), situations.end());
}

}  // namespace

void add_expectations(std::vector<Scenario>& list) {
  for (const Group& group : groups()) {
    for (const std::string_view name : group.scenarios) add(list, name, group.situations);
  }
  for (const Expectation& expectation : expectations()) {
    for (const std::string_view name : expectation.scenarios) {
      add(list, name, expectation.situations);
    }
  }
}

}  // namespace nmrcheck
