// Stack memory from VirtualAlloc. The guard region is reserved and never committed.
#if defined(_WIN32)

#include <windows.h>

#include <new>

#include "sim/run/stack.h"

namespace nmrcheck::sim {
namespace {
constexpr std::size_t kGuardBytes = 64 * 1024;
}

StackMemory map_stack(std::size_t bytes) {
  char* mapping =
      static_cast<char*>(VirtualAlloc(nullptr, bytes + kGuardBytes, MEM_RESERVE, PAGE_NOACCESS));
  if (mapping == nullptr) throw std::bad_alloc();
  char* lowest = mapping + kGuardBytes;
  if (VirtualAlloc(lowest, bytes, MEM_COMMIT, PAGE_READWRITE) == nullptr) throw std::bad_alloc();
  return {lowest, bytes, kGuardBytes};
}

void unmap_stack(const StackMemory& stack) {
  VirtualFree(stack.lowest - stack.guard_bytes, 0, MEM_RELEASE);
}

}  // namespace nmrcheck::sim

#endif
