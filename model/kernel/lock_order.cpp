// The graph of nested acquisitions, and its circles.
#include "model/kernel/lock_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace nmrcheck::model {
namespace {

bool is_lock(sim::Op op) {
  switch (op) {
    case sim::Op::kLock:
    case sim::Op::kUnlock:
    case sim::Op::kTryLock:
    case sim::Op::kLockShared:
    case sim::Op::kUnlockShared:
    case sim::Op::kTryLockShared:
      return true;
    default:
      return false;
  }
}

bool is_shared(LockKind kind) {
  return kind == LockKind::kSpinShared || kind == LockKind::kPushShared ||
         kind == LockKind::kResourceShared;
}

bool same_lock(const HeldLock& one, const HeldLock& other) {
  return one.object == other.object && one.life == other.life;
}

// Nobody can have the one while somebody has the other.
bool exclude(const HeldLock& one, const HeldLock& other) {
  return same_lock(one, other) && !(is_shared(one.kind) && is_shared(other.kind));
}

bool same_kinds(const std::vector<HeldLock>& one, const std::vector<HeldLock>& other) {
  return std::equal(
      one.begin(), one.end(), other.begin(), other.end(),
      [](const HeldLock& a, const HeldLock& b) { return same_lock(a, b) && a.kind == b.kind; });
}

// Whoever is at `waiter` may wait for a lock that whoever is at `holder` has.
bool waits_for(const std::vector<HeldLock>& waiter, const std::vector<HeldLock>& holder) {
  return std::any_of(holder.begin(), holder.end() - 1,
                     [&](const HeldLock& lock) { return exclude(waiter.back(), lock); });
}

std::string at(sim::Place place) {
  return place.file == nullptr ? std::string() : fmt::format(" at {}:{}", place.file, place.line);
}

}  // namespace

void LockOrder::waited_for_last(const std::vector<HeldLock>& held) {
  assert(held.size() > 1);
  if (nested_.empty()) execution_.observe_steps(*this);
  const sim::FiberId fiber = execution_.current();
  const auto repeated = std::count_if(nested_.begin(), nested_.end(), [&](const Nested& earlier) {
    return earlier.fiber == fiber && same_kinds(earlier.held, held);
  });
  if (static_cast<std::size_t>(repeated) >= kRepeatedMax) return;
  if (nested_.size() >= kNestedMax) {
    execution_.fail(
        {sim::kStepLimit, sim::Severity::kS3,
         fmt::format("more than {} nested acquisitions of locks in one execution", kNestedMax), 0,
         held.back().place});
  }
  nested_.push_back({fiber, held, order_.clock(fiber)});
}

void LockOrder::on_step(sim::FiberId fiber, const sim::Footprint& footprint,
                        std::span<const sim::Access> made) {
  order_.step(fiber, footprint, made,
              [](const sim::Operation& operation) { return !is_lock(operation.op); });
}

void LockOrder::on_spawn(sim::FiberId parent, sim::FiberId child) { order_.spawned(parent, child); }

// One of them happened before the other.
bool LockOrder::ordered(const Nested& one, const Nested& other) {
  const auto before = [](const Nested& first, const Nested& second) {
    const std::uint32_t fiber = sim::index(first.fiber);
    return second.clock.of(fiber) >= first.clock.of(fiber);
  };
  return before(one, other) || before(other, one);
}

// Two fibers can be where the two are at the same time: no lock that both hold keeps them apart.
bool LockOrder::may_meet(const Nested& one, const Nested& other) {
  if (one.fiber == other.fiber || ordered(one, other)) return false;
  return std::none_of(one.held.begin(), one.held.end() - 1, [&](const HeldLock& lock) {
    return std::any_of(other.held.begin(), other.held.end() - 1,
                       [&](const HeldLock& gate) { return exclude(lock, gate); });
  });
}

// Makes `chain`, of which each waits for the next one, a circle of `length`, or leaves it alone.
bool LockOrder::close(Chain& chain, std::size_t length) const {
  const Nested& last = *chain.back();
  if (chain.size() == length) return waits_for(last.held, chain.front()->held);
  for (const Nested& next : nested_) {
    if (!waits_for(last.held, next.held)) continue;
    const bool meets = std::all_of(chain.begin(), chain.end(),
                                   [&](const Nested* other) { return may_meet(*other, next); });
    if (!meets) continue;
    chain.push_back(&next);
    if (close(chain, length)) return true;
    chain.pop_back();
  }
  return false;
}

std::optional<LockCycle> LockOrder::find_cycle() const {
  for (std::size_t length = 2; length <= kCycleMax; ++length) {
    for (const Nested& first : nested_) {
      Chain chain{&first};
      if (close(chain, length)) return describe(chain);
    }
  }
  return std::nullopt;
}

LockCycle LockOrder::describe(const Chain& chain) const {
  // "A" is what the first one holds, and the last one waits for.
  const auto letter = [&](std::size_t i) { return static_cast<char>('A' + i % chain.size()); };
  std::string message = "locks are acquired in a circle: ";
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const HeldLock& awaited_before = chain[(i + chain.size() - 1) % chain.size()]->held.back();
    const Nested& nested = *chain[i];
    const auto own =
        std::find_if(nested.held.begin(), nested.held.end(),
                     [&](const HeldLock& lock) { return exclude(awaited_before, lock); });
    message += fmt::format("{}{} acquires lock {}{} and then lock {}{}", i == 0 ? "" : "; ",
                           execution_.name_of(nested.fiber), letter(i), at(own->place),
                           letter(i + 1), at(nested.held.back().place));
  }
  message += "; at the same time, each would wait for the next for ever";
  return {std::move(message), chain.back()->held.back().place};
}

}  // namespace nmrcheck::model
