// Rules of registration and binding handles.
#include <fmt/format.h>

#include "model/kernel/kernel.h"
#include "model/nmr/view.h"
#include "model/rules/checks.h"

namespace nmrcheck::model {
namespace {

bool is_wait(const Event& event) { return std::string_view(event.name).starts_with("NmrWait"); }

}  // namespace

std::optional<std::string> dead_binding_handle(const Event& event, const RuleContext& context) {
  if (event.binding == kNoBinding) return std::nullopt;
  const BindingView& binding = context.view.binding(event.binding);
  if (binding.accepted || !binding.side(event.side).attach_returned) return std::nullopt;
  // A client that attaches late for the first time breaks NMR-ATT-01 instead.
  const bool attaches = std::string_view(event.name) == "NmrClientAttachProvider";
  if (attaches && binding.attach_calls == 0) return std::nullopt;
  return fmt::format("{} is given the binding handle of an attach that failed", event.name);
}

std::optional<std::string> closed_registration_handle(const Event& event,
                                                      const RuleContext& context) {
  if (event.registration == kNoRegistration) return std::nullopt;
  if (!context.view.registration(event.registration).closed) return std::nullopt;
  return fmt::format("{} is given a registration handle after its wait succeeded", event.name);
}

std::optional<std::string> handle_of_other_kind(const Event& event, const RuleContext& context) {
  if (event.kind == EventKind::kBindingHandleUsed) {
    if (event.binding != kNoBinding) return std::nullopt;
    return fmt::format("{} is given a handle that is no binding handle of the {} side", event.name,
                       to_string(event.side));
  }
  if (event.registration == kNoRegistration) return std::nullopt;
  const RegistrationView& registration = context.view.registration(event.registration);
  if (registration.side == event.side) return std::nullopt;
  return fmt::format("{} is given the handle of a {} registration", event.name,
                     to_string(registration.side));
}

std::optional<std::string> never_registered(const Event& event, const RuleContext&) {
  if (event.registration != kNoRegistration) return std::nullopt;
  return fmt::format("{} is given {} that no successful registration returned", event.name,
                     event.pointer == nullptr ? "a NULL handle" : "a handle");
}

std::optional<std::string> second_deregister(const Event& event, const RuleContext& context) {
  if (event.registration == kNoRegistration || is_wait(event)) return std::nullopt;
  const RegistrationView& registration = context.view.registration(event.registration);
  if (registration.deregister_calls == 0 || registration.closed) return std::nullopt;
  return fmt::format("{} deregisters its {} registration a second time",
                     context.kernel.module(registration.module).name, to_string(registration.side));
}

std::optional<std::string> wait_without_deregister(const Event& event, const RuleContext& context) {
  if (event.registration == kNoRegistration || !is_wait(event)) return std::nullopt;
  const RegistrationView& registration = context.view.registration(event.registration);
  if (registration.deregister_calls > 0) return std::nullopt;
  return fmt::format("{} waits for its {} registration without having deregistered it",
                     context.kernel.module(registration.module).name, to_string(registration.side));
}

std::optional<std::string> handle_dereferenced(const Event& event, const RuleContext& context) {
  constexpr std::uintptr_t kReach = 0x40;  // what a driver might take for the object behind
  const auto near = [&](const void* handle) {
    const auto first = reinterpret_cast<std::uintptr_t>(handle);
    const auto touched = reinterpret_cast<std::uintptr_t>(event.pointer);
    return handle != nullptr && touched >= first && touched - first < kReach;
  };
  const std::string& module = context.kernel.module(event.module).name;
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    if (!near(context.view.registration(RegistrationId{i}).handle)) continue;
    return fmt::format("{} dereferences a registration handle ({})", module, event.name);
  }
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    for (const SideView& side : context.view.binding(BindingId{i}).sides) {
      if (!near(side.handle)) continue;
      return fmt::format("{} dereferences a binding handle ({})", module, event.name);
    }
  }
  return std::nullopt;
}

}  // namespace nmrcheck::model
