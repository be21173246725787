// Rules of deregistering interfaces and interface providers.
#include <fmt/format.h>

#include <string_view>

#include "model/rules/interface_checks.h"

namespace nmrcheck::model {
namespace {

// Why an index that names no registered interface does not.
std::string unknown_index(const Event& event, const RuleContext& context) {
  const InterfaceFacts& facts = *event.interfaces;
  if (facts.index == 0) return "0, which is no interface's";
  const InterfaceView& latest = context.interfaces.interface(facts.interface);
  if (latest.module == kNoModule || latest.boot != facts.boot) {
    return fmt::format("{}, which no interface has", facts.index);
  }
  return fmt::format(
      "{} again: NdisIfDeregisterInterface {}", facts.index,
      latest.deregistered ? "has returned for it" : "is still at work on it in another thread");
}

// True if the driver had an interface of that index, and deregistered it.
bool had_index(const Event& event, const RuleContext& context) {
  const InterfaceFacts& facts = *event.interfaces;
  for (const InterfaceView& other : context.interfaces.interfaces()) {
    if (other.index != facts.index || other.boot != facts.boot) continue;
    if (other.module == event.module && other.deregister_called) return true;
  }
  return false;
}

// "interface 2, and 1 more"
std::string describe_remaining(const Event& event, const RuleContext& context) {
  // One that is being deregistered may not count (U28): it is named if there is no other.
  const InterfaceView* first = nullptr;
  for (const InterfaceView& interface : context.interfaces.interfaces()) {
    if (interface.provider != event.interfaces->provider || interface.deregistered) continue;
    if (first == nullptr || (first->deregister_called && !interface.deregister_called)) {
      first = &interface;
    }
  }
  if (first == nullptr) return "it has interfaces";
  std::string text = fmt::format("interface {} {}", first->index,
                                 first->deregister_called
                                     ? "counts: its NdisIfDeregisterInterface has not returned"
                                     : "is registered");
  if (event.block > 1) text += fmt::format(", and {} more", event.block - 1);
  return text;
}

}  // namespace

std::optional<std::string> index_not_own(const Event& event, const RuleContext& context) {
  if (std::string_view(event.name) != "NdisIfDeregisterInterface") return std::nullopt;
  const InterfaceFacts& facts = *event.interfaces;
  const std::string driver = describe_driver(event.module, context);
  const bool known = event.status == 1;
  if (!known) {
    return fmt::format("{} deregisters the interface with index {}", driver,
                       unknown_index(event, context));
  }
  const InterfaceView& interface = context.interfaces.interface(facts.interface);
  if (interface.module == event.module) return std::nullopt;
  return fmt::format("{} deregisters {}{}", driver, describe_interface(facts.interface, context),
                     had_index(event, context)
                         ? ": the index was its own until it deregistered that interface"
                         : ", which it has not registered");
}

std::optional<std::string> provider_left_with_interfaces(const Event& event,
                                                         const RuleContext& context) {
  if (event.block == 0) return std::nullopt;
  return fmt::format(
      "{} deregisters as an interface provider while {}: bug check 0x7C (0x17, 0x{:X}, 0, 0)",
      describe_driver(event.module, context), describe_remaining(event, context),
      reinterpret_cast<std::uintptr_t>(event.pointer));
}

std::optional<std::string> provider_handle_dead(const Event& event, const RuleContext& context) {
  const bool deregisters = std::string_view(event.name) == "NdisIfDeregisterProvider";
  const IfProviderId id = event.interfaces->provider;
  const std::string driver = describe_driver(event.module, context);
  if (id == kNoIfProvider) {
    if (!deregisters) return std::nullopt;
    return fmt::format("{} gives {} {} that no NdisIfRegisterProvider returned", driver, event.name,
                       event.pointer == nullptr ? "a NULL handle" : "a handle");
  }
  const IfProviderView& provider = context.interfaces.provider(id);
  if (provider.deregister_called) {
    return fmt::format("{} gives {} a provider handle after NdisIfDeregisterProvider {}", driver,
                       event.name, provider.deregistered ? "has returned" : "was called");
  }
  if (!deregisters || same_driver(provider.module, event.module, context.kernel))
    return std::nullopt;
  return fmt::format("{} gives {} the provider handle of {}", driver, event.name,
                     describe_driver(provider.module, context));
}

std::optional<std::string> unload_while_provider(const Event& event, const RuleContext& context) {
  for (const IfProviderView& provider : context.interfaces.providers()) {
    if (provider.module != event.module || provider.deregistered) continue;
    const std::string driver = describe_driver(event.module, context);
    const char* state = provider.deregister_called ? "NdisIfDeregisterProvider has not returned"
                                                   : "it is registered as an interface provider";
    if (event.kind == EventKind::kEntryFailed) {
      return fmt::format("the entry routine of {} returns {} while {}", driver,
                         status_name(event.status), state);
    }
    return fmt::format("{} is unloaded while {}", driver, state);
  }
  return std::nullopt;
}

}  // namespace nmrcheck::model
