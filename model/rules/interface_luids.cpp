// Rules of LUID indexes, which outlive the boot, and of the records that drivers keep of them.
#include <fmt/format.h>

#include <algorithm>

#include "model/rules/interface_checks.h"

namespace nmrcheck::model {
namespace {

bool owned_by(const LuidView& luid, ModuleId module, const RuleContext& context) {
  return luid.allocated && same_driver(luid.owner, module, context.kernel);
}

// Whether another driver took the LUID index from the module: whatever follows is not its mistake.
bool robbed(const LuidView& luid, ModuleId module, const RuleContext& context) {
  return std::any_of(luid.robbed.begin(), luid.robbed.end(),
                     [&](ModuleId victim) { return same_driver(victim, module, context.kernel); });
}

// An interface of that boot with the LUID whose deregistration has not returned, or null.
const InterfaceView* user_of(std::uint64_t luid, std::uint32_t boot, const RuleContext& context) {
  for (const InterfaceView& interface : context.interfaces.interfaces()) {
    if (interface.luid == luid && interface.boot == boot && !interface.deregistered) {
      return &interface;
    }
  }
  return nullptr;
}

// Whether an interface of that boot had the LUID, or has it.
bool registered_in(std::uint64_t luid, std::uint32_t boot, const RuleContext& context) {
  const std::vector<InterfaceView>& all = context.interfaces.interfaces();
  return std::any_of(all.begin(), all.end(), [&](const InterfaceView& interface) {
    return interface.luid == luid && interface.boot == boot;
  });
}

// Whether power failed between the driver's free of the LUID index and the erasing of its record:
// then no driver knows at the next start that it was freed.
bool record_survived(const Event& event, const RuleContext& context) {
  const RecordView* record =
      context.interfaces.record_of(event.module, event.interfaces->luid, context.kernel);
  return record != nullptr && record->freed_in && context.interfaces.boot_failed(*record->freed_in);
}

std::optional<std::string> frees_foreign(const Event& event, const RuleContext& context) {
  const LuidView* luid = context.interfaces.luid(event.interfaces->luid);
  if (event.kind != EventKind::kLuidFreeing || luid == nullptr || !luid->allocated ||
      owned_by(*luid, event.module, context) || robbed(*luid, event.module, context)) {
    return std::nullopt;
  }
  return fmt::format("{} frees {}, which belongs to {}", describe_driver(event.module, context),
                     describe_luid(luid->luid), describe_driver(luid->owner, context));
}

std::uint32_t last_boot(const RuleContext& context) { return context.kernel.power().boots() - 1; }

// A module of the driver that is loaded in the last boot; unloaded ones count only if `unloaded`.
bool loaded_last(ModuleId driver, bool unloaded, const RuleContext& context) {
  for (std::uint32_t i = 0; i < context.kernel.module_count(); ++i) {
    const Module& module = context.kernel.module(ModuleId{i});
    if (module.boot != last_boot(context) || module.unloaded != unloaded) continue;
    if (same_driver(ModuleId{i}, driver, context.kernel)) return true;
  }
  return false;
}

// What `judge` says of the LUID indexes that are allocated in the end, to drivers which are
// unloaded or were lost with their boot, and which no interface uses.
template <class Judge>
std::optional<std::string> first_left(const RuleContext& context, const Judge& judge) {
  for (const LuidView& luid : context.interfaces.luids()) {
    if (!luid.allocated || user_of(luid.luid, last_boot(context), context) != nullptr) continue;
    if (loaded_last(luid.owner, false, context)) continue;
    const RecordView* record = context.interfaces.record_of(luid.owner, luid.luid, context.kernel);
    if (std::optional<std::string> breach = judge(luid, record)) return breach;
  }
  return std::nullopt;
}

}  // namespace

// --- NDISIF-LUID-01 ---

std::optional<std::string> foreign_luid_freed(const Event& event, const RuleContext& context) {
  const LuidView* luid = context.interfaces.luid(event.interfaces->luid);
  if (event.kind == EventKind::kLuidFreeing) {
    return record_survived(event, context) ? std::nullopt : frees_foreign(event, context);
  }
  if (nt_success(event.status)) return std::nullopt;
  if (luid != nullptr && (luid->allocated || robbed(*luid, event.module, context))) {
    return std::nullopt;
  }
  if (record_survived(event, context)) return std::nullopt;
  const std::string freed = fmt::format("{} frees {}", describe_driver(event.module, context),
                                        describe_luid(event.interfaces->luid));
  if (luid != nullptr && luid->freed_by != kNoModule) return freed + ", which is free already";
  for (const LuidView& other : context.interfaces.luids()) {
    if (luid_index_of(other.luid) != luid_index_of(event.interfaces->luid)) continue;
    if (!owned_by(other, event.module, context)) continue;
    return fmt::format("{}, but it was allocated for type {}", freed, type_of(other.luid));
  }
  return freed + ", which nobody allocated";
}

std::optional<std::string> luid_freed_after_crash(const Event& event, const RuleContext& context) {
  return record_survived(event, context) ? frees_foreign(event, context) : std::nullopt;
}

// --- NDISIF-LUID-02 ---

std::optional<std::string> luid_used_wrongly(const Event& event, const RuleContext& context) {
  const InterfaceFacts& facts = *event.interfaces;
  const LuidView* luid = context.interfaces.luid(facts.luid);
  if (luid == nullptr) return std::nullopt;
  if (event.kind == EventKind::kLuidFreeing) {
    const InterfaceView* user = user_of(facts.luid, facts.boot, context);
    if (user == nullptr || !owned_by(*luid, event.module, context)) return std::nullopt;
    // Somebody else's interface with the driver's LUID is that one's mistake.
    if (user->module != event.module) return std::nullopt;
    return fmt::format("{} frees {}, which {} still has", describe_driver(event.module, context),
                       describe_luid(facts.luid), describe_interface(*user, context));
  }
  if (luid->allocated || luid->freed_by == kNoModule ||
      !same_driver(luid->freed_by, event.module, context.kernel)) {
    return std::nullopt;
  }
  return fmt::format("{} gives {} {}, which it has freed", describe_driver(event.module, context),
                     event.name, describe_luid(facts.luid));
}

// --- NDISIF-LUID-03 ---

namespace {

// The driver allocates a LUID index, and has forgotten the one that it had before a restart.
std::optional<std::string> allocates_anew(const Event& event, const RuleContext& context) {
  if (!nt_success(event.status)) return std::nullopt;
  const InterfaceFacts& facts = *event.interfaces;
  for (const LuidView& old : context.interfaces.luids()) {
    if (!owned_by(old, event.module, context) || old.boot >= facts.boot || !old.registered) {
      continue;
    }
    if (type_of(old.luid) != type_of(facts.luid) || old.erased_in) continue;
    if (context.interfaces.record_of(event.module, old.luid, context.kernel) != nullptr) continue;
    if (registered_in(old.luid, facts.boot, context)) continue;  // not forgotten
    return fmt::format(
        "{} allocates {} after a restart; its interface had {}, which no record says",
        describe_driver(event.module, context), describe_luid(facts.luid), describe_luid(old.luid));
  }
  return std::nullopt;
}

// The driver gives an interface that has a record another LUID or GUID.
std::optional<std::string> renames(const Event& event, const RuleContext& context) {
  const RecordView* record = nullptr;
  for (const RecordView& each : context.interfaces.records()) {
    if (same_driver(each.module, event.module, context.kernel) && each.identity == event.name) {
      record = &each;
    }
  }
  if (record == nullptr || !record->previous) return std::nullopt;
  const Record& before = *record->previous;
  if (before.net_luid == event.record->net_luid) {
    if (before.interface_guid == event.record->interface_guid) return std::nullopt;
    return fmt::format("{} changes the GUID in its record \"{}\" of {}",
                       describe_driver(event.module, context), event.name,
                       describe_luid(before.net_luid));
  }
  const LuidView* old = context.interfaces.luid(before.net_luid);
  if (old == nullptr || !owned_by(*old, event.module, context)) return std::nullopt;
  if (context.interfaces.record_of(event.module, before.net_luid, context.kernel) != nullptr) {
    return std::nullopt;
  }
  return fmt::format("{} puts {} into its record \"{}\", which says {}",
                     describe_driver(event.module, context), describe_luid(event.record->net_luid),
                     event.name, describe_luid(before.net_luid));
}

std::optional<std::string> registers_other_guid(const Event& event, const RuleContext& context) {
  const InterfaceFacts& facts = *event.interfaces;
  const RecordView* record = context.interfaces.record_of(event.module, facts.luid, context.kernel);
  if (record == nullptr || facts.information == nullptr) return std::nullopt;
  const InterfaceGuid& recorded = record->record.interface_guid;
  if (recorded == InterfaceGuid{} || recorded == facts.information->guid) return std::nullopt;
  return fmt::format("{} registers {} with another GUID than its record \"{}\" says",
                     describe_driver(event.module, context), describe_luid(facts.luid),
                     record->identity);
}

}  // namespace

std::optional<std::string> luid_not_recorded(const Event& event, const RuleContext& context) {
  if (event.kind == EventKind::kLuidAllocated) return allocates_anew(event, context);
  if (event.kind == EventKind::kRecordCommitted) return renames(event, context);
  if (event.kind == EventKind::kInterfaceCalled) return registers_other_guid(event, context);
  const auto judge = [&](const LuidView& luid,
                         const RecordView* record) -> std::optional<std::string> {
    if (record != nullptr || luid.erased_in || !luid.registered) return std::nullopt;
    if (!context.interfaces.boot_failed(luid.boot)) return std::nullopt;
    return fmt::format("{} of {} is lost: when power failed no record said it",
                       describe_luid(luid.luid), describe_driver(luid.owner, context));
  };
  return first_left(context, judge);
}

// --- NDISIF-LUID-04 ---

namespace {

// A driver that was never seen to record anything may keep its LUID indexes elsewhere.
bool may_be_kept(const LuidView& luid, const RuleContext& context) {
  return luid.registered && !context.interfaces.keeps_records(luid.owner, context.kernel);
}

std::optional<std::string> find_leaked(const RuleContext& context, bool kept_elsewhere) {
  const auto judge = [&](const LuidView& luid,
                         const RecordView* record) -> std::optional<std::string> {
    if (may_be_kept(luid, context) != kept_elsewhere) return std::nullopt;
    const std::string left =
        fmt::format("{} allocated {} and did not free it", describe_driver(luid.owner, context),
                    describe_luid(luid.luid));
    if (record == nullptr) {
      const std::uint32_t boot = luid.erased_in.value_or(luid.boot);
      if (context.interfaces.boot_failed(boot)) return std::nullopt;
      return left + ": it has no interface and no record";
    }
    // The driver was there, and had its chance at the start.
    const bool known = record->boot < last_boot(context) && loaded_last(luid.owner, true, context);
    if (record->record.flags != 0 || !known) return std::nullopt;
    return fmt::format("{}, though its record \"{}\" is of no persistent interface", left,
                       record->identity);
  };
  return first_left(context, judge);
}

}  // namespace

std::optional<std::string> luid_leaked(const Event&, const RuleContext& context) {
  return find_leaked(context, false);
}

std::optional<std::string> luid_unaccounted(const Event&, const RuleContext& context) {
  return find_leaked(context, true);
}

// --- NDISIF-LUID-05 ---

std::optional<std::string> record_and_free_swapped(const Event& event, const RuleContext& context) {
  if (event.kind == EventKind::kLuidFreeing) {
    const RecordView* record =
        context.interfaces.record_of(event.module, event.interfaces->luid, context.kernel);
    if (record == nullptr || !record->refused_in) return std::nullopt;
    const std::uint32_t refused = *record->refused_in;
    if (refused != event.interfaces->boot && context.interfaces.boot_failed(refused)) {
      return std::nullopt;
    }
    return fmt::format("{} frees {} again: its record \"{}\" was kept though that failed before",
                       describe_driver(event.module, context),
                       describe_luid(event.interfaces->luid), record->identity);
  }
  const auto judge = [&](const LuidView& luid,
                         const RecordView* record) -> std::optional<std::string> {
    if (record != nullptr || !luid.erased_in) return std::nullopt;
    if (!context.interfaces.boot_failed(*luid.erased_in)) return std::nullopt;
    return fmt::format("{} erased its record before it freed {}, and power failed between",
                       describe_driver(luid.owner, context), describe_luid(luid.luid));
  };
  return first_left(context, judge);
}

}  // namespace nmrcheck::model
