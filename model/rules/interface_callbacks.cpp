// Rules of the callbacks of interface providers.
#include <fmt/format.h>

#include "model/rules/interface_checks.h"

namespace nmrcheck::model {

const Frame* interface_callback(const Kernel& kernel, sim::FiberId fiber) {
  const std::vector<Frame>& frames = kernel.frames(fiber);
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
    if (frame->kind == FrameKind::kInterfaceCallback) return &*frame;
  }
  return nullptr;
}

std::string describe_interface(InterfaceId id, const RuleContext& context) {
  const InterfaceView& interface = context.interfaces.interface(id);
  if (interface.module == kNoModule) return "an unknown interface";
  return fmt::format("interface {} of {}", interface.index,
                     context.kernel.module(interface.module).name);
}

std::optional<std::string> callback_touches_dead(const Event& event, const RuleContext& context) {
  const auto state = [&](InterfaceId id) {
    const InterfaceView& interface = context.interfaces.interface(id);
    return interface.deregistered        ? "after NdisIfDeregisterInterface has returned"
           : interface.deregister_called ? "while NdisIfDeregisterInterface waits for it"
                                         : "while the interface is registered";
  };
  if (event.kind == EventKind::kFreedMemoryTouched) {
    const Frame* callback = interface_callback(context.kernel, event.fiber);
    if (callback == nullptr) return std::nullopt;
    return fmt::format("{} of {} touches freed memory {}: {}", callback->name,
                       describe_interface(callback->interface, context), state(callback->interface),
                       context.kernel.describe_block(event.block));
  }
  for (std::uint32_t i = 0; i < context.kernel.execution().fiber_count(); ++i) {
    const Frame* callback = interface_callback(context.kernel, sim::FiberId{i});
    if (callback == nullptr || callback->module != event.module) continue;
    return fmt::format("{} is unloaded while {} of {} runs, {}",
                       context.kernel.module(event.module).name, callback->name,
                       describe_interface(callback->interface, context),
                       state(callback->interface));
  }
  return std::nullopt;
}

}  // namespace nmrcheck::model
