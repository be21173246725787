// Folding events of the interface registry.
#include "model/ndisif/view.h"

#include <algorithm>
#include <utility>

#include "model/kernel/kernel.h"

namespace nmrcheck::model {

bool same_driver(ModuleId one, ModuleId other, const Kernel& kernel) {
  if (one == other) return true;
  if (one == kNoModule || other == kNoModule) return false;
  return kernel.module(one).name == kernel.module(other).name;
}

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

bool InterfacesView::keeps_records(ModuleId module, const Kernel& kernel) const {
  return std::any_of(recorders_.begin(), recorders_.end(),
                     [&](ModuleId recorder) { return same_driver(recorder, module, kernel); });
}

const RecordView* InterfacesView::record_of(ModuleId module, std::uint64_t luid,
                                            const Kernel& kernel) const {
  for (const RecordView& record : records_) {
    if (record.record.net_luid == luid && same_driver(record.module, module, kernel)) {
      return &record;
    }
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

bool InterfacesView::heeds(const Event& event) {
  return event.interfaces != nullptr || event.kind == EventKind::kRecordCommitted ||
         event.kind == EventKind::kRecordErased || event.kind == EventKind::kRestarted;
}

void InterfacesView::fold(const Event& event, const Kernel& kernel) {
  if (event.kind == EventKind::kRestarted) return fold_restart(event, kernel);
  if (event.interfaces == nullptr) return fold_record(event, kernel);
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
      fold_luid(event, kernel);
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
                                       .luid = facts.luid};
      luid_at(facts.luid).registered = true;
      break;
    case EventKind::kInterfaceReturned:
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
      for (const void* lent : {event.pointer, event.cell}) {
        if (lent != nullptr) buffers_.emplace_back(lent, facts.interface);
      }
      break;
    default:
      break;
  }
}

void InterfacesView::fold_luid(const Event& event, const Kernel& kernel) {
  const bool success = nt_success(event.status);
  const std::uint32_t boot = event.interfaces->boot;
  if (event.kind == EventKind::kLuidAllocated) {
    if (!success) return;
    LuidView& luid = luid_at(event.interfaces->luid);
    luid = {.luid = luid.luid,
            .allocated = true,
            .owner = event.module,
            .boot = boot,
            .robbed = std::move(luid.robbed)};
    return;
  }
  for (RecordView& record : records_) {
    if (record.record.net_luid != event.interfaces->luid) continue;
    if (same_driver(record.module, event.module, kernel)) {
      (success ? record.freed_in : record.refused_in) = boot;
    }
  }
  if (!success) return;
  LuidView& luid = luid_at(event.interfaces->luid);
  if (!same_driver(luid.owner, event.module, kernel)) luid.robbed.push_back(luid.owner);
  luid.allocated = false;
  luid.freed_by = event.module;
}

void InterfacesView::fold_record(const Event& event, const Kernel& kernel) {
  const auto found = std::find_if(records_.begin(), records_.end(), [&](const RecordView& record) {
    return same_driver(record.module, event.module, kernel) && record.identity == event.name;
  });
  const std::uint32_t boot = kernel.module(event.module).boot;
  if (event.kind == EventKind::kRecordCommitted) {
    recorders_.push_back(event.module);
    RecordView made{.module = event.module,
                    .identity = event.name,
                    .record = *event.record,
                    .previous = {},
                    .boot = boot,
                    .freed_in = {},
                    .refused_in = {}};
    if (found == records_.end()) {
      records_.push_back(std::move(made));
    } else {
      made.previous = found->record;
      *found = std::move(made);
    }
    return;
  }
  if (found == records_.end()) return;
  const std::uint64_t value = found->record.net_luid;
  records_.erase(found);
  if (record_of(event.module, value, kernel) != nullptr) return;
  for (LuidView& luid : luids_) {
    if (luid.luid == value && same_driver(luid.owner, event.module, kernel)) luid.erased_in = boot;
  }
}

void InterfacesView::fold_restart(const Event& event, const Kernel& kernel) {
  failed_.resize(event.block + 1, false);
  failed_[event.block - 1] = event.status != 0;
  for (const RecordView& record : records_) {
    if (record.record.if_index == 0) continue;
    stale_indexes_.push_back({kernel.module(record.module).name, record.record.if_index});
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
