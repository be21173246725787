// Polls that saw nothing new, time that passes, and circles without progress.
#include <algorithm>
#include <bit>
#include <utility>

#include "sim/run/execution.h"

namespace nmrcheck::sim {
namespace {

constexpr std::uint32_t kIdleUnwatched = 16;  // rounds before states are compared

// Whether the step changed something that others can see. `result` is that of the first operation.
bool changes(const Operation& operation, bool first, std::uint64_t result) {
  if (access_bound(operation.op) != Access::kWrite) return false;
  if (!first) return true;
  switch (operation.op) {
    case Op::kTryLock:
    case Op::kTryLockShared:
    case Op::kTryWaitConsume:
    case Op::kAcquire:
      return result != 0;
    case Op::kCompareExchange:
      return result == operation.a && operation.a != operation.b;
    case Op::kExchange:
    case Op::kWrite:
      return result != operation.a;
    default:
      return true;
  }
}

}  // namespace

void Execution::reset_liveness() {
  polling_ = giving_up_ = 0;
  last_released_ = kFibersMax - 1;
  circle_from_ = kCircleSteps;
  restart_circles();
}

void Execution::restart_circles() {
  checkpoint_ = std::min(circle_from_, limits_.steps_max);
  idle_.reset();
  circle_.reset();
  circle_ran_ = circle_enabled_ = 0;
  circle_steps_.clear();
  noting_circle_ = circle_yields_ = false;
}

// --- Polls ---

std::uint64_t Execution::watched_step(const Footprint& footprint, const char* action, Place place) {
  const std::uint32_t slot = pool_.current();
  PollWatch& poll = polls_[slot];
  if (poll.spins()) {
    wait_for_change(slot, poll.change(), "spin", place, true);
    poll.resume_spin();
  }
  announce_out_of_line(slot, footprint, action, place, false);
  const std::uint64_t result = apply_out_of_line(footprint, slot);
  observe(slot, footprint, result);
  return result;
}

void Execution::observe(std::uint32_t slot, const Footprint& footprint, std::uint64_t result) {
  bool wrote = false;
  for (const Operation* it = footprint.begin(); it != footprint.end(); ++it) {
    wrote |= changes(*it, it == footprint.begin(), result);
  }
  polls_[slot].observe(footprint, states_, wrote);
}

void Execution::yield(const char* action, Place place) {
  const std::uint32_t slot = pool_.current();
  slots_[slot].unwatched = 0;
  if (polls_[slot].end_round()) {
    return wait_for_change(slot, polls_[slot].change(), action, place, true);
  }
  announce_out_of_line(slot, Footprint{}, action, place, true);
  pending_[slot].yielding = false;
  apply_out_of_line(Footprint{}, slot);
}

void Execution::spin_for_change(ObjectId object, const char* action, Place place) {
  const ObjectState& seen = states_[index(object)];
  wait_for_change(pool_.current(), Footprint{{object, Op::kChanged, seen.a, seen.b}}, action, place,
                  false);
}

// Returns when an object of `change` has changed; if the fiber gives up some time, also when it was
// its turn once no fiber could go.
void Execution::wait_for_change(std::uint32_t slot, const Footprint& change, const char* action,
                                Place place, bool gives_up) {
  const std::uint64_t mask = mask_of(FiberId{slot});
  polling_ |= mask;
  if (gives_up) giving_up_ |= mask;
  announce_out_of_line(slot, change, action, place, true);
  polling_ &= ~mask;
  giving_up_ &= ~mask;
  pending_[slot].yielding = false;
  if (!take_timeout(slot)) apply_out_of_line(change, slot);
}

// --- Time ---

std::optional<std::uint64_t> Execution::step_until(const Footprint& footprint,
                                                   std::uint64_t deadline, const char* action,
                                                   Place place) {
  const std::uint32_t slot = pool_.current();
  Slot& self = slots_[slot];
  self.timed = true;
  self.deadline = deadline;
  announce_out_of_line(slot, footprint, action, place, false);
  self.timed = false;
  if (take_timeout(slot)) {
    note("the deadline passed");
    polls_[slot].end_round();
    return std::nullopt;
  }
  const std::uint64_t result = apply_out_of_line(footprint, slot);
  if (self.unwatched == 0) observe(slot, footprint, result);
  return result;
}

// True if the fiber's pending step did not come about: its time passed, which is a step too.
bool Execution::take_timeout(std::uint32_t slot) {
  const std::uint64_t mask = mask_of(FiberId{slot});
  const bool timed_out = (timed_out_ & mask) != 0;
  timed_out_ &= ~mask;
  if (!timed_out) return false;
  outcome_.hash = mix_hash(outcome_.hash, ~std::uint64_t{slot});
  trace_hash_.passed(FiberId{slot});
  ++outcome_.steps;
  if (trace_ != nullptr) record_step(slot, 0);
  return true;
}

// No fiber can go: the clock moves on, and one fiber that polled in vain polls again. Returns false
// if there is neither, or if that has gone on for ever.
bool Execution::let_time_pass() {
  std::uint32_t again = 0;
  if (clock_advances_ >= kIdleUnwatched) again = idle_.visit(visible_state());
  const bool moved = advance_time();
  const bool released = release_poll();
  if (!moved && !released) return false;
  ++clock_advances_;
  trace_hash_.clock_advanced();
  // The last turns of all fibers are what the verdict shows.
  if (again + kFibersMax >= kIdleRounds && !noting_circle_) {
    noting_circle_ = true;
    checkpoint_ = 0;
  }
  if (again < kIdleRounds) return true;
  std::uint64_t takes_part = giving_up_;
  for (std::uint64_t left = alive_; left != 0; left &= left - 1) {
    if (slots_[std::countr_zero(left)].timed) takes_part |= left & (~left + 1);
  }
  if ((takes_part & needed()) != 0) {
    end_in_livelock(0);
  } else {
    stop_circling(alive_ & left_behind_);
  }
  return false;
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
    const Slot& slot = slots_[static_cast<std::uint32_t>(std::countr_zero(left))];
    if (slot.timed && slot.deadline <= now_) timed_out_ |= left & (~left + 1);
  }
  refresh_enabled(alive_ & ~stopped_);
  return true;
}

