// What the simulated registrar owes: a self-check that runs in every execution.
//
// It looks at events only, never at the registrar's own bookkeeping, which may be what is wrong.
#include <fmt/format.h>

#include <array>

#include "model/kernel/kernel.h"
#include "model/nmr/view.h"
#include "model/rules/checks.h"

namespace nmrcheck::model {
namespace {

constexpr std::array kSides{Side::kClient, Side::kProvider};

std::string on_binding(BindingId binding, const char* text) {
  return fmt::format("{} (binding {})", text, index(binding) + 1);
}

std::string on_binding(const Event& event, const char* text) {
  return on_binding(event.binding, text);
}

const RegistrationView& registration_of(const BindingView& binding, Side side,
                                        const RuleContext& context) {
  return context.view.registration(binding.side(side).registration);
}

// True if the call is that of a registration which the registrar undoes: it waits for the detach.
bool rolls_back(const Frame& call, const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    const RegistrationView& registration = context.view.registration(RegistrationId{i});
    if (registration.module == call.module && registration.rolled_back && !registration.returned) {
      return true;
    }
  }
  return false;
}

bool completed_early(const BindingView& binding) {
  return binding.side(Side::kClient).completed_early ||
         binding.side(Side::kProvider).completed_early;
}

// Both sides are done, no callback is in progress, and nothing came after. A registrar finishes a
// binding in the very step that makes it ready, so this is seen only of one that forgot it.
bool never_finished(const BindingView& binding) {
  bool returned = true;
  bool closed = true;
  bool cleaned = false;
  for (const SideView& side : binding.sides) {
    returned = returned && side.detach_returned;
    closed = closed && side.closings > 0;
    cleaned = cleaned || side.cleanup_calls > 0;
  }
  return binding.both_done() && returned && !closed && !cleaned;
}

std::optional<std::string> cleanup_missing(BindingId id, bool ended, const RuleContext& context) {
  const BindingView& binding = context.view.binding(id);
  if (never_finished(binding)) {
    if (completed_early(binding)) return std::nullopt;  // RGR-14 says more
    return on_binding(id, "both sides are done, and nothing follows");
  }
  for (const Side side : kSides) {
    const bool owed = registration_of(binding, side, context).has_cleanup && binding.both_done();
    if (!ended || !owed || binding.side(side).cleanup_calls > 0) continue;
    return on_binding(id, "a cleanup callback never comes");
  }
  return std::nullopt;
}

bool passes_own_context(const Event& event, const RuleContext& context) {
  const BindingView& binding = context.view.binding(event.binding);
  const void* expected = event.kind == EventKind::kAttachCalled
                             ? registration_of(binding, event.side, context).context
                             : binding.side(event.side).context;
  return event.passed->context == expected;
}

bool passes_peer(const Event& event, const RuleContext& context) {
  const SideView& peer = event.kind == EventKind::kAttachCalled
                             ? context.view.binding(event.binding).side(Side::kClient)
                             : context.view.binding(event.binding).side(Side::kProvider);
  return event.passed->peer_context == peer.context && event.passed->peer_dispatch == peer.dispatch;
}

}  // namespace

std::optional<std::string> offer_of_other_npi(const Event& event, const RuleContext& context) {
  if (event.side != Side::kClient) return std::nullopt;
  const BindingView& binding = context.view.binding(event.binding);
  const RegistrationView& client = registration_of(binding, Side::kClient, context);
  const RegistrationView& provider = registration_of(binding, Side::kProvider, context);
  const bool kinds = client.side == Side::kClient && provider.side == Side::kProvider;
  if (kinds && client.npi == provider.npi) return std::nullopt;
  return on_binding(event, "an offer pairs registrations that do not match");
}

std::optional<std::string> second_offer(const Event& event, const RuleContext& context) {
  if (event.side != Side::kClient) return std::nullopt;
  std::uint32_t offers = 0;
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    if (binding.side(Side::kClient).registration != event.registration) continue;
    if (binding.side(Side::kProvider).registration != event.peer_registration) continue;
    offers += binding.side(Side::kClient).attach_callbacks;
  }
  if (offers == 1) return std::nullopt;
  return on_binding(event, "a pair of registrations is offered twice");
}

