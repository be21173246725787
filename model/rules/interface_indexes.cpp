// Rules of interface indexes, which are volatile: of those that bindings tell, and of all.
#include <fmt/format.h>

#include <array>

#include "model/rules/interface_checks.h"

namespace nmrcheck::model {
namespace {

constexpr std::string_view kDeregisters = "NdisIfDeregisterInterface";

// The interface indexes that the event says were given to a function.
struct GivenIndexes {
  std::array<std::uint32_t, 2> all{};
  std::uint32_t count = 0;
};

GivenIndexes given_indexes(const Event& event) {
  if (event.interfaces == nullptr) return {};
  const InterfaceFacts& facts = *event.interfaces;
  const bool pair =
      event.kind == EventKind::kStackEntryAdding || event.kind == EventKind::kStackEntryDeleted;
  if (pair) return {{facts.index, facts.lower_index}, 2};
  return {{facts.index, 0}, 1};
}

std::string called(const Event& event, std::uint32_t given, const RuleContext& context) {
  return fmt::format("{} calls {} with interface index {}", describe_driver(event.module, context),
                     event.name, given);
}

// The breach of one of the indexes given, where `judge` is asked of each.
template <class Judge>
std::optional<std::string> first_breach(const Event& event, const Judge& judge) {
  const GivenIndexes given = given_indexes(event);
  for (std::uint32_t i = 0; i < given.count; ++i) {
    if (std::optional<std::string> breach = judge(given.all[i])) return breach;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> binding_out_of_date(const Event& event, const RuleContext& context) {
  if (event.kind == EventKind::kBindingQueried) {
    if (event.block == 1) return std::nullopt;
    return fmt::format("{} calls {} with a binding handle that is not open",
                       describe_driver(event.module, context), event.name);
  }
  return first_breach(event, [&](std::uint32_t given) -> std::optional<std::string> {
    const ToldIndexView* told = context.interfaces.told(event.module, given);
    if (told == nullptr || told->binding == nullptr) return std::nullopt;
    if (!context.interfaces.interface(told->interface).deregister_called) return std::nullopt;
    return fmt::format("{}, which NdisIfQueryBindingIfIndex told it of {}, deregistered since",
                       called(event, given, context), describe_interface(told->interface, context));
  });
}

std::optional<std::string> index_out_of_date(const Event& event, const RuleContext& context) {
  // NDISIF-DEREG-01 and NDISIF-STK-02 tell more of what is deregistered, or deleted.
  const bool others = event.kind == EventKind::kStackEntryDeleted || event.name == kDeregisters;
  return first_breach(event, [&](std::uint32_t given) -> std::optional<std::string> {
    if (given == 0) {
      if (event.name == kDeregisters) return std::nullopt;
      return called(event, given, context) + ", which no interface ever has";
    }
    const ToldIndexView* told = context.interfaces.told(event.module, given);
    if (told == nullptr) {
      const std::string driver = describe_driver(event.module, context);
      for (const StaleIndexView& stale : context.interfaces.stale_indexes()) {
        if (stale.driver != driver || stale.index != given) continue;
        return called(event, given, context) + ", which its record kept from an earlier boot";
      }
      return std::nullopt;
    }
    const InterfaceView& meant = context.interfaces.interface(told->interface);
    if (others || meant.module != event.module || !meant.deregister_called) return std::nullopt;
    return called(event, given, context) + ", of its interface that it has deregistered";
  });
}

}  // namespace nmrcheck::model