// Lets the next fiber in turn poll again. Returns false if nobody polls.
bool Execution::release_poll() {
  const std::uint64_t waiting = giving_up_ & alive_;
  if (waiting == 0) return false;
  const int after = static_cast<int>((last_released_ + 1) % kFibersMax);
  last_released_ =
      static_cast<std::uint32_t>(std::countr_zero(std::rotr(waiting, after)) + after) % kFibersMax;
  timed_out_ |= mask_of(FiberId{last_released_});
  refresh_enabled(mask_of(FiberId{last_released_}));
  return true;
}

// --- Circles ---

// What decides how an execution goes on, as far as it can be seen: objects, and what each fiber
// will do next. Times count from now.
Lasso::State Execution::visible_state() const {
  Lasso::State state{alive_};
  for (std::uint64_t left = alive_; left != 0; left &= left - 1) {
    const auto slot = static_cast<std::uint32_t>(std::countr_zero(left));
    state.push_back(static_cast<std::uint64_t>(slots_[slot].place.line) << 1u |
                    static_cast<std::uint64_t>(slots_[slot].timed));
    if (slots_[slot].timed) state.push_back(slots_[slot].deadline - now_);
    for (const Operation& operation : pending_[slot].footprint) {
      state.push_back(std::uint64_t{index(operation.object)} << 8u |
                      static_cast<std::uint64_t>(operation.op));
      state.push_back(operation.a);
      state.push_back(operation.b);
    }
  }
  for (const ObjectState& object : states_) {
    state.push_back(object.a);
    state.push_back(object.b);
  }
  return state;
}

// Returns true when the execution is over.
bool Execution::beyond_checkpoint() {
  if (outcome_.steps >= limits_.steps_max) {
    end_with({kStepLimit,
              Severity::kS3,
              "limit of " + std::to_string(limits_.steps_max) +
                  " steps reached: the execution did not end, and went through no circle",
              0,
              {}});
    return true;
  }
  if (noting_circle_) note_circle_step();
  return outcome_.steps >= circle_from_ && look_for_circle();
}

