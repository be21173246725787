// Events, locks and rundown protection on driver memory.
#include <fmt/format.h>

#include <cstring>

#include "model/kernel/kernel.h"

namespace nmrcheck::model {
namespace {

// No object lies below: the address is that of a member of a structure at NULL.
constexpr std::uintptr_t kNullBytes = 0x10000;

constexpr std::uint32_t kRundownActive = 1;  // EX_RUNDOWN_ACTIVE
constexpr const char* kWait = "KeWaitForSingleObject";

// Locks of 4 and of 8 bytes alike show whether they were initialized in their first 4.
std::uint32_t cell(const void* address) {
  std::uint32_t value = 0;
  std::memcpy(&value, address, sizeof value);
  return value;
}

bool is_event(ObjectType type) {
  return type == ObjectType::kEvent || type == ObjectType::kSyncEvent;
}

bool needs_initialization(ObjectType type) {
  return type != ObjectType::kNone && type != ObjectType::kVariable && type != ObjectType::kLock &&
         type != ObjectType::kRundown && type != ObjectType::kWorkItem;
}

bool same_family(ObjectType left, ObjectType right) {
  return left == right || (is_event(left) && is_event(right));
}

bool is_shared(LockKind kind) {
  return kind == LockKind::kPushShared || kind == LockKind::kSpinShared;
}

const char* object_name(ObjectType type) {
  switch (type) {
    case ObjectType::kEvent:
    case ObjectType::kSyncEvent:
      return "event";
    case ObjectType::kLock:
      return "lock";
    case ObjectType::kRundown:
      return "rundown";
    case ObjectType::kDpc:
      return "DPC";
    case ObjectType::kTimer:
      return "timer";
    case ObjectType::kMutex:
      return "mutex";
    case ObjectType::kResource:
      return "resource";
    case ObjectType::kLookaside:
      return "lookaside list";
    case ObjectType::kWorkItem:
      return "work item";
    default:
      return "variable";
  }
}

}  // namespace

// Finds the object behind `address`. Locks and rundown references that hold their initial value
// need no initialization call; events, DPCs and timers do.
ObjectTable::Entry& Kernel::entry_at(const void* address, ObjectType type, const char* function) {
  ObjectTable::Entry& entry = objects_.at(address);
  if (entry.type != ObjectType::kNone && entry.type != ObjectType::kVariable) {
    if (same_family(entry.type, type) || type == ObjectType::kVariable) return entry;
    std::string message = fmt::format("{} on {} is given {} where it needs {}", function,
                                      describe_fiber(), to_string(entry.type), to_string(type));
    broken("KRN-OBJECT-01", std::move(message));
  }
  if (type == ObjectType::kVariable && entry.type == type) return entry;
  sim::ObjectState initial;
  const auto tell_uninitialized = [&](std::optional<std::uint32_t> block) {
    emit({.kind = EventKind::kUsedUninitialized,
          .module = current_module(),
          .block = block.value_or(kNoBlock),
          .pointer = address,
          .name = function});
  };
  if (needs_initialization(type)) {
    tell_uninitialized(block_of(address));
    std::string message = fmt::format("{} on {} is given {} that was never initialized", function,
                                      describe_fiber(), to_string(type));
    broken("KRN-OBJECT-01", std::move(message));
  }
  if (type == ObjectType::kLock || type == ObjectType::kRundown) {
    if (reinterpret_cast<std::uintptr_t>(address) < kNullBytes) {
      std::string message =
          fmt::format("{} on {} is given {}", function, describe_fiber(),
                      address == nullptr ? "NULL" : "a member of a structure at NULL");
      broken("KRN-OBJECT-01", std::move(message));
    }
    const std::optional<std::uint32_t> block = block_of(address);
    check_alive(block, address, function);
    const std::uint32_t value = block ? cell(address) : 0;
    const bool run_down = type == ObjectType::kRundown && value == kRundownActive;
    if (value != 0 && !run_down) {
      tell_uninitialized(block);
      std::string message = fmt::format("{} on {} is given {} that was never initialized", function,
                                        describe_fiber(), to_string(type));
      broken("KRN-OBJECT-01", std::move(message));
    }
    initial.b = run_down ? 1 : 0;
    // Somebody may be on his way to initialize it: it is one object for both.
    if (entry.type == ObjectType::kVariable && !run_down) {
      entry.type = type;
      return entry;
    }
  }
  return replace(entry, address, type, initial);
}

// A new object for `address`. In a block it is named by its place there, since any fiber may be the
// first to touch it.
ObjectTable::Entry& Kernel::replace(ObjectTable::Entry& entry, const void* address, ObjectType type,
                                    sim::ObjectState initial) {
  const std::uint32_t generation = entry.object == sim::kNoObject ? 0 : entry.generation + 1;
  const char* name = object_name(type);
  sim::ObjectId made = sim::kNoObject;
  if (const std::optional<std::uint32_t> found = block_of(address)) {
    const sim::HeapBlock& block = execution_.heap().block(*found);
    const auto offset =
        static_cast<std::uint64_t>(static_cast<const char*>(address) - block.address);
    made = execution_.create(name, initial,
                             sim::mix64(block.key + sim::mix64(offset << 32 | generation)));
  } else {
    made = execution_.create(name, initial);
  }
  entry.address = address;
  entry.object = made;
  entry.type = type;
  entry.generation = generation;
  return entry;
}

// Makes the object at `address` anew. It stays the same object for the search, so that whoever used
// it before, and whoever uses it then, conflicts with this step.
void Kernel::initialize(const void* address, ObjectType type, bool signaled, const char* function) {
  take_over(address, signaled, function);
  check_first_initialization(address, function);
  ObjectTable::Entry& entry = objects_.at(address);
  entry.type = type;
  entry.initialized = true;
  ++entry.initializations;
}

// Somebody may have used the object as it was: a lock of zeroes looks like a free one.
void Kernel::check_first_initialization(const void* address, const char* function) {
  const ObjectTable::Entry& entry = objects_.at(address);
  if (entry.initialized || !entry.used_in_callback) return;
  emit({.kind = EventKind::kInitializedLate,
        .module = current_module(),
        .block = block_of(address).value_or(kNoBlock),
        .pointer = address,
        .name = function});
}

// Returns the first word of the state that the object had.
std::uint64_t Kernel::take_over(const void* address, bool signaled, const char* function) {
  ObjectTable::Entry& entry = objects_.at(address);
  if (entry.type == ObjectType::kNone) replace(entry, address, ObjectType::kVariable, {});
  sim::Footprint footprint{{entry.object, sim::Op::kRead}, {entry.object, sim::Op::kReopen}};
  if (signaled) footprint.add({entry.object, sim::Op::kSet});
  const std::optional<std::uint32_t> block = block_of(address);
  if (block) footprint.add({execution_.heap().block(*block).lifetime, sim::Op::kRead});
  const std::uint64_t before = execution_.step(footprint, function, place());
  check_alive(block, address, function);
  return before;
}

sim::Footprint Kernel::footprint_on(const void* address, ObjectType type, sim::Op op,
                                    const char* function) {
  sim::Footprint footprint{{entry_at(address, type, function).object, op}};
  if (const std::optional<std::uint32_t> block = block_of(address)) {
    footprint.add({execution_.heap().block(*block).lifetime, sim::Op::kRead});
  }
  return footprint;
}

std::uint64_t Kernel::step_on(const void* address, ObjectType type, sim::Op op,
                              const char* function) {
  const std::optional<std::uint32_t> block = block_of(address);
  const std::uint64_t result =
      execution_.step(footprint_on(address, type, op, function), function, place());
  check_alive(block, address, function);
  if (type != ObjectType::kVariable && in_callback(at_current().frames)) {
    objects_.at(address).used_in_callback = true;
  }
  return result;
}

void Kernel::initialize_event(void* event, bool synchronization, bool signaled) {
  const ObjectType type = synchronization ? ObjectType::kSyncEvent : ObjectType::kEvent;
  initialize(event, type, signaled, "KeInitializeEvent");
}

bool Kernel::set_event(void* event) {
  require_irql_at_most(kDispatchLevel, "KeSetEvent");
  return step_on(event, ObjectType::kEvent, sim::Op::kSet, "KeSetEvent") != 0;
}

bool Kernel::reset_event(void* event) {
  return step_on(event, ObjectType::kEvent, sim::Op::kClear, "KeResetEvent") != 0;
}

bool Kernel::read_event(const void* event) {
  return step_on(event, ObjectType::kEvent, sim::Op::kRead, "KeReadStateEvent") != 0;
}

std::uint32_t Kernel::wait_event(void* event, std::optional<std::uint64_t> timeout) {
  may_wait(timeout);
  const bool consumes = entry_at(event, ObjectType::kEvent, kWait).type == ObjectType::kSyncEvent;
  if (timeout && *timeout == 0) {
    const sim::Op poll = consumes ? sim::Op::kTryWaitConsume : sim::Op::kTryWait;
    return step_on(event, ObjectType::kEvent, poll, kWait) != 0 ? kStatusSuccess : kStatusTimeout;
  }
  const sim::Op wait = consumes ? sim::Op::kWaitConsume : sim::Op::kWait;
  if (!timeout) {
    step_on(event, ObjectType::kEvent, wait, kWait);
    return kStatusSuccess;
  }
  return wait_until(event, footprint_on(event, ObjectType::kEvent, wait, kWait), *timeout);
}

void Kernel::sleep(std::uint64_t duration) {
  before_wait("KeDelayExecutionThread");
  require_irql_at_most(kApcLevel, "KeDelayExecutionThread");
  // One object serves all sleeps of a fiber, so that a loop of them comes back to the same state.
  if (at_current().time == sim::kNoObject) at_current().time = execution_.create("time");
  execution_.step_until({{at_current().time, sim::Op::kSleep}}, execution_.now() + duration,
                        "KeDelayExecutionThread", place());
}

void Kernel::initialize_lock(void* lock) {
  initialize(lock, ObjectType::kLock, false, "initialize lock");
}

void Kernel::acquire_lock(void* lock, LockKind kind, bool raise_irql) {
  const bool spin = kind == LockKind::kSpin || kind == LockKind::kSpinShared;
  const char* function = spin ? "acquire spin lock" : "acquire push lock";
  if (!spin) before_wait(function);
  require_irql_at_most(spin ? kDispatchLevel : kApcLevel, function);
  if (!spin) require_apcs_disabled(function);
  if (spin && !raise_irql) require_dispatch_level(function);
  const sim::ObjectId object = entry_at(lock, ObjectType::kLock, function).object;
  for (const HeldLock& held : at_current().locks) {
    if (held.object != object) continue;
    emit({.kind = EventKind::kLockRecursed, .pointer = lock, .name = function});
    std::string message = fmt::format(
        "{} acquires a lock that it holds already{}", describe_fiber(),
        held.place.file != nullptr ? fmt::format(", since {}:{}", held.place.file, held.place.line)
                                   : "");
    broken("KRN-LOCK-02", std::move(message));
  }
  const sim::Op op = is_shared(kind) ? sim::Op::kLockShared : sim::Op::kLock;
  step_on(lock, ObjectType::kLock, op, function);
  hold(lock, kind, true);
  if (raise_irql) at_current().irql = kDispatchLevel;
}

bool Kernel::try_acquire_lock(void* lock, LockKind kind) {
  const bool shared = is_shared(kind);
  if (step_on(lock, ObjectType::kLock, shared ? sim::Op::kTryLockShared : sim::Op::kTryLock,
              "try to acquire lock") == 0) {
    return false;
  }
  hold(lock, kind, false);
  return true;
}

void Kernel::release_lock(void* lock, LockKind kind, std::optional<std::uint8_t> restore_irql) {
  const char* function = kind == LockKind::kPush || kind == LockKind::kPushShared
                             ? "release push lock"
                             : "release spin lock";
  const sim::ObjectId object = entry_at(lock, ObjectType::kLock, function).object;
  std::vector<HeldLock>& locks = at_current().locks;
  std::size_t held = locks.size();
  while (held > 0 && (locks[held - 1].object != object || locks[held - 1].kind != kind)) --held;
  if (held == 0) {
    std::string message =
        fmt::format("{} on {}, which does not hold it so", function, describe_fiber());
    broken("KRN-LOCK-01", std::move(message));
  }
  const sim::Op op = is_shared(kind) ? sim::Op::kUnlockShared : sim::Op::kUnlock;
  step_on(lock, ObjectType::kLock, op, function);
  std::vector<HeldLock>& now_held = at_current().locks;
  now_held.erase(now_held.begin() + static_cast<std::ptrdiff_t>(held - 1));
  if (restore_irql) at_current().irql = *restore_irql;
}

void Kernel::initialize_rundown(void* rundown) {
  constexpr const char* kFunction = "ExInitializeRundownProtection";
  const std::uint64_t references = take_over(rundown, false, kFunction);
  check_first_initialization(rundown, kFunction);
  ObjectTable::Entry& entry = objects_.at(rundown);
  if (entry.type == ObjectType::kRundown && references != 0) {
    std::string message = fmt::format("{} initializes rundown protection that has {} references",
                                      describe_fiber(), references);
    broken("KRN-RUN-02", std::move(message));
  }
  entry.type = ObjectType::kRundown;
  entry.initialized = true;
}

bool Kernel::acquire_rundown(void* rundown, std::uint64_t count) {
  for (std::uint64_t acquired = 0; acquired < count; ++acquired) {
    if (step_on(rundown, ObjectType::kRundown, sim::Op::kAcquire, "ExAcquireRundownProtection")) {
      continue;
    }
    execution_.note("refused: rundown began");
    release_rundown(rundown, acquired);  // all or none
    return false;
  }
  return true;
}

void Kernel::release_rundown(void* rundown, std::uint64_t count) {
  for (; count > 0; --count) {
    const std::uint64_t before =
        step_on(rundown, ObjectType::kRundown, sim::Op::kRelease, "ExReleaseRundownProtection");
    if (before != 0) continue;
    std::string message =
        fmt::format("{} releases rundown protection that nobody holds", describe_fiber());
    broken("KRN-RUN-01", std::move(message));
  }
}

void Kernel::wait_for_rundown(void* rundown) {
  before_wait("ExWaitForRundownProtectionRelease");
  require_irql_at_most(kApcLevel, "ExWaitForRundownProtectionRelease");
  step_on(rundown, ObjectType::kRundown, sim::Op::kBeginDrain, "begin rundown");
  step_on(rundown, ObjectType::kRundown, sim::Op::kDrain, "ExWaitForRundownProtectionRelease");
}

void Kernel::reinitialize_rundown(void* rundown) {
  step_on(rundown, ObjectType::kRundown, sim::Op::kReopen, "ExReInitializeRundownProtection");
}

void Kernel::complete_rundown(void* rundown) {
  step_on(rundown, ObjectType::kRundown, sim::Op::kBeginDrain, "ExRundownCompleted");
}

}  // namespace nmrcheck::model
