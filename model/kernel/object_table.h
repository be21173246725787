// Which simulated object stands for the driver's variable at an address.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/core/ids.h"

namespace nmrcheck::model {

enum class ObjectType : std::uint8_t {
  kNone,
  kVariable,
  kEvent,
  kSyncEvent,
  kLock,
  kRundown,
  kDpc,
  kTimer,
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
    bool used_in_callback = false;
  };

  // The entry of `address`; an unused one (type kNone) if there is none yet. Valid until the next
  // call.
  Entry& at(const void* address);

 private:
  void grow();

  std::vector<Entry> slots_;  // a free one has no address
  Entry null_;                // of NULL, which would look like a free one
  std::size_t used_ = 0;
};

}  // namespace nmrcheck::model
