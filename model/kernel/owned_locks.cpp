// Mutexes and executive resources, which their owner may acquire again; and objects that must be
// deleted before their memory is: resources and lookaside lists.
#include <fmt/format.h>

#include <algorithm>

#include "model/kernel/kernel.h"

namespace nmrcheck::model {
namespace {

constexpr const char* kWait = "KeWaitForSingleObject";

}  // namespace

HeldLock* Kernel::held(sim::ObjectId object) {
  std::vector<HeldLock>& locks = at_current().locks;
  const auto found = std::find_if(locks.begin(), locks.end(),
                                  [&](const HeldLock& lock) { return lock.object == object; });
  return found == locks.end() ? nullptr : &*found;
}

HeldLock& Kernel::must_hold(const void* lock, ObjectType type, const char* function) {
  HeldLock* found = held(entry_at(lock, type, function).object);
  if (found != nullptr) return *found;
  std::string message =
      fmt::format("{} on {}, which does not hold it so", function, describe_fiber());
  broken("KRN-LOCK-01", std::move(message));
}

void Kernel::hold(const void* lock, LockKind kind, bool waited) {
  const ObjectTable::Entry& entry = objects_.at(lock);
  FiberState& fiber = at_current();
  fiber.locks.push_back(
      {.object = entry.object,
       .kind = kind,
       .irql_before = fiber.irql,
       .frames = static_cast<std::uint32_t>(fiber.frames.size()),
       .place = fiber.place,
       .life = std::uint64_t{entry.initializations} << 32 | block_of(lock).value_or(kNoBlock)});
  if (waited && fiber.locks.size() > 1) lock_order_.waited_for_last(fiber.locks);
  const bool in_interface_callback =
      std::any_of(fiber.frames.begin(), fiber.frames.end(),
                  [](const Frame& frame) { return frame.kind == FrameKind::kInterfaceCallback; });
  if (in_interface_callback) callback_locks_.push_back(entry.object);
}

void Kernel::drop(sim::ObjectId object) {
  std::erase_if(at_current().locks, [&](const HeldLock& lock) { return lock.object == object; });
}

// --- Mutexes ---

void Kernel::initialize_mutex(void* mutex) {
  initialize(mutex, ObjectType::kMutex, false, "KeInitializeMutex");
}

std::uint32_t Kernel::wait(void* object, std::optional<std::uint64_t> timeout) {
  switch (objects_.at(object).type) {
    case ObjectType::kMutex:
      return wait_mutex(object, timeout);
    case ObjectType::kTimer:
      return wait_timer(object, timeout);
    default:
      return wait_event(object, timeout);
  }
}

void Kernel::may_wait(std::optional<std::uint64_t> timeout) {
  if (timeout && *timeout == 0) return;
  before_wait(kWait);
  require_irql_at_most(kApcLevel, kWait);
}

std::uint32_t Kernel::wait_until(void* object, const sim::Footprint& footprint,
                                 std::uint64_t timeout) {
  const std::optional<std::uint32_t> block = block_of(object);
  const std::uint64_t deadline = execution_.now() + timeout;
  const bool done = execution_.step_until(footprint, deadline, kWait, place()).has_value();
  check_alive(block, object, kWait);
  return done ? kStatusSuccess : kStatusTimeout;
}

std::uint32_t Kernel::wait_mutex(void* mutex, std::optional<std::uint64_t> timeout) {
  may_wait(timeout);
  const sim::ObjectId object = entry_at(mutex, ObjectType::kMutex, kWait).object;
  if (HeldLock* own = held(object)) {
    touch(mutex, kWait);
    ++own->depth;
    return kStatusSuccess;
  }
  std::uint32_t status = kStatusSuccess;
  if (!timeout) {
    step_on(mutex, ObjectType::kMutex, sim::Op::kLock, kWait);
  } else if (*timeout == 0) {
    const bool got = step_on(mutex, ObjectType::kMutex, sim::Op::kTryLock, kWait) != 0;
    status = got ? kStatusSuccess : kStatusTimeout;
  } else {
    status =
        wait_until(mutex, footprint_on(mutex, ObjectType::kMutex, sim::Op::kLock, kWait), *timeout);
  }
  if (status == kStatusSuccess) hold(mutex, LockKind::kMutex, !timeout);
  return status;
}

std::uint32_t Kernel::release_mutex(void* mutex) {
  constexpr const char* kFunction = "KeReleaseMutex";
  require_irql_at_most(kDispatchLevel, kFunction);
  HeldLock& own = must_hold(mutex, ObjectType::kMutex, kFunction);
  const std::uint32_t depth = own.depth;
  if (depth > 1) {
    touch(mutex, kFunction);
    --own.depth;
    return depth;
  }
  const sim::ObjectId object = own.object;
  step_on(mutex, ObjectType::kMutex, sim::Op::kUnlock, kFunction);
  drop(object);
  return depth;
}

std::int32_t Kernel::read_mutex(const void* mutex) {
  constexpr const char* kFunction = "KeReadStateMutex";
  const sim::ObjectId object = entry_at(mutex, ObjectType::kMutex, kFunction).object;
  if (step_on(mutex, ObjectType::kMutex, sim::Op::kRead, kFunction) == 0) return 1;
  const HeldLock* own = held(object);
  return own == nullptr ? 0 : 1 - static_cast<std::int32_t>(own->depth);
}

// --- Resources ---

void Kernel::initialize_resource(void* resource) {
  begin_life(resource, ObjectType::kResource, "ExInitializeResourceLite");
}

// Once it is deleted, whoever waited for it finds that out.
void Kernel::delete_resource(void* resource) {
  constexpr const char* kFunction = "ExDeleteResourceLite";
  require_irql_at_most(kApcLevel, kFunction);
  if (step_on(resource, ObjectType::kResource, sim::Op::kTryLock, kFunction) == 0) {
    std::string message =
        fmt::format("{} on {} while the resource is held", kFunction, describe_fiber());
    broken("KRN-OBJECT-02", std::move(message));
  }
  end_life(resource);
  step_on(resource, ObjectType::kResource, sim::Op::kUnlock, kFunction);
}

bool Kernel::acquire_resource(void* resource, bool exclusive, bool wait) {
  const char* function =
      exclusive ? "ExAcquireResourceExclusiveLite" : "ExAcquireResourceSharedLite";
  if (wait) before_wait(function);
  require_irql_at_most(kApcLevel, function);
  require_apcs_disabled(function);
  const sim::ObjectId object = entry_at(resource, ObjectType::kResource, function).object;
  if (HeldLock* own = held(object)) {
    if (!exclusive || own->kind == LockKind::kResource) {
      touch(resource, function);
      ++own->depth;
      return true;
    }
    if (!wait) return false;
    std::string message =
        fmt::format("{} acquires a resource exclusively that it holds shared", describe_fiber());
    broken("KRN-LOCK-02", std::move(message));
  }
  using sim::Op;
  const Op waits = exclusive ? Op::kLock : Op::kLockShared;
  const Op tries = exclusive ? Op::kTryLock : Op::kTryLockShared;
  const bool got = step_on(resource, ObjectType::kResource, wait ? waits : tries, function) != 0;
  if (objects_.at(resource).deleted) {
    std::string message =
        fmt::format("{} on {} is given a resource that is deleted", function, describe_fiber());
    broken("KRN-OBJECT-01", std::move(message));
  }
  if (got) hold(resource, exclusive ? LockKind::kResource : LockKind::kResourceShared, wait);
  return got;
}

void Kernel::release_resource(void* resource) {
  constexpr const char* kFunction = "ExReleaseResourceLite";
  require_irql_at_most(kDispatchLevel, kFunction);
  HeldLock& own = must_hold(resource, ObjectType::kResource, kFunction);
  if (own.depth > 1) {
    touch(resource, kFunction);
    --own.depth;
    return;
  }
  const sim::ObjectId object = own.object;
  const bool exclusive = own.kind == LockKind::kResource;
  step_on(resource, ObjectType::kResource, exclusive ? sim::Op::kUnlock : sim::Op::kUnlockShared,
          kFunction);
  drop(object);
}

void Kernel::share_resource(void* resource) {
  constexpr const char* kFunction = "ExConvertExclusiveToSharedLite";
  const HeldLock& own = must_hold(resource, ObjectType::kResource, kFunction);
  if (own.kind != LockKind::kResource) {
    std::string message =
        fmt::format("{} on {}, which holds it shared", kFunction, describe_fiber());
    broken("KRN-LOCK-01", std::move(message));
  }
  const std::optional<std::uint32_t> block = block_of(resource);
  sim::Footprint footprint =
      footprint_on(resource, ObjectType::kResource, sim::Op::kUnlock, kFunction);
  const sim::ObjectId object = own.object;
  footprint.add({object, sim::Op::kTryLockShared});
  execution_.step(footprint, kFunction, place());
  check_alive(block, resource, kFunction);
  held(object)->kind = LockKind::kResourceShared;
}

std::uint32_t Kernel::holds_resource(const void* resource, bool exclusive) const {
  for (const HeldLock& lock : at_current().locks) {
    if (!objects_.stands_for(resource, lock.object)) continue;
    if (lock.kind == LockKind::kResource) return lock.depth;
    if (lock.kind == LockKind::kResourceShared) return exclusive ? 0 : lock.depth;
  }
  return 0;
}

// --- Lookaside lists ---

void Kernel::initialize_lookaside(void* list) {
  begin_life(list, ObjectType::kLookaside, "initialize lookaside list");
}

void Kernel::use_lookaside(void* list, const char* function) {
  step_on(list, ObjectType::kLookaside, sim::Op::kRead, function);
  if (!objects_.at(list).deleted) return;
  std::string message =
      fmt::format("{} on {} is given a lookaside list that is deleted", function, describe_fiber());
  broken("KRN-OBJECT-01", std::move(message));
}

void Kernel::delete_lookaside(void* list) {
  use_lookaside(list, "delete lookaside list");
  step_on(list, ObjectType::kLookaside, sim::Op::kUpdate, "delete lookaside list");
  end_life(list);
}

// --- What must be deleted ---

void Kernel::begin_life(const void* object, ObjectType type, const char* function) {
  initialize(object, type, false, function);
  const auto known = std::find(must_be_deleted_.begin(), must_be_deleted_.end(), object);
  if (known != must_be_deleted_.end()) {
    std::string message =
        fmt::format("{} on {} of an object that is in use", function, describe_fiber());
    broken("KRN-OBJECT-02", std::move(message));
  }
  must_be_deleted_.push_back(object);
  objects_.at(object).deleted = false;
}

void Kernel::end_life(const void* object) {
  std::erase(must_be_deleted_, object);
  objects_.at(object).deleted = true;
}

// The block is freed, or its image unloaded, in the step that runs.
void Kernel::check_lives_ended(std::uint32_t block) {
  for (const void* object : must_be_deleted_) {
    if (block_of(object) != block) continue;
    std::string message = fmt::format("{} is still in use in {}",
                                      to_string(objects_.at(object).type), describe_block(block));
    broken("KRN-OBJECT-02", std::move(message));
  }
}

}  // namespace nmrcheck::model
