// Folding events of the interface registry.
#include "model/ndisif/view.h"

#include <algorithm>

#include "model/kernel/frame.h"

namespace nmrcheck::model {

const IfProviderView& InterfacesView::provider(IfProviderId id) const {
  static const IfProviderView unknown;
  return index(id) < providers_.size() ? providers_[index(id)] : unknown;
}

const InterfaceView& InterfacesView::interface(InterfaceId id) const {
  static const InterfaceView unknown;
  return index(id) < interfaces_.size() ? interfaces_[index(id)] : unknown;
}

const LuidView* InterfacesView::luid(std::uint64_t value) const {
  for (const LuidView& luid : luids_) {
    if (luid.luid == value) return &luid;
  }
  return nullptr;
}

const StackPairView* InterfacesView::pair(ModuleId module, std::uint32_t index,
                                          std::uint32_t lower_index) const {
  for (auto pair = pairs_.rbegin(); pair != pairs_.rend(); ++pair) {
    if (pair->module == module && pair->index == index && pair->lower_index == lower_index) {
      return &*pair;
    }
  }
  return nullptr;
}

const ToldIndexView* InterfacesView::told(ModuleId module, std::uint32_t index) const {
  for (const ToldIndexView& told : told_) {
    if (told.module == module && told.index == index) return &told;
  }
  return nullptr;
}

IfProviderView& InterfacesView::provider_at(IfProviderId id) {
  if (index(id) >= providers_.size()) providers_.resize(index(id) + 1);
  return providers_[index(id)];
}

InterfaceView& InterfacesView::interface_at(InterfaceId id) {
  if (index(id) >= interfaces_.size()) interfaces_.resize(index(id) + 1);
  return interfaces_[index(id)];
}

LuidView& InterfacesView::luid_at(std::uint64_t value) {
  for (LuidView& luid : luids_) {
    if (luid.luid == value) return luid;
  }
  luids_.push_back({.luid = value});
  return luids_.back();
}

void InterfacesView::fold(const Event& event) {
  const InterfaceFacts& facts = *event.interfaces;
  switch (event.kind) {
    case EventKind::kIfProviderReturned:
      if (facts.provider == kNoIfProvider) break;
      provider_at(facts.provider) = {.module = event.module, .boot = facts.boot};
      break;
    case EventKind::kIfProviderDeregistering:
      provider_at(facts.provider).deregister_called = true;
      break;
    case EventKind::kIfProviderDeregistered:
      provider_at(facts.provider).deregistered = true;
      break;
    case EventKind::kLuidAllocated:
    case EventKind::kLuidFreed:
      fold_luid(event);
      break;
    case EventKind::kStackEntryAdded:
    case EventKind::kStackEntryDeleted:
      fold_pair(event);
      break;
    default:
      fold_interface(event);
      break;
  }
}

void InterfacesView::fold_interface(const Event& event) {
  const InterfaceFacts& facts = *event.interfaces;
  switch (event.kind) {
    case EventKind::kInterfaceInserted:
      interface_at(facts.interface) = {.provider = facts.provider,
                                       .module = event.module,
                                       .boot = facts.boot,
                                       .index = facts.index,
                                       .luid = facts.luid,
                                       .context = facts.context,
                                       .guid = facts.information->guid};
      break;
    case EventKind::kInterfaceReturned:
      if (facts.interface != kNoInterface) interface_at(facts.interface).returned = true;
      tell(event, facts.interface, facts.index);
      break;
    case EventKind::kLuidUsed:
      tell(event, facts.interface, facts.index);
      break;
    case EventKind::kBindingQueried:
      tell(event, facts.interface, facts.index);
      tell(event, facts.lower, facts.lower_index);
      break;
    case EventKind::kInterfaceDeregistering:
      interface_at(facts.interface).deregister_called = true;
      break;
    case EventKind::kInterfaceDeregistered:
      interface_at(facts.interface).deregistered = true;
      break;
    case EventKind::kIfCallbackCalled:
      ++interface_at(facts.interface).callbacks;
      break;
    case EventKind::kIfCallbackReturned:
      --interface_at(facts.interface).callbacks;
      break;
    default:
      break;
  }
}

void InterfacesView::fold_luid(const Event& event) {
  const bool allocates = event.kind == EventKind::kLuidAllocated;
  const bool success = nt_success(event.status);
  if (allocates && !success) return;
  LuidView& luid = luid_at(event.interfaces->luid);
  if (allocates) {
    luid = {.luid = luid.luid, .allocated = true, .owner = event.module};
  } else if (success) {
    luid.allocated = false;
    ++luid.frees;
    luid.refused = kNoModule;
  } else {
    luid.refused = event.module;
  }
}

void InterfacesView::fold_pair(const Event& event) {
  const InterfaceFacts& facts = *event.interfaces;
  if (event.kind == EventKind::kStackEntryDeleted) {
    for (auto pair = pairs_.rbegin(); pair != pairs_.rend(); ++pair) {
      if (pair->module != event.module || pair->index != facts.index) continue;
      if (pair->lower_index != facts.lower_index) continue;
      ++pair->deletions;
      return;
    }
    return;
  }
  if (!nt_success(event.status)) return;
  const auto same = [&](const StackPairView& pair) {
    return pair.module == event.module && pair.higher == facts.interface &&
           pair.lower == facts.lower;
  };
  const auto known = std::find_if(pairs_.begin(), pairs_.end(), same);
  if (known != pairs_.end()) {
    ++known->adds;
  } else {
    pairs_.push_back({.higher = facts.interface,
                      .lower = facts.lower,
                      .index = facts.index,
                      .lower_index = facts.lower_index,
                      .module = event.module,
                      .adds = 1});
  }
}

void InterfacesView::tell(const Event& event, InterfaceId interface, std::uint32_t index) {
  if (interface == kNoInterface || !nt_success(event.status)) return;
  std::erase_if(told_, [&](const ToldIndexView& told) {
    return told.module == event.module && told.index == index;
  });
  told_.push_back({.module = event.module,
                   .index = index,
                   .interface = interface,
                   .binding = event.kind == EventKind::kBindingQueried ? event.pointer : nullptr});
}

}  // namespace nmrcheck::model
