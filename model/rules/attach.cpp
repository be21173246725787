// Rules of the attach phase.
#include <fmt/format.h>

#include "model/kernel/kernel.h"
#include "model/nmr/view.h"
#include "model/rules/checks.h"

namespace nmrcheck::model {
namespace {

bool is_attach_call(const Event& event) {
  return std::string_view(event.name) == "NmrClientAttachProvider";
}

}  // namespace

const Frame* innermost_callback(const Kernel& kernel, sim::FiberId fiber) {
  const std::vector<Frame>& frames = kernel.frames(fiber);
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
    const bool callback = frame->kind == FrameKind::kAttach || frame->kind == FrameKind::kDetach ||
                          frame->kind == FrameKind::kCleanup;
    if (callback) return &*frame;
  }
  return nullptr;
}

std::string describe_side(BindingId binding, Side side, const RuleContext& context) {
  const ModuleId module = context.view.binding(binding).side(side).module;
  const std::string name =
      module == kNoModule ? std::string("unknown") : context.kernel.module(module).name;
  return fmt::format("{} ({} of binding {})", name, to_string(side), index(binding) + 1);
}

std::optional<std::string> attach_outside_callback(const Event& event, const RuleContext& context) {
  if (!is_attach_call(event) || dead_binding_handle(event, context)) return std::nullopt;
  for (const Frame& frame : context.kernel.frames(event.fiber)) {
    const bool own = frame.kind == FrameKind::kAttach && frame.side == Side::kClient;
    if (own && frame.binding == event.binding) return std::nullopt;
  }
  return "NmrClientAttachProvider is called outside the ClientAttachProvider callback of its "
         "binding";
}

std::optional<std::string> attach_after_success(const Event& event, const RuleContext& context) {
  if (!is_attach_call(event) || event.binding == kNoBinding) return std::nullopt;
  if (!context.view.binding(event.binding).client_attached) return std::nullopt;
  return "NmrClientAttachProvider is called again although it succeeded for this binding";
}

std::optional<std::string> attach_status_differs(const Event& event, const RuleContext& context) {
  if (event.side != Side::kClient) return std::nullopt;
  const BindingView& binding = context.view.binding(event.binding);
  if (binding.attach_calls == 0 || event.status == binding.last_attach_status) return std::nullopt;
  // An own error after a refused attempt is a refusal all the same.
  if (!binding.client_attached && !nt_success(event.status)) return std::nullopt;
  return fmt::format("ClientAttachProvider of {} returns {}, but NmrClientAttachProvider gave {}",
                     describe_side(event.binding, Side::kClient, context),
                     status_name(event.status), status_name(binding.last_attach_status));
}

std::optional<std::string> success_without_attach(const Event& event, const RuleContext& context) {
  if (!nt_success(event.status)) return std::nullopt;
  const BindingView& binding = context.view.binding(event.binding);
  const bool attached = event.side == Side::kProvider || binding.client_attached;
  if (event.status == kStatusSuccess && attached) return std::nullopt;
  const char* callback =
      event.side == Side::kClient ? "ClientAttachProvider" : "ProviderAttachClient";
  if (event.status != kStatusSuccess) {
    return fmt::format("{} returns {}, which counts as success; attaching is synchronous", callback,
                       status_name(event.status));
  }
  return fmt::format("{} returns STATUS_SUCCESS although NmrClientAttachProvider did not succeed",
                     callback);
}

std::optional<std::string> provider_answer_missing(const Event& event, const RuleContext&) {
  constexpr std::uint32_t kBothStored = 3;
  if (event.side != Side::kProvider || !nt_success(event.status)) return std::nullopt;
  if (event.block == kBothStored) return std::nullopt;
  return fmt::format("ProviderAttachClient returns success without storing its {}",
                     (event.block & 1) == 0 ? "binding context" : "dispatch table");
}

// Another fiber that already knows the client may call it between the last step of the callback and
// its return, which no provider can prevent: only a call by the callback itself is a breach.
std::optional<std::string> upcall_before_acceptance(const Event& event,
                                                    const RuleContext& context) {
  if (event.side != Side::kProvider || context.view.binding(event.binding).accepted) {
    return std::nullopt;
  }
  for (const Frame& frame : context.kernel.frames(event.fiber)) {
    const bool own = frame.kind == FrameKind::kAttach && frame.side == Side::kProvider;
    if (!own || frame.binding != event.binding) continue;
    return fmt::format("{} calls {} before its ProviderAttachClient returned success",
                       describe_side(event.binding, Side::kProvider, context), event.name);
  }
  return std::nullopt;
}

std::optional<std::string> unusual_refusal(const Event& event, const RuleContext& context) {
  constexpr std::uint32_t kStatusNoMemory = 0xC0000017u;
  if (nt_success(event.status)) return std::nullopt;
  for (const std::uint32_t usual :
       {kStatusNoInterface, kStatusInsufficientResources, kStatusNoMemory}) {
    if (event.status == usual) return std::nullopt;
  }
  const BindingView& binding = context.view.binding(event.binding);
  const bool passed_on = event.side == Side::kClient && binding.attach_calls > 0;
  if (passed_on && event.status == binding.last_attach_status) return std::nullopt;
  return fmt::format("{} declines with {}", describe_side(event.binding, event.side, context),
                     status_name(event.status));
}

