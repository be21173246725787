// The pure semantics of every operation.
#include "sim/core/operation.h"

#include <array>
#include <cstddef>

namespace nmrcheck::sim {
namespace {

struct Row {
  const char* name;
  Access access;
};

constexpr std::array<Row, static_cast<std::size_t>(Op::kSleep) + 1> kRows{{
    {"read", Access::kRead},
    {"write", Access::kWrite},
    {"add", Access::kWrite},
    {"exchange", Access::kWrite},
    {"compare-exchange", Access::kWrite},
    {"await", Access::kRead},
    {"update", Access::kWrite},
    {"lock", Access::kWrite},
    {"unlock", Access::kWrite},
    {"try-lock", Access::kWrite},
    {"lock-shared", Access::kWrite},
    {"unlock-shared", Access::kWrite},
    {"try-lock-shared", Access::kWrite},
    {"set", Access::kWrite},
    {"clear", Access::kWrite},
    {"wait", Access::kRead},
    {"wait", Access::kWrite},
    {"poll", Access::kRead},
    {"poll", Access::kWrite},
    {"acquire", Access::kWrite},
    {"release", Access::kWrite},
    {"begin-drain", Access::kWrite},
    {"drain", Access::kRead},
    {"reopen", Access::kWrite},
    {"push", Access::kWrite},
    {"pop", Access::kWrite},
    {"exit", Access::kWrite},
    {"join", Access::kRead},
    {"sleep", Access::kNone},
}};

const Row& row(Op op) { return kRows[static_cast<std::size_t>(op)]; }

Effect write(std::uint64_t result) { return {result, Access::kWrite}; }
Effect read(std::uint64_t result) { return {result, Access::kRead}; }

Effect apply_to_variable(const Operation& operation, ObjectState& state) {
  const std::uint64_t old = state.a;
  switch (operation.op) {
    case Op::kWrite:
    case Op::kExchange:
      state.a = operation.a;
      return write(old);
    case Op::kAdd:
      state.a += operation.a;
      return write(old);
    case Op::kCompareExchange:
      if (old != operation.a) return read(old);
      state.a = operation.b;
      return write(old);
    case Op::kUpdate:
      return write(0);
    default:
      return read(old);
  }
}

Effect apply_to_lock(Op op, ObjectState& state, FiberId fiber) {
  const bool free = state.a == 0;
  switch (op) {
    case Op::kLock:
      state.a = index(fiber) + 1;
      return write(1);
    case Op::kTryLock:
      if (!free || state.b != 0) return read(0);
      state.a = index(fiber) + 1;
      return write(1);
    case Op::kUnlock:
      state.a = 0;
      return write(0);
    case Op::kTryLockShared:
      if (!free) return read(0);
      ++state.b;
      return write(1);
    case Op::kLockShared:
      ++state.b;
      return write(1);
    default:
      if (state.b > 0) --state.b;
      return write(0);
  }
}

Effect apply_to_event(Op op, ObjectState& state) {
  const std::uint64_t old = state.a;
  switch (op) {
    case Op::kSet:
      state.a = 1;
      return write(old);
    case Op::kClear:
    case Op::kWaitConsume:
      state.a = 0;
      return write(old);
    case Op::kTryWaitConsume:
      if (old == 0) return read(0);
      state.a = 0;
      return write(1);
    default:
      return read(old);
  }
}

Effect apply_to_rundown(Op op, ObjectState& state) {
  const std::uint64_t old = state.a;
  switch (op) {
    case Op::kAcquire:
      if (state.b != 0) return read(0);
      ++state.a;
      return write(1);
    case Op::kRelease:
      if (state.a > 0) --state.a;
      return write(old);
    case Op::kBeginDrain:
      state.b = 1;
      return write(old);
    case Op::kReopen:
      state = {};
      return write(old);
    default:
      return read(old);
  }
}

}  // namespace

Access access_bound(Op op) { return row(op).access; }

bool enabled(const Operation& operation, const ObjectState& state) {
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
    default:
      return true;
  }
}

Effect apply(const Operation& operation, ObjectState& state, FiberId fiber) {
  switch (operation.op) {
    case Op::kLock:
    case Op::kUnlock:
    case Op::kTryLock:
    case Op::kLockShared:
    case Op::kUnlockShared:
    case Op::kTryLockShared:
      return apply_to_lock(operation.op, state, fiber);
    case Op::kSet:
    case Op::kClear:
    case Op::kWait:
    case Op::kWaitConsume:
    case Op::kTryWait:
    case Op::kTryWaitConsume:
      return apply_to_event(operation.op, state);
    case Op::kAcquire:
    case Op::kRelease:
    case Op::kBeginDrain:
    case Op::kDrain:
    case Op::kReopen:
      return apply_to_rundown(operation.op, state);
    case Op::kPush:
      ++state.a;
      return write(state.a);
    case Op::kPop:
      --state.a;
      return write(state.a);
    case Op::kExit:
      state.a = 1;
      return write(0);
    case Op::kJoin:
      return read(0);
    case Op::kSleep:
      return {0, Access::kNone};
    default:
      return apply_to_variable(operation, state);
  }
}

const char* to_string(Op op) { return row(op).name; }

}  // namespace nmrcheck::sim
