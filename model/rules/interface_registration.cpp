// Rules of registering interface providers and interfaces, and of what failed calls leave.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "model/ndisif/interfaces.h"
#include "model/rules/interface_checks.h"

namespace nmrcheck::model {
namespace {

// Of a value that an NdisIf function is given: where it comes from, if that is a call that failed.
struct Given {
  const char* what = "";      // "provider handle"
  std::uint64_t value = 0;    // for the message
  bool poison = false;        // what a failed call may leave, and nothing else
  bool never_handed = false;  // no call ever handed it out
  std::uint32_t failure = 0;  // the status of the driver's latest call that hands such values out
  const char* source = "";    // the name of that function
};

Given given_handle(const Event& event, const IfDriverView& driver) {
  return {"provider handle",
          reinterpret_cast<std::uintptr_t>(event.pointer),
          event.pointer == kPoisonProviderHandle,
          event.interfaces->provider == kNoIfProvider,
          driver.register_provider,
          "NdisIfRegisterProvider"};
}

Given given_index(std::uint32_t index, InterfaceId interface, const IfDriverView& driver) {
  return {"interface index",         index,
          index == kPoisonIndex,     interface == kNoInterface,
          driver.register_interface, "NdisIfRegisterInterface"};
}

Given given_luid(const Event& event, const RuleContext& context, const IfDriverView& driver) {
  const std::uint64_t luid = event.interfaces->luid;
  const std::uint64_t plain = make_luid(type_of(luid), luid_index_of(luid));
  // Looking up a LUID of unknown origin is no mistake.
  const bool looks_up = event.kind == EventKind::kLuidUsed;
  return {"LUID index",
          luid_index_of(luid),
          luid == kPoisonLuid || luid_index_of(luid) == kPoisonLuidIndex,
          !looks_up && context.interfaces.luid(plain) == nullptr,
          driver.allocate_luid,
          "NdisIfAllocateNetLuidIndex"};
}

bool ignores_duplicate(const Given& given) {
  return given.failure == kStatusDuplicateObjectId && (given.poison || given.never_handed);
}

// One or two values.
std::array<Given, 2> given_values(const Event& event, const RuleContext& context) {
  const InterfaceFacts& facts = *event.interfaces;
  const IfDriverView& driver = context.interfaces.driver(event.module);
  switch (event.kind) {
    case EventKind::kIfProviderHandleUsed:
      return {given_handle(event, driver), {}};
    case EventKind::kInterfaceIndexUsed:
      return {given_index(facts.index, facts.interface, driver), {}};
    case EventKind::kStackEntryAdding:
    case EventKind::kStackEntryDeleted:
      return {given_index(facts.index, facts.interface, driver),
              given_index(facts.lower_index, facts.lower, driver)};
    default:
      return {given_luid(event, context, driver), {}};
  }
}

const InterfaceView* registered_already(const Event& event, const RuleContext& context) {
  for (const InterfaceView& other : context.interfaces.interfaces()) {
    const bool known = !other.deregister_called && other.boot == event.interfaces->boot;
    if (!known || other.luid != event.interfaces->luid) continue;
    if (same_driver(other.module, event.module, context.kernel)) return &other;
  }
  return nullptr;
}

}  // namespace

std::optional<std::string> second_provider(const Event& event, const RuleContext& context) {
  const InterfaceFacts& facts = *event.interfaces;
  if (facts.provider == kNoIfProvider) return std::nullopt;
  const IfProviderView& made = context.interfaces.provider(facts.provider);
  for (const IfProviderView& other : context.interfaces.providers()) {
    const bool live = !other.deregister_called && other.boot == facts.boot;
    if (&other == &made || !live || other.module != event.module) continue;
    return fmt::format("{} registers as an interface provider while it is one already",
                       describe_driver(event.module, context));
  }
  return std::nullopt;
}

std::optional<std::string> failure_ignored(const Event& event, const RuleContext& context) {
  for (const Given& given : given_values(event, context)) {
    const bool left_by_failure = given.never_handed && !nt_success(given.failure);
    if (ignores_duplicate(given) || (!given.poison && !left_by_failure)) continue;
    const std::string failed =
        nt_success(given.failure)
            ? std::string("a failed call")
            : fmt::format("{}, which failed with {},", given.source, status_name(given.failure));
    return fmt::format("{} gives {} the {} 0x{:X} that {} left",
                       describe_driver(event.module, context), event.name, given.what, given.value,
                       failed);
  }
  return std::nullopt;
}

std::optional<std::string> callback_finds_incomplete(const Event& event,
                                                     const RuleContext& context) {
  const Frame* callback = interface_callback(context.kernel, event.fiber);
  if (callback == nullptr) return std::nullopt;
  const std::string name =
      fmt::format("{} of {}", callback->name, describe_interface(callback->interface, context));
  if (event.kind == EventKind::kInterfaceIndexUsed) {
    // Whether the call has returned by now does not matter: it had not stored the index when the
    // callback read it. Later the driver may have cleared it.
    const bool leaving = context.interfaces.interface(callback->interface).deregister_called;
    if (event.interfaces->index != 0 || leaving) return std::nullopt;
    return fmt::format(
        "{} gives {} the interface index 0: NdisIfRegisterInterface had not stored it yet", name,
        event.name);
  }
  // What the callback allocated itself is no matter of registering.
  const sim::Heap& heap = context.kernel.execution().heap();
  const bool own =
      event.block != kNoBlock && heap.block(event.block).allocated.fiber == event.fiber;
  if (own) return std::nullopt;
  return fmt::format("{} uses ({}) what nobody has initialized", name, event.name);
}

std::optional<std::string> provider_handle_wrong(const Event& event, const RuleContext& context) {
  if (std::string_view(event.name) != "NdisIfRegisterInterface") return std::nullopt;
  const std::string driver = describe_driver(event.module, context);
  const IfProviderId id = event.interfaces->provider;
  if (id == kNoIfProvider) {
    return fmt::format("{} gives {} {} that no NdisIfRegisterProvider returned", driver, event.name,
                       event.pointer == nullptr ? "a NULL handle" : "a handle");
  }
  const IfProviderView& provider = context.interfaces.provider(id);
  if (same_driver(provider.module, event.module, context.kernel)) return std::nullopt;
  return fmt::format("{} gives {} the provider handle of {}", driver, event.name,
                     describe_driver(provider.module, context));
}

std::optional<std::string> luid_not_own(const Event& event, const RuleContext& context) {
  const std::uint64_t luid = event.interfaces->luid;
  const std::string driver = describe_driver(event.module, context);
  if (reserved_of(luid) != 0) {
    return fmt::format(
        "{} registers an interface with the NET_LUID 0x{:016X}, whose reserved bits are not zero",
        driver, luid);
  }
  const std::string name = describe_luid(luid);
  const LuidView* known = context.interfaces.luid(luid);
  if (known != nullptr && known->allocated) {
    if (same_driver(known->owner, event.module, context.kernel)) return std::nullopt;
    return fmt::format("{} registers an interface with {}, which {} allocated", driver, name,
                       describe_driver(known->owner, context));
  }
  if (known != nullptr) return std::nullopt;  // freed: NDISIF-LUID-02 says it
  for (const LuidView& other : context.interfaces.luids()) {
    const bool own = other.allocated && same_driver(other.owner, event.module, context.kernel);
    if (!own || luid_index_of(other.luid) != luid_index_of(luid)) continue;
    return fmt::format("{} registers an interface with {}, and allocated it for type {}", driver,
                       name, type_of(other.luid));
  }
  return fmt::format("{} registers an interface with {}, which nobody has allocated", driver, name);
}

std::optional<std::string> duplicate_taken_for_done(const Event& event,
                                                    const RuleContext& context) {
  if (event.kind == EventKind::kInterfaceCalled) return std::nullopt;
  for (const Given& given : given_values(event, context)) {
    if (!ignores_duplicate(given)) continue;
    return fmt::format(
        "{} gives {} the {} 0x{:X} that NdisIfRegisterInterface left when it failed with "
        "NDIS_STATUS_DUPLICATE_OBJECTID",
        describe_driver(event.module, context), event.name, given.what, given.value);
  }
  return std::nullopt;
}

std::optional<std::string> registered_twice(const Event& event, const RuleContext& context) {
  if (event.kind != EventKind::kInterfaceCalled) return std::nullopt;
  const InterfaceView* known = registered_already(event, context);
  if (known == nullptr) return std::nullopt;
  return fmt::format("{} registers an interface with {}, which its interface {} has",
                     describe_driver(event.module, context), describe_luid(known->luid),
                     known->index);
}

}  // namespace nmrcheck::model
