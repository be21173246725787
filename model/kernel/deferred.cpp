// Deferred procedure calls and timers.
//
// Whether a DPC is queued, or a timer set, is the state of its object. Its fiber takes it from
// there or finds that somebody else did, so that a fiber too many does no harm.
#include <fmt/format.h>

#include "model/kernel/kernel.h"

namespace nmrcheck::model {

using sim::Op;

// Made by whoever needs it first.
sim::ObjectId Kernel::dpc_queue() {
  constexpr std::uint64_t kKey = 0x6470632071756575u;
  if (dpc_queue_ == sim::kNoObject) dpc_queue_ = execution_.create("queue of DPCs", {}, kKey);
  return dpc_queue_;
}

void Kernel::initialize_dpc(void* dpc) { initialize(dpc, ObjectType::kDpc, {}, "KeInitializeDpc"); }

void Kernel::initialize_timer(void* timer) {
  initialize(timer, ObjectType::kTimer, {}, "KeInitializeTimer");
}

bool Kernel::queue_dpc(void* dpc, const Work& work) {
  constexpr const char* kFunction = "KeInsertQueueDpc";
  const std::optional<std::uint32_t> block = block_of(dpc);
  sim::Footprint footprint = footprint_on(dpc, ObjectType::kDpc, Op::kSet, kFunction);
  const sim::ObjectId queued = footprint.begin()->object;
  footprint.add({dpc_queue(), Op::kUpdate});
  const bool already = execution_.step(footprint, kFunction, place()) != 0;
  check_alive(block, dpc, kFunction);
  if (already) return false;
  const sim::ObjectId ended = execution_.create("end of DPC");
  dpc_ends_.push_back(ended);
  execution_.spawn("DPC", [this, dpc, queued, ended, module = current_module(), work] {
    run_deferred(dpc, {{queued, Op::kTryWaitConsume}}, ended, module, work);
  });
  return true;
}

bool Kernel::remove_dpc(void* dpc) {
  return step_on(dpc, ObjectType::kDpc, Op::kClear, "KeRemoveQueueDpc") != 0;
}

void Kernel::flush_dpcs() {
  constexpr const char* kFunction = "KeFlushQueuedDpcs";
  require_irql_at_most(kPassiveLevel, kFunction);
  execution_.step({{dpc_queue(), Op::kRead}}, kFunction, place());
  const std::size_t count = dpc_ends_.size();
  for (std::size_t i = 0; i < count; ++i) {
    execution_.step({{dpc_ends_[i], Op::kJoin}}, kFunction, place());
  }
}

bool Kernel::set_timer(void* timer, const Work& work) {
  constexpr const char* kFunction = "KeSetTimer";
  require_irql_at_most(kDispatchLevel, kFunction);
  const std::optional<std::uint32_t> block = block_of(timer);
  const sim::Footprint footprint = footprint_on(timer, ObjectType::kTimer, Op::kSet, kFunction);
  const sim::ObjectId set = footprint.begin()->object;
  const bool already = execution_.step(footprint, kFunction, place()) != 0;
  check_alive(block, timer, kFunction);
  if (already) return true;
  const sim::ObjectId ended = execution_.create("end of timer");
  execution_.spawn("timer", [this, timer, set, ended, module = current_module(), work] {
    // Going off and queueing the DPC are one step: KeFlushQueuedDpcs finds nothing in between.
    run_deferred(timer, {{set, Op::kTryWaitConsume}, {dpc_queue(), Op::kUpdate}}, ended, module,
                 work);
  });
  return false;
}

bool Kernel::cancel_timer(void* timer) {
  require_irql_at_most(kDispatchLevel, "KeCancelTimer");
  return step_on(timer, ObjectType::kTimer, Op::kClear, "KeCancelTimer") != 0;
}

// The body of the fiber: takes the DPC from its queue, or the timer, and runs the routine.
void Kernel::run_deferred(const void* address, sim::Footprint take, sim::ObjectId ended,
                          ModuleId module, const Work& work) {
  const bool timer = take.size() > 1;
  const char* action = timer ? "timer goes off" : "DPC begins";
  const void* const used[] = {address, work.arguments[0]};
  const sim::ObjectId image = modules_[index(module)].image;
  take.add({image, Op::kRead});
  for (const void* memory : used) {
    const std::optional<std::uint32_t> block = block_of(memory);
    if (block) take.add({execution_.heap().block(*block).lifetime, Op::kRead});
  }
  const bool taken = execution_.step(take, action, place()) != 0;
  if (!taken) {
    execution_.step({{ended, Op::kExit}}, "removed before", place());
    return;
  }
  if (timer) dpc_ends_.push_back(ended);
  if (modules_[index(module)].unloaded) {
    std::string message = fmt::format("{} is unloaded while its {}", modules_[index(module)].name,
                                      timer ? "timer is set" : "DPC is queued");
    broken("NMR-UNL-03", std::move(message));
  }
  for (const void* memory : used) check_alive(block_of(memory), memory, action);
  set_irql(kDispatchLevel);
  run_in_module({FrameKind::kModuleCode, module, kNoBinding, Side::kClient, "DPC"},
                {ended, Op::kExit}, [&] {
                  if (work.run != nullptr) work.run(work);
                });
}

}  // namespace nmrcheck::model