std::optional<std::string> refused_attach_leaks(const Event& event, const RuleContext& context) {
  return find_leak(event, context, [&](std::uint32_t block) -> std::optional<std::string> {
    const Frame* attach = context.kernel.attach_of_block(block);
    if (attach == nullptr || attach->module != event.module) return std::nullopt;
    const BindingView& binding = context.view.binding(attach->binding);
    if (binding.accepted || !binding.side(attach->side).attach_returned) return std::nullopt;
    return fmt::format("{} declined or was refused, and never freed what its {} allocated: {}",
                       describe_side(attach->binding, attach->side, context), attach->name,
                       context.kernel.describe_block(block));
  });
}

namespace {

// The call through the client's dispatch table that the fiber is inside of, or null.
const Frame* innermost_upcall(const std::vector<Frame>& frames) {
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
    if (frame->kind != FrameKind::kCall) continue;
    return frame->side == Side::kProvider && frame->binding != kNoBinding ? &*frame : nullptr;
  }
  return nullptr;
}

// The binding whose client context lies in the event's block.
BindingId client_context_in(std::uint32_t block, const RuleContext& context) {
  if (block == kNoBlock) return kNoBinding;
  const sim::HeapBlock& memory = context.kernel.execution().heap().block(block);
  for (std::uint32_t i = context.view.binding_count(); i-- > 0;) {
    const void* owned = context.view.binding(BindingId{i}).side(Side::kClient).context;
    if (owned != nullptr && memory.contains(owned)) return BindingId{i};
  }
  return kNoBinding;
}

}  // namespace

std::optional<std::string> upcall_into_unready_client(const Event& event,
                                                      const RuleContext& context) {
  const std::vector<Frame>& frames = context.kernel.frames(event.fiber);
  if (event.kind == EventKind::kInitializedLate) {
    const BindingId id = client_context_in(event.block, context);
    const Frame* callback = innermost_callback(context.kernel, event.fiber);
    const bool own = id != kNoBinding && callback != nullptr && callback->binding == id &&
                     callback->side == Side::kClient && callback->kind == FrameKind::kAttach;
    if (!own) return std::nullopt;
    return fmt::format("{} initializes ({}) its binding context after an upcall has used it",
                       describe_side(id, Side::kClient, context), event.name);
  }
  const Frame* upcall = innermost_upcall(frames);
  if (upcall == nullptr) return std::nullopt;
  const std::string client = describe_side(upcall->binding, Side::kClient, context);
  if (event.kind == EventKind::kNullTableCalled) {
    if (context.view.binding(upcall->binding).side(Side::kClient).done) return std::nullopt;
    return fmt::format(
        "{} takes an upcall that came before the provider's table was stored, and calls {} "
        "through NULL",
        client, event.name);
  }
  if (client_context_in(event.block, context) != upcall->binding) return std::nullopt;
  return fmt::format("{} takes an upcall that uses ({}) what its binding context lacks yet", client,
                     event.name);
}

std::optional<std::string> call_before_attached(const Event& event, const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    const SideView& client = binding.side(Side::kClient);
    const ModuleId owner = context.view.registration(client.registration).module;
    if (owner == event.module && client.done)
      return std::nullopt;  // it may have cleared its pointer
  }
  for (std::uint32_t i = 0; i < context.view.registration_count(); ++i) {
    const RegistrationView& registration = context.view.registration(RegistrationId{i});
    if (registration.module != event.module || registration.side != Side::kClient) continue;
    return fmt::format(
        "{} calls {} through a NULL dispatch table: it had no provider's when it decided to call",
        context.kernel.module(event.module).name, event.name);
  }
  return std::nullopt;
}

std::optional<std::string> too_many_bindings(const Event& event, const RuleContext& context) {
  if (!nt_success(event.status)) return std::nullopt;
  const bool provider = event.kind == EventKind::kAttachReturned;
  if (provider && event.side != Side::kProvider) return std::nullopt;
  const Side side = provider ? Side::kProvider : Side::kClient;
  const RegistrationId id = context.view.binding(event.binding).side(side).registration;
  const RegistrationView& registration = context.view.registration(id);
  if (registration.bindings_max == 0) return std::nullopt;
  std::uint32_t held = 0;
  for (std::uint32_t i = 0; i < context.view.binding_count(); ++i) {
    const BindingView& binding = context.view.binding(BindingId{i});
    const SideView& own = binding.side(side);
    const bool over = registration.has_cleanup ? own.cleanup_calls > 0 : own.done;
    const bool attached = side == Side::kProvider ? binding.accepted : binding.client_attached;
    held += own.registration == id && attached && !over;
  }
  if (held <= registration.bindings_max) return std::nullopt;
  return fmt::format("{} attaches a binding too many: it has {}, and declares that it supports {}",
                     describe_side(event.binding, side, context), held, registration.bindings_max);
}

}  // namespace nmrcheck::model
