// Data races by happens-before: which accesses to common bytes does no synchronization order?
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/image/call_stacks.h"
#include "model/image/happens_before.h"
#include "sim/core/ids.h"

namespace nmrcheck::model {

// One access to `bytes` bytes from `address` on. Two accesses conflict when they share a byte, at
// least one writes, and not both are atomic.
struct MemoryAccess {
  sim::FiberId fiber;
  std::uintptr_t address;
  std::uint32_t bytes;
  bool write;
  bool atomic;
  // For reports; the detector does not look at them.
  StackId stack;
  std::uintptr_t code;
  std::uint32_t step;
};

// Keeps vector clocks as FastTrack does (Flanagan and Freund, "FastTrack: efficient and precise
// dynamic race detection", PLDI 2009) and remembers accesses for each granule of 8 bytes, with a
// mask of the bytes, as ThreadSanitizer's shadow cells do. Unlike there, a granule has as many
// cells as it needs: an access is dropped only when a later one that is ordered behind it covers
// its bytes and conflicts with all that it conflicts with. Whoever races with the dropped one races
// with that one too, so that no race is missed and none is invented; accesses whose order is known
// leave one cell (FastTrack's epoch), reads side by side one for each fiber (its read vector).
//
// Not safe for several OS threads: each has its own.
class RaceDetector {
 public:
  // Cells that one execution may fill, and granules it may touch; see full().
  static constexpr std::uint32_t kCellsMax = 1u << 21;
  static constexpr std::uint32_t kGranulesMax = 1u << 21;
  static constexpr std::uint32_t kGranuleBytes = 8;

  // `cells_max` is for tests. Requires: 0 < cells_max <= kCellsMax.
  explicit RaceDetector(std::uint32_t cells_max = kCellsMax);

  // Forgets all accesses, fibers and objects, in constant time: to be called before each execution.
  void reset();

  // What orders accesses: tell it of each step, and of each fiber that is started.
  HappensBefore& order() { return order_; }

  // Notes the access. Returns an earlier access that conflicts with it and is not ordered before
  // it, or null if there is none; valid until the next call of any member. Of several, it is the
  // latest in the first granule that has one. Accesses of a fiber to the same bytes between two of
  // its steps count as one, the first that was at least as strong (a write is stronger than a read,
  // plain is stronger than atomic): that one is returned for them, and if it raced, the repetition
  // is not said to race again.
  // Requires: access.fiber < sim::kFibersMax; the bytes do not wrap around the address space.
  const MemoryAccess* access(const MemoryAccess& access);

  // The bytes were freed or allocated anew: who accessed them before does not matter any more.
  void forget(std::uintptr_t address, std::size_t bytes);

  // True if a limit was reached since the last reset: accesses were not noted, and races may be
  // missed. The caller owes a verdict.
  bool full() const { return full_; }

 private:
  // What is known of one fiber's accesses to one granule in one epoch.
  struct Cell {
    MemoryAccess access;
    Epoch epoch;         // of access.fiber
    std::uint32_t next;  // an older cell of the granule, or the next free one
    std::uint8_t mask;   // bit i: byte i of the granule; not 0
    std::uint8_t strength;
  };
  struct Slot {
    std::uintptr_t granule;    // address / kGranuleBytes
    std::uint32_t generation;  // another one than the detector's: the slot is empty
    std::uint32_t newest;      // index of a cell
  };
  std::size_t find(std::uintptr_t granule) const;
  bool make_room();
  bool visit(std::uintptr_t granule, const Cell& seen, MemoryAccess* found);
  void keep(Slot& slot, const Cell& seen);
  std::uint32_t drop(std::uint32_t cell);
  void forget_bytes(Slot& slot, std::uint8_t mask);

  std::uint32_t cells_max_;
  std::uint32_t generation_ = 1;  // what was made in an earlier one is empty
  bool full_ = false;
  std::uint32_t granules_ = 0;  // slots in use
  std::uint32_t free_;          // the first cell that is not in use
  std::uint32_t shift_;         // of a hash, to a position in slots_
  MemoryAccess found_{};        // what access() returned
  HappensBefore order_;
  std::vector<Cell> cells_;
  std::vector<Slot> slots_;  // open addressing, a power of two
};

}  // namespace nmrcheck::model
