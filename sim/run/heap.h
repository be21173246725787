// Simulated memory: blocks in an arena that is reset for each execution, with a ledger of who made
// and freed each block and where.
//
// Freed blocks are filled with a pattern and never handed out again in the same execution, so that
// every address names at most one block, dead or alive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/core/ids.h"
#include "sim/core/place.h"

namespace nmrcheck::sim {

// What happened to a block, and where.
struct HeapEvent {
  FiberId fiber = kNoFiber;
  std::uint32_t step = 0;
  Place place;
};

struct HeapBlock {
  char* address = nullptr;
  std::size_t bytes = 0;
  bool live = false;
  std::uint32_t tag = 0;        // free for the owner's use: pool tag
  std::uint32_t kind = 0;       // free for the owner's use: pool type, image data, …
  std::uint32_t owner = 0;      // free for the owner's use: which image allocated it
  const char* name = "memory";  // static storage
  std::uint64_t key = 0;        // schedule-independent: from the allocating fiber and its count
  ObjectId lifetime = kNoObject;
  HeapEvent allocated;
  HeapEvent freed;

  bool contains(const void* pointer) const {
    const auto* byte = static_cast<const char*>(pointer);
    return byte >= address && byte < address + bytes;
  }
};

class Heap {
 public:
  static constexpr std::size_t kGranule = 16;  // alignment and smallest distance of blocks
  static constexpr unsigned char kFreedByte = 0xdd;
  static constexpr unsigned char kFreshByte = 0xcd;

  explicit Heap(std::size_t bytes_max);
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // Forgets all blocks.
  void reset();

  // Returns the index of a new block filled with kFreshByte, or nothing when bytes_max would be
  // exceeded. A block of 0 bytes has 1 byte. References to blocks are valid until the next
  // allocate.
  std::optional<std::uint32_t> allocate(std::size_t bytes, std::uint64_t key, HeapEvent event);

  // Makes memory of somebody else a live block, as it is: a driver image's data. It is never moved
  // nor filled until it is freed. Requires: no other block is there.
  std::uint32_t adopt(void* memory, std::size_t bytes, std::uint64_t key, HeapEvent event);

  // Marks the block dead and fills it with kFreedByte. Requires: it is live.
  void free(std::uint32_t block, HeapEvent event);

  // The block that holds `pointer`, dead or alive, the gap behind a block counted as outside.
  std::optional<std::uint32_t> find(const void* pointer) const;

  // True for every address that blocks were taken from, gaps included.
  bool in_arena(const void* pointer) const {
    const auto* byte = static_cast<const char*>(pointer);
    return byte >= arena_ && byte < arena_ + used_;
  }

  HeapBlock& block(std::uint32_t index) { return blocks_[index]; }
  const HeapBlock& block(std::uint32_t index) const { return blocks_[index]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(blocks_.size()); }

  // The first freed block whose fill was overwritten, or nothing: somebody wrote to freed memory
  // without announcing it.
  std::optional<std::uint32_t> find_overwritten() const;

 private:
  char* arena_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
  std::vector<HeapBlock> blocks_;
  std::vector<std::uint32_t> owner_;    // granule -> block index + 1
  std::vector<std::uint32_t> adopted_;  // blocks outside the arena: a few
};

}  // namespace nmrcheck::sim
