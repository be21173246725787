// Linear probing over a power-of-two table.
#include "model/kernel/object_table.h"

#include <utility>

#include "sim/core/rng.h"

namespace nmrcheck::model {
namespace {

constexpr std::size_t kFirstSize = 64;

std::size_t slot_of(const void* address, std::size_t size) {
  return sim::mix64(reinterpret_cast<std::uintptr_t>(address)) & (size - 1);
}

}  // namespace

const char* to_string(ObjectType type) {
  switch (type) {
    case ObjectType::kVariable:
      return "a plain variable";
    case ObjectType::kEvent:
    case ObjectType::kSyncEvent:
      return "an event";
    case ObjectType::kLock:
      return "a lock";
    case ObjectType::kRundown:
      return "a rundown reference";
    case ObjectType::kDpc:
      return "a DPC";
    case ObjectType::kTimer:
      return "a timer";
    case ObjectType::kMutex:
      return "a mutex";
    case ObjectType::kResource:
      return "a resource";
    case ObjectType::kLookaside:
      return "a lookaside list";
    case ObjectType::kWorkItem:
      return "a work item";
    default:
      return "nothing known";
  }
}

ObjectTable::Entry& ObjectTable::at(const void* address) {
  if (address == nullptr) return null_;
  if (2 * (used_ + 1) > slots_.size()) grow();
  std::size_t slot = slot_of(address, slots_.size());
  while (slots_[slot].address != nullptr && slots_[slot].address != address) {
    slot = (slot + 1) & (slots_.size() - 1);
  }
  if (slots_[slot].address == nullptr) {
    slots_[slot].address = address;
    ++used_;
  }
  return slots_[slot];
}

bool ObjectTable::stands_for(const void* address, sim::ObjectId object) const {
  if (address == nullptr || slots_.empty()) return false;
  std::size_t slot = slot_of(address, slots_.size());
  while (slots_[slot].address != nullptr && slots_[slot].address != address) {
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slots_[slot].address == address && slots_[slot].object == object;
}

void ObjectTable::grow() {
  std::vector<Entry> old =
      std::exchange(slots_, std::vector<Entry>(slots_.empty() ? kFirstSize : 2 * slots_.size()));
  used_ = 0;
  for (const Entry& entry : old) {
    if (entry.address != nullptr) at(entry.address) = entry;
  }
}

}  // namespace nmrcheck::model
