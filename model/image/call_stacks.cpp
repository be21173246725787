// The depot of call stacks: a tree by numbers, and a hash table to find children.
#include "model/image/call_stacks.h"

#include <bit>
#include <cassert>

namespace nmrcheck::model {
namespace {

constexpr std::size_t kSlotsMin = 1024;

std::uint32_t shift_for(std::size_t slots) {
  return 64 - static_cast<std::uint32_t>(std::countr_zero(slots));
}

}  // namespace

CallStacks::CallStacks(std::uint32_t stacks_max)
    : stacks_max_(stacks_max), slots_(kSlotsMin, Slot{}), shift_(shift_for(kSlotsMin)) {
  assert(stacks_max > 0 && stacks_max <= kStacksMax);
  nodes_.push_back({.address = 0, .parent = kNoStack, .slot = 0});
}

StackId CallStacks::enter(StackId parent, std::uintptr_t return_address) {
  assert(index(parent) < nodes_.size());
  const std::uint32_t slot = find(parent, return_address);
  if (slots_[slot].stack != kNoStack) return slots_[slot].stack;
  return add(slot, parent, return_address);
}

// The slot of the stack, or the empty one where it belongs.
std::uint32_t CallStacks::find(StackId parent, std::uintptr_t address) const {
  const std::uint32_t last = static_cast<std::uint32_t>(slots_.size()) - 1;
  const std::uint64_t hash = std::uint64_t{address} * 0x9e3779b97f4a7c15u +
                             std::uint64_t{index(parent)} * 0xbf58476d1ce4e5b9u;
  auto position = static_cast<std::uint32_t>(hash >> shift_);
  while (slots_[position].stack != kNoStack &&
         (slots_[position].parent != parent || slots_[position].address != address)) {
    position = (position + 1) & last;  // ends: half of the slots are empty
  }
  return position;
}

StackId CallStacks::add(std::uint32_t slot, StackId parent, std::uintptr_t address) {
  if (size() >= stacks_max_) {
    full_ = true;
    return parent;
  }
  const auto stack = static_cast<StackId>(nodes_.size());
  nodes_.push_back({.address = address, .parent = parent, .slot = slot});
  slots_[slot] = {.address = address, .parent = parent, .stack = stack};
  if (size() >= slots_.size() / 2) grow();
  return stack;
}

void CallStacks::grow() {
  slots_.assign(slots_.size() * 2, Slot{});
  shift_ = shift_for(slots_.size());
  for (std::uint32_t i = 1; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    node.slot = find(node.parent, node.address);
    slots_[node.slot] = {.address = node.address, .parent = node.parent, .stack = StackId{i}};
  }
}

std::vector<std::uintptr_t> CallStacks::frames(StackId stack) const {
  std::vector<std::uintptr_t> result;
  for (; stack != kNoStack; stack = parent(stack)) result.push_back(return_address(stack));
  return result;
}

void CallStacks::reset() {
  for (std::size_t i = 1; i < nodes_.size(); ++i) slots_[nodes_[i].slot] = Slot{};
  nodes_.resize(1);
  full_ = false;
}

}  // namespace nmrcheck::model
