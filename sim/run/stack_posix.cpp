// Stack memory from mmap. Guard regions cost address space only.
#if !defined(_WIN32)

#include <sys/mman.h>
#include <unistd.h>

#include <new>

#include "sim/run/stack.h"

namespace nmrcheck::sim {
namespace {
constexpr std::size_t kGuardBytes = 64 * 1024;
}

StackMemory map_stack(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  bytes = (bytes + page - 1) / page * page;
  void* mapping = mmap(nullptr, bytes + kGuardBytes, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  char* lowest = static_cast<char*>(mapping) + kGuardBytes;
  if (mprotect(lowest, bytes, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  return {lowest, bytes, kGuardBytes};
}

void unmap_stack(const StackMemory& stack) {
  munmap(stack.lowest - stack.guard_bytes, stack.bytes + stack.guard_bytes);
}

}  // namespace nmrcheck::sim

#endif
