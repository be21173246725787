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

}  // namespace nmrcheck::model
