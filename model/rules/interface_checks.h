// The checks behind the rules of NDIS interface providers, one file a family, named by the breach.
#pragma once

#include <optional>
#include <string>

#include "model/kernel/kernel.h"
#include "model/ndisif/view.h"
#include "model/rule.h"

namespace nmrcheck::model {

// interface_callbacks.cpp
std::optional<std::string> callback_touches_dead(const Event&, const RuleContext&);

// interface_indexes.cpp
std::optional<std::string> binding_out_of_date(const Event&, const RuleContext&);
std::optional<std::string> index_out_of_date(const Event&, const RuleContext&);

// interface_stack.cpp
std::optional<std::string> stack_circle(const Event&, const RuleContext&);
std::optional<std::string> pair_not_own(const Event&, const RuleContext&);

// interface_luids.cpp
std::optional<std::string> luid_not_own(const Event&, const RuleContext&);
std::optional<std::string> luid_freed_after_crash(const Event&, const RuleContext&);
std::optional<std::string> luid_used_wrongly(const Event&, const RuleContext&);
std::optional<std::string> luid_not_recorded(const Event&, const RuleContext&);
std::optional<std::string> luid_leaked(const Event&, const RuleContext&);
std::optional<std::string> record_and_free_swapped(const Event&, const RuleContext&);

// Shared by the families.
// The innermost callback of the interface registry that the fiber is inside of, or null.
const Frame* interface_callback(const Kernel& kernel, sim::FiberId fiber);
// "interface 2 of provider.sys"
std::string describe_interface(InterfaceId id, const RuleContext& context);

}  // namespace nmrcheck::model
