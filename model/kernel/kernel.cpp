// Images, frames, threads, work items, IRQL.
#include "model/kernel/kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace nmrcheck::model {

std::string status_name(std::uint32_t status) {
  switch (status) {
    case kStatusSuccess:
      return "STATUS_SUCCESS";
    case kStatusTimeout:
      return "STATUS_TIMEOUT";
    case kStatusPending:
      return "STATUS_PENDING";
    case kStatusInvalidParameter:
      return "STATUS_INVALID_PARAMETER";
    case kStatusInsufficientResources:
      return "STATUS_INSUFFICIENT_RESOURCES";
    case kStatusInvalidDeviceState:
      return "STATUS_INVALID_DEVICE_STATE";
    case kStatusNoInterface:
      return "STATUS_NOINTERFACE";
    default:
      return fmt::format("status 0x{:08X}", status);
  }
}

const Frame* detach_or_cleanup(const std::vector<Frame>& frames) {
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
    if (frame->kind == FrameKind::kDetach || frame->kind == FrameKind::kCleanup) return &*frame;
  }
  return nullptr;
}

bool in_callback(const std::vector<Frame>& frames) {
  return std::any_of(frames.begin(), frames.end(), [](const Frame& frame) {
    return frame.kind == FrameKind::kAttach || frame.kind == FrameKind::kDetach ||
           frame.kind == FrameKind::kCleanup || frame.kind == FrameKind::kCall;
  });
}

Kernel::Kernel(sim::Execution& execution, EventSink& sink)
    : execution_(execution),
      sink_(sink),
      power_(*this),
      lock_order_(execution),
      fibers_(sim::kFibersMax),
      thread_ends_(sim::kFibersMax, sim::kNoObject) {}

Kernel::FiberState& Kernel::at_current() { return fibers_[sim::index(execution_.current())]; }

const Kernel::FiberState& Kernel::at_current() const {
  return fibers_[sim::index(execution_.current())];
}

void Kernel::emit(Event event) const {
  if (execution_.on_fiber()) {
    event.fiber = execution_.current();
    event.place = place();
  }
  sink_.emit(event);
}

void Kernel::broken(const char* rule, std::string message) const {
  sink_.broken(rule, std::move(message), place());
  std::terminate();  // not reached: the fiber is dropped
}

sim::Place Kernel::place() const {
  return execution_.on_fiber() ? at_current().place : sim::Place{};
}

ModuleId Kernel::load(std::string name) {
  Module& module = modules_.emplace_back();
  module.name = std::move(name);
  module.boot = power_.boot();
  module.pins = execution_.create("work items that keep the image");
  module.image = execution_.create("image");
  return ModuleId{static_cast<std::uint32_t>(modules_.size() - 1)};
}

void Kernel::unload(ModuleId module, sim::FunctionRef routine) {
  push({FrameKind::kUnload, module, kNoBinding, Side::kClient, "Unload"});
  emit({.kind = EventKind::kUnloadCalled, .module = module});
  routine();
  pop();
  const Module& unloaded = modules_[index(module)];
  execution_.step({{unloaded.pins, sim::Op::kAwait, 0}, {unloaded.image, sim::Op::kUpdate}},
                  "unload image", place());
  emit({.kind = EventKind::kUnloadReturned, .module = module});
  discard_image(module);
}

void Kernel::enter(ModuleId module, const std::uint32_t& status, sim::FunctionRef routine) {
  push({FrameKind::kEntry, module, kNoBinding, Side::kClient, "DriverEntry"});
  routine();
  pop();
  if (nt_success(status)) return;
  const Module& failed = modules_[index(module)];
  execution_.step({{failed.pins, sim::Op::kAwait, 0}, {failed.image, sim::Op::kUpdate}},
                  "unload image", place());
  emit({.kind = EventKind::kEntryFailed, .module = module, .status = status});
  emit({.kind = EventKind::kUnloadReturned, .module = module});
  discard_image(module);
}

void Kernel::discard_image(ModuleId module) {
  modules_[index(module)].unloaded = true;
  sim::Heap& heap = execution_.heap();
  for (std::uint32_t i = 0; i < heap.size(); ++i) {
    const sim::HeapBlock& block = heap.block(i);
    const bool image = block.kind == static_cast<std::uint32_t>(PoolKind::kImage);
    if (!image || !block.live || block.owner != index(module)) continue;
    check_lives_ended(i);
    heap.free(i, {execution_.current(), execution_.steps(), place()});
  }
}

void Kernel::push(const Frame& frame) {
  FiberState& fiber = at_current();
  fiber.frames.push_back(frame);
  fiber.frames.back().irql_before = fiber.irql;
  fiber.frames.back().locks_before = static_cast<std::uint32_t>(fiber.locks.size());
}

void Kernel::pop() { at_current().frames.pop_back(); }

ModuleId Kernel::current_module() const {
  const std::vector<Frame>& frames = at_current().frames;
  return frames.empty() ? kNoModule : frames.back().module;
}

const std::string& Kernel::describe_fiber() const {
  fiber_text_ = execution_.on_fiber() ? execution_.name_of(execution_.current()) : "the harness";
  return fiber_text_;
}

void Kernel::run_in_module(const Frame& frame, sim::Operation last, sim::FunctionRef body) {
  push(frame);
  body();
  check_return(at_current().frames.back());
  // Between the last thing that the routine does and its return, others may run: the return is a
  // step of its own, and the code belongs to the image until then.
  execution_.step({{modules_[index(frame.module)].image, sim::Op::kRead}, last}, "return", place());
  pop();
}

