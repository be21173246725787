// The checks behind the rules, one file a family, named by the breach they look for.
#pragma once

#include "model/rule.h"

namespace nmrcheck::model {

// attach.cpp
std::optional<std::string> attach_outside_callback(const Event&, const RuleContext&);
std::optional<std::string> attach_after_success(const Event&, const RuleContext&);
std::optional<std::string> attach_status_differs(const Event&, const RuleContext&);
std::optional<std::string> success_without_attach(const Event&, const RuleContext&);
std::optional<std::string> provider_answer_missing(const Event&, const RuleContext&);
std::optional<std::string> upcall_before_acceptance(const Event&, const RuleContext&);

// detach.cpp
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
std::optional<std::string> dispatch_freed_too_early(const Event&, const RuleContext&);
std::optional<std::string> own_context_after_done(const Event&, const RuleContext&);
std::optional<std::string> unload_with_registration(const Event&, const RuleContext&);
std::optional<std::string> unload_with_code_running(const Event&, const RuleContext&);
std::optional<std::string> unload_with_leak(const Event&, const RuleContext&);

// handles.cpp
std::optional<std::string> dead_binding_handle(const Event&, const RuleContext&);
std::optional<std::string> closed_registration_handle(const Event&, const RuleContext&);
std::optional<std::string> handle_of_other_kind(const Event&, const RuleContext&);
std::optional<std::string> never_registered(const Event&, const RuleContext&);
std::optional<std::string> second_deregister(const Event&, const RuleContext&);
std::optional<std::string> wait_without_deregister(const Event&, const RuleContext&);

// liveness.cpp
std::optional<std::string> wait_in_callback(const Event&, const RuleContext&);
std::optional<std::string> lock_across_registrar(const Event&, const RuleContext&);

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

}  // namespace nmrcheck::model
