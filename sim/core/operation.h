// What a step does to one shared object, as pure functions on the object's state.
//
// Both the execution (which keeps the real state) and partial-order reduction (which asks "would
// this operation be enabled after those?") use these functions, so that they cannot disagree.
#pragma once

#include <cstdint>

#include "sim/core/ids.h"

namespace nmrcheck::sim {

// How an operation touches its object. Two operations of different fibers on one object are
// dependent unless both read.
enum class Access : std::uint8_t { kNone, kRead, kWrite };

enum class Op : std::uint8_t {
  // Variables. `a` of the state is the value.
  kRead,             // result: the value
  kWrite,            // value := a
  kAdd,              // value += a; result: the old value
  kExchange,         // value := a; result: the old value
  kCompareExchange,  // if value == a then value := b; result: the old value; a failure reads
  kAwait,            // enabled when value == a
  // An opaque write: the value is kept elsewhere (driver memory, registrar state). `b` of the state
  // counts them, so that a later write is told from none.
  kUpdate,
  // Locks, exclusive and shared. `a` of the state is the owner + 1, `b` the number of sharers.
  kLock,
  kUnlock,
  kTryLock,  // result: 1 if acquired; a failure reads
  kLockShared,
  kUnlockShared,
  kTryLockShared,  // result: 1 if acquired; a failure reads
  // Events. `a` of the state is 1 when signalled.
  kSet,             // result: the old state
  kClear,           // result: the old state
  kWait,            // enabled when signalled (notification event)
  kWaitConsume,     // enabled when signalled; clears (synchronization event)
  kTryWait,         // never blocks; result: 1 if signalled
  kTryWaitConsume,  // never blocks; result: 1 if signalled, and clears; a failure reads
  // Rundown protection. `a` of the state counts references, `b` is 1 once rundown began.
  kAcquire,     // result: 1 if acquired; a failure reads
  kRelease,     // result: the count before
  kBeginDrain,  // rundown begins: later acquires fail
  kDrain,       // enabled when the count is 0
  kReopen,      // count 0, not running down
  // Queues. `a` of the state is the length.
  kPush,
  kPop,  // enabled when not empty
  // Fibers. `a` of the state is 1 after the fiber ended.
  kExit,
  kJoin,  // enabled when the fiber ended
  // Never enabled: only a deadline ends it.
  kSleep,
  // Polls. Enabled when the state is no longer (a, b), on any object. A step with several of them
  // is enabled when one of them is: something that the fiber polls has changed.
  kChanged,
};

// Without default values, so that an unused one costs nothing; omitted operands are 0.
struct Operation {
  ObjectId object;
  Op op;
  std::uint64_t a;
  std::uint64_t b;
};

struct ObjectState {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
};

struct Effect {
  std::uint64_t result = 0;
  Access access = Access::kRead;
};

// The strongest access that `op` can make, known before it runs.
constexpr Access access_bound(Op op) {
  switch (op) {
    case Op::kSleep:
      return Access::kNone;
    case Op::kRead:
    case Op::kAwait:
    case Op::kWait:
    case Op::kTryWait:
    case Op::kDrain:
    case Op::kJoin:
    case Op::kChanged:
      return Access::kRead;
    default:
      return Access::kWrite;
  }
}

// True if `op` can be disabled in some state, so that its fiber may have to wait.
constexpr bool may_block(Op op) {
  switch (op) {
    case Op::kAwait:
    case Op::kLock:
    case Op::kLockShared:
    case Op::kWait:
    case Op::kWaitConsume:
    case Op::kDrain:
    case Op::kPop:
    case Op::kJoin:
    case Op::kSleep:
    case Op::kChanged:
      return true;
    default:
      return false;
  }
}

// True if `op` can run now. Of several kChanged in one step, one has to be: see Readiness.
constexpr bool enabled(const Operation& operation, const ObjectState& state);

// Runs `operation` for `fiber` on `state`. Requires: enabled(operation, state).
// Returns the result and the access that was really made (a failed compare-exchange reads).
constexpr Effect apply(const Operation& operation, ObjectState& state, FiberId fiber);

// "lock", "wait", …: the word for traces.
const char* to_string(Op op);

// --- The semantics: inline, because every step runs through them ---

constexpr bool enabled(const Operation& operation, const ObjectState& state) {
  switch (operation.op) {
    case Op::kAwait:
      return state.a == operation.a;
    case Op::kLock:
      return state.a == 0 && state.b == 0;
    case Op::kLockShared:
      return state.a == 0;
    case Op::kWait:
    case Op::kWaitConsume:
    case Op::kPop:
    case Op::kJoin:
      return state.a != 0;
    case Op::kDrain:
      return state.a == 0;
    case Op::kSleep:
      return false;
    case Op::kChanged:
      return state.a != operation.a || state.b != operation.b;
    default:
      return true;
  }
}

// Whether a step can go, from its operations one after another: all of them have to be enabled, of
// those that poll one.
class Readiness {
 public:
  // Returns false when the step cannot go, whatever its further operations are.
  constexpr bool add(const Operation& operation, const ObjectState& state) {
    const bool goes = enabled(operation, state);
    if (operation.op != Op::kChanged) return goes;
    polls_ = true;
    changed_ |= goes;
    return true;
  }
  // Once all operations were added.
  constexpr bool ready() const { return changed_ || !polls_; }

