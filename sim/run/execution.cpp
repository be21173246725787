// The step loop: announce, pick, hand over, apply.
#include "sim/run/execution.h"

#include <bit>
#include <cassert>
#include <exception>
#include <utility>

#include "sim/core/rng.h"
#include "sim/run/crash.h"

namespace nmrcheck::sim {
namespace {

constexpr std::uint64_t kRootKey = 0x6e6d72636865636bu;

std::uint64_t child_key(std::uint64_t parent, std::uint64_t position) {
  return mix64(parent ^ mix64(position));
}

std::uint64_t mix_hash(std::uint64_t hash, std::uint64_t value) {
  return (hash ^ value) * 0x100000001b3u;
}

}  // namespace

Execution::Execution(const Limits& limits)
    : limits_(limits),
      pool_(limits.stack_bytes, &Execution::fiber_main, this),
      heap_(limits.heap_bytes_max),
      slots_(kFibersMax),
      pending_(kFibersMax) {}

Execution::~Execution() = default;

void Execution::reset(Program& program, Strategy& strategy, Trace* trace) {
  heap_.reset();
  fiber_count_ = 0;
  alive_ = enabled_ = blockable_ = 0;
  states_.clear();
  object_keys_.clear();
  object_names_.clear();
  held_since_.clear();
  renamed_.clear();
  root_created_ = questions_ = 0;
  now_ = 0;
  outcome_.ending = Ending::kComplete;
  outcome_.violation.reset();
  outcome_.steps = 0;
  outcome_.hash = kRootKey;
  outcome_.schedule.clear();
  program_ = &program;
  strategy_ = &strategy;
  trace_ = trace;
  if (trace_ != nullptr) *trace_ = {};
}

const Outcome& Execution::run(Program& program, Strategy& strategy, Trace* trace) {
  assert(!on_fiber());
  reset(program, strategy, trace);
  const CrashGuard guard(*this);
  spawn_slot(
      "main", [this] { program_->run(*this); }, false);
  if (outcome_.ending == Ending::kComplete) {
    const std::uint32_t first = pick_next();
    if (first != FiberPool::kController) pool_.switch_to(first);
  }
  settle_end();
  for (std::uint64_t left = alive_; left != 0; left &= left - 1) {
    const auto slot = static_cast<std::uint32_t>(std::countr_zero(left));
    if (slots_[slot].started) pool_.drop(slot);
  }
  for (std::uint32_t i = 0; i < fiber_count_; ++i) slots_[i].body = nullptr;
  alive_ = 0;
  ++progress_;
  return outcome_;
}

// Runs on the controller once no fiber will run again.
void Execution::settle_end() {
  if (outcome_.ending != Ending::kComplete) return;
  if (alive_ == 0) {
    if (auto violation = program_->check_end(*this)) end_with(std::move(*violation));
    return;
  }
  const std::string blocked = describe_blocked();
  auto violation = program_->explain_deadlock(*this, blocked);
  if (!violation) {
    violation = Violation{kDeadlock, Severity::kS3, "no fiber can go on: " + blocked, 0, {}};
  }
  end_with(std::move(*violation));
}

void Execution::end_with(Violation violation) {
  violation.step = outcome_.steps;
  outcome_.ending = Ending::kViolation;
  outcome_.violation = std::move(violation);
}

void Execution::fiber_main(void* self, std::uint32_t slot) {
  static_cast<Execution*>(self)->run_body(slot);
}

void Execution::run_body(std::uint32_t slot) {
  slots_[slot].started = true;
  try {
    slots_[slot].body();
    if (slots_[slot].joinable) {
      step(Footprint{{slots_[slot].ended, Op::kExit}}, "end", {});
    }
  } catch (const std::exception& exception) {
    end_with(
        {kException, Severity::kS1,
         std::string("an exception left fiber ") + name_of(FiberId{slot}) + ": " + exception.what(),
         0, slots_[slot].place});
  } catch (...) {
    end_with({kException, Severity::kS1,
              "an exception of unknown type left fiber " + name_of(FiberId{slot}), 0,
              slots_[slot].place});
  }
  slots_[slot].started = false;
  const std::uint64_t mask = mask_of(FiberId{slot});
  alive_ &= ~mask;
  enabled_ &= ~mask;
  blockable_ &= ~mask;
  std::uint32_t next = FiberPool::kController;
  if (outcome_.ending == Ending::kComplete) {
    next = slots_[slot].in_prologue ? slots_[slot].spawner : pick_next();
  }
  slots_[slot].in_prologue = false;
  pool_.switch_to(next);  // parked until the slot serves a fiber of a later execution
}

FiberId Execution::spawn(const char* name, std::function<void()> body) {
  return spawn_slot(name, std::move(body), false);
}

FiberId Execution::spawn_joinable(const char* name, std::function<void()> body) {
  return spawn_slot(name, std::move(body), true);
}

FiberId Execution::spawn_slot(const char* name, std::function<void()> body, bool joinable) {
  if (fiber_count_ == kFibersMax) {
    fail({kStepLimit,
          Severity::kS3,
          "more than " + std::to_string(kFibersMax) + " fibers in one execution",
          0,
          {}});
  }
  const std::uint32_t slot = fiber_count_++;
  const std::uint32_t spawner = pool_.current();
  pool_.reserve(fiber_count_);
  Slot& made = slots_[slot];
  made = Slot{};
  made.body = std::move(body);
  made.name = name;
  for (std::uint32_t i = 0; i < slot; ++i) made.ordinal += std::string_view(slots_[i].name) == name;
  made.spawner = spawner;
  made.in_prologue = true;
  made.joinable = joinable;
  PendingStep& pending = pending_[slot];
  pending.yielding = false;
  pending.fiber_key = kRootKey;
  if (spawner != FiberPool::kController) {
    made.parent = FiberId{spawner};
    pending.fiber_key = child_key(pending_[spawner].fiber_key, ++slots_[spawner].children);
  }
  if (joinable) made.ended = create("fiber end");
  if (trace_ != nullptr) trace_->fibers.push_back({name_of(FiberId{slot}), made.parent});
  alive_ |= mask_of(FiberId{slot});
  pool_.switch_to(slot);  // runs the prologue
  return FiberId{slot};
}

void Execution::join(FiberId fiber, Place place) {
  assert(slots_[index(fiber)].joinable);
  step(Footprint{{slots_[index(fiber)].ended, Op::kJoin}}, "join", place);
}

// Returns when the announced step was picked.
void Execution::announce(const Footprint& footprint, const char* action, Place place,
                         bool yielding) {
  assert(on_fiber());
  const std::uint32_t slot = pool_.current();
  Slot& self = slots_[slot];
  PendingStep& pending = pending_[slot];
  ++progress_;
  pending.footprint = footprint;
  pending.yielding = yielding;
  self.action = action;
  self.place = place;
  const std::uint64_t mask = mask_of(FiberId{slot});
  bool blockable = false;
  for (const Operation& operation : footprint) blockable |= may_block(operation.op);
  if (blockable) {
    blockable_ |= mask;
    refresh_enabled(mask);
  } else {
    blockable_ &= ~mask;
    enabled_ |= mask;
  }
  if (self.in_prologue) {
    self.in_prologue = false;
    pool_.switch_to(self.spawner);
    return;
  }
  const std::uint32_t next = pick_next();
  if (next != slot) pool_.switch_to(next);
}

std::uint64_t Execution::step(const Footprint& footprint, const char* action, Place place) {
  announce(footprint, action, place, false);
  return apply_pending(pool_.current());
}

std::optional<std::uint64_t> Execution::step_until(const Footprint& footprint,
                                                   std::uint64_t deadline, const char* action,
                                                   Place place) {
  Slot& self = slots_[pool_.current()];
  self.timed = true;
  self.timed_out = false;
  self.deadline = deadline;
  announce(footprint, action, place, false);
  const bool timed_out = self.timed_out;
  self.timed = self.timed_out = false;
  if (!timed_out) return apply_pending(pool_.current());
  outcome_.hash = mix_hash(outcome_.hash, ~std::uint64_t{pool_.current()});
  ++outcome_.steps;
  if (trace_ != nullptr) record_step(pool_.current(), 0);
  note("the deadline passed");
  return std::nullopt;
}

void Execution::yield(const char* action, Place place) {
  announce(Footprint{}, action, place, true);
  pending_[pool_.current()].yielding = false;
  apply_pending(pool_.current());
}

std::uint64_t Execution::apply_pending(std::uint32_t slot) {
  ++outcome_.steps;
  const PendingStep& pending = pending_[slot];
  std::uint64_t first_result = 0;
  bool first = true;
  bool wrote = false;
  std::uint64_t hash = outcome_.hash;
  for (const Operation& operation : pending.footprint) {
    const std::uint32_t object = index(operation.object);
    const Effect effect = apply(operation, states_[object], FiberId{slot});
    wrote |= effect.access == Access::kWrite;
    if (operation.op == Op::kLock || operation.op == Op::kLockShared) {
      held_since_[object] = slots_[slot].place;
    }
    const std::uint64_t what =
        std::uint64_t{slot} << 40u | static_cast<std::uint64_t>(operation.op) << 32u | object;
    hash = mix_hash(mix_hash(hash, what), effect.result);
    if (first) first_result = effect.result;
    first = false;
  }
  outcome_.hash = pending.footprint.size() > 0 ? hash : mix_hash(hash, slot);
  blockable_ &= ~mask_of(FiberId{slot});
  if (wrote && blockable_ != 0) refresh_enabled(blockable_);
  if (trace_ != nullptr) record_step(slot, first_result);
  return first_result;
}

bool Execution::is_enabled(std::uint32_t slot) const {
  if (slots_[slot].timed_out) return true;
  for (const Operation& operation : pending_[slot].footprint) {
    if (!sim::enabled(operation, states_[index(operation.object)])) return false;
  }
  return true;
}

void Execution::refresh_enabled(std::uint64_t fibers) {
  for (; fibers != 0; fibers &= fibers - 1) {
    const auto slot = static_cast<std::uint32_t>(std::countr_zero(fibers));
    const std::uint64_t mask = mask_of(FiberId{slot});
    enabled_ = is_enabled(slot) ? enabled_ | mask : enabled_ & ~mask;
  }
}

// Moves the clock to the earliest deadline. Returns false if no fiber has one.
bool Execution::advance_time() {
  std::uint64_t earliest = ~std::uint64_t{0};
  for (std::uint64_t left = alive_; left != 0; left &= left - 1) {
    const Slot& slot = slots_[static_cast<std::uint32_t>(std::countr_zero(left))];
    if (slot.timed && slot.deadline < earliest) earliest = slot.deadline;
  }
  if (earliest == ~std::uint64_t{0}) return false;
  if (earliest > now_) now_ = earliest;
  for (std::uint64_t left = alive_; left != 0; left &= left - 1) {
    Slot& slot = slots_[static_cast<std::uint32_t>(std::countr_zero(left))];
    if (slot.timed && slot.deadline <= now_) slot.timed_out = true;
  }
  refresh_enabled(alive_);
  return true;
}

// Asks the strategy. Returns the controller when the execution is over.
std::uint32_t Execution::pick_next() {
  if (enabled_ == 0 && (alive_ == 0 || !advance_time())) return FiberPool::kController;
  if (outcome_.steps >= limits_.steps_max) {
    end_with({kStepLimit,
              Severity::kS3,
              "the execution did not end within " + std::to_string(limits_.steps_max) + " steps",
              0,
              {}});
    return FiberPool::kController;
  }
  ChoicePoint point;
  point.kind = ChoiceKind::kFiber;
  point.enabled = enabled_;
  point.alive = alive_;
  point.current = pool_.current() == FiberPool::kController ? kNoFiber : current();
  point.pending = {pending_.data(), fiber_count_};
  point.object_keys = object_keys_;
  const std::optional<std::uint32_t> picked = strategy_->pick(point);
  if (!picked) {
    outcome_.ending = Ending::kCovered;
    return FiberPool::kController;
  }
  assert(*picked < kFibersMax && (enabled_ & mask_of(FiberId{*picked})) != 0);
  record_choice({ChoiceKind::kFiber, *picked, enabled_}, "");
  return *picked;
}

std::uint32_t Execution::choose(const char* question, std::uint32_t options,
                                std::uint32_t default_option) {
  assert(options > 0 && options <= kOptionsMax && default_option < options);
  if (options == 1) return 0;
  ++progress_;
  if (++questions_ > limits_.steps_max) {
    fail({kStepLimit,
          Severity::kS3,
          "more than " + std::to_string(limits_.steps_max) + " questions in one execution",
          0,
          {}});
  }
  ChoicePoint point;
  point.kind = ChoiceKind::kValue;
  point.current = current();
  point.options = options;
  point.default_option = default_option;
  point.pending = {pending_.data(), fiber_count_};
  point.object_keys = object_keys_;
  const std::optional<std::uint32_t> picked = strategy_->pick(point);
  if (!picked) {
    outcome_.ending = Ending::kCovered;
    pool_.switch_to(FiberPool::kController);
    std::terminate();  // a dropped fiber is never resumed
  }
  assert(*picked < options);
  outcome_.hash = mix_hash(outcome_.hash, *picked);
  record_choice({ChoiceKind::kValue, *picked, options}, question);
  return *picked;
}

void Execution::fail(Violation violation) {
  end_with(std::move(violation));
  violation = {};
  pool_.switch_to(FiberPool::kController);
  std::terminate();  // a dropped fiber is never resumed
}

ObjectId Execution::create(const char* name, ObjectState initial) {
  const auto object = static_cast<std::uint32_t>(states_.size());
  ++progress_;
  if (on_fiber() && object == kObjectsMax) {
    fail({kStepLimit,
          Severity::kS3,
          "more than " + std::to_string(kObjectsMax) + " objects in one execution",
          0,
          {}});
  }
  std::uint64_t key = child_key(kRootKey, ~std::uint64_t{root_created_});
  if (on_fiber()) {
    const std::uint32_t slot = pool_.current();
    key = child_key(pending_[slot].fiber_key, ~std::uint64_t{slots_[slot].created++});
  } else {
    ++root_created_;
  }
  states_.push_back(initial);
  object_keys_.push_back(key);
  object_names_.push_back(name);
  held_since_.push_back({});
  return ObjectId{object};
}

void Execution::record_choice(const Choice& choice, const char* question) {
  if (choice.forced()) return;
  outcome_.schedule.push_back(choice);
  if (trace_ == nullptr) return;
  const std::uint32_t step = outcome_.steps + (choice.kind == ChoiceKind::kFiber ? 1 : 0);
  trace_->choices.push_back({choice, step, question});
}

}  // namespace nmrcheck::sim
