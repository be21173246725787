// The step loop: announce, pick, hand over, apply.
#include "sim/run/execution.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <exception>
#include <utility>

#include "sim/core/rng.h"
#include "sim/run/crash.h"

// On the path of every step: a call costs as much as what such a function does.
#if defined(__GNUC__)
#define NMRCHECK_HOT [[gnu::always_inline]] inline
#else
#define NMRCHECK_HOT inline
#endif

namespace nmrcheck::sim {
namespace {

constexpr std::uint64_t kRootKey = 0x6e6d72636865636bu;

std::uint64_t child_key(std::uint64_t parent, std::uint64_t position) {
  return mix64(parent ^ mix64(position));
}

}  // namespace

Execution::Execution(const Limits& limits)
    : limits_(limits),
      pool_(limits.stack_bytes, &Execution::fiber_main, this),
      heap_(limits.heap_bytes_max),
      slots_(kFibersMax),
      pending_(kFibersMax),
      polls_(kFibersMax) {}

Execution::~Execution() = default;

void Execution::reset(Program& program, Strategy& strategy, Trace* trace) {
  heap_.reset();
  fiber_count_ = 0;
  alive_ = enabled_ = blockable_ = timed_out_ = left_behind_ = stopped_ = 0;
  states_.clear();
  object_keys_.clear();
  object_names_.clear();
  marks_.clear();
  shares_.clear();
  renamed_.clear();
  root_created_ = questions_ = clock_advances_ = 0;
  reset_liveness();
  now_ = 0;
  last_ = kNoFiber;
  outcome_.ending = Ending::kComplete;
  outcome_.violation.reset();
  outcome_.hints.clear();
  outcome_.steps = outcome_.deviations = 0;
  outcome_.bound_reached = false;
  outcome_.hash = kRootKey;
  outcome_.schedule.clear();
  outcome_.situations.clear();
  trace_hash_.begin_execution();
  refresh_point();
  program_ = &program;
  strategy_ = &strategy;
  trace_ = trace;
  if (trace_ != nullptr) *trace_ = {};
  observers_.clear();
  told_ = trace_ != nullptr;
  stop_ = nullptr;
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
  outcome_.trace_hash = trace_hash_.value();
  const bool cut_off = outcome_.ending != Ending::kComplete;
  settle_end();
  tell_end(cut_off);
  for (std::uint64_t left = alive_; left != 0; left &= left - 1) {
    const auto slot = static_cast<std::uint32_t>(std::countr_zero(left));
    if (slots_[slot].started) pool_.drop(slot);
  }
  for (std::uint32_t i = 0; i < fiber_count_; ++i) slots_[i].body = nullptr;
  alive_ = 0;
  ++progress_;
  return outcome_;
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
  timed_out_ &= ~mask;
  circle_ran_ |= mask;
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
  if (fiber_count_ == kFibersMax) fail_limit(kFibersMax, "fibers");
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
  if (spawner != FiberPool::kController) polls_[spawner].reset();
  polls_[slot].reset();
  PendingStep& pending = pending_[slot];
  pending.yielding = false;
  pending.fiber_key = kRootKey;
  if (spawner != FiberPool::kController) {
    made.parent = FiberId{spawner};
    pending.fiber_key = child_key(pending_[spawner].fiber_key, ++slots_[spawner].children);
    if (left_behind(made.parent)) left_behind_ |= mask_of(FiberId{slot});
  }
  trace_hash_.spawned(pending.fiber_key, made.parent);
  if (joinable) made.ended = create("fiber end");
  if (made.parent != kNoFiber) {
    for (StepObserver* observer : observers_) observer->on_spawn(made.parent, FiberId{slot});
  }
  if (trace_ != nullptr) trace_->fibers.push_back({name_of(FiberId{slot}), made.parent});
  alive_ |= mask_of(FiberId{slot});
  refresh_point();
  pool_.switch_to(slot);  // runs the prologue
  return FiberId{slot};
}

void Execution::join(FiberId fiber, Place place) {
  assert(slots_[index(fiber)].joinable);
  step(Footprint{{slots_[index(fiber)].ended, Op::kJoin}}, "join", place);
}

// Keeps what the strategy is shown in step with vectors that grew.
void Execution::refresh_point() {
  point_.pending = {pending_.data(), fiber_count_};
  point_.object_keys = object_keys_;
  point_.states = states_;
}

// Returns when the announced step was picked.
NMRCHECK_HOT void Execution::announce(std::uint32_t slot, const Footprint& footprint,
                                      const char* action, Place place, bool yielding) {
  assert(on_fiber());
  Slot& self = slots_[slot];
  PendingStep& pending = pending_[slot];
  ++progress_;
  pending.footprint = footprint;
  pending.yielding = yielding;
  self.action = action;
  self.place = place;
  const std::uint64_t mask = mask_of(FiberId{slot});
  if (footprint.blockable()) {
    blockable_ |= mask;
    refresh_enabled(mask);
    if ((enabled_ & mask) == 0 && end_in_partial_deadlock(slot)) {
      pool_.switch_to(FiberPool::kController);
      std::terminate();  // a dropped fiber is never resumed
    }
  } else {
    blockable_ &= ~mask;
    enabled_ |= mask;
  }
  std::uint32_t next = self.spawner;
  if (self.in_prologue) {
    self.in_prologue = false;
  } else {
    next = pick_next();
  }
  if (next != slot) pool_.switch_to(next);
}

std::uint64_t Execution::step(const Footprint& footprint, const char* action, Place place) {
  const std::uint32_t slot = pool_.current();
  if (slots_[slot].unwatched == 0) return watched_step(footprint, action, place);
  --slots_[slot].unwatched;
  announce(slot, footprint, action, place, false);
  return apply_picked(footprint, slot);
}

// Returns the effect of one operation, having made it part of the hash.
NMRCHECK_HOT Effect Execution::apply_one(const Operation& operation, std::uint32_t slot) {
  const std::uint32_t object = index(operation.object);
  const Effect effect = apply(operation, states_[object], FiberId{slot});
  trace_hash_.applied(FiberId{slot}, operation.object, effect.access);
  if (operation.op >= Op::kLock) mark_use(operation, slot, effect.result);
  const std::uint64_t what = std::uint64_t{slot} << 40u | std::uint64_t{object} << 8u |
                             static_cast<std::uint64_t>(operation.op);
  outcome_.hash = mix_hash(outcome_.hash, what ^ effect.result * 0x9e3779b97f4a7c15u);
  return effect;
}

// Returns the effect of the first operation; its access is the strongest of all.
Effect Execution::apply_all(const Footprint& footprint, std::uint32_t slot) {
  Effect all{0, Access::kNone};
  for (const Operation* operation = footprint.begin(); operation != footprint.end(); ++operation) {
    const Effect effect = apply_one(*operation, slot);
    if (operation == footprint.begin()) all.result = effect.result;
    all.access = std::max(all.access, effect.access);
    made_[static_cast<std::size_t>(operation - footprint.begin())] = effect.access;
  }
  if (footprint.size() == 0) {
    outcome_.hash = mix_hash(outcome_.hash, slot);
    trace_hash_.passed(FiberId{slot});
  }
  return all;
}

NMRCHECK_HOT std::uint64_t Execution::apply_picked(const Footprint& footprint, std::uint32_t slot) {
  ++outcome_.steps;
  const Effect effect =
      footprint.size() == 1 ? apply_one(*footprint.begin(), slot) : apply_all(footprint, slot);
  blockable_ &= ~mask_of(FiberId{slot});
  if (effect.access == Access::kWrite && blockable_ != 0) refresh_enabled(blockable_);
  if (told_) tell_step(slot, effect);
  return effect.result;
}

void Execution::announce_out_of_line(std::uint32_t slot, const Footprint& footprint,
                                     const char* action, Place place, bool yielding) {
  announce(slot, footprint, action, place, yielding);
}

std::uint64_t Execution::apply_out_of_line(const Footprint& footprint, std::uint32_t slot) {
  return apply_picked(footprint, slot);
}

bool Execution::is_enabled(std::uint32_t slot) const {
  if ((timed_out_ & mask_of(FiberId{slot})) != 0) return true;
  Readiness readiness;
  for (const Operation& operation : pending_[slot].footprint) {
    if (!readiness.add(operation, states_[index(operation.object)])) return false;
  }
  return readiness.ready();
}

void Execution::refresh_enabled(std::uint64_t fibers) {
  for (; fibers != 0; fibers &= fibers - 1) {
    const auto slot = static_cast<std::uint32_t>(std::countr_zero(fibers));
    const std::uint64_t mask = mask_of(FiberId{slot});
    enabled_ = is_enabled(slot) ? enabled_ | mask : enabled_ & ~mask;
  }
}

NMRCHECK_HOT void Execution::record_choice(const Choice& choice, const char* question) {
  if (choice.forced()) return;
  Choice& recorded = outcome_.schedule.emplace_back();  // member by member: see Footprint
  recorded.kind = choice.kind;
  recorded.picked = choice.picked;
  recorded.offered = choice.offered;
  if (trace_ != nullptr) trace_choice(choice, question);
}

// Asks the strategy. Returns the controller when the execution is over.
NMRCHECK_HOT std::uint32_t Execution::pick_next() {
  if (enabled_ == 0 && (alive_ == 0 || !let_time_pass())) return FiberPool::kController;
  if (outcome_.steps >= checkpoint_ && beyond_checkpoint()) return FiberPool::kController;
  point_.kind = ChoiceKind::kFiber;
  point_.enabled = enabled_;
  point_.current = FiberId{pool_.current()};
  static_assert(FiberId{FiberPool::kController} == kNoFiber);
  point_.alive = alive_;
  point_.timed_out = timed_out_;
  point_.clock_advances = clock_advances_;
  const Pick picked = strategy_->pick(point_);
  if (!picked) {
    outcome_.ending = Ending::kCovered;
    return FiberPool::kController;
  }
  assert(*picked < kFibersMax && (enabled_ & mask_of(FiberId{*picked})) != 0);
  last_ = FiberId{*picked};
  record_choice({ChoiceKind::kFiber, *picked, enabled_}, "");
  return *picked;
}

std::uint32_t Execution::choose(const char* question, std::uint32_t options,
                                std::uint32_t default_option, Asked asked) {
  assert(options > 0 && options <= kOptionsMax && default_option < options);
  if (options == 1) return 0;
  if (on_fiber()) polls_[pool_.current()].reset();  // the answer is news
  ++progress_;
  if (++questions_ > limits_.steps_max) fail_limit(limits_.steps_max, "questions");
  point_.kind = ChoiceKind::kValue;
  point_.current = current();
  point_.options = options;
  point_.default_option = default_option;
  point_.settled = asked == Asked::kBounded && outcome_.deviations >= limits_.deviations_max;
  outcome_.bound_reached |= point_.settled;
  Pick picked = default_option;
  if (!point_.settled || strategy_->answers_settled()) picked = strategy_->pick(point_);
  if (!picked) {
    outcome_.ending = Ending::kCovered;
    pool_.switch_to(FiberPool::kController);
    std::terminate();  // a dropped fiber is never resumed
  }
  assert(*picked < options);
  if (asked == Asked::kBounded && *picked != default_option) ++outcome_.deviations;
  outcome_.hash = mix_hash(outcome_.hash, *picked);
  trace_hash_.answered(point_.current, *picked);
  record_choice({ChoiceKind::kValue, *picked, options}, question);
  return *picked;
}

ObjectId Execution::create(const char* name, ObjectState initial) {
  if (!on_fiber())
    return create(name, initial, child_key(kRootKey, ~std::uint64_t{root_created_++}));
  const std::uint32_t slot = pool_.current();
  const std::uint64_t position = ~std::uint64_t{slots_[slot].created++};
  return create(name, initial, child_key(pending_[slot].fiber_key, position));
}

ObjectId Execution::create(const char* name, ObjectState initial, std::uint64_t key) {
  const auto object = static_cast<std::uint32_t>(states_.size());
  ++progress_;
  if (on_fiber() && object == kObjectsMax) fail_limit(kObjectsMax, "objects");
  states_.push_back(initial);
  object_keys_.push_back(key);
  trace_hash_.created(key);
  object_names_.push_back(name);
  refresh_point();
  return ObjectId{object};
}

}  // namespace nmrcheck::sim
