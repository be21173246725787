// Stack memory of fibers: one mapping each, with an inaccessible guard region below it.
#pragma once

#include <cstddef>

namespace nmrcheck::sim {

struct StackMemory {
  char* lowest = nullptr;  // lowest usable address
  std::size_t bytes = 0;
  std::size_t guard_bytes = 0;  // inaccessible, below `lowest`
};

// Returns a fresh stack of at least `bytes`. Throws std::bad_alloc when none can be had.
StackMemory map_stack(std::size_t bytes);
void unmap_stack(const StackMemory& stack);

}  // namespace nmrcheck::sim