 private:
  bool polls_ = false;
  bool changed_ = false;
};

constexpr Effect apply(const Operation& operation, ObjectState& state, FiberId fiber) {
  const std::uint64_t old = state.a;
  switch (operation.op) {
    case Op::kRead:
    case Op::kAwait:
    case Op::kWait:
    case Op::kTryWait:
    case Op::kDrain:
    case Op::kChanged:
      return {old, Access::kRead};
    case Op::kJoin:
      return {0, Access::kRead};
    case Op::kSleep:
      return {0, Access::kNone};

    case Op::kWrite:
    case Op::kExchange:
      state.a = operation.a;
      return {old, Access::kWrite};
    case Op::kAdd:
      state.a += operation.a;
      return {old, Access::kWrite};
    case Op::kCompareExchange:
      if (old != operation.a) return {old, Access::kRead};
      state.a = operation.b;
      return {old, Access::kWrite};
    case Op::kUpdate:
      ++state.b;
      return {0, Access::kWrite};

    case Op::kTryLock:
      if (old != 0 || state.b != 0) return {0, Access::kRead};
      [[fallthrough]];
    case Op::kLock:
      state.a = index(fiber) + 1;
      return {1, Access::kWrite};
    case Op::kUnlock:
      state.a = 0;
      return {0, Access::kWrite};
    case Op::kTryLockShared:
      if (old != 0) return {0, Access::kRead};
      [[fallthrough]];
    case Op::kLockShared:
      ++state.b;
      return {1, Access::kWrite};
    case Op::kUnlockShared:
      if (state.b > 0) --state.b;
      return {0, Access::kWrite};

    case Op::kSet:
      state.a = 1;
      return {old, Access::kWrite};
    case Op::kTryWaitConsume:
      if (old == 0) return {0, Access::kRead};
      [[fallthrough]];
    case Op::kClear:
    case Op::kWaitConsume:
      state.a = 0;
      return {old, Access::kWrite};

    case Op::kAcquire:
      if (state.b != 0) return {0, Access::kRead};
      ++state.a;
      return {1, Access::kWrite};
    case Op::kRelease:
      if (state.a > 0) --state.a;
      return {old, Access::kWrite};
    case Op::kBeginDrain:
      state.b = 1;
      return {old, Access::kWrite};
    case Op::kReopen:
      state = {};
      return {old, Access::kWrite};

    case Op::kPush:
      return {++state.a, Access::kWrite};
    case Op::kPop:
      return {--state.a, Access::kWrite};
    case Op::kExit:
      state.a = 1;
      return {0, Access::kWrite};
  }
  return {};
}

}  // namespace nmrcheck::sim