bool Execution::look_for_circle() {
  if (on_fiber()) circle_ran_ |= mask_of(current());
  circle_enabled_ &= enabled_;
  const std::uint32_t again = circle_.visit(visible_state());
  if (again == 1) {
    circle_ran_ = 0;
    circle_enabled_ = enabled_;
  }
  if (again + 2 == kCircleRounds) {
    noting_circle_ = true;
    circle_yields_ = false;
    checkpoint_ = 0;
    circle_steps_.clear();
  }
  if (again < kCircleRounds) return false;
  if ((circle_ran_ & needed()) == 0) {
    stop_circling(circle_ran_);
    return enabled_ == 0 && !let_time_pass();
  }
  const std::uint64_t starved = circle_enabled_ & ~circle_ran_;
  if (starved != 0 && circle_yields_) {
    // The loop yields, and the strategy is not fair: not the program's mistake. All that can follow
    // could follow when the state came first.
    outcome_.ending = Ending::kCovered;
  } else {
    end_in_livelock(starved);
  }
  return true;
}

// Fibers that are left behind go round in a circle: they never go on, so that others do.
void Execution::stop_circling(std::uint64_t fibers) {
  stopped_ |= fibers & left_behind_;
  enabled_ &= ~stopped_;
  blockable_ &= ~stopped_;
  timed_out_ &= ~stopped_;
  giving_up_ &= ~stopped_;
  for (std::uint64_t left = stopped_; left != 0; left &= left - 1) {
    slots_[static_cast<std::uint32_t>(std::countr_zero(left))].timed = false;
  }
  restart_circles();
}

// Keeps the step that was just announced, once for each place.
void Execution::note_circle_step() {
  if (!on_fiber()) return;
  const std::uint32_t slot = pool_.current();
  const Footprint& footprint = pending_[slot].footprint;
  circle_yields_ |= pending_[slot].yielding;
  const CircleStep step{FiberId{slot}, slots_[slot].action, slots_[slot].place,
                        footprint.size() == 0 ? kNoObject : footprint.begin()->object};
  const bool known = std::any_of(circle_steps_.begin(), circle_steps_.end(), [&](const auto& old) {
    return old.fiber == step.fiber && old.place.line == step.place.line &&
           old.object == step.object && std::string_view(old.action) == step.action;
  });
  if (!known) circle_steps_.push_back(step);
}

// "main repeats poll flag (f.c:9), yield (f.c:10); other waits in …". `starved` could go, and were
// never let.
void Execution::end_in_livelock(std::uint64_t starved) {
  std::string text;
  for (std::uint64_t left = alive_; left != 0; left &= left - 1) {
    const FiberId fiber{static_cast<std::uint32_t>(std::countr_zero(left))};
    bool first = true;
    for (const CircleStep& step : circle_steps_) {
      if (step.fiber != fiber) continue;
      if (first) text += (text.empty() ? "" : "; ") + name_of(fiber) + " repeats ";
      text += (first ? "" : ", ") + std::string(step.action);
      if (step.object != kNoObject) text += " " + name_of(step.object);
      if (step.place.file != nullptr) {
        text += std::string(" (") + step.place.file + ":" + std::to_string(step.place.line) + ")";
      }
      first = false;
    }
    if (first && (starved & mask_of(fiber)) == 0) describe_wait(text, index(fiber));
  }
  std::string message = "fibers go round in a circle, and nothing changes: " + text;
  for (; starved != 0; starved &= starved - 1) {
    const FiberId fiber{static_cast<std::uint32_t>(std::countr_zero(starved))};
    message +=
        "; " + name_of(fiber) + " could go and is never let: the others neither wait nor yield";
  }
  const Place place = circle_steps_.empty() ? Place{} : circle_steps_.front().place;
  end_with({kLivelock, Severity::kS3, std::move(message), 0, place});
}

}  // namespace nmrcheck::sim
