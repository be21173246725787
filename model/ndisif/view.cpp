// Folding events of the interface registry.
#include "model/ndisif/view.h"

#include <algorithm>

namespace nmrcheck::model {

const IfProviderView& InterfacesView::provider(IfProviderId id) const {
  static const IfProviderView unknown;
  return index(id) < providers_.size() ? providers_[index(id)] : unknown;
}

const InterfaceView& InterfacesView::interface(InterfaceId id) const {
  static const InterfaceView unknown;
  return index(id) < interfaces_.size() ? interfaces_[index(id)] : unknown;
}

const IfDriverView& InterfacesView::driver(ModuleId id) const {
  static const IfDriverView unknown;
  return index(id) < drivers_.size() ? drivers_[index(id)] : unknown;
}

const LuidView* InterfacesView::luid(std::uint64_t value) const {
  for (const LuidView& luid : luids_) {
    if (luid.luid == value) return &luid;
  }
  return nullptr;
}

InterfaceId InterfacesView::owner_of_buffer(const sim::HeapBlock& block) const {
  for (const auto& [buffer, owner] : buffers_) {
    if (block.contains(buffer)) return owner;
  }
  return kNoInterface;
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
  fold_driver(event);
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

// Calls from outside of all drivers are not remembered.
void InterfacesView::fold_driver(const Event& event) {
  if (event.module == kNoModule) return;
  if (index(event.module) >= drivers_.size()) drivers_.resize(index(event.module) + 1);
  IfDriverView& driver = drivers_[index(event.module)];
  if (event.kind == EventKind::kIfProviderReturned) driver.register_provider = event.status;
  if (event.kind == EventKind::kInterfaceReturned) driver.register_interface = event.status;
  if (event.kind == EventKind::kLuidAllocated) driver.allocate_luid = event.status;
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
      break;
    case EventKind::kInterfaceDeregistering:
      interface_at(facts.interface).deregister_called = true;
      for (StackPairView& pair : pairs_) {
        if (pair.higher == facts.interface || pair.lower == facts.interface) pair.present = false;
      }
      break;
    case EventKind::kInterfaceDeregistered:
      interface_at(facts.interface).deregistered = true;
      break;
    case EventKind::kIfCallbackCalled:
      ++interface_at(facts.interface).callbacks;
      for (const void* lent : {event.pointer, event.cell}) {
        if (lent != nullptr) buffers_.emplace_back(lent, facts.interface);
      }
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
  const bool success = event.status < 0x80000000u;
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
  const auto same = [&](const StackPairView& pair) {
    return pair.present && pair.higher == facts.interface && pair.lower == facts.lower;
  };
  const auto known = std::find_if(pairs_.begin(), pairs_.end(), same);
  if (event.kind == EventKind::kStackEntryDeleted) {
    if (known != pairs_.end() && event.block == 1) known->present = false;
  } else if (event.status < 0x80000000u && known == pairs_.end()) {
    pairs_.push_back({.higher = facts.interface,
                      .lower = facts.lower,
                      .index = facts.index,
                      .lower_index = facts.lower_index,
                      .module = event.module});
  }
}

}  // namespace nmrcheck::model
