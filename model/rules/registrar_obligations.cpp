// What the simulated registrar owes: a self-check that runs in every execution.
#include <fmt/format.h>

#include "model/kernel/kernel.h"
#include "model/nmr/registrar.h"
#include "model/nmr/view.h"
#include "model/rules/checks.h"

namespace nmrcheck::model {
namespace {

const Registration& registration_of(BindingId binding, Side side, const RuleContext& context) {
  return context.registrar.registration(context.registrar.binding(binding).registration(side));
}

constexpr std::uint32_t kNoCleanupNeeded = 2;  // alternative of CP-18, paranoid profile only

std::string on_binding(const Event& event, const char* text) {
  return fmt::format("{} (binding {})", text, index(event.binding) + 1);
}

}  // namespace

std::optional<std::string> offer_of_other_npi(const Event& event, const RuleContext& context) {
  if (event.side != Side::kClient) return std::nullopt;
  const Registration& client = registration_of(event.binding, Side::kClient, context);
  const Registration& provider = registration_of(event.binding, Side::kProvider, context);
  const bool kinds = client.side == Side::kClient && provider.side == Side::kProvider;
  if (kinds && client.npi == provider.npi) return std::nullopt;
  return on_binding(event, "an offer pairs registrations that do not match");
}

std::optional<std::string> second_offer(const Event& event, const RuleContext& context) {
  if (event.side != Side::kClient) return std::nullopt;
  const Binding& offered = context.registrar.binding(event.binding);
  for (std::uint32_t i = 0; i < context.registrar.binding_count(); ++i) {
    const bool same =
        context.registrar.binding(BindingId{i}).registrations == offered.registrations;
    if (i == index(event.binding) || !same) continue;
    if (!context.view.binding(BindingId{i}).side(Side::kClient).attach_called) continue;
    return on_binding(event, "a pair of registrations is offered twice");
  }
  return std::nullopt;
}

std::optional<std::string> provider_attach_unasked(const Event& event, const RuleContext& context) {
  if (event.side != Side::kProvider) return std::nullopt;
  const std::vector<Frame>& frames = context.kernel.frames(event.fiber);
  const bool asked = frames.size() >= 2 &&
                     std::string_view(frames[frames.size() - 2].name) == "NmrClientAttachProvider";
  if (asked && context.view.binding(event.binding).attach_calls > 0) return std::nullopt;
  return on_binding(event, "ProviderAttachClient is called outside NmrClientAttachProvider");
}

std::optional<std::string> status_changed(const Event& event, const RuleContext& context) {
  const SideView& provider = context.view.binding(event.binding).side(Side::kProvider);
  if (event.status == provider.attach_status) return std::nullopt;
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

std::optional<std::string> cleanup_too_early_or_twice(const Event& event,
                                                      const RuleContext& context) {
  const BindingView& binding = context.view.binding(event.binding);
  if (!binding.both_done()) return on_binding(event, "a cleanup comes before both sides are done");
  if (binding.side(event.side).cleanup_calls == 1) return std::nullopt;
  return on_binding(event, "a cleanup callback is called twice");
}

std::optional<std::string> wait_returned_early(const Event& event, const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.registrar.binding_count(); ++i) {
    const Binding& binding = context.registrar.binding(BindingId{i});
    if (binding.registration(event.side) != event.registration) continue;
    if (binding.wait_policy == kNoCleanupNeeded) continue;
    const BindingView& seen = context.view.binding(BindingId{i});
    if (!seen.side(Side::kClient).attach_called) continue;
    const bool refused = seen.side(Side::kClient).attach_returned && !seen.accepted;
    const bool cleaned =
        seen.side(event.side).cleanup_calls == 0 || seen.side(event.side).cleanup_returned;
    if (refused || (seen.both_done() && cleaned)) continue;
    return fmt::format("{} returns although binding {} is not finished", event.name, i + 1);
  }
  return std::nullopt;
}

std::optional<std::string> callback_after_wait(const Event& event, const RuleContext& context) {
  const RegistrationId id = context.registrar.binding(event.binding).registration(event.side);
  if (!context.view.registration(id).closed) return std::nullopt;
  const bool allowed = context.registrar.binding(event.binding).wait_policy == kNoCleanupNeeded;
  if (allowed && event.kind == EventKind::kCleanupCalled) return std::nullopt;
  return on_binding(event, "a callback is called after the wait returned");
}

std::optional<std::string> binding_stranded(const Event&, const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.registrar.binding_count(); ++i) {
    const Binding& binding = context.registrar.binding(BindingId{i});
    for (const Side side : {Side::kClient, Side::kProvider}) {
      const RegistrationView& registration = context.view.registration(binding.registration(side));
      const BindingView& seen = context.view.binding(BindingId{i});
      const bool attached = seen.accepted && seen.side(Side::kClient).attach_returned;
      if (registration.deregister_calls == 0 || !attached) continue;
      if (seen.side(Side::kClient).detach_calls + seen.side(Side::kProvider).detach_calls > 0) {
        continue;
      }
      return fmt::format("binding {} was attached and never detached, although its {} deregistered",
                         i + 1, to_string(side));
    }
  }
  return std::nullopt;
}

}  // namespace nmrcheck::model
