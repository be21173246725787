// LUID indexes: durable, each type with its own.
#include <algorithm>

#include "model/ndisif/call.h"
#include "model/ndisif/choices.h"

namespace nmrcheck::model {
namespace {

using sim::Op;

}  // namespace

bool InterfaceRegistry::has_luid(std::uint64_t luid) const {
  const auto table = luid_tables_.find(type_of(luid));
  if (table == luid_tables_.end()) return false;
  const std::vector<std::uint32_t>& used = table->second.used;
  return std::binary_search(used.begin(), used.end(), luid_index_of(luid));
}

// U17. Returns nothing if all are in use.
std::optional<std::uint32_t> InterfaceRegistry::choose_luid(std::uint32_t type) {
  const LuidTable& table = luid_tables_[type];
  const auto free = [&](std::uint32_t wanted) { return !has_luid(make_luid(type, wanted)); };
  std::uint32_t smallest = 1;
  while (smallest <= luids_max_ && !free(smallest)) ++smallest;
  if (smallest > luids_max_) return std::nullopt;
  std::uint32_t recent = smallest;
  for (const std::uint32_t freed : table.freed) {
    if (free(freed)) recent = freed;
  }
  std::uint32_t elsewhere = smallest;  // of another type
  for (const auto& [other, used] : luid_tables_) {
    if (other == type) continue;
    for (const std::uint32_t taken : used.used) {
      if (taken != smallest && free(taken)) elsewhere = taken;
    }
  }
  Alternatives possible = bit(0);
  if (recent != smallest) possible |= bit(1);
  if (elsewhere != smallest) possible |= bit(2);
  if (free(0)) possible |= bit(3);
  switch (ask(17, possible)) {
    case 1:
      return recent;
    case 2:
      return elsewhere;
    case 3:
      return 0;
    default:
      return smallest;
  }
}

std::uint32_t InterfaceRegistry::allocate_luid(std::uint32_t type, std::uint32_t* stored) {
  const Call call(*this, "NdisIfAllocateNetLuidIndex");
  const std::optional<std::uint32_t> failure = injected_failure(call.function());
  sim::Footprint footprint;
  add_luids(footprint, Op::kUpdate);
  kernel_.add_variable(footprint, stored, Op::kUpdate);
  call.step(footprint);
  InterfaceFacts facts{.boot = boot()};
  const std::optional<std::uint32_t> chosen = failure ? std::nullopt : choose_luid(type);
  if (!chosen) {
    const std::uint32_t status = failure.value_or(kStatusInsufficientResources);
    spoil(stored, kPoisonLuidIndex);
    call.emit(EventKind::kLuidAllocated, facts, status);
    return status;
  }
  LuidTable& table = luid_tables_[type];
  table.used.insert(std::upper_bound(table.used.begin(), table.used.end(), *chosen), *chosen);
  *stored = *chosen;
  facts.luid = make_luid(type, *chosen);
  call.emit(EventKind::kLuidAllocated, facts);
  return kStatusSuccess;
}

std::uint32_t InterfaceRegistry::free_luid(std::uint32_t type, std::uint32_t luid_index) {
  const Call call(*this, "NdisIfFreeNetLuidIndex");
  sim::Footprint footprint{{directory(), Op::kRead}};
  add_luids(footprint, Op::kUpdate);
  call.step(footprint);
  InterfaceFacts facts{.luid = make_luid(type, luid_index), .boot = boot()};
  const std::optional<InterfaceId> user = find_luid(facts.luid);
  if (user) facts.interface = *user;
  call.emit(EventKind::kLuidFreeing, facts);
  const bool refused = !has_luid(facts.luid) || luid_index > 0xffffff || (user && row(16) == 1);
  if (!refused) {
    LuidTable& table = luid_tables_[type];
    std::erase(table.used, luid_index);
    table.freed.push_back(luid_index);
  }
  const std::uint32_t status = refused ? kStatusInvalidParameter : kStatusSuccess;
  call.emit(EventKind::kLuidFreed, facts, status);
  return status;
}

}  // namespace nmrcheck::model
