// Which simulated object stands for the driver's variable at an address.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/core/ids.h"

namespace nmrcheck::model {

inline constexpr std::uint8_t kAnyProcessor = 0xFF;

enum class ObjectType : std::uint8_t {
  kNone,
  kVariable,
  kEvent,
  kSyncEvent,
  kLock,
  kRundown,
  kDpc,
  kTimer,
  kMutex,
  kResource,
  kLookaside,
  kWorkItem,
};

const char* to_string(ObjectType type);

// An open-addressing hash table keyed by address. It is never iterated, so that addresses do not
// influence an execution.
class ObjectTable {
 public:
  struct Entry {
    const void* address = nullptr;
    sim::ObjectId object = sim::kNoObject;
    ObjectType type = ObjectType::kNone;
    std::uint32_t generation = 0;  // how many objects have stood there before
    bool initialized = false;      // by a function that initializes
    std::uint32_t initializations = 0;
    bool used_in_callback = false;
    bool deleted = false;                    // resources
    bool consumes = false;                   // timers: a wait that they end resets them
    bool threaded = false;                   // DPCs
    std::uint8_t processor = kAnyProcessor;  // DPCs: where they run
  };

  // The entry of `address`; an unused one (type kNone) if there is none yet. Valid until the next
  // call.
  Entry& at(const void* address);
  // Whether `object` is the one at `address`.
  bool stands_for(const void* address, sim::ObjectId object) const;

 private:
  void grow();

  std::vector<Entry> slots_;  // a free one has no address
  Entry null_;                // of NULL, which would look like a free one
  std::size_t used_ = 0;
};

}  // namespace nmrcheck::model
