// Rules of the detach phase.
#include <fmt/format.h>

#include "model/kernel/kernel.h"
#include "model/nmr/view.h"
#include "model/rules/checks.h"

namespace nmrcheck::model {
namespace {

// An NPI may allow calls until the side is done (NMRCHECK_NPI_CALLS_WHILE_DETACHING).
bool calls_allowed(const SideView& side, const RuleContext& context) {
  constexpr std::uint32_t kCallsWhileDetaching = 4;
  const NpiFacts* facts = context.view.facts(context.view.registration(side.registration).npi);
  return facts != nullptr && (facts->bits & kCallsWhileDetaching) != 0;
}

// A thread or work item of the module that waits, but for nothing of the registrar.
bool has_waiting_code(ModuleId module, const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.kernel.execution().fiber_count(); ++i) {
    const std::vector<Frame>& frames = context.kernel.frames(sim::FiberId{i});
    if (frames.empty() || frames.back().kind != FrameKind::kModuleCode) continue;
    if (frames.back().module == module) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> reference_after_detach(const Event& event, const RuleContext& context) {
  if (event.kind != EventKind::kReferenceTaken) return std::nullopt;
  const SideView& side = context.view.binding(event.binding).side(event.side);
  if (!side.detach_returned || calls_allowed(side, context)) return std::nullopt;
  return fmt::format("{} begins to use its peer after its detach callback returned {}",
                     describe_side(event.binding, event.side, context),
                     status_name(side.detach_status));
}

std::optional<std::string> call_after_detach(const Event& event, const RuleContext& context) {
  if (event.kind != EventKind::kCallBegan) return std::nullopt;
  const SideView& side = context.view.binding(event.binding).side(event.side);
  const bool pending = side.detach_returned && !side.done && !side.declares_references;
  if (!pending || calls_allowed(side, context)) return std::nullopt;
  return fmt::format(
      "{} calls {} after its detach callback returned STATUS_PENDING: right only if it had taken a "
      "reference before",
      describe_side(event.binding, event.side, context), event.name);
}

std::optional<std::string> done_with_requests_pending(const Event& event,
                                                      const RuleContext& context) {
  const SideView& side = context.view.binding(event.binding).side(event.side);
  if (!side.done || side.requests == 0) return std::nullopt;
  return fmt::format("{} finishes its detach in {} while {} of its requests {} still pending",
                     describe_side(event.binding, event.side, context), event.name, side.requests,
                     side.requests == 1 ? "is" : "are");
}

std::optional<std::string> done_depends_on_peer(const Event&, const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    for (const Side side : {Side::kClient, Side::kProvider}) {
      const SideView& own = binding.side(side);
      const SideView& peer = binding.side(peer_of(side));
      if (!own.detach_returned || own.done || peer.done) continue;
      const bool used = calls_in_progress(own) + own.requests > 0;
      const bool waits = peer.detach_calls == 0 && has_waiting_code(own.module, context);
      if (!used && !waits) continue;
      return fmt::format(
          "{} returned STATUS_PENDING and completes its detach only after something that its peer "
          "does{}; nothing else can happen",
          describe_side(BindingId{i}, side, context),
          peer.detach_calls == 0 ? ", but the peer's detach callback comes after the completion"
                                 : " in its own detach");
    }
  }
  return std::nullopt;
}

std::optional<std::string> undocumented_detach_status(const Event& event,
                                                      const RuleContext& context) {
  if (event.status == kStatusSuccess || event.status == kStatusPending) return std::nullopt;
  return fmt::format("{} of {} returns {}; only STATUS_SUCCESS and STATUS_PENDING are documented",
                     event.name, describe_side(event.binding, event.side, context),
                     status_name(event.status));
}

std::optional<std::string> success_with_calls_open(const Event& event, const RuleContext& context) {
  const SideView& side = context.view.binding(event.binding).side(event.side);
  const std::uint32_t calls = calls_in_progress(side);
  if (event.status == kStatusPending || calls == 0 || side.completions > 0) return std::nullopt;
  return fmt::format("{} returns {} from {} while {} of its calls into the peer {} not returned",
                     describe_side(event.binding, event.side, context), status_name(event.status),
                     event.name, calls, calls == 1 ? "has" : "have");
}

std::optional<std::string> completion_never_came(const Event&, const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    for (const Side side : {Side::kClient, Side::kProvider}) {
      const SideView& pending = binding.side(side);
      if (!pending.detach_returned || pending.done) continue;
      if (calls_in_progress(pending) + pending.requests > 0) continue;
      return fmt::format(
          "{} returned STATUS_PENDING from its detach callback, has no call in "
          "progress, and never completes the detach; nothing else can happen",
          describe_side(BindingId{i}, side, context));
    }
  }
  return std::nullopt;
}

std::optional<std::string> completion_after_success(const Event& event,
                                                    const RuleContext& context) {
  const SideView& side = context.view.binding(event.binding).side(event.side);
  if (!side.done_by_return) return std::nullopt;
  return fmt::format("{} calls {} although its detach callback returned {}",
                     describe_side(event.binding, event.side, context), event.name,
                     status_name(side.detach_status));
}

std::optional<std::string> completion_with_calls_open(const Event& event,
                                                      const RuleContext& context) {
  const SideView& side = context.view.binding(event.binding).side(event.side);
  const std::uint32_t calls = calls_in_progress(side);
  if (calls == 0) return std::nullopt;
  return fmt::format("{} calls {} while {} of its calls into the peer {} not returned",
                     describe_side(event.binding, event.side, context), event.name, calls,
                     calls == 1 ? "has" : "have");
}

std::optional<std::string> second_completion(const Event& event, const RuleContext& context) {
  const SideView& side = context.view.binding(event.binding).side(event.side);
  if (event.kind == EventKind::kDetachReturned) {
    // The completion came first, and then the callback did not return PENDING.
    if (side.completions == 0 || event.status == kStatusPending) return std::nullopt;
    return fmt::format("{} returns {} from {} although it has completed the detach already",
                       describe_side(event.binding, event.side, context), status_name(event.status),
                       event.name);
  }
  if (side.completions < 2) return std::nullopt;
  return fmt::format("{} calls {} a second time", describe_side(event.binding, event.side, context),
                     event.name);
}

std::optional<std::string> completion_before_callback(const Event& event,
                                                      const RuleContext& context) {
  const SideView& side = context.view.binding(event.binding).side(event.side);
  if (side.detach_calls > 0) return std::nullopt;
  return fmt::format("{} calls {} before its detach callback was invoked",
                     describe_side(event.binding, event.side, context), event.name);
}

std::optional<std::string> call_after_done(const Event& event, const RuleContext& context) {
  const SideView& side = context.view.binding(event.binding).side(event.side);
  if (!side.done) return std::nullopt;
  return fmt::format("{} calls {} after it finished detaching",
                     describe_side(event.binding, event.side, context), event.name);
}

std::optional<std::string> peer_memory_after_done(const Event& event, const RuleContext& context) {
  const sim::HeapBlock& block = context.kernel.execution().heap().block(event.block);
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    for (const Side side : {Side::kClient, Side::kProvider}) {
      const SideView& owner = binding.side(side);
      const bool holds = (owner.context != nullptr && block.contains(owner.context)) ||
                         (owner.dispatch != nullptr && block.contains(owner.dispatch));
      const SideView& peer = binding.side(peer_of(side));
      if (!holds || event.module != peer.module || !peer.done) continue;
      return fmt::format("{} uses memory of {} after it finished detaching: {}",
                         describe_side(BindingId{i}, peer_of(side), context),
                         describe_side(BindingId{i}, side, context),
                         context.kernel.describe_block(event.block));
    }
  }
  return std::nullopt;
}

std::optional<std::string> stopped_serving(const Event& event, const RuleContext& context) {
  const std::vector<Frame>& frames = context.kernel.frames(event.fiber);
  if (frames.empty() || frames.back().kind != FrameKind::kCall) return std::nullopt;
  const Frame& call = frames.back();
  if (call.binding == kNoBinding) return std::nullopt;
  const BindingView& binding = context.view.binding(call.binding);
  const Side callee = peer_of(call.side);
  if (binding.side(callee).detach_calls == 0 || binding.side(call.side).done) return std::nullopt;
  const sim::HeapBlock& block = context.kernel.execution().heap().block(event.block);
  if (block.owner != index(binding.side(callee).module)) return std::nullopt;
  return fmt::format(
      "{} was asked to detach and freed what its {} still needs: the peer's call is "
      "in progress and touches {}",
      describe_side(call.binding, callee, context), call.name,
      context.kernel.describe_block(event.block));
}

}  // namespace nmrcheck::model
