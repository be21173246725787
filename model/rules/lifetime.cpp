// Rules of memory, cleanup and unload.
#include <fmt/format.h>

#include "model/kernel/kernel.h"
#include "model/nmr/view.h"
#include "model/rules/checks.h"

namespace nmrcheck::model {
namespace {

const sim::HeapBlock& block_of(const Event& event, const RuleContext& context) {
  return context.kernel.execution().heap().block(event.block);
}

struct Owner {
  BindingId binding = kNoBinding;
  Side side = Side::kClient;
};

// The latest binding whose context of a side lies in the event's block.
std::optional<Owner> context_owner(const Event& event, const RuleContext& context) {
  const sim::HeapBlock& block = block_of(event, context);
  for (std::uint32_t i = context.view.binding_count(); i-- > 0;) {
    for (const Side side : {Side::kClient, Side::kProvider}) {
      const void* owned = context.view.binding(BindingId{i}).side(side).context;
      if (owned != nullptr && block.contains(owned)) return Owner{BindingId{i}, side};
    }
  }
  return std::nullopt;
}

bool registration_open(RegistrationId id, const RuleContext& context) {
  const RegistrationView& registration = context.view.registration(id);
  return registration.module != kNoModule && !registration.closed;
}

}  // namespace

std::optional<std::string> context_freed_too_early(const Event& event, const RuleContext& context) {
  const std::optional<Owner> owner = context_owner(event, context);
  if (!owner || !block_of(event, context).live) return std::nullopt;
  const BindingView& binding = context.view.binding(owner->binding);
  if (!binding.accepted || binding.side(owner->side).cleanup_calls > 0) return std::nullopt;
  if (!registration_open(binding.side(owner->side).registration, context)) return std::nullopt;
  return fmt::format("{} frees its binding context outside its cleanup callback",
                     describe_side(owner->binding, owner->side, context));
}

// Calls into the peer and completions of the same binding break NMR-DET-10, -05 or -07 there; those
// of another binding are legal.
std::optional<std::string> wait_in_cleanup(const Event& event, const RuleContext& context) {
  const Frame* callback = innermost_callback(context.kernel, event.fiber);
  if (callback == nullptr || callback->kind != FrameKind::kCleanup) return std::nullopt;
  return fmt::format("{} is called inside {}", event.name, callback->name);
}

std::optional<std::string> context_freed_twice(const Event& event, const RuleContext& context) {
  const std::optional<Owner> owner = context_owner(event, context);
  if (!owner || block_of(event, context).live) return std::nullopt;
  return fmt::format("{} frees its binding context a second time: {}",
                     describe_side(owner->binding, owner->side, context),
                     context.kernel.describe_block(event.block));
}

std::optional<std::string> registration_memory_freed(const Event& event,
                                                     const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    const RegistrationView& registration = context.view.registration(RegistrationId{i});
    if (registration.closed || registration.characteristics == nullptr) continue;
    if (!block_of(event, context).contains(registration.characteristics)) continue;
    return fmt::format(
        "{} frees the characteristics of its {} registration before the wait for "
        "its deregistration returned",
        context.kernel.module(registration.module).name, to_string(registration.side));
  }
  return std::nullopt;
}

std::optional<std::string> dispatch_freed_too_early(const Event& event,
                                                    const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    for (const Side side : {Side::kClient, Side::kProvider}) {
      const void* dispatch = binding.side(side).dispatch;
      if (dispatch == nullptr || !block_of(event, context).contains(dispatch)) continue;
      if (!binding.accepted || binding.both_done()) continue;
      return fmt::format("{} frees its dispatch table while the binding is attached",
                         describe_side(BindingId{i}, side, context));
    }
  }
  return std::nullopt;
}

std::optional<std::string> own_context_after_done(const Event& event, const RuleContext& context) {
  const std::optional<Owner> owner = context_owner(event, context);
  if (!owner) return std::nullopt;
  const BindingView& binding = context.view.binding(owner->binding);
  if (event.module != binding.side(owner->side).module || !binding.side(owner->side).done) {
    return std::nullopt;
  }
  return fmt::format("{} touches its own binding context after it was done, in {}: {}",
                     describe_side(owner->binding, owner->side, context), event.name,
                     context.kernel.describe_block(event.block));
}

std::optional<std::string> unload_with_registration(const Event& event,
                                                    const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    const RegistrationView& registration = context.view.registration(RegistrationId{i});
    if (registration.module != event.module || registration.closed) continue;
    const char* state = registration.deregister_calls == 0 ? "is not deregistered"
                        : registration.wait_calls == 0     ? "is deregistered but not waited for"
                                                           : "is not drained yet";
    return fmt::format("{} is unloaded while its {} registration {}",
                       context.kernel.module(event.module).name, to_string(registration.side),
                       state);
  }
  return std::nullopt;
}

std::optional<std::string> unload_with_code_running(const Event& event,
                                                    const RuleContext& context) {
  for (std::uint32_t fiber = 0; fiber < context.kernel.execution().fiber_count(); ++fiber) {
    for (const Frame& frame : context.kernel.frames(sim::FiberId{fiber})) {
      if (frame.module != event.module || frame.kind == FrameKind::kRegistrar) continue;
      return fmt::format("{} is unloaded while {} still runs its {}",
                         context.kernel.module(event.module).name,
                         context.kernel.execution().name_of(sim::FiberId{fiber}), frame.name);
    }
  }
  return std::nullopt;
}

std::optional<std::string> unload_with_leak(const Event& event, const RuleContext& context) {
  const std::optional<std::uint32_t> leak = context.kernel.first_leak(event.module);
  if (!leak) return std::nullopt;
  return fmt::format("{} is unloaded and leaves behind {}",
                     context.kernel.module(event.module).name,
                     context.kernel.describe_block(*leak));
}

}  // namespace nmrcheck::model
