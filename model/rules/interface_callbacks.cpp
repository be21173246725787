// Rules of the callbacks of interface providers: what they may touch, and what must not wait for
// them.
#include <fmt/format.h>

#include <algorithm>

#include "model/rules/interface_checks.h"

namespace nmrcheck::model {
namespace {

constexpr std::uint32_t kDeregistrationDoesNotWait = 1;  // U11 (b)

// A fiber that is inside of a deregistration, or null: the function's frame.
const Frame* deregistration(const Kernel& kernel, sim::FiberId fiber) {
  for (const Frame& frame : kernel.frames(fiber)) {
    const std::string_view name = frame.name;
    if (frame.kind == FrameKind::kInterfaceFunction && name.starts_with("NdisIfDeregister")) {
      return &frame;
    }
  }
  return nullptr;
}

}  // namespace

std::optional<std::string> callback_touches_dead(const Event& event, const RuleContext& context) {
  const auto state = [&](InterfaceId id) {
    const InterfaceView& interface = context.interfaces.interface(id);
    return interface.deregistered        ? "after NdisIfDeregisterInterface has returned"
           : interface.deregister_called ? "while NdisIfDeregisterInterface is on"
                                         : "while the interface is registered";
  };
  if (event.kind == EventKind::kFreedMemoryTouched) {
    const Frame* callback = interface_callback(context.kernel, event.fiber);
    const sim::HeapBlock& block = context.kernel.execution().heap().block(event.block);
    const bool buffer = context.interfaces.owner_of_buffer(block) != kNoInterface;
    if (callback == nullptr || buffer) return std::nullopt;
    return fmt::format("{} of {} touches freed memory {}: {}", callback->name,
                       describe_interface(callback->interface, context), state(callback->interface),
                       context.kernel.describe_block(event.block));
  }
  for (std::uint32_t i = 0; i < context.kernel.execution().fiber_count(); ++i) {
    const Frame* callback = interface_callback(context.kernel, sim::FiberId{i});
    if (callback == nullptr || callback->module != event.module) continue;
    return fmt::format("{} is unloaded while {} of {} runs, {}",
                       context.kernel.module(event.module).name, callback->name,
                       describe_interface(callback->interface, context),
                       state(callback->interface));
  }
  return std::nullopt;
}

std::optional<std::string> buffer_misused(const Event& event, const RuleContext& context) {
  if (event.kind == EventKind::kFreedMemoryTouched) {
    const InterfaceId owner =
        context.interfaces.owner_of_buffer(context.kernel.execution().heap().block(event.block));
    if (owner == kNoInterface) return std::nullopt;
    return fmt::format("the buffer of a request to {} is used after the callback returned: {}",
                       describe_interface(owner, context), event.name);
  }
  const Answer& answer = *event.interfaces->answer;
  const std::string what = fmt::format("{} of {}, asked for {} with {} bytes,", event.name,
                                       describe_interface(event.interfaces->interface, context),
                                       object_name(answer.object), answer.offered);
  if (!answer.guards_intact) return what + " wrote before or behind the buffer";
  if (answer.status != kStatusSuccess || answer.reported <= answer.offered) return std::nullopt;
  return fmt::format("{} succeeds and reports {} bytes", what, answer.reported);
}

std::optional<std::string> callback_pends(const Event& event, const RuleContext& context) {
  if (event.status != kStatusPending) return std::nullopt;
  return fmt::format("{} of {} returns NDIS_STATUS_PENDING, and nothing can complete it later",
                     event.name, describe_interface(event.interfaces->interface, context));
}

std::optional<std::string> callback_deadlock(const Event& event, const RuleContext& context) {
  const sim::Execution& execution = context.kernel.execution();
  if (event.kind == EventKind::kInterfaceDeregistering) {
    if (event.block == 0 || event.status == kDeregistrationDoesNotWait) return std::nullopt;
    return fmt::format(
        "{} is deregistered inside its own callback, which the deregistration waits for",
        describe_interface(event.interfaces->interface, context));
  }
  if (event.kind == EventKind::kIfProviderDeregistering) {
    const Frame* callback = interface_callback(context.kernel, event.fiber);
    if (callback == nullptr) return std::nullopt;
    const InterfaceView& interface = context.interfaces.interface(callback->interface);
    if (interface.provider != event.interfaces->provider) return std::nullopt;
    return fmt::format(
        "a provider is deregistered inside a callback of {}, which the deregistration waits for",
        describe_interface(callback->interface, context));
  }
  if (event.kind != EventKind::kDeadlocked) return std::nullopt;
  for (std::uint32_t i = 0; i < execution.fiber_count(); ++i) {
    const Frame* waits = deregistration(context.kernel, sim::FiberId{i});
    if (waits == nullptr) continue;
    for (std::uint32_t other = 0; other < execution.fiber_count(); ++other) {
      const Frame* callback = interface_callback(context.kernel, sim::FiberId{other});
      if (callback == nullptr || callback->module != waits->module) continue;
      const std::vector<HeldLock>& locks = context.kernel.held_locks(sim::FiberId{i});
      return fmt::format(
          "{} waits in {} for {} of {}, which waits for {}", execution.name_of(sim::FiberId{i}),
          waits->name, callback->name, describe_interface(callback->interface, context),
          locks.empty() ? "something that happens only afterwards" : "a lock that it holds");
    }
  }
  return std::nullopt;
}

std::optional<std::string> lock_across_deregistration(const Event& event,
                                                      const RuleContext& context) {
  const bool over = event.kind == EventKind::kInterfaceDeregistered ||
                    event.kind == EventKind::kIfProviderDeregistered;
  if (!over) return std::nullopt;
  for (const HeldLock& lock : context.kernel.held_locks(event.fiber)) {
    const std::vector<sim::ObjectId>& needed = context.kernel.locks_of_interface_callbacks();
    if (std::find(needed.begin(), needed.end(), lock.object) == needed.end()) continue;
    return fmt::format(
        "{} is called with a lock held that a callback acquires: right only if the deregistration "
        "does not wait for callbacks",
        event.name);
  }
  return std::nullopt;
}

}  // namespace nmrcheck::model
