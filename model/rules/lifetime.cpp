// Rules of memory, cleanup and unload.
#include <fmt/format.h>

#include <array>

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
  return registration.module != kNoModule && !registration.closed && !registration.failed;
}

// What is wrong if the block that is freed holds one of `lent` of an open registration.
template <class Lent>
std::optional<std::string> freed_while_registered(const Event& event, const RuleContext& context,
                                                  Lent lent, const char* what) {
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    const RegistrationView& registration = context.view.registration(RegistrationId{i});
    if (!registration_open(RegistrationId{i}, context)) continue;
    for (const void* pointer : lent(registration)) {
      if (pointer == nullptr || !block_of(event, context).contains(pointer)) continue;
      return fmt::format(
          "{} frees the {} of its {} registration before the wait for its deregistration returned",
          context.kernel.module(registration.module).name, what, to_string(registration.side));
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_leak(const Event& event, const RuleContext& context,
                                     const LeakJudge& judge) {
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    if (context.view.registration(RegistrationId{i}).module != event.module) continue;
    if (registration_open(RegistrationId{i}, context)) return std::nullopt;  // still in use
  }
  const sim::Heap& heap = context.kernel.execution().heap();
  for (std::uint32_t i = 0; i < heap.size(); ++i) {
    const bool image = heap.block(i).kind == static_cast<std::uint32_t>(PoolKind::kImage);
    if (!heap.block(i).live || image || heap.block(i).owner != index(event.module)) continue;
    if (std::optional<std::string> breach = judge(i)) return breach;
  }
  return std::nullopt;
}

std::optional<std::string> context_never_freed(const Event& event, const RuleContext& context) {
  return find_leak(event, context, [&](std::uint32_t block) -> std::optional<std::string> {
    Event of_block = event;
    of_block.block = block;
    const std::optional<Owner> owner = context_owner(of_block, context);
    if (!owner || !context.view.binding(owner->binding).accepted) return std::nullopt;
    const SideView& side = context.view.binding(owner->binding).side(owner->side);
    const bool has_cleanup = context.view.registration(side.registration).has_cleanup;
    return fmt::format("{} never frees its binding context{}: {}",
                       describe_side(owner->binding, owner->side, context),
                       has_cleanup ? "" : ", and has no cleanup callback",
                       context.kernel.describe_block(block));
  });
}

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
  return freed_while_registered(
      event, context,
      [](const RegistrationView& registration) { return std::array{registration.characteristics}; },
      "characteristics");
}

std::optional<std::string> registration_context_freed(const Event& event,
                                                      const RuleContext& context) {
  return freed_while_registered(
      event, context,
      [](const RegistrationView& registration) { return std::array{registration.context}; },
      "registration context");
}

std::optional<std::string> identifiers_freed(const Event& event, const RuleContext& context) {
  return freed_while_registered(
      event, context,
      [](const RegistrationView& registration) {
        const Description& given = registration.description;
        return std::array{given.npi, given.module_id, given.npi_characteristics};
      },
      "NPI id, module id or NPI-specific characteristics");
}

namespace {

std::optional<std::string> table_freed(const Event& event, const RuleContext& context, Side side) {
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    const void* dispatch = binding.side(side).dispatch;
    if (dispatch == nullptr || !block_of(event, context).contains(dispatch)) continue;
    if (!binding.accepted || binding.both_done()) continue;
    return fmt::format("{} frees its dispatch table while the binding is attached",
                       describe_side(BindingId{i}, side, context));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> client_table_freed(const Event& event, const RuleContext& context) {
  return table_freed(event, context, Side::kClient);
}

std::optional<std::string> provider_table_freed(const Event& event, const RuleContext& context) {
  return table_freed(event, context, Side::kProvider);
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

std::optional<std::string> failed_entry_with_registration(const Event& event,
                                                          const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    const RegistrationView& registration = context.view.registration(RegistrationId{i});
    if (registration.module != event.module || !registration_open(RegistrationId{i}, context)) {
      continue;
    }
    return fmt::format("the entry routine of {} returns {} while its {} registration is live",
                       context.kernel.module(event.module).name, status_name(event.status),
                       to_string(registration.side));
  }
  return std::nullopt;
}

std::optional<std::string> unload_with_registration(const Event& event,
                                                    const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    const RegistrationView& registration = context.view.registration(RegistrationId{i});
    if (registration.module != event.module || !registration_open(RegistrationId{i}, context)) {
      continue;
    }
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
