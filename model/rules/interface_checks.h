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

// Shared by the families.
// The innermost callback of the interface registry that the fiber is inside of, or null.
const Frame* interface_callback(const Kernel& kernel, sim::FiberId fiber);
// "interface 2 of provider.sys"
std::string describe_interface(InterfaceId id, const RuleContext& context);

}  // namespace nmrcheck::model
