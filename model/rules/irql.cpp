// Rules of the interrupt request level, and of memory that may be paged out.
#include <fmt/format.h>

#include "model/kernel/kernel.h"
#include "model/nmr/view.h"
#include "model/rules/checks.h"

namespace nmrcheck::model {
namespace {

bool is_wait_function(const Event& event) {
  return std::string_view(event.name).starts_with("NmrWait");
}

bool is_registrar_function(const Event& event) {
  return std::string_view(event.name).starts_with("Nmr");
}

std::string called_too_high(const Event& event, const RuleContext& context) {
  return fmt::format("{} calls {} at IRQL {}; the highest allowed is {}",
                     event.module == kNoModule ? std::string("somebody")
                                               : context.kernel.module(event.module).name,
                     event.name, context.kernel.irql(), event.status);
}

bool in_paged_pool(const void* address, const RuleContext& context) {
  const std::optional<std::uint32_t> block = context.kernel.block_of(address);
  return block && context.kernel.execution().heap().block(*block).kind ==
                      static_cast<std::uint32_t>(PoolKind::kPaged);
}

}  // namespace

std::optional<std::string> registrar_called_too_high(const Event& event,
                                                     const RuleContext& context) {
  if (!is_registrar_function(event) || is_wait_function(event)) return std::nullopt;
  return called_too_high(event, context);
}

std::optional<std::string> wait_called_too_high(const Event& event, const RuleContext& context) {
  if (!is_wait_function(event)) return std::nullopt;
  return called_too_high(event, context);
}

std::optional<std::string> callback_needs_low_irql(const Event& event, const RuleContext& context) {
  const Frame* callback = detach_or_cleanup(context.kernel.frames(event.fiber));
  if (callback == nullptr || waits_for_own_calls(event, context)) return std::nullopt;
  return fmt::format(
      "{} does what needs an IRQL below DISPATCH_LEVEL inside {} of {}, which may be called at it",
      event.name, callback->name, context.kernel.module(callback->module).name);
}

std::optional<std::string> callback_leaves_a_trace(const Event& event, const RuleContext& context) {
  const std::vector<Frame>& frames = context.kernel.frames(event.fiber);
  if (frames.empty() || frames.back().binding != event.binding) return std::nullopt;
  const Frame& callback = frames.back();
  const std::uint8_t irql = context.kernel.irql();
  if (irql != callback.irql_before) {
    return fmt::format("{} of {} returns at IRQL {}, and was called at {}", callback.name,
                       context.kernel.module(callback.module).name, irql, callback.irql_before);
  }
  const std::size_t locks = context.kernel.held_locks(event.fiber).size();
  if (locks <= callback.locks_before) return std::nullopt;
  return fmt::format("{} of {} returns with a lock that it acquired", callback.name,
                     context.kernel.module(callback.module).name);
}

std::optional<std::string> paged_memory_used(const Event& event, const RuleContext& context) {
  if (event.kind == EventKind::kPagedMemoryTouched) {
    const Frame* callback = detach_or_cleanup(context.kernel.frames(event.fiber));
    return fmt::format("{} at IRQL {}{} touches paged memory: {}", event.name,
                       context.kernel.irql(),
                       callback == nullptr ? "" : fmt::format(", inside {},", callback->name),
                       context.kernel.describe_block(event.block));
  }
  const bool client = event.kind == EventKind::kClientAttachCalled;
  if (!client && (event.side != Side::kProvider || !nt_success(event.status))) return std::nullopt;
  const Side side = client ? Side::kClient : Side::kProvider;
  if (!in_paged_pool(context.view.binding(event.binding).side(side).context, context)) {
    return std::nullopt;
  }
  return fmt::format("the binding context of {} lies in paged pool",
                     describe_side(event.binding, side, context));
}

}  // namespace nmrcheck::model
