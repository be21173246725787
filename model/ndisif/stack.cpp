// The stack table, and bindings of protocol drivers.
#include <algorithm>
#include <initializer_list>

#include "model/ndisif/call.h"
#include "model/ndisif/choices.h"

namespace nmrcheck::model {
namespace {

using sim::Op;

constexpr std::uintptr_t kBindingHandles = 0xFFFFE00180001000u;
constexpr std::uintptr_t kHandleStride = 0x40;

enum RepeatAnswer : std::uint32_t {  // alternatives of U19
  kDuplicateOnce,
  kDuplicateCounted,
  kSelfStops,
  kSelfInvalid,
};

}  // namespace

// Whether `higher` can be reached from `lower`, going down.
bool InterfaceRegistry::closes_circle(std::uint32_t higher, std::uint32_t lower) const {
  std::vector<std::uint32_t> below{lower};
  for (std::size_t next = 0; next < below.size(); ++next) {  // each index once: at most all of them
    if (below[next] == higher) return true;
    for (const Pair& pair : pairs_) {
      if (pair.boot != boot() || pair.higher != below[next]) continue;
      if (std::find(below.begin(), below.end(), pair.lower) == below.end()) {
        below.push_back(pair.lower);
      }
    }
  }
  return false;
}

std::uint32_t InterfaceRegistry::add_stack_entry(std::uint32_t higher, std::uint32_t lower) {
  const Call call(*this, "NdisIfAddIfStackEntry");
  const bool fails = kernel_.may_fail(call.function());
  sim::Footprint footprint{{directory(), Op::kUpdate}};
  call.step(footprint);
  const std::optional<InterfaceId> above = find_interface(higher);
  const std::optional<InterfaceId> below = find_interface(lower);
  InterfaceFacts facts{.interface = above.value_or(latest_with_index(higher)),
                       .index = higher,
                       .lower_index = lower,
                       .lower = below.value_or(latest_with_index(lower)),
                       .boot = boot()};
  const bool known = above && below;
  bool circle = closes_circle(higher, lower);
  if (higher == lower) {
    const Alternatives self = bit(kSelfStops) | bit(kSelfInvalid);
    circle = row(19, self) == kSelfStops;
  }
  // With existence tested first, what is not there closes no circle.
  const bool stops = circle && (known || row(20) == 1);
  call.emit(EventKind::kStackEntryAdding, facts, known ? 1 : 0, stops ? 1 : 0);
  std::uint32_t status = kStatusSuccess;
  const auto same = std::find_if(pairs_.begin(), pairs_.end(), [&](const Pair& pair) {
    return pair.boot == boot() && pair.higher == higher && pair.lower == lower;
  });
  if (!known) {
    status = kStatusInterfaceNotFound;
  } else if (higher == lower) {
    status = kStatusInvalidParameter;
  } else if (fails) {
    status = kStatusInsufficientResources;
  } else if (same == pairs_.end()) {
    pairs_.push_back({boot(), higher, lower});
  } else if (row(19, bit(kDuplicateOnce) | bit(kDuplicateCounted)) == kDuplicateCounted) {
    ++same->times;
  }
  call.emit(EventKind::kStackEntryAdded, facts, status);
  return status;
}

void InterfaceRegistry::delete_stack_entry(std::uint32_t higher, std::uint32_t lower) {
  const Call call(*this, "NdisIfDeleteIfStackEntry");
  sim::Footprint footprint{{directory(), Op::kUpdate}};
  call.step(footprint);
  const auto found = std::find_if(pairs_.begin(), pairs_.end(), [&](const Pair& pair) {
    return pair.boot == boot() && pair.higher == higher && pair.lower == lower;
  });
  const bool deleted = found != pairs_.end();
  if (deleted && --found->times == 0) pairs_.erase(found);
  const InterfaceFacts facts{
      .interface = find_interface(higher).value_or(latest_with_index(higher)),
      .index = higher,
      .lower_index = lower,
      .lower = find_interface(lower).value_or(latest_with_index(lower)),
      .boot = boot()};
  call.emit(EventKind::kStackEntryDeleted, facts, 0, deleted ? 1 : 0);
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> InterfaceRegistry::stack_pairs() const {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (const Pair& pair : pairs_) {
    if (pair.boot == boot()) pairs.emplace_back(pair.higher, pair.lower);
  }
  return pairs;
}

// --- Bindings ---

void* InterfaceRegistry::open_binding(std::uint32_t highest, std::uint32_t lowest) {
  NdisBinding& made = bindings_.emplace_back();
  made.highest = highest;
  made.lowest = lowest;
  made.object = execution_.create("binding");
  return reinterpret_cast<void*>(kBindingHandles + (bindings_.size() - 1) * kHandleStride);
}

InterfaceRegistry::NdisBinding* InterfaceRegistry::find_ndis_binding(const void* handle) {
  const auto value = reinterpret_cast<std::uintptr_t>(handle) - kBindingHandles;
  if (value % kHandleStride != 0 || value / kHandleStride >= bindings_.size()) return nullptr;
  return &bindings_[value / kHandleStride];
}

void InterfaceRegistry::close_binding(const void* handle) {
  NdisBinding* binding = find_ndis_binding(handle);
  if (binding == nullptr) return;
  execution_.step({{binding->object, Op::kUpdate}}, "NdisCloseAdapterEx", kernel_.place());
  binding->open = false;
}

void InterfaceRegistry::rebind(const void* handle, std::uint32_t highest, std::uint32_t lowest) {
  NdisBinding* binding = find_ndis_binding(handle);
  if (binding == nullptr) return;
  execution_.step({{binding->object, Op::kUpdate}}, "change the filters", kernel_.place());
  binding->highest = highest;
  binding->lowest = lowest;
}

std::uint32_t InterfaceRegistry::query_binding(const void* handle, const BindingEnds& ends) {
  const Call call(*this, "NdisIfQueryBindingIfIndex");
  NdisBinding* binding = find_ndis_binding(handle);
  // An update: what an index means to the caller is what it was told last, by a lookup perhaps.
  sim::Footprint footprint{{directory(), Op::kUpdate}};
  for (const void* end : std::initializer_list<const void*>{ends.highest_index, ends.highest_luid,
                                                            ends.lowest_index, ends.lowest_luid}) {
    kernel_.add_variable(footprint, end, Op::kUpdate);
  }
  if (binding != nullptr) footprint.add({binding->object, Op::kRead});
  call.step(footprint);
  const bool open = binding != nullptr && binding->open;
  const InterfaceId highest =
      open ? find_interface(binding->highest).value_or(kNoInterface) : kNoInterface;
  const InterfaceId lowest =
      open ? find_interface(binding->lowest).value_or(kNoInterface) : kNoInterface;
  const bool found = highest != kNoInterface && lowest != kNoInterface;
  InterfaceFacts facts{.boot = boot()};
  if (found) {
    facts.interface = highest;
    facts.index = binding->highest;
    facts.lower = lowest;
    facts.lower_index = binding->lowest;
  }
  const std::uint32_t status = found ? kStatusSuccess : kStatusInterfaceNotFound;
  call.emit(EventKind::kBindingQueried, facts, status, open ? 1 : 0, handle);
  const auto store = [&](std::uint32_t high, std::uint64_t high_luid, std::uint32_t low,
                         std::uint64_t low_luid) {
    *ends.highest_index = high;
    *ends.highest_luid = high_luid;
    *ends.lowest_index = low;
    *ends.lowest_luid = low_luid;
  };
  if (found) {
    store(binding->highest, interfaces_[index(highest)].luid, binding->lowest,
          interfaces_[index(lowest)].luid);
    return status;
  }
  const std::uint32_t left = ask(4);  // as spoil() does
  if (left == kZeroed) store(0, 0, 0, 0);
  if (left == kPoisoned) store(kPoisonIndex, kPoisonLuid, kPoisonIndex, kPoisonLuid);
  return status;
}

}  // namespace nmrcheck::model
