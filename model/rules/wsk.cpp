// What an application owes the library behind WskRegister and the WSK subsystem.
#include "model/rules/wsk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "model/kernel/kernel.h"
#include "model/nmr/view.h"

namespace nmrcheck::model {
namespace {

using sim::Severity;
using K = EventKind;
using Breach = std::optional<std::string>;

constexpr std::uint32_t kNoWait = 0;
constexpr std::uint32_t kInfiniteWait = 0xffffffffu;

std::string owner_of(const WskView& view, const RuleContext& context) {
  return context.kernel.module(view.module).name;
}

std::string caller_of(const Event& event, const RuleContext& context) {
  return context.kernel.execution().name_of(event.fiber);
}

// --- WSK-01 ---

Breach not_deregistered_once(const Event& event, const RuleContext& context) {
  if (event.kind == K::kWskDeregisterCalled) {
    const WskView* view = context.view.wsk().of_block(event.pointer);
    if (view != nullptr && view->deregister_calls == 1 && !view->closed) return std::nullopt;
    return fmt::format(
        "WskDeregister on {} is given a block {}", caller_of(event, context),
        view == nullptr ? "that WskRegister never registered" : "that is deregistered already");
  }
  for (const WskView& view : context.view.wsk().all()) {
    if (view.module != event.module || view.closed || view.deregister_calls > 0) continue;
    return fmt::format("{} is unloaded, and WskDeregister was not called", owner_of(view, context));
  }
  return std::nullopt;
}

// --- WSK-02 ---

Breach capture_not_released_once(const Event& event, const RuleContext& context) {
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

Breach call_without_capture(const Event& event, const RuleContext& context) {
  if (event.side != Side::kClient) return std::nullopt;
  const WskView* view = context.view.wsk().of_binding(event.binding);
  if (view == nullptr || view->captures > 0) return std::nullopt;
  return fmt::format("{} calls {} after its last WskReleaseProviderNPI", owner_of(*view, context),
                     event.name);
}

// --- WSK-04 ---

Breach deregister_never_returns(const Event& event, const RuleContext& context) {
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

Breach unload_before_deregister_returned(const Event& event, const RuleContext& context) {
  for (const WskView& view : context.view.wsk().all()) {
    if (view.module != event.module || view.closed || view.deregister_calls == 0) continue;
    return fmt::format("{} is unloaded while WskDeregister has not returned",
                       owner_of(view, context));
  }
  return std::nullopt;
}

// --- WSK-06 ---

Breach lent_memory_freed(const Event& event, const RuleContext& context) {
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

Breach capture_must_not_wait(const Event& event, const RuleContext& context) {
  if (event.block == kNoWait) return std::nullopt;
  if (context.kernel.irql() > kPassiveLevel) {
    return fmt::format("WskCaptureProviderNPI on {} may wait, at IRQL {}",
                       caller_of(event, context), context.kernel.irql());
  }
  const std::vector<Frame>& frames = context.kernel.frames(event.fiber);
  const bool entry = std::any_of(frames.begin(), frames.end(), [](const Frame& frame) {
    return frame.kind == FrameKind::kModuleCode && std::string_view(frame.name) == "DriverEntry";
  });
  if (!entry || event.block != kInfiniteWait) return std::nullopt;
  return "WskCaptureProviderNPI is called with WSK_INFINITE_WAIT inside DriverEntry";
}

constexpr std::array kRules{
    RuleInfo{
        "WSK-01", Severity::kS1, Party::kClient,
        "Each successful WskRegister is followed by one WskDeregister of the same block, and a "
        "failed one by none.",
        "WskRegister and WskDeregister reference pages; cloudbase/wnbd pull request 108",
        "Remember whether WskRegister succeeded, and deregister once, in unload.",
        not_deregistered_once, EventSet(K::kWskDeregisterCalled, K::kUnloadReturned)},
    RuleInfo{"WSK-02", Severity::kS1, Party::kClient,
             "Each successful WskCaptureProviderNPI is followed by one WskReleaseProviderNPI, and "
             "nothing else is.",
             "WskCaptureProviderNPI and WskReleaseProviderNPI reference pages",
             "Release on every path behind a successful capture, and only there.",
             capture_not_released_once, EventSet(K::kWskReleaseCalled, K::kDeadlocked)},
    RuleInfo{"WSK-03", Severity::kS1, Party::kClient,
             "After the last capture is released no function of WSK_PROVIDER_DISPATCH is called.",
             "Registering a Winsock Kernel Application; Unregistering a Winsock Kernel Application",
             "Hold a capture around each use of the provider NPI.", call_without_capture,
             EventSet(K::kCallBegan)},
    RuleInfo{"WSK-04", Severity::kS3, Party::kClient,
             "WskDeregister is not called by a thread that holds a capture, nor inside a WSK "
             "callback, nor with sockets open that nobody will close: it would never return.",
             "WskDeregister reference page",
             "Close the sockets and release the captures first; deregister from unload.",
             deregister_never_returns, EventSet(K::kWskDeregisterCalled, K::kDeadlocked)},
    RuleInfo{"WSK-05", Severity::kS2, Party::kClient,
             "The driver's unload does not return before WskDeregister has returned.",
             "Unregistering a Winsock Kernel Application",
             "Call WskDeregister in the unload routine itself, or wait for whoever does.",
             unload_before_deregister_returned, EventSet(K::kUnloadReturned)},
    RuleInfo{
        "WSK-06", Severity::kS1, Party::kClient,
        "WSK_CLIENT_DISPATCH and WSK_REGISTRATION stay valid until WskDeregister has returned, "
        "and the application does not write to the latter.",
        "WskRegister reference page; Registering a Winsock Kernel Application",
        "Make both global variables of the driver.", lent_memory_freed, EventSet(K::kMemoryFreed)},
    RuleInfo{"WSK-07", Severity::kS4, Party::kClient,
             "WskCaptureProviderNPI waits at PASSIVE_LEVEL only, and not for ever inside "
             "DriverEntry.",
             "WskCaptureProviderNPI reference page; Registering a Winsock Kernel Application",
             "Capture with WSK_NO_WAIT there, or from a thread of your own.", capture_must_not_wait,
             EventSet(K::kWskCaptureCalled)},
};

}  // namespace

std::span<const RuleInfo> wsk_rules() { return kRules; }

}  // namespace nmrcheck::model
