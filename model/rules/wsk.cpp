// What an application owes the library behind WskRegister and the WSK subsystem.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "model/kernel/kernel.h"
#include "model/nmr/view.h"
#include "model/rules/checks.h"

namespace nmrcheck::model {
namespace {

using K = EventKind;

constexpr std::uint32_t kNoWait = 0;
constexpr std::uint32_t kInfiniteWait = 0xffffffffu;

std::string owner_of(const WskView& view, const RuleContext& context) {
  return context.kernel.module(view.module).name;
}

std::string caller_of(const Event& event, const RuleContext& context) {
  return context.kernel.execution().name_of(event.fiber);
}

}  // namespace

// --- WSK-01 ---

std::optional<std::string> not_deregistered_once(const Event& event, const RuleContext& context) {
  if (event.kind == K::kWskDeregisterCalled) {
    const WskView* view = context.view.wsk().of_block(event.pointer);
    if (view != nullptr && view->deregister_calls == 1 && !view->closed) return std::nullopt;
    const char* mistake = "that is deregistered already";
    if (view == nullptr) mistake = "that WskRegister never registered";
    if (view != nullptr && view->deregister_calls == 0) mistake = "whose WskRegister failed";
    return fmt::format("WskDeregister on {} is given a block {}", caller_of(event, context),
                       mistake);
  }
  for (const WskView& view : context.view.wsk().all()) {
    if (view.module != event.module || view.closed || view.deregister_calls > 0) continue;
    return fmt::format("{} is unloaded, and WskDeregister was not called", owner_of(view, context));
  }
  return std::nullopt;
}

// --- WSK-02 ---

std::optional<std::string> capture_not_released_once(const Event& event,
                                                     const RuleContext& context) {
  if (event.kind == K::kWskReleaseCalled) {
    const WskView* view = context.view.wsk().of_block(event.pointer);
    if (view != nullptr && view->over_releases == 0 && !view->closed) return std::nullopt;
    return fmt::format("WskReleaseProviderNPI on {} releases what was not captured",
                       caller_of(event, context));
  }
  for (const WskView& view : context.view.wsk().all()) {
    const SideView& client = context.view.binding(view.binding).side(Side::kClient);
    const bool awaited = view.deregister_calls > 0 || (client.detach_returned && !client.done);
    if (view.closed || view.captures == 0 || !awaited) continue;
    return fmt::format("{} waits for {} capture{} of the provider NPI by {} that nobody releases",
                       view.deregister_calls > 0 ? "WskDeregister" : "the detach of the subsystem",
                       view.captures, view.captures == 1 ? "" : "s", owner_of(view, context));
  }
  return std::nullopt;
}

// --- WSK-03 ---

std::optional<std::string> call_without_capture(const Event& event, const RuleContext& context) {
  if (event.side != Side::kClient) return std::nullopt;
  const WskView* view = context.view.wsk().of_binding(event.binding);
  if (view == nullptr || view->captures > 0) return std::nullopt;
  return fmt::format("{} calls {} after its last WskReleaseProviderNPI", owner_of(*view, context),
                     event.name);
}

// --- WSK-04 ---

std::optional<std::string> deregister_never_returns(const Event& event,
                                                    const RuleContext& context) {
  if (event.kind == K::kDeadlocked) {
    for (const WskView& view : context.view.wsk().all()) {
      if (view.closed || view.deregister_calls == 0 || view.sockets == 0) continue;
      return fmt::format("WskDeregister of {} waits for {} socket{} that nobody closes",
                         owner_of(view, context), view.sockets, view.sockets == 1 ? "" : "s");
    }
    return std::nullopt;
  }
  const WskView* view = context.view.wsk().of_block(event.pointer);
  if (view == nullptr) return std::nullopt;
  if (std::find(view->captors.begin(), view->captors.end(), event.fiber) != view->captors.end()) {
    return fmt::format("{} calls WskDeregister while it holds the provider NPI itself",
                       caller_of(event, context));
  }
  for (const Frame& frame : context.kernel.frames(event.fiber)) {
    const bool upcall = frame.kind == FrameKind::kCall && frame.side == Side::kProvider;
    if (!upcall || frame.module != view->module) continue;
    return fmt::format("WskDeregister is called inside {}, which it waits for", frame.name);
  }
  return std::nullopt;
}

// --- WSK-05 ---

std::optional<std::string> unload_before_deregister_returned(const Event& event,
                                                             const RuleContext& context) {
  for (const WskView& view : context.view.wsk().all()) {
    if (view.module != event.module || view.closed || view.deregister_calls == 0) continue;
    return fmt::format("{} is unloaded while WskDeregister has not returned",
                       owner_of(view, context));
  }
  return std::nullopt;
}

// --- WSK-06 ---

std::optional<std::string> lent_memory_freed(const Event& event, const RuleContext& context) {
  if (context.view.wsk().all().empty()) return std::nullopt;
  const sim::HeapBlock& block = context.kernel.execution().heap().block(event.block);
  for (const WskView& view : context.view.wsk().all()) {
    if (view.closed) continue;
    for (const auto& [lent, name] : {std::pair{view.block, "WSK_REGISTRATION"},
                                     std::pair{view.dispatch, "WSK_CLIENT_DISPATCH"}}) {
      if (lent == nullptr || !block.contains(lent)) continue;
      return fmt::format("the {} of {} is freed before WskDeregister has returned", name,
                         owner_of(view, context));
    }
  }
  return std::nullopt;
}

// --- WSK-07 ---

std::optional<std::string> capture_must_not_wait(const Event& event, const RuleContext& context) {
  if (event.block == kNoWait) return std::nullopt;
  if (context.kernel.irql() > kPassiveLevel) {
    return fmt::format("WskCaptureProviderNPI on {} may wait, at IRQL {}",
                       caller_of(event, context), context.kernel.irql());
  }
  const std::vector<Frame>& frames = context.kernel.frames(event.fiber);
  const bool entry = std::any_of(frames.begin(), frames.end(), [](const Frame& frame) {
    return frame.kind == FrameKind::kEntry ||
           (frame.kind == FrameKind::kModuleCode && std::string_view(frame.name) == "DriverEntry");
  });
  if (!entry || event.block != kInfiniteWait) return std::nullopt;
  return "WskCaptureProviderNPI is called with WSK_INFINITE_WAIT inside DriverEntry";
}

}  // namespace nmrcheck::model
