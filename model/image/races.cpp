// Data races by happens-before: cells of granules, and the order in which they are dropped.
#include "model/image/races.h"

#include <bit>
#include <cassert>
#include <utility>

namespace nmrcheck::model {
namespace {

constexpr std::uint32_t kNone = 0xffffffffu;
constexpr std::size_t kSlotsMin = 1024;
constexpr std::uint32_t kGranuleBits = 3;
static_assert(RaceDetector::kGranuleBytes == 1u << kGranuleBits);

// A set of two properties. An access is as strong as another one if it has all properties of that
// one: it then conflicts with all that the other one conflicts with.
constexpr std::uint8_t kWrites = 1;
constexpr std::uint8_t kPlain = 2;  // not atomic

std::uint8_t strength(const MemoryAccess& access) {
  return static_cast<std::uint8_t>((access.write ? kWrites : 0) | (access.atomic ? 0 : kPlain));
}

// One of them writes, and one of them (the same or the other) is plain.
bool conflict(std::uint8_t one, std::uint8_t other) { return (one | other) == (kWrites | kPlain); }

bool covers(std::uint8_t set, std::uint8_t subset) { return (set & subset) == subset; }

std::uint32_t shift_for(std::size_t slots) {
  return 64 - static_cast<std::uint32_t>(std::countr_zero(slots));
}

// Which bytes of `granule` lie in [first, last].
std::uint8_t bytes_in(std::uintptr_t granule, std::uintptr_t first, std::uintptr_t last) {
  std::uint32_t mask = 0xff;
  if (first >> kGranuleBits == granule) mask &= 0xffu << (first % RaceDetector::kGranuleBytes);
  if (last >> kGranuleBits == granule) {
    mask &= 0xffu >> (RaceDetector::kGranuleBytes - 1 - last % RaceDetector::kGranuleBytes);
  }
  return static_cast<std::uint8_t>(mask);
}

}  // namespace

RaceDetector::RaceDetector(std::uint32_t cells_max)
    : cells_max_(cells_max), free_(kNone), shift_(shift_for(kSlotsMin)), slots_(kSlotsMin, Slot{}) {
  assert(cells_max > 0 && cells_max <= kCellsMax);
}

void RaceDetector::reset() {
  if (++generation_ == 0) {  // once in 2^32 executions
    generation_ = 1;
    for (Slot& slot : slots_) slot.generation = 0;
  }
  order_.reset();
  full_ = false;
  granules_ = 0;
  free_ = kNone;
  cells_.clear();
}

// --- Accesses ---

const MemoryAccess* RaceDetector::access(const MemoryAccess& access) {
  if (access.bytes == 0) return nullptr;
  Cell seen{.access = access,
            .epoch = order_.clock(access.fiber).of(index(access.fiber)),
            .next = kNone,
            .mask = 0,
            .strength = strength(access)};
  const std::uintptr_t last = access.address + access.bytes - 1;
  assert(last >= access.address);
  bool raced = false;
  for (std::uintptr_t granule = access.address >> kGranuleBits; granule <= last >> kGranuleBits;
       ++granule) {
    seen.mask = bytes_in(granule, access.address, last);
    const bool races_here = visit(granule, seen, raced ? nullptr : &found_);
    raced = raced || races_here;
  }
  return raced ? &found_ : nullptr;
}

// Notes `seen` in one granule. Returns whether it races there; the latest access that it races with
// is copied to `found`, unless that is null.
bool RaceDetector::visit(std::uintptr_t granule, const Cell& seen, MemoryAccess* found) {
  std::size_t position = find(granule);
  if (slots_[position].generation != generation_) {
    if (!make_room()) return false;
    position = find(granule);  // the slots may have moved
    slots_[position] = {.granule = granule, .generation = generation_, .newest = kNone};
    ++granules_;
  }
  Slot& slot = slots_[position];
  if (slot.newest != kNone) {
    const Cell& newest = cells_[slot.newest];
    if (newest.access.fiber == seen.access.fiber && newest.epoch == seen.epoch &&
        covers(newest.strength, seen.strength) && covers(newest.mask, seen.mask)) {
      return false;  // nobody came between: all is said
    }
  }
  const VectorClock& mine = order_.clock(seen.access.fiber);
  bool raced = false;
  std::uint32_t* link = &slot.newest;
  while (*link != kNone) {  // at most 4 cells for each fiber and byte
    Cell& cell = cells_[*link];
    if ((cell.mask & seen.mask) != 0) {
      const bool ordered = cell.epoch <= mine.of(index(cell.access.fiber));
      if (ordered && covers(seen.strength, cell.strength)) {
        cell.mask = static_cast<std::uint8_t>(cell.mask & ~seen.mask);
      } else if (!ordered && !raced && conflict(cell.strength, seen.strength)) {
        raced = true;
        if (found != nullptr) *found = cell.access;
      }
    }
    if (cell.mask == 0) {
      *link = drop(*link);
    } else {
      link = &cell.next;
    }
  }
  keep(slot, seen);
  return raced;
}

// Makes a copy of `seen` the slot's newest cell.
void RaceDetector::keep(Slot& slot, const Cell& seen) {
  std::uint32_t cell = free_;
  if (cell != kNone) {
    free_ = cells_[cell].next;
    cells_[cell] = seen;
  } else if (cells_.size() < cells_max_) {
    cell = static_cast<std::uint32_t>(cells_.size());
    cells_.push_back(seen);
  } else {
    full_ = true;
    return;
  }
  cells_[cell].next = slot.newest;
  slot.newest = cell;
}

// Makes the cell free; returns the one that followed it.
std::uint32_t RaceDetector::drop(std::uint32_t cell) {
  const std::uint32_t next = cells_[cell].next;
  cells_[cell].next = free_;
  free_ = cell;
  return next;
}

void RaceDetector::forget(std::uintptr_t address, std::size_t bytes) {
  if (bytes == 0) return;
  const std::uintptr_t last = address + bytes - 1;
  assert(last >= address);
  const std::uintptr_t first_granule = address >> kGranuleBits;
  const std::uintptr_t last_granule = last >> kGranuleBits;
  const auto forget_in = [&](Slot& slot) {
    if (slot.generation != generation_) return;
    forget_bytes(slot, bytes_in(slot.granule, address, last));
  };
  if (last_granule - first_granule >= slots_.size()) {  // more granules than there can be slots
    for (Slot& slot : slots_) {
      if (slot.granule >= first_granule && slot.granule <= last_granule) forget_in(slot);
    }
    return;
  }
  for (std::uintptr_t granule = first_granule; granule <= last_granule; ++granule) {
    forget_in(slots_[find(granule)]);
  }
}

void RaceDetector::forget_bytes(Slot& slot, std::uint8_t mask) {
  std::uint32_t* link = &slot.newest;
  while (*link != kNone) {
    Cell& cell = cells_[*link];
    cell.mask = static_cast<std::uint8_t>(cell.mask & ~mask);
    if (cell.mask == 0) {
      *link = drop(*link);
    } else {
      link = &cell.next;
    }
  }
}

// --- The table of granules ---

// The slot of the granule, or the empty one where it belongs.
std::size_t RaceDetector::find(std::uintptr_t granule) const {
  const std::size_t last = slots_.size() - 1;
  std::size_t position = (std::uint64_t{granule} * 0x9e3779b97f4a7c15u) >> shift_;
  while (slots_[position].generation == generation_ && slots_[position].granule != granule) {
    position = (position + 1) & last;  // ends: half of the slots are empty
  }
  return position;
}

// False if the table may hold no more granules. Otherwise one more keeps half of the slots empty.
bool RaceDetector::make_room() {
  if (granules_ < slots_.size() / 2) return true;
  if (granules_ >= kGranulesMax) {
    full_ = true;
    return false;
  }
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2, Slot{}));
  shift_ = shift_for(slots_.size());
  granules_ = 0;
  for (const Slot& slot : old) {
    if (slot.generation != generation_ || slot.newest == kNone) continue;
    slots_[find(slot.granule)] = slot;
    ++granules_;
  }
  return true;
}

}  // namespace nmrcheck::model
