// The rule table, put together. Ids never change: they stand in failure files.
#include "model/rules/catalog.h"

#include <array>
#include <vector>

#include "model/rules/tables.h"

namespace nmrcheck::model {
namespace {

std::vector<RuleInfo> all_rules() {
  std::vector<RuleInfo> all;
  for (const auto table :
       {tables::interface_registration_rules, tables::interface_callback_rules,
        tables::interface_index_rules, tables::interface_luid_rules, tables::wsk_rules,
        tables::attach_rules, tables::detach_rules, tables::memory_rules, tables::handle_rules,
        tables::registrar_rules, tables::kernel_rules}) {
    all.insert(all.end(), table().begin(), table().end());
  }
  return all;
}

}  // namespace

std::span<const RuleInfo> rules() {
  static const std::vector<RuleInfo> all = all_rules();
  return all;
}

namespace {

using ByKind = std::array<std::vector<const RuleInfo*>, kEventKinds>;

ByKind group_by_kind() {
  ByKind groups;
  for (const RuleInfo& rule : rules()) {
    for (std::uint32_t kind = 0; kind < kEventKinds; ++kind) {
      if (rule.on.contains(EventKind{static_cast<std::uint8_t>(kind)})) {
        groups[kind].push_back(&rule);
      }
    }
  }
  return groups;
}

}  // namespace

std::span<const RuleInfo* const> rules_on(EventKind kind) {
  static const ByKind groups = group_by_kind();
  return groups[static_cast<std::size_t>(kind)];
}

const RuleInfo* find_rule(std::string_view id) {
  for (const RuleInfo& rule : rules()) {
    if (rule.id == id) return &rule;
  }
  return nullptr;
}

std::string_view to_string(Party party) {
  switch (party) {
    case Party::kClient:
      return "client";
    case Party::kProvider:
      return "provider";
    case Party::kModule:
      return "client and provider";
    case Party::kInterfaceProvider:
      return "interface provider";
    case Party::kDriver:
      return "driver";
    default:
      return "harness";
  }
}

}  // namespace nmrcheck::model
