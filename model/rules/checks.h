// The checks behind the rules, one file a family, named by the breach they look for.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "model/rule.h"

namespace nmrcheck::model {

// parameters.cpp
std::optional<std::string> version_not_zero(const Event&, const RuleContext&);
std::optional<std::string> length_wrong(const Event&, const RuleContext&);
std::optional<std::string> callback_missing(const Event&, const RuleContext&);
std::optional<std::string> identifier_wrong(const Event&, const RuleContext&);
std::optional<std::string> npi_not_followed(const Event&, const RuleContext&);
std::optional<std::string> provider_table_null(const Event&, const RuleContext&);

// registration.cpp
std::optional<std::string> never_waited_for(const Event&, const RuleContext&);
std::optional<std::string> used_before_initialized(const Event&, const RuleContext&);
std::optional<std::string> handle_used_too_early(const Event&, const RuleContext&);
std::optional<std::string> structures_shared(const Event&, const RuleContext&);
std::optional<std::string> attach_expected_at_once(const Event&, const RuleContext&);

// irql.cpp
std::optional<std::string> registrar_called_too_high(const Event&, const RuleContext&);
std::optional<std::string> wait_called_too_high(const Event&, const RuleContext&);
std::optional<std::string> callback_needs_low_irql(const Event&, const RuleContext&);
std::optional<std::string> callback_leaves_a_trace(const Event&, const RuleContext&);
std::optional<std::string> paged_memory_used(const Event&, const RuleContext&);

// attach.cpp
std::optional<std::string> unusual_refusal(const Event&, const RuleContext&);
std::optional<std::string> refused_attach_leaks(const Event&, const RuleContext&);
std::optional<std::string> upcall_into_unready_client(const Event&, const RuleContext&);
std::optional<std::string> call_before_attached(const Event&, const RuleContext&);
std::optional<std::string> too_many_bindings(const Event&, const RuleContext&);
std::optional<std::string> attach_outside_callback(const Event&, const RuleContext&);
std::optional<std::string> attach_after_success(const Event&, const RuleContext&);
std::optional<std::string> attach_status_differs(const Event&, const RuleContext&);
std::optional<std::string> success_without_attach(const Event&, const RuleContext&);
std::optional<std::string> provider_answer_missing(const Event&, const RuleContext&);
std::optional<std::string> upcall_before_acceptance(const Event&, const RuleContext&);

// detach.cpp
std::optional<std::string> reference_after_detach(const Event&, const RuleContext&);
std::optional<std::string> call_after_detach(const Event&, const RuleContext&);
std::optional<std::string> done_with_requests_pending(const Event&, const RuleContext&);
std::optional<std::string> done_depends_on_peer(const Event&, const RuleContext&);
std::optional<std::string> undocumented_detach_status(const Event&, const RuleContext&);
std::optional<std::string> success_with_calls_open(const Event&, const RuleContext&);
std::optional<std::string> completion_never_came(const Event&, const RuleContext&);
std::optional<std::string> completion_after_success(const Event&, const RuleContext&);
std::optional<std::string> completion_with_calls_open(const Event&, const RuleContext&);
std::optional<std::string> second_completion(const Event&, const RuleContext&);
std::optional<std::string> completion_before_callback(const Event&, const RuleContext&);
std::optional<std::string> call_after_done(const Event&, const RuleContext&);
std::optional<std::string> peer_memory_after_done(const Event&, const RuleContext&);
std::optional<std::string> stopped_serving(const Event&, const RuleContext&);

// lifetime.cpp
std::optional<std::string> context_freed_too_early(const Event&, const RuleContext&);
std::optional<std::string> wait_in_cleanup(const Event&, const RuleContext&);
std::optional<std::string> context_freed_twice(const Event&, const RuleContext&);
std::optional<std::string> registration_memory_freed(const Event&, const RuleContext&);
std::optional<std::string> registration_context_freed(const Event&, const RuleContext&);
std::optional<std::string> identifiers_freed(const Event&, const RuleContext&);
std::optional<std::string> client_table_freed(const Event&, const RuleContext&);
std::optional<std::string> provider_table_freed(const Event&, const RuleContext&);
std::optional<std::string> context_never_freed(const Event&, const RuleContext&);
std::optional<std::string> failed_entry_with_registration(const Event&, const RuleContext&);
std::optional<std::string> own_context_after_done(const Event&, const RuleContext&);
std::optional<std::string> unload_with_registration(const Event&, const RuleContext&);
std::optional<std::string> unload_with_code_running(const Event&, const RuleContext&);
std::optional<std::string> unload_with_leak(const Event&, const RuleContext&);

// handles.cpp
std::optional<std::string> handle_dereferenced(const Event&, const RuleContext&);
std::optional<std::string> dead_binding_handle(const Event&, const RuleContext&);
std::optional<std::string> closed_registration_handle(const Event&, const RuleContext&);
std::optional<std::string> handle_of_other_kind(const Event&, const RuleContext&);
std::optional<std::string> never_registered(const Event&, const RuleContext&);
std::optional<std::string> second_deregister(const Event&, const RuleContext&);
std::optional<std::string> wait_without_deregister(const Event&, const RuleContext&);

// liveness.cpp
std::optional<std::string> detach_waits_for_calls(const Event&, const RuleContext&);
std::optional<std::string> wait_blocks_other_registration(const Event&, const RuleContext&);
std::optional<std::string> refused_offer_awaited(const Event&, const RuleContext&);
std::optional<std::string> wait_in_callback(const Event&, const RuleContext&);
std::optional<std::string> lock_across_registrar(const Event&, const RuleContext&);

// wsk.cpp
std::optional<std::string> not_deregistered_once(const Event&, const RuleContext&);
std::optional<std::string> capture_not_released_once(const Event&, const RuleContext&);
std::optional<std::string> call_without_capture(const Event&, const RuleContext&);
std::optional<std::string> deregister_never_returns(const Event&, const RuleContext&);
std::optional<std::string> unload_before_deregister_returned(const Event&, const RuleContext&);
std::optional<std::string> lent_memory_freed(const Event&, const RuleContext&);
std::optional<std::string> capture_must_not_wait(const Event&, const RuleContext&);

// registrar_obligations.cpp: the registrar's own duties, checked in every execution.
std::optional<std::string> offer_of_other_npi(const Event&, const RuleContext&);
std::optional<std::string> second_offer(const Event&, const RuleContext&);
std::optional<std::string> provider_attach_unasked(const Event&, const RuleContext&);
std::optional<std::string> status_changed(const Event&, const RuleContext&);
std::optional<std::string> callback_irql(const Event&, const RuleContext&);
std::optional<std::string> detach_of_unattached(const Event&, const RuleContext&);
std::optional<std::string> detach_not_once(const Event&, const RuleContext&);
std::optional<std::string> cleanup_not_once(const Event&, const RuleContext&);
std::optional<std::string> value_changed(const Event&, const RuleContext&);
std::optional<std::string> wait_returned_early(const Event&, const RuleContext&);
std::optional<std::string> callback_after_wait(const Event&, const RuleContext&);
std::optional<std::string> registrar_blocked(const Event&, const RuleContext&);
std::optional<std::string> binding_stranded(const Event&, const RuleContext&);
std::optional<std::string> early_completion_lost(const Event&, const RuleContext&);
std::optional<std::string> registration_failed_late(const Event&, const RuleContext&);
std::optional<std::string> detach_unasked(const Event&, const RuleContext&);

// Shared by the families: the frame of `kind` on the current fiber, innermost first, or null.
class Kernel;
struct Frame;
const Frame* innermost_callback(const Kernel& kernel, sim::FiberId fiber);
// "the client side (driver) of binding 1"
std::string describe_side(BindingId binding, Side side, const RuleContext& context);
// True for a kMayBlock of a detach callback whose side has calls or requests in progress.
bool waits_for_own_calls(const Event& event, const RuleContext& context);
// What `judge` says of the pool blocks that an unloaded module left behind; nothing while one of
// its registrations is open.
using LeakJudge = std::function<std::optional<std::string>(std::uint32_t block)>;
std::optional<std::string> find_leak(const Event& event, const RuleContext& context,
                                     const LeakJudge& judge);

}  // namespace nmrcheck::model
