// Rules of registering, and of what may happen meanwhile.
#include <fmt/format.h>

#include <algorithm>

#include "model/kernel/kernel.h"
#include "model/nmr/view.h"
#include "model/rules/checks.h"

namespace nmrcheck::model {
namespace {

// The wait would have returned: every binding of the registration is closed for its side.
bool drained(RegistrationId id, const RuleContext& context) {
  const Side side = context.view.registration(id).side;
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const SideView& own = context.view.binding(BindingId{i}).side(side);
    const BindingView& binding = context.view.binding(BindingId{i});
    if (own.registration == id && binding.accepted && own.closings == 0) return false;
  }
  return true;
}

bool registers_on(const std::vector<Frame>& frames, ModuleId module) {
  return std::any_of(frames.begin(), frames.end(), [&](const Frame& frame) {
    return frame.kind == FrameKind::kRegistrar && frame.module == module &&
           std::string_view(frame.name).starts_with("NmrRegister");
  });
}

bool offer_is_over(RegistrationId id, RegistrationId peer, const RuleContext& context) {
  const Side side = context.view.registration(id).side;
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    const bool pair =
        binding.side(side).registration == id && binding.side(peer_of(side)).registration == peer;
    if (pair && binding.side(Side::kClient).attach_returned) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> never_waited_for(const Event&, const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    const RegistrationView& registration = context.view.registration(RegistrationId{i});
    const bool left = registration.deregister_returned && !registration.closed;
    if (!left || !drained(RegistrationId{i}, context)) continue;
    return fmt::format("{} deregistered its {} registration and never waited for it",
                       context.kernel.module(registration.module).name,
                       to_string(registration.side));
  }
  return std::nullopt;
}

std::optional<std::string> used_before_initialized(const Event& event, const RuleContext& context) {
  const std::string& module = context.kernel.module(event.module).name;
  if (event.kind == EventKind::kInitializedLate) {
    return fmt::format(
        "{} initializes ({}) what a callback, or a call through its dispatch table, has used "
        "already",
        module, event.name);
  }
  const std::vector<Frame>& frames = context.kernel.frames(event.fiber);
  if (!in_callback(frames)) return std::nullopt;
  return fmt::format("{} of {} uses ({}) what was never initialized", frames.back().name, module,
                     event.name);
}

std::optional<std::string> handle_used_too_early(const Event& event, const RuleContext& context) {
  if (event.kind == EventKind::kUnsetHandleRead) {
    for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
      const RegistrationView& registration = context.view.registration(RegistrationId{i});
      if (registration.cell != event.pointer || registration.returned) continue;
      return fmt::format("{} reads the variable of its {} registration's handle before it is set",
                         context.kernel.module(event.module).name, to_string(registration.side));
    }
    return std::nullopt;
  }
  if (!registers_on(context.kernel.frames(event.fiber), event.module)) return std::nullopt;
  const bool unset = event.registration == kNoRegistration && event.pointer == nullptr;
  const bool early = event.registration != kNoRegistration &&
                     !context.view.registration(event.registration).returned;
  if (!unset && !early) return std::nullopt;
  return fmt::format("{} is given the handle of a registration that is still going on", event.name);
}

std::optional<std::string> structures_shared(const Event& event, const RuleContext& context) {
  const RegistrationView& made = context.view.registration(event.registration);
  for (std::uint32_t i = 0; i < index(event.registration); ++i) {
    const RegistrationView& other = context.view.registration(RegistrationId{i});
    if (other.module != made.module || other.closed || other.failed) continue;
    const bool characteristics =
        made.characteristics != nullptr && other.characteristics == made.characteristics;
    const bool shared_context = made.context != nullptr && other.context == made.context;
    if (!characteristics && !shared_context) continue;
    return fmt::format("{} registers twice with the same {}",
                       context.kernel.module(made.module).name,
                       characteristics ? "characteristics" : "registration context");
  }
  return std::nullopt;
}

std::optional<std::string> attach_expected_at_once(const Event& event, const RuleContext& context) {
  const std::vector<Frame>& frames = context.kernel.frames(event.fiber);
  const bool entering = std::any_of(frames.begin(), frames.end(), [](const Frame& frame) {
    return frame.kind == FrameKind::kEntry;
  });
  if (!entering) return std::nullopt;
  const RegistrationView& own = context.view.registration(event.registration);
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    const RegistrationView& peer = context.view.registration(RegistrationId{i});
    const bool matches = peer.side != own.side && peer.npi == own.npi && !peer.failed;
    if (!matches || peer.deregister_calls > 0) continue;
    if (offer_is_over(event.registration, RegistrationId{i}, context)) continue;
    return fmt::format(
        "{} deregisters in its entry routine although {} matches and its offer is still to come: "
        "right "
        "only if it gives up for another reason",
        context.kernel.module(own.module).name, context.kernel.module(peer.module).name);
  }
  return std::nullopt;
}

}  // namespace nmrcheck::model
