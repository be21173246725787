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

std::optional<std::string> lock_across_registrar(const Event& event, const RuleContext& context) {
  return event.kind == EventKind::kDeadlocked ? deadlock_across_registrar(context)
                                              : recursion_across_registrar(event, context);
}

}  // namespace nmrcheck::model
