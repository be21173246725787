// Deferred procedure calls and timers.
//
// Whether a DPC is queued, or a timer set, is the state of its object. Its fiber takes it from
// there or finds that somebody else did, so that a fiber too many does no harm.
#include <fmt/format.h>

#include "model/kernel/kernel.h"

namespace nmrcheck::model {

using sim::Op;

namespace {

// The state of a timer: set to go off once or again and again, has gone off.
constexpr std::uint64_t kOnce = 1;
constexpr std::uint64_t kWentOff = 2;
constexpr std::uint64_t kPeriodic = 4;
constexpr std::uint64_t kTimerSet = kOnce | kPeriodic;

}  // namespace

// Made by whoever needs it first.
sim::ObjectId Kernel::dpc_queue() {
  constexpr std::uint64_t kKey = 0x6470632071756575u;
  if (dpc_queue_ == sim::kNoObject) dpc_queue_ = execution_.create("queue of DPCs", {}, kKey);
  return dpc_queue_;
}

void Kernel::initialize_dpc(void* dpc, bool threaded) {
  initialize(dpc, ObjectType::kDpc, {}, threaded ? "KeInitializeThreadedDpc" : "KeInitializeDpc");
  ObjectTable::Entry& entry = objects_.at(dpc);
  entry.threaded = threaded;
  entry.processor = kAnyProcessor;
}

void Kernel::target_dpc(void* dpc, std::uint8_t processor) {
  step_on(dpc, ObjectType::kDpc, Op::kUpdate, "KeSetTargetProcessorDpc");
  objects_.at(dpc).processor = processor;
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
  const Deferred deferred{.address = dpc,
                          .take = {{queued, Op::kTryWaitConsume}},
                          .taken = 1,
                          .module = current_module(),
                          .work = work,
                          .traits = traits_of(dpc)};
  execution_.spawn("DPC", [this, deferred, ended] { run_deferred(deferred, ended, 1); });
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

void Kernel::initialize_timer(void* timer, bool synchronization) {
  initialize(timer, ObjectType::kTimer, {}, "KeInitializeTimer");
  objects_.at(timer).consumes = synchronization;
}

bool Kernel::set_timer(void* timer, const Work& work, bool periodic) {
  constexpr const char* kFunction = "KeSetTimer";
  require_irql_at_most(kDispatchLevel, kFunction);
  const std::optional<std::uint32_t> block = block_of(timer);
  const sim::ObjectId object = entry_at(timer, ObjectType::kTimer, kFunction).object;
  const std::uint64_t kind = periodic ? kPeriodic : kOnce;
  sim::Footprint footprint{{object, Op::kExchange, kind}};
  if (block) footprint.add({execution_.heap().block(*block).lifetime, Op::kRead});
  const ObjectTable::Entry& dpc = objects_.at(work.arguments[0]);
  if (dpc.type == ObjectType::kDpc) footprint.add({dpc.object, Op::kRead});
  const std::uint64_t before = execution_.step(footprint, kFunction, place());
  check_alive(block, timer, kFunction);
  const bool already = (before & kTimerSet) != 0;
  if ((before & kind) != 0) return already;  // its fiber waits already
  spawn_timer({.address = timer,
               .take = {periodic ? sim::Operation{object, Op::kCompareExchange, kPeriodic,
                                                  kPeriodic | kWentOff}
                                 : sim::Operation{object, Op::kCompareExchange, kOnce, kWentOff},
                        {dpc_queue(), Op::kUpdate}},
               .taken = kind,
               .module = current_module(),
               .work = work,
               .traits = traits_of(work.arguments[0])},
              periodic ? kPeriodsMax : 1);
  return already;
}

// Going off and queueing the DPC are one step: KeFlushQueuedDpcs finds nothing in between.
void Kernel::spawn_timer(const Deferred& timer, std::uint32_t times) {
  const sim::ObjectId ended = execution_.create("end of timer");
  execution_.spawn("timer", [this, timer, ended, times] { run_deferred(timer, ended, times); });
}

Kernel::DpcTraits Kernel::traits_of(const void* dpc) {
  const ObjectTable::Entry& entry = objects_.at(dpc);
  if (entry.type != ObjectType::kDpc) return {};
  return {entry.threaded, entry.processor};
}

// What has gone off stays so.
bool Kernel::cancel_timer(void* timer) {
  constexpr const char* kFunction = "KeCancelTimer";
  require_irql_at_most(kDispatchLevel, kFunction);
  const std::optional<std::uint32_t> block = block_of(timer);
  const sim::ObjectId object = entry_at(timer, ObjectType::kTimer, kFunction).object;
  sim::Footprint footprint{{object, Op::kCompareExchange, kOnce, 0},
                           {object, Op::kCompareExchange, kPeriodic, 0},
                           {object, Op::kCompareExchange, kPeriodic | kWentOff, kWentOff}};
  if (block) footprint.add({execution_.heap().block(*block).lifetime, Op::kRead});
  const std::uint64_t before = execution_.step(footprint, kFunction, place());
  check_alive(block, timer, kFunction);
  return (before & kTimerSet) != 0;
}

bool Kernel::read_timer(const void* timer) {
  return (step_on(timer, ObjectType::kTimer, Op::kRead, "KeReadStateTimer") & kWentOff) != 0;
}

// Requires: the timer is not set with another kind of period while somebody waits.
std::uint32_t Kernel::wait_timer(void* timer, std::optional<std::uint64_t> timeout) {
  constexpr const char* kFunction = "KeWaitForSingleObject";
  may_wait(timeout);
  const ObjectTable::Entry& entry = entry_at(timer, ObjectType::kTimer, kFunction);
  const sim::ObjectId object = entry.object;
  const bool consumes = entry.consumes;
  const std::uint64_t stays = execution_.state(object).a & kPeriodic;
  const std::optional<std::uint32_t> block = block_of(timer);
  const bool polls = timeout && *timeout == 0;
  sim::Footprint footprint;
  if (polls && consumes) {
    footprint.add({object, Op::kCompareExchange, kWentOff, 0});
    footprint.add({object, Op::kCompareExchange, kPeriodic | kWentOff, kPeriodic});
  } else if (polls) {
    footprint.add({object, Op::kRead});
  } else {
    footprint.add({object, Op::kAwait, stays | kWentOff});
    if (consumes) footprint.add({object, Op::kWrite, stays});
  }
  if (block) footprint.add({execution_.heap().block(*block).lifetime, Op::kRead});
  if (timeout && !polls) return wait_until(timer, footprint, *timeout);
  const std::uint64_t state = execution_.step(footprint, kFunction, place());
  check_alive(block, timer, kFunction);
  return !polls || (state & kWentOff) != 0 ? kStatusSuccess : kStatusTimeout;
}

// The body of the fiber: takes the DPC from its queue, or the timer, and runs the routine.
void Kernel::run_deferred(const Deferred& deferred, sim::ObjectId ended, std::uint32_t times) {
  sim::Footprint take = deferred.take;
  const Work& work = deferred.work;
  const Module& module = modules_[index(deferred.module)];
  const bool timer = take.size() > 1;
  const char* action = timer ? "timer goes off" : "DPC begins";
  const void* const used[] = {deferred.address, work.arguments[0]};
  take.add({module.image, Op::kRead});
  for (const void* memory : used) {
    const std::optional<std::uint32_t> block = block_of(memory);
    if (block) take.add({execution_.heap().block(*block).lifetime, Op::kRead});
  }
  if ((execution_.step(take, action, place()) & deferred.taken) == 0) {
    execution_.step({{ended, Op::kExit}}, "removed before", place());
    return;
  }
  if (timer) dpc_ends_.push_back(ended);
  if (modules_[index(deferred.module)].unloaded) {
    std::string message =
        fmt::format("{} is unloaded while its {}", modules_[index(deferred.module)].name,
                    timer ? "timer is set" : "DPC is queued");
    broken("NMR-UNL-03", std::move(message));
  }
  for (const void* memory : used) check_alive(block_of(memory), memory, action);
  if (times > 1) spawn_timer(deferred, times - 1);
  at_current().processor = deferred.traits.processor;
  const bool passive = deferred.traits.threaded &&
                       execution_.choose("does a threaded DPC run at DISPATCH_LEVEL", 2) == 0;
  if (!passive) set_irql(kDispatchLevel);
  run_in_module({FrameKind::kModuleCode, deferred.module, kNoBinding, Side::kClient, "DPC"},
                {ended, Op::kExit}, [&] {
                  if (work.run != nullptr) work.run(work);
                });
}

}  // namespace nmrcheck::model