std::optional<std::string> provider_attach_unasked(const Event& event, const RuleContext& context) {
  if (event.side != Side::kProvider) return std::nullopt;
  const std::vector<Frame>& frames = context.kernel.frames(event.fiber);
  const Frame* below = frames.size() >= 2 ? &frames[frames.size() - 2] : nullptr;
  const bool asked = below != nullptr && below->binding == event.binding &&
                     std::string_view(below->name) == "NmrClientAttachProvider";
  if (asked && context.view.binding(event.binding).attach_calls > 0) return std::nullopt;
  return on_binding(event, "ProviderAttachClient is called outside NmrClientAttachProvider");
}

std::optional<std::string> status_changed(const Event& event, const RuleContext& context) {
  const BindingView& binding = context.view.binding(event.binding);
  const SideView& provider = binding.side(Side::kProvider);
  const bool asked = provider.attach_returned && provider.attach_callbacks == binding.attach_calls;
  if (asked && event.status == provider.attach_status) return std::nullopt;
  return on_binding(event, "NmrClientAttachProvider does not return the provider's status");
}

std::optional<std::string> callback_irql(const Event& event, const RuleContext& context) {
  const std::uint8_t highest =
      event.kind == EventKind::kAttachCalled ? kPassiveLevel : kDispatchLevel;
  if (context.kernel.irql() <= highest) return std::nullopt;
  return on_binding(event, "a callback is called above its documented IRQL");
}

std::optional<std::string> detach_of_unattached(const Event& event, const RuleContext& context) {
  if (context.view.binding(event.binding).accepted) return std::nullopt;
  return on_binding(event, "a detach or cleanup callback is called although nothing attached");
}

std::optional<std::string> detach_not_once(const Event& event, const RuleContext& context) {
  const BindingView& binding = context.view.binding(event.binding);
  if (event.kind == EventKind::kDetachCalled) {
    if (binding.side(event.side).detach_calls == 1) return std::nullopt;
    return on_binding(event, "a detach callback is called twice");
  }
  // The binding closed: both callbacks must have run if it was attached.
  const bool both = binding.side(Side::kClient).detach_calls == 1 &&
                    binding.side(Side::kProvider).detach_calls == 1;
  if (!binding.accepted || both) return std::nullopt;
  return on_binding(event, "an attached binding closes without both detach callbacks");
}

std::optional<std::string> cleanup_not_once(const Event& event, const RuleContext& context) {
  if (event.kind == EventKind::kCleanupCalled) {
    const BindingView& binding = context.view.binding(event.binding);
    if (!binding.both_done()) {
      return on_binding(event, "a cleanup comes before both sides are done");
    }
    if (binding.side(event.side).cleanup_calls == 1) return std::nullopt;
    return on_binding(event, "a cleanup callback is called twice");
  }
  const bool ended = event.kind == EventKind::kEnded;
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    if (auto breach = cleanup_missing(BindingId{i}, ended, context)) return breach;
  }
  return std::nullopt;
}

std::optional<std::string> value_changed(const Event& event, const RuleContext& context) {
  if (event.kind == EventKind::kRegistrationHandleUsed) {
    const RegistrationView& registration = context.view.registration(event.registration);
    if (!registration.returned || event.pointer == registration.handle) return std::nullopt;
    return fmt::format("{}: a handle is taken for that of another registration", event.name);
  }
  if (event.binding == kNoBinding) return std::nullopt;
  if (event.kind == EventKind::kBindingHandleUsed) {
    const SideView& side = context.view.binding(event.binding).side(event.side);
    if (side.attach_callbacks == 0 || event.pointer == side.handle) return std::nullopt;
    return on_binding(event, "a handle is taken for that of another binding");
  }
  const bool answers = event.kind == EventKind::kClientAttachReturned;
  if (event.passed == nullptr || (answers && !nt_success(event.status))) return std::nullopt;
  if (!answers && !passes_own_context(event, context)) {
    return on_binding(event, "a callback gets a context that is not the module's own");
  }
  const bool names_peer =
      answers || (event.kind == EventKind::kAttachCalled && event.side == Side::kProvider);
  if (!names_peer || passes_peer(event, context)) return std::nullopt;
  return on_binding(event, "a module gets other values than its peer gave");
}

