// What the rules of NDIS interface providers share.
#include "model/rules/interface_checks.h"

#include <fmt/format.h>

namespace nmrcheck::model {

const Frame* interface_callback(const Kernel& kernel, sim::FiberId fiber) {
  const std::vector<Frame>& frames = kernel.frames(fiber);
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
    if (frame->kind == FrameKind::kInterfaceCallback) return &*frame;
  }
  return nullptr;
}

std::string describe_interface(const InterfaceView& interface, const RuleContext& context) {
  if (interface.module == kNoModule) return "an unknown interface";
  return fmt::format("interface {} of {}", interface.index,
                     context.kernel.module(interface.module).name);
}

std::string describe_interface(InterfaceId id, const RuleContext& context) {
  return describe_interface(context.interfaces.interface(id), context);
}

std::string describe_driver(ModuleId module, const RuleContext& context) {
  return module == kNoModule ? std::string("somebody") : context.kernel.module(module).name;
}

std::string describe_luid(std::uint64_t luid) {
  return fmt::format("LUID index {} of type {}", luid_index_of(luid), type_of(luid));
}

}  // namespace nmrcheck::model
