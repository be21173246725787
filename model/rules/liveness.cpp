// Rules whose breach is a hang.
#include <fmt/format.h>

#include "model/kernel/kernel.h"
#include "model/nmr/view.h"
#include "model/rules/checks.h"

namespace nmrcheck::model {
namespace {

std::string since(sim::Place place) {
  return place.file == nullptr ? std::string()
                               : fmt::format(" (acquired at {}:{})", place.file, place.line);
}

// The registrar function that `fiber` called while it held `lock`, or null.
const Frame* registrar_call_under(const HeldLock& lock, const std::vector<Frame>& frames) {
  for (std::size_t depth = lock.frames; depth < frames.size(); ++depth) {
    if (frames[depth].kind == FrameKind::kRegistrar) return &frames[depth];
  }
  return nullptr;
}

std::optional<std::string> recursion_across_registrar(const Event& event,
                                                      const RuleContext& context) {
  const std::vector<Frame>& frames = context.kernel.frames(event.fiber);
  for (const HeldLock& lock : context.kernel.held_locks(event.fiber)) {
    const Frame* call = registrar_call_under(lock, frames);
    if (call == nullptr) continue;
    return fmt::format(
        "{} holds a lock across {}{}, and {} acquires it again: it waits for "
        "itself",
        context.kernel.execution().name_of(event.fiber), call->name, since(lock.place),
        frames.back().name);
  }
  return std::nullopt;
}

std::optional<std::string> deadlock_across_registrar(const RuleContext& context) {
  const sim::Execution& execution = context.kernel.execution();
  for (std::uint32_t i = 0; i < execution.fiber_count(); ++i) {
    const sim::FiberId fiber{i};
    for (const HeldLock& lock : context.kernel.held_locks(fiber)) {
      const Frame* call = registrar_call_under(lock, context.kernel.frames(fiber));
      if (call == nullptr) continue;
      return fmt::format("{} holds a lock across {}{}, and no fiber can go on",
                         execution.name_of(fiber), call->name, since(lock.place));
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> wait_in_callback(const Event& event, const RuleContext& context) {
  for (const Frame& frame : context.kernel.frames(event.fiber)) {
    const bool callback = frame.kind == FrameKind::kAttach || frame.kind == FrameKind::kDetach ||
                          frame.kind == FrameKind::kCleanup;
    if (!callback || frame.module != event.module) continue;
    return fmt::format("{} is called inside {} of the same module, which it waits for", event.name,
                       frame.name);
  }
  return std::nullopt;
}

bool waits_for_own_calls(const Event& event, const RuleContext& context) {
  if (event.kind != EventKind::kMayBlock) return false;
  const Frame* callback = detach_or_cleanup(context.kernel.frames(event.fiber));
  if (callback == nullptr || callback->kind != FrameKind::kDetach) return false;
  const SideView& side = context.view.binding(callback->binding).side(callback->side);
  return calls_in_progress(side) + side.requests > 0;
}

std::optional<std::string> detach_waits_for_calls(const Event& event, const RuleContext& context) {
  if (!waits_for_own_calls(event, context)) return std::nullopt;
  const SideView& side = context.view.binding(event.binding).side(event.side);
  return fmt::format(
      "the detach callback of {} waits ({}) while {} of its own calls or requests {} in progress",
      describe_side(event.binding, event.side, context), event.name,
      calls_in_progress(side) + side.requests,
      calls_in_progress(side) + side.requests == 1 ? "is" : "are");
}

namespace {

// A binding of the registration that some side still uses.
bool in_use(RegistrationId id, const RuleContext& context) {
  const Side own = context.view.registration(id).side;
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    if (binding.side(own).registration != id || !binding.accepted) continue;
    for (const SideView& side : binding.sides) {
      if (!side.done && calls_in_progress(side) + side.requests > 0) return true;
    }
  }
  return false;
}

// Another registration of the module that lets work in: it is not deregistered.
const RegistrationView* other_open(RegistrationId id, const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    const RegistrationView& other = context.view.registration(RegistrationId{i});
    const bool open = other.deregister_calls == 0 && !other.failed;
    if (i != index(id) && other.module == context.view.registration(id).module && open) {
      return &other;
    }
  }
  return nullptr;
}

// A thread or routine of the module waits, for nothing of the registrar.
bool waits_by_itself(ModuleId module, const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.kernel.execution().fiber_count(); ++i) {
    const std::vector<Frame>& frames = context.kernel.frames(sim::FiberId{i});
    if (frames.empty() || frames.back().module != module) continue;
    const FrameKind kind = frames.back().kind;
    if (kind == FrameKind::kModuleCode || kind == FrameKind::kEntry) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> wait_blocks_other_registration(const Event&,
                                                          const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    const RegistrationView& waiting = context.view.registration(RegistrationId{i});
    if (waiting.wait_calls == 0 || waiting.closed) continue;
    const RegistrationView* other = other_open(RegistrationId{i}, context);
    if (other == nullptr || !in_use(RegistrationId{i}, context)) continue;
    return fmt::format(
        "{} waits for its {} registration, whose binding is in use, and has not deregistered its "
        "{} registration, for which the use goes on; nothing else can happen",
        context.kernel.module(waiting.module).name, to_string(waiting.side),
        to_string(other->side));
  }
  return std::nullopt;
}

std::optional<std::string> refused_offer_awaited(const Event&, const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    const RegistrationView& own = context.view.registration(RegistrationId{i});
    if (own.deregister_calls > 0 || !waits_by_itself(own.module, context)) continue;
    bool refused = false;
    bool attached = false;
    for (std::uint32_t b = 0; b < context.view.binding_count(); ++b) {
      const BindingView& binding = context.view.binding(BindingId{b});
      if (binding.side(own.side).registration != RegistrationId{i}) continue;
      const RegistrationId peer = binding.side(peer_of(own.side)).registration;
      const bool live = context.view.registration(peer).deregister_calls == 0;
      attached = attached || (binding.accepted && !binding.both_done());
      refused =
          refused || (live && !binding.accepted && binding.side(Side::kClient).attach_returned);
    }
    if (!refused || attached) continue;
    return fmt::format(
        "{} waits while the offer to its {} registration was declined, and a pair is offered only "
        "once",
        context.kernel.module(own.module).name, to_string(own.side));
  }
  return std::nullopt;
}

std::optional<std::string> lock_across_registrar(const Event& event, const RuleContext& context) {
  return event.kind == EventKind::kDeadlocked ? deadlock_across_registrar(context)
                                              : recursion_across_registrar(event, context);
}

}  // namespace nmrcheck::model
