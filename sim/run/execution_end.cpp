// How an execution ends: verdicts, crashes, and what the strategy is told.
#include <bit>
#include <exception>
#include <utility>

#include "sim/run/execution.h"

namespace nmrcheck::sim {

void Execution::tell_end(bool cut_off) {
  ExecutionEnd end;
  end.complete = !cut_off;
  end.covered = outcome_.ending == Ending::kCovered;
  end.alive = alive_;
  end.enabled = enabled_;
  end.current = last_;
  end.pending = point_.pending;
  end.object_keys = point_.object_keys;
  end.states = point_.states;
  strategy_->end_execution(end);
}

// Runs on the controller once no fiber will run again.
void Execution::settle_end() {
  if (outcome_.ending != Ending::kComplete) return;
  if (needed() == 0) {
    if (auto violation = program_->check_end(*this)) end_with(std::move(*violation));
    return;
  }
  const std::string blocked = describe_blocked(needed());
  auto violation = program_->explain_deadlock(*this, blocked);
  if (!violation) violation = explain_standstill(blocked);
  end_with(std::move(*violation));
}

// All that are left wait: in a deadlock, for a signal that was lost, or spinning.
Violation Execution::explain_standstill(const std::string& blocked) const {
  if ((polling_ & needed()) != 0) {
    return {kLivelock, Severity::kS3, "fibers spin, and nobody can end it: " + blocked, 0, {}};
  }
  bool cleared = false;
  const std::string lost = describe_lost_signals(cleared);
  std::uint64_t circle = 0;
  for (std::uint64_t left = needed(); left != 0; left &= left - 1) {
    circle |= waiting_circle(static_cast<std::uint32_t>(std::countr_zero(left)));
  }
  if (cleared && circle == 0) return {kLostWakeup, Severity::kS3, lost + ": " + blocked, 0, {}};
  std::string message = "no fiber can go on: " + blocked;
  if (!lost.empty()) message += "; " + lost;
  return {kDeadlock, Severity::kS3, std::move(message), 0, {}};
}

void Execution::leave_others_behind() { left_behind_ |= alive_ & ~mask_of(current()); }

void Execution::end_with(Violation violation) {
  violation.step = outcome_.steps;
  outcome_.ending = Ending::kViolation;
  outcome_.violation = std::move(violation);
}

void Execution::fail(Violation violation) {
  end_with(std::move(violation));
  violation = {};
  pool_.switch_to(FiberPool::kController);
  std::terminate();  // a dropped fiber is never resumed
}

void Execution::hint(Violation violation) {
  for (const Violation& known : outcome_.hints) {
    if (known.rule == violation.rule) return;
  }
  violation.step = outcome_.steps;
  outcome_.hints.push_back(std::move(violation));
}

// The execution wants more than `max` of something.
void Execution::fail_limit(std::uint64_t max, const char* what) {
  Violation violation{kStepLimit, Severity::kS3, {}, 0, {}};
  violation.message = "more than " + std::to_string(max) + " " + what + " in one execution";
  fail(std::move(violation));
}

void Execution::crashed(const char* rule, const char* what) {
  const Slot& self = slots_[pool_.current()];
  Violation violation{rule, Severity::kS1, {}, 0, self.place};
  {
    // Strings that are still there when the fiber is dropped would leak.
    const std::string after = *self.action != '\0' ? self.action : "0";
    violation.message = "fiber " + name_of(current()) + " " + what + ", after its step " + after;
    program_->add_to_crash(*this, violation);
  }
  fail(std::move(violation));
}

}  // namespace nmrcheck::sim
