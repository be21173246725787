// Races: which steps could have come in the place of earlier ones.
#include <algorithm>

#include "sim/strategy/dpor_history.h"

namespace nmrcheck::sim {
namespace {

bool access_varies(Op op) {
  switch (op) {
    case Op::kCompareExchange:
    case Op::kTryLock:
    case Op::kTryLockShared:
    case Op::kTryWaitConsume:
    case Op::kAcquire:
      return true;
    default:
      return false;
  }
}

bool depends_on_state(Op op) { return may_block(op) || access_varies(op); }

}  // namespace

History::Later History::later_of(std::uint32_t event) const {
  const Event& made = events_[event];
  Later later;
  later.event = later.at = event;
  later.fiber = made.fiber;
  later.position = made.position;
  later.previous = made.previous;
  later.clock_advances = made.clock_advances;
  for (std::uint32_t i = made.operations_begin;
       i < operations_.size() && operations_[i].event == event; ++i) {
    later.operations[later.count] = operations_[i].operation;
    later.states[later.count] = operations_[i].state;
    later.last[later.count] = operations_[i].before;
    later.accesses[later.count] = operations_[i].access;
    ++later.count;
  }
  // Of several operations on one object, the first knows the state before the step.
  for (std::uint32_t i = 0; i < later.count; ++i) {
    for (std::uint32_t k = 0; k < i; ++k) {
      if (later.operations[k].object != later.operations[i].object) continue;
      later.states[i] = later.states[k];
      later.last[i] = later.last[k];
    }
  }
  return later;
}

// Events before this one cannot be the earlier half: the fiber's own past depends on them.
std::uint32_t History::first_candidate(const Later& later) const {
  std::uint32_t first = later.at;
  const std::uint32_t* past = clocks_.data() + later.previous * stride_;
  for (std::uint32_t fiber = 0; fiber < events_of_.size() && fiber < stride_; ++fiber) {
    if (fiber == later.fiber) continue;
    const std::vector<std::uint32_t>& made = events_of_[fiber];
    if (past[fiber] < made.size()) first = std::min(first, made[past[fiber]]);
  }
  return first;
}

// Moves to the latest event before that touches an object of `later`; `touches` says whether the
// two may conflict. Returns false when there is none.
bool History::pick_candidate(const Later& later,
                             std::array<std::uint32_t, Footprint::kOperationsMax>& at,
                             std::uint32_t& event, bool& touches) const {
  event = kNoEvent;
  for (std::uint32_t i = 0; i < later.count; ++i) {
    if (at[i] == kNoEvent) continue;
    const std::uint32_t other = operations_[at[i]].event;
    if (event == kNoEvent || other > event) event = other;
  }
  if (event == kNoEvent) return false;
  touches = false;
  for (std::uint32_t i = 0; i < later.count; ++i) {
    const bool may_write = access_bound(later.operations[i].op) == Access::kWrite;
    while (at[i] != kNoEvent && operations_[at[i]].event == event) {
      touches |= may_write || operations_[at[i]].access == Access::kWrite;
      at[i] = operations_[at[i]].before;
    }
  }
  return true;
}

// The state of an object of `later` if `earlier` and what depends on it had not happened.
ObjectState History::state_without(const Later& later, std::uint32_t operation,
                                   std::uint32_t earlier) const {
  std::array<std::uint32_t, 64> some;
  std::vector<std::uint32_t> more;
  std::uint32_t count = 0;
  ObjectState state = later.states[operation];
  for (std::uint32_t at = later.last[operation]; at != kNoEvent && operations_[at].event >= earlier;
       at = operations_[at].before) {
    state = operations_[at].state;
    if (happens_before(earlier, operations_[at].event)) continue;
    if (count < some.size()) {
      some[count] = at;
    } else {
      more.push_back(at);
    }
    ++count;
  }
  for (std::uint32_t i = count; i-- > 0;) {
    const EventOperation& kept = operations_[i < some.size() ? some[i] : more[i - some.size()]];
    apply(kept.operation, state, FiberId{events_[kept.event].fiber});
  }
  return state;
}

History::Reversal History::reverse(const Later& later, std::uint32_t earlier) const {
  Reversal reversal;
  reversal.enabled = true;
  Readiness readiness;
  std::array<ObjectState, Footprint::kOperationsMax> states;
  for (std::uint32_t i = 0; i < later.count; ++i) {
    const Op op = later.operations[i].op;
    reversal.accesses[i] = access_bound(op);
    bool first_on_object = true;
    for (std::uint32_t k = 0; k < i; ++k) {
      if (later.operations[k].object != later.operations[i].object) continue;
      states[i] = states[k];
      first_on_object = false;
    }
    if (first_on_object && (depends_on_state(op) || later.count > 1)) {
      states[i] = state_without(later, i, earlier);
    }
    if (may_block(op)) {
      reversal.enabled &= readiness.add(later.operations[i], states[i]);
      if (!reversal.enabled) return reversal;
    }
  }
  reversal.enabled = readiness.ready();
  if (!reversal.enabled) return reversal;
  for (std::uint32_t i = 0; i < later.count; ++i) {
    if (later.count == 1 && !depends_on_state(later.operations[i].op)) break;
    reversal.accesses[i] = apply(later.operations[i], states[i], FiberId{later.fiber}).access;
    for (std::uint32_t k = i + 1; k < later.count; ++k) {
      if (later.operations[k].object == later.operations[i].object) states[k] = states[i];
    }
  }
  return reversal;
}

// True if `later` could be made in place of `earlier`; scratch_ then holds what it would touch.
bool History::races(const Later& later, std::uint32_t earlier) {
  const Event& before = events_[earlier];
  if (before.fiber == later.fiber || before.clock_advances != later.clock_advances) return false;
  if (happens_before(earlier, later.previous)) return false;
  for (const std::uint32_t other : reversed_) {
    if (happens_before(earlier, other)) return false;  // not immediate
  }
  const Reversal reversal = reverse(later, earlier);
  if (!reversal.enabled) return false;  // `earlier` enables it: an earlier one may be undone
  bool conflict = false;
  for (std::uint32_t i = 0; i < later.count; ++i) {
    for (std::uint32_t k = before.operations_begin;
         k < operations_.size() && operations_[k].event == earlier; ++k) {
      if (operations_[k].operation.object != later.operations[i].object) continue;
      conflict |= operations_[k].access == Access::kWrite || later.accesses[i] == Access::kWrite ||
                  reversal.accesses[i] == Access::kWrite;
    }
  }
  if (!conflict) return false;
  scratch_.clear();
  for (std::uint32_t i = 0; i < later.count; ++i) {
    if (reversal.accesses[i] == Access::kNone) continue;
    merge_access(object_names_[index(later.operations[i].object)],
                 reversal.accesses[i] == Access::kWrite);
  }
  return true;
}

}  // namespace nmrcheck::sim
