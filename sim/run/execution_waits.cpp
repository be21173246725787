// Who waits for whom: holders, circles of them, signals that came too early.
#include <algorithm>
#include <bit>
#include <utility>

#include "sim/run/execution.h"

namespace nmrcheck::sim {
namespace {

std::uint32_t first_of(std::uint64_t fibers) {
  return static_cast<std::uint32_t>(std::countr_zero(fibers));
}

}  // namespace

// Keeps who acquired, set or cleared the object last.
void Execution::mark_use(const Operation& operation, std::uint32_t slot, std::uint64_t result) {
  if (marks_.size() <= index(operation.object)) marks_.resize(states_.size());
  Marks& marks = marks_[index(operation.object)];
  const Mark mark{FiberId{slot}, outcome_.steps, slots_[slot].action, slots_[slot].place};
  switch (operation.op) {
    case Op::kTryLock:
      if (result == 0) return;
      [[fallthrough]];
    case Op::kLock:
    case Op::kSet:
      marks.made = mark;
      return;
    case Op::kClear:
    case Op::kWaitConsume:
    case Op::kTryWaitConsume:
      if (result == 0) return;  // it was not signalled
      marks.undone = mark;
      marks.taken = operation.op != Op::kClear;
      return;
    case Op::kTryLockShared:
    case Op::kAcquire:
      if (result == 0) return;
      [[fallthrough]];
    case Op::kLockShared:
      shares_.emplace_back(operation.object, mark);
      return;
    case Op::kUnlockShared:
    case Op::kRelease:
      return unmark(operation.object, slot);
    case Op::kReopen:
      std::erase_if(shares_, [&](const auto& share) { return share.first == operation.object; });
      return;
    default:
      return;
  }
}

// Forgets the fiber's last share of the object; another one's if it has none: it was handed over.
void Execution::unmark(ObjectId object, std::uint32_t slot) {
  std::size_t found = shares_.size();
  for (std::size_t i = shares_.size(); i-- > 0;) {
    if (shares_[i].first != object) continue;
    if (found == shares_.size()) found = i;
    if (shares_[i].second.fiber != FiberId{slot}) continue;
    found = i;
    break;
  }
  if (found < shares_.size()) shares_.erase(shares_.begin() + static_cast<std::ptrdiff_t>(found));
}

// The live fibers whose going on is needed before the fiber's pending step can go: owners and
// sharers of a lock, the fiber that it joins. References to rundown protection, events and queues
// are left out: any fiber may release, set or push.
std::uint64_t Execution::holders_awaited(std::uint32_t slot) const {
  std::uint64_t holders = 0;
  for (const Operation& operation : pending_[slot].footprint) {
    const ObjectState& state = states_[index(operation.object)];
    if (sim::enabled(operation, state)) continue;
    if (operation.op == Op::kLock || operation.op == Op::kLockShared) {
      if (state.a != 0) holders |= std::uint64_t{1} << (state.a - 1);
      for (const auto& [object, mark] : shares_) {
        if (object == operation.object && state.b != 0) holders |= mask_of(mark.fiber);
      }
    } else if (operation.op == Op::kJoin) {
      for (std::uint32_t i = 0; i < fiber_count_; ++i) {
        if (slots_[i].joinable && slots_[i].ended == operation.object)
          holders |= mask_of(FiberId{i});
      }
    }
  }
  return holders & alive_;
}

// The fibers of a circle of waits that `slot` is part of; none if there is none. Whoever has a
// deadline goes on some time.
std::uint64_t Execution::waiting_circle(std::uint32_t slot) const {
  const auto awaited = [this](std::uint32_t fiber) {
    const bool stuck = (blockable_ & ~enabled_ & mask_of(FiberId{fiber})) != 0;
    return stuck && !slots_[fiber].timed ? holders_awaited(fiber) : 0;
  };
  const auto next_level = [&awaited](std::uint64_t level) {
    std::uint64_t next = 0;
    for (; level != 0; level &= level - 1) next |= awaited(first_of(level));
    return next;
  };
  const std::uint64_t self = mask_of(FiberId{slot});
  std::uint64_t seen = 0;
  for (std::uint64_t level = self; level != 0 && (seen & self) == 0;) {
    const std::uint64_t next = next_level(level);
    level = next & ~seen;
    seen |= next;
  }
  if ((seen & self) == 0) return 0;
  // The fibers at each distance from `slot`, until it is met itself.
  std::vector<std::uint64_t> levels{self};
  for (seen = 0; (seen & self) == 0; seen |= levels.back()) {
    levels.push_back(next_level(levels.back()) & ~seen);
  }
  // Back along a shortest way.
  std::uint64_t circle = self;
  std::uint64_t target = circle;
  for (std::size_t i = levels.size() - 2; i > 0; --i) {
    for (std::uint64_t left = levels[i]; left != 0; left &= left - 1) {
      if ((awaited(first_of(left)) & target) == 0) continue;
      target = left & (~left + 1);
      break;
    }
    circle |= target;
  }
  return circle;
}

// The fiber has just begun to wait. Returns true if it closed a circle while others can go on: the
// execution is then over.
bool Execution::end_in_partial_deadlock(std::uint32_t slot) {
  if (!limits_.partial_deadlocks || outcome_.ending != Ending::kComplete) return false;
  const std::uint64_t circle = waiting_circle(slot);
  if (circle == 0) return false;
  std::uint64_t others = alive_ & enabled_;
  for (std::uint64_t left = alive_; left != 0; left &= left - 1) {
    if (slots_[first_of(left)].timed) others |= left & (~left + 1);
  }
  if (others == 0) return false;  // nobody can go on: that is told at the end
  end_with({kDeadlock, Severity::kS3,
            "fibers wait for each other, though " + name_of(FiberId{first_of(others)}) +
                (std::has_single_bit(others) ? "" : " and others") +
                " can go on: " + describe_blocked(circle),
            0, slots_[slot].place});
  return true;
}

// " since FILE:LINE (step 3, KeAcquireSpinLock)", after the name of who did it.
std::string Execution::describe_mark(const Mark& mark) const {
  std::string text;
  if (mark.place.file != nullptr) {
    text = std::string(" since ") + mark.place.file + ":" + std::to_string(mark.place.line);
  }
  return text + " (step " + std::to_string(mark.step) + ", " + mark.action + ")";
}

void Execution::describe_holders(std::string& text, const Operation& operation) const {
  const ObjectState& state = states_[index(operation.object)];
  const bool lock = operation.op == Op::kLock || operation.op == Op::kLockShared;
  const auto held = [&](FiberId fiber, const Mark& mark) {
    text += ", held by " + name_of(fiber) + describe_mark(mark);
    if ((alive_ & mask_of(fiber)) == 0) text += ", which has ended";
  };
  if (lock && state.a != 0) {
    const FiberId owner{static_cast<std::uint32_t>(state.a - 1)};
    held(owner, marks_of(operation.object).made);
  }
  if (!lock && operation.op != Op::kDrain) return;
  for (const auto& [object, mark] : shares_) {
    if (object == operation.object) held(mark.fiber, mark);
  }
}

void Execution::describe_wait(std::string& text, std::uint32_t slot) const {
  if (!text.empty()) text += "; ";
  text += name_of(FiberId{slot}) + " waits in " + slots_[slot].action;
  for (const Operation& operation : pending_[slot].footprint) {
    if (sim::enabled(operation, states_[index(operation.object)])) continue;
    if (operation.op == Op::kChanged) {
      text += " for a change of " + name_of(operation.object);
    } else {
      text += " for " + name_of(operation.object);
    }
    describe_holders(text, operation);
  }
}

std::string Execution::describe_blocked(std::uint64_t fibers) const {
  std::string text;
  for (; fibers != 0; fibers &= fibers - 1) describe_wait(text, first_of(fibers));
  return text;
}

// "the event was set in step 2 by a (f.c:3) and cleared in step 3 by b (f.c:9) before c waited",
// for each event that a fiber waits for in vain. `cleared` becomes true if that holds for any:
// a signal that somebody else took woke somebody, one that was cleared woke nobody.
std::string Execution::describe_lost_signals(bool& cleared) const {
  const auto by = [this](const Mark& mark) {
    std::string text = " in step " + std::to_string(mark.step) + " by " + name_of(mark.fiber);
    if (mark.place.file != nullptr) {
      text += std::string(" (") + mark.place.file + ":" + std::to_string(mark.place.line) + ")";
    }
    return text;
  };
  std::string text;
  for (std::uint64_t left = needed(); left != 0; left &= left - 1) {
    const FiberId fiber{first_of(left)};
    for (const Operation& operation : pending_[index(fiber)].footprint) {
      if (operation.op != Op::kWait && operation.op != Op::kWaitConsume) continue;
      const Marks marks = marks_of(operation.object);
      const bool lost = marks.made.step != 0 && marks.undone.step >= marks.made.step;
      if (!lost || (marks.taken && marks.undone.fiber == fiber)) continue;
      if (!text.empty()) text += "; ";
      text += name_of(operation.object) + " was set" + by(marks.made) + " and " +
              (marks.taken ? "taken" : "cleared") + by(marks.undone) + " before " + name_of(fiber) +
              " waited";
      cleared |= !marks.taken;
    }
  }
  return text;
}

}  // namespace nmrcheck::sim