sim::FiberId Kernel::start_thread(const char* name, std::function<void()> body) {
  const ModuleId module = current_module();
  const sim::ObjectId ended = execution_.create("end of thread");
  const sim::FiberId thread =
      execution_.spawn(name, [this, name, module, ended, body = std::move(body)]() mutable {
        run_in_module({FrameKind::kModuleCode, module, kNoBinding, Side::kClient, name},
                      {ended, sim::Op::kExit}, body);
      });
  thread_ends_[sim::index(thread)] = ended;
  return thread;
}

void Kernel::join_thread(sim::FiberId thread) {
  before_wait("waiting for a thread");
  require_irql_at_most(kApcLevel, "waiting for a thread");
  execution_.step({{thread_ends_[sim::index(thread)], sim::Op::kJoin}}, "wait for thread", place());
}

void Kernel::queue_work(const char* name, bool pin, const Work& work, const void* item) {
  const ModuleId module = current_module();
  const Module& image = modules_[index(module)];
  const std::uint64_t pins = pin ? 1 : 0;
  if (item != nullptr) mark_queued(item, {image.pins, sim::Op::kAdd, pins});
  if (item == nullptr) {
    execution_.step({{image.pins, sim::Op::kAdd, pins}}, "queue work item", place());
  }
  emit({.kind = EventKind::kWorkQueued, .module = module, .name = name});
  const Frame frame{FrameKind::kModuleCode, module, kNoBinding, Side::kClient, name, pin};
  const sim::Operation last{image.pins, sim::Op::kAdd, std::uint64_t{0} - pins};
  execution_.spawn(name, [this, frame, last, work, item] {
    if (item != nullptr) {
      step_on(item, ObjectType::kWorkItem, sim::Op::kClear, "work item begins");
    }
    run_in_module(frame, last, [&] { work.run(work); });
    emit({.kind = EventKind::kWorkEnded, .module = frame.module, .name = frame.name});
  });
}

void Kernel::mark_queued(const void* item, const sim::Operation& pin) {
  constexpr const char* kFunction = "queue work item";
  const std::optional<std::uint32_t> block = block_of(item);
  sim::Footprint footprint = footprint_on(item, ObjectType::kWorkItem, sim::Op::kSet, kFunction);
  footprint.add(pin);
  const bool already = execution_.step(footprint, kFunction, place()) != 0;
  check_alive(block, item, kFunction);
  if (!already) return;
  std::string message = fmt::format("{} queues a work item that is queued", describe_fiber());
  broken("KRN-WORK-01", std::move(message));
}

std::uint8_t Kernel::irql() const { return at_current().irql; }

void Kernel::set_irql(std::uint8_t irql) { at_current().irql = irql; }

void Kernel::open_irql(std::uint32_t question) {
  FiberState& fiber = at_current();
  const bool settled = fiber.irql >= kDispatchLevel;
  fiber.open_irqls.push_back({question, settled, false, fiber.irql});
}

void Kernel::close_irql() {
  FiberState& fiber = at_current();
  const OpenIrql closed = fiber.open_irqls.back();
  fiber.open_irqls.pop_back();
  if (closed.raised) fiber.irql = closed.before;
}

// The innermost callback first: one that runs at the IRQL of its caller leaves the question to it.
std::uint8_t Kernel::settled_irql() {
  FiberState& fiber = at_current();
  for (std::size_t i = fiber.open_irqls.size(); i > 0 && fiber.irql < kDispatchLevel; --i) {
    OpenIrql& open = fiber.open_irqls[i - 1];
    if (open.decided) continue;
    open.raised = irql_decider_->decide_raised(open.question);
    open.decided = true;
    if (open.raised) fiber.irql = kDispatchLevel;
  }
  return fiber.irql;
}

// Inside a detach or cleanup callback: calls of its side into the peer that begin or end elsewhere
// come before or after this step.
void Kernel::before_wait(const char* function) {
  const Frame* callback = detach_or_cleanup(at_current().frames);
  if (callback == nullptr) return;
  const Frame inside = *callback;
  if (inside.calls != sim::kNoObject) {
    execution_.step({{inside.calls, sim::Op::kUpdate}}, function, place());
  }
  emit({.kind = EventKind::kMayBlock,
        .side = inside.side,
        .module = current_module(),
        .binding = inside.binding,
        .name = function});
}

void Kernel::require_dispatch_level(const char* function) {
  if (settled_irql() >= kDispatchLevel) return;
  std::string message = fmt::format("{} at IRQL {} on {} without raising it to {}", function,
                                    irql(), describe_fiber(), kDispatchLevel);
  broken("KRN-IRQL-01", std::move(message));
}

void Kernel::require_irql_at_most(std::uint8_t highest, const char* function) {
  if ((highest < kDispatchLevel ? settled_irql() : irql()) <= highest) return;
  emit({.kind = EventKind::kIrqlExceeded,
        .module = current_module(),
        .status = highest,
        .name = function});
  std::string message = fmt::format("{} at IRQL {} on {}; the highest allowed is {}", function,
                                    irql(), describe_fiber(), highest);
  broken("KRN-IRQL-01", std::move(message));
}

}  // namespace nmrcheck::model
