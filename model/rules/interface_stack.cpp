// Rules of the stack table.
#include <fmt/format.h>

#include "model/rules/interface_checks.h"

namespace nmrcheck::model {
namespace {

std::string pair_of(const Event& event, const RuleContext& context) {
  return fmt::format("{} of interface {} over {} by {}", event.name, event.interfaces->index,
                     event.interfaces->lower_index, describe_driver(event.module, context));
}

}  // namespace

std::optional<std::string> stack_circle(const Event& event, const RuleContext& context) {
  const InterfaceFacts& facts = *event.interfaces;
  if (event.block == 0) {
    if (facts.index != facts.lower_index) return std::nullopt;
    // U19 (d), or there is no such interface.
    return pair_of(event, context) + " is a circle of one interface, and may be bug check 0x7C";
  }
  return fmt::format("{} closes a circle: bug check 0x7C with parameters 0x1B, {}, {}, 0",
                     pair_of(event, context), facts.index, facts.lower_index);
}

std::optional<std::string> pair_not_own(const Event& event, const RuleContext& context) {
  const InterfaceFacts& facts = *event.interfaces;
  if (event.kind == EventKind::kStackEntryAdding) {
    const bool never = facts.interface == kNoInterface || facts.lower == kNoInterface;
    if (!never) return std::nullopt;
    return fmt::format("{}: no interface ever had index {}", pair_of(event, context),
                       facts.interface == kNoInterface ? facts.index : facts.lower_index);
  }
  const StackPairView* pair = context.interfaces.pair(event.module, facts.index, facts.lower_index);
  if (pair == nullptr) {
    return fmt::format("{}: the driver never added that pair", pair_of(event, context));
  }
  if (pair->deletions > pair->adds) {
    return fmt::format("{}: the driver deleted that pair before", pair_of(event, context));
  }
  for (const InterfaceId end : {pair->higher, pair->lower}) {
    const InterfaceView& meant = context.interfaces.interface(end);
    const bool own = meant.module == event.module;
    const bool other = end == pair->higher ? facts.interface != end : facts.lower != end;
    if (!other && !(own && meant.deregister_called)) continue;
    return fmt::format("{}: {} is deregistered since it was added{}", pair_of(event, context),
                       describe_interface(end, context),
                       other ? ", and another interface has its index" : "");
  }
  return std::nullopt;
}

}  // namespace nmrcheck::model