std::optional<std::string> wait_returned_early(const Event& event, const RuleContext& context) {
  const bool has_cleanup = context.view.registration(event.registration).has_cleanup;
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    const SideView& own = binding.side(event.side);
    if (own.registration != event.registration || !binding.cleanup_awaited) continue;
    const bool refused = binding.side(Side::kClient).attach_returned && !binding.accepted;
    const bool cleaned = !has_cleanup || own.cleanup_returned;
    if (refused || (binding.both_done() && cleaned)) continue;
    return fmt::format("{} returns although binding {} is not finished", event.name, i + 1);
  }
  return std::nullopt;
}

std::optional<std::string> callback_after_wait(const Event& event, const RuleContext& context) {
  const BindingView& binding = context.view.binding(event.binding);
  if (!registration_of(binding, event.side, context).closed) return std::nullopt;
  if (!binding.cleanup_awaited && event.kind == EventKind::kCleanupCalled) return std::nullopt;
  return on_binding(event, "a callback is called after the wait returned");
}

// At a deadlock every live fiber waits. One that waits with a function of the registrar innermost
// waits for the registrar itself.
std::optional<std::string> registrar_blocked(const Event&, const RuleContext& context) {
  const sim::Execution& execution = context.kernel.execution();
  for (std::uint32_t i = 0; i < execution.fiber_count(); ++i) {
    const std::vector<Frame>& frames = context.kernel.frames(sim::FiberId{i});
    if (frames.empty() || frames.back().kind != FrameKind::kRegistrar) continue;
    const Frame& call = frames.back();
    if (std::string_view(call.name).starts_with("NmrWait")) continue;
    if (rolls_back(call, context)) continue;
    return fmt::format("{} waits inside {}, which must not wait",
                       execution.name_of(sim::FiberId{i}), call.name);
  }
  return std::nullopt;
}

std::optional<std::string> binding_stranded(const Event&, const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    const SideView& client = binding.side(Side::kClient);
    const bool attached = binding.accepted && client.attach_returned;
    if (!attached || client.detach_calls + binding.side(Side::kProvider).detach_calls > 0) continue;
    for (const Side side : kSides) {
      // Before it returns it may still be on its way, held up by the detach of another binding.
      if (!registration_of(binding, side, context).deregister_returned) continue;
      return fmt::format("binding {} was attached and never detached, although its {} deregistered",
                         i + 1, to_string(side));
    }
  }
  return std::nullopt;
}

std::optional<std::string> early_completion_lost(const Event& event, const RuleContext& context) {
  if (event.kind == EventKind::kBindingClosed) {
    const BindingView& binding = context.view.binding(event.binding);
    if (!completed_early(binding) || binding.side(event.side).closings == 1) return std::nullopt;
    return on_binding(event, "a completion during the detach callback counts twice");
  }
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    if (!completed_early(binding) || !never_finished(binding)) continue;
    return on_binding(BindingId{i}, "a completion during the detach callback does not count");
  }
  return std::nullopt;
}

std::optional<std::string> registration_failed_late(const Event& event,
                                                    const RuleContext& context) {
  if (nt_success(event.status)) return std::nullopt;
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    if (binding.side(event.side).registration != event.registration) continue;
    const bool attached = binding.accepted && binding.client_attached;
    const bool undone = !attached || binding.side(event.side).closings > 0;
    if (context.view.registration(event.registration).rolled_back && undone) continue;
    return fmt::format("{} returns {} after it offered binding {}", event.name,
                       status_name(event.status), i + 1);
  }
  return std::nullopt;
}

std::optional<std::string> detach_unasked(const Event& event, const RuleContext& context) {
  const BindingView& binding = context.view.binding(event.binding);
  for (const Side side : kSides) {
    const RegistrationView& registration = registration_of(binding, side, context);
    if (registration.deregister_calls > 0 || registration.rolled_back) return std::nullopt;
  }
  return on_binding(event, "a binding is detached although neither of its modules deregisters");
}

}  // namespace nmrcheck::model
