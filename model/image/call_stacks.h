// Call stacks as a tree: each stack is a number, made of its caller's number and a return address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nmrcheck::model {

// A stack in a CallStacks depot, numbered from 1 in the order in which they were first entered.
enum class StackId : std::uint32_t {};

// The empty stack, the root of the tree.
inline constexpr StackId kNoStack{0};

constexpr std::uint32_t index(StackId stack) { return static_cast<std::uint32_t>(stack); }

// Equal stacks have equal numbers, as in ThreadSanitizer's stack depot: a stack is 16 bytes and is
// stored once. Not safe for several OS threads: each has its own depot.
class CallStacks {
 public:
  // Stacks that one depot holds. Entering another one then returns its caller, see full().
  static constexpr std::uint32_t kStacksMax = 1u << 20;

  // `stacks_max` is for tests. Requires: 0 < stacks_max <= kStacksMax.
  explicit CallStacks(std::uint32_t stacks_max = kStacksMax);

  // The stack `parent` with one more frame, entered by the call that returns to `return_address`;
  // `parent` itself if the depot is full and does not know that stack. Requires: `parent` is
  // kNoStack or was returned by this depot since the last reset.
  StackId enter(StackId parent, std::uintptr_t return_address);

  // The caller's stack. Requires: `stack` is in the depot and not kNoStack.
  StackId parent(StackId stack) const { return nodes_[index(stack)].parent; }

  // The address that the innermost frame was entered with. Requires: as for parent().
  std::uintptr_t return_address(StackId stack) const { return nodes_[index(stack)].address; }

  // The return addresses, innermost first; empty for kNoStack.
  std::vector<std::uintptr_t> frames(StackId stack) const;

  // Stacks in the depot.
  std::size_t size() const { return nodes_.size() - 1; }

  // True if a stack was cut off since the last reset because the depot held `stacks_max`: what
  // enter() returned lacks frames then.
  bool full() const { return full_; }

  // Forgets all stacks; their numbers are given out again from 1. Costs time for each stack that
  // was in the depot, so that it may be called before each execution.
  void reset();

 private:
  struct Node {
    std::uintptr_t address;
    StackId parent;
    std::uint32_t slot;  // where slots_ holds it
  };
  struct Slot {
    std::uintptr_t address;
    StackId parent;
    StackId stack;  // kNoStack: the slot is empty
  };

  std::uint32_t find(StackId parent, std::uintptr_t address) const;
  StackId add(std::uint32_t slot, StackId parent, std::uintptr_t address);
  void grow();

  std::uint32_t stacks_max_;
  bool full_ = false;
  std::vector<Node> nodes_;  // by number; the first is the root
  std::vector<Slot> slots_;  // open addressing, a power of two
  std::uint32_t shift_;      // of a hash, to a position in slots_
};

}  // namespace nmrcheck::model
