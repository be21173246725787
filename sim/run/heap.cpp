// The arena behind simulated memory.
#include "sim/run/heap.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace nmrcheck::sim {
namespace {

constexpr std::size_t kGapBytes = Heap::kGranule;  // between blocks, so that overruns hit nobody

std::size_t rounded(std::size_t bytes) {
  return (bytes + Heap::kGranule - 1) / Heap::kGranule * Heap::kGranule;
}

}  // namespace

Heap::Heap(std::size_t bytes_max) : capacity_(rounded(bytes_max)) {}

Heap::~Heap() {
  if (arena_ != nullptr) ::operator delete (arena_, std::align_val_t{64});
}

void Heap::reset() {
  std::fill_n(owner_.begin(), std::min(owner_.size(), used_ / kGranule), 0u);
  blocks_.clear();
  adopted_.clear();
  used_ = 0;
}

std::uint32_t Heap::adopt(void* memory, std::size_t bytes, std::uint64_t key, HeapEvent event) {
  const auto index = static_cast<std::uint32_t>(blocks_.size());
  HeapBlock& block = blocks_.emplace_back();
  block.address = static_cast<char*>(memory);
  block.bytes = bytes;
  block.live = true;
  block.key = key;
  block.allocated = event;
  adopted_.push_back(index);
  return index;
}

std::optional<std::uint32_t> Heap::allocate(std::size_t bytes, std::uint64_t key, HeapEvent event) {
  bytes = std::max<std::size_t>(bytes, 1);
  if (bytes > capacity_ || used_ + rounded(bytes) + kGapBytes > capacity_) return std::nullopt;
  if (arena_ == nullptr) {
    // Pages that nobody touches cost address space only.
    arena_ = static_cast<char*>(::operator new (capacity_, std::align_val_t{64}));
  }
  const auto index = static_cast<std::uint32_t>(blocks_.size());
  HeapBlock& block = blocks_.emplace_back();
  block.address = arena_ + used_;
  block.bytes = bytes;
  block.live = true;
  block.key = key;
  block.allocated = event;
  const std::size_t first = used_ / kGranule;
  const std::size_t granules = rounded(bytes) / kGranule;
  used_ += rounded(bytes) + kGapBytes;
  if (owner_.size() < used_ / kGranule)
    owner_.resize(std::max(used_ / kGranule, 2 * owner_.size()));
  std::fill_n(owner_.begin() + static_cast<std::ptrdiff_t>(first), granules, index + 1);
  // The gap too: who reads beyond a block finds the same in every execution.
  std::memset(block.address, kFreshByte, rounded(bytes) + kGapBytes);
  return index;
}

void Heap::free(std::uint32_t index, HeapEvent event) {
  HeapBlock& freed = blocks_[index];
  freed.live = false;
  freed.freed = event;
  std::memset(freed.address, kFreedByte, freed.bytes);
}

std::optional<std::uint32_t> Heap::find(const void* pointer) const {
  if (!in_arena(pointer)) {
    for (const std::uint32_t index : adopted_) {
      if (blocks_[index].contains(pointer)) return index;
    }
    return std::nullopt;
  }
  const auto* byte = static_cast<const char*>(pointer);
  const std::uint32_t owner = owner_[static_cast<std::size_t>(byte - arena_) / kGranule];
  if (owner == 0 || !blocks_[owner - 1].contains(pointer)) return std::nullopt;
  return owner - 1;
}

std::optional<std::uint32_t> Heap::find_overwritten() const {
  for (std::uint32_t i = 0; i < blocks_.size(); ++i) {
    const HeapBlock& block = blocks_[i];
    if (block.live) continue;
    const auto* first = reinterpret_cast<const unsigned char*>(block.address);
    const bool intact =
        std::all_of(first, first + block.bytes, [](unsigned char b) { return b == kFreedByte; });
    if (!intact) return i;
  }
  return std::nullopt;
}

}  // namespace nmrcheck::sim
