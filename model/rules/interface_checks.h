// The checks behind the rules of NDIS interface providers, one file a family, named by the breach.
#pragma once

#include <optional>
#include <string>

#include "model/kernel/kernel.h"
#include "model/ndisif/interfaces.h"
#include "model/ndisif/objects.h"
#include "model/ndisif/view.h"
#include "model/rule.h"

namespace nmrcheck::model {

// interface_contract.cpp
std::optional<std::string> interface_function_too_high(const Event&, const RuleContext&);
std::optional<std::string> interface_callback_leaves_a_trace(const Event&, const RuleContext&);
std::optional<std::string> characteristics_wrong(const Event&, const RuleContext&);
std::optional<std::string> characteristics_odd(const Event&, const RuleContext&);
std::optional<std::string> information_header_wrong(const Event&, const RuleContext&);
std::optional<std::string> information_wrong(const Event&, const RuleContext&);
std::optional<std::string> information_long(const Event&, const RuleContext&);

// interface_registration.cpp
std::optional<std::string> second_provider(const Event&, const RuleContext&);
std::optional<std::string> failure_ignored(const Event&, const RuleContext&);
std::optional<std::string> callback_finds_incomplete(const Event&, const RuleContext&);
std::optional<std::string> provider_handle_wrong(const Event&, const RuleContext&);
std::optional<std::string> luid_not_own(const Event&, const RuleContext&);
std::optional<std::string> duplicate_taken_for_done(const Event&, const RuleContext&);
std::optional<std::string> registered_twice(const Event&, const RuleContext&);

// interface_deregistration.cpp
std::optional<std::string> index_not_own(const Event&, const RuleContext&);
std::optional<std::string> provider_left_with_interfaces(const Event&, const RuleContext&);
std::optional<std::string> provider_handle_dead(const Event&, const RuleContext&);
std::optional<std::string> unload_while_provider(const Event&, const RuleContext&);

// interface_callbacks.cpp
std::optional<std::string> callback_touches_dead(const Event&, const RuleContext&);
std::optional<std::string> buffer_misused(const Event&, const RuleContext&);
std::optional<std::string> callback_pends(const Event&, const RuleContext&);
std::optional<std::string> callback_deadlock(const Event&, const RuleContext&);
std::optional<std::string> lock_across_deregistration(const Event&, const RuleContext&);

// interface_answers.cpp
std::optional<std::string> answer_wrong(const Event&, const RuleContext&);
std::optional<std::string> unknown_object_accepted(const Event&, const RuleContext&);
std::optional<std::string> object_missing(const Event&, const RuleContext&);

// interface_indexes.cpp
std::optional<std::string> binding_out_of_date(const Event&, const RuleContext&);
std::optional<std::string> index_out_of_date(const Event&, const RuleContext&);

// interface_stack.cpp
std::optional<std::string> stack_circle(const Event&, const RuleContext&);
std::optional<std::string> pair_not_own(const Event&, const RuleContext&);

// interface_luids.cpp
std::optional<std::string> foreign_luid_freed(const Event&, const RuleContext&);
std::optional<std::string> luid_freed_after_crash(const Event&, const RuleContext&);
std::optional<std::string> luid_used_wrongly(const Event&, const RuleContext&);
std::optional<std::string> luid_not_recorded(const Event&, const RuleContext&);
std::optional<std::string> luid_leaked(const Event&, const RuleContext&);
std::optional<std::string> luid_unaccounted(const Event&, const RuleContext&);
std::optional<std::string> record_and_free_swapped(const Event&, const RuleContext&);

// Shared by the families: interface_checks.cpp.
// The innermost callback of the interface registry that the fiber is inside of, or null.
const Frame* interface_callback(const Kernel& kernel, sim::FiberId fiber);
// "interface 2 of provider.sys"
std::string describe_interface(const InterfaceView& interface, const RuleContext& context);
std::string describe_interface(InterfaceId id, const RuleContext& context);
// The driver's name; "somebody" for code of no driver.
std::string describe_driver(ModuleId module, const RuleContext& context);
// "LUID index 7 of type 6"
std::string describe_luid(std::uint64_t luid);

}  // namespace nmrcheck::model
