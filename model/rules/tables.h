// The parts of the catalog, one file each. Within a table, and from table to table, the earlier row
// speaks where two rules see the same event.
#pragma once

#include <span>

#include "model/rules/catalog.h"

namespace nmrcheck::model::tables {

using sim::Severity;
using K = EventKind;

inline constexpr auto kClient = Party::kClient;
inline constexpr auto kProvider = Party::kProvider;
inline constexpr auto kModule = Party::kModule;
inline constexpr auto kDriver = Party::kDriver;
inline constexpr auto kHarness = Party::kHarness;

// Of NDIS interface providers: before those that see the same in general terms. What a failed call
// left comes first.
std::span<const RuleInfo> interface_registration_rules();
std::span<const RuleInfo> interface_callback_rules();
std::span<const RuleInfo> interface_index_rules();
std::span<const RuleInfo> interface_luid_rules();
// Before those of the NMR, which see the client that WskRegister makes behind the application.
std::span<const RuleInfo> wsk_rules();
std::span<const RuleInfo> attach_rules();
std::span<const RuleInfo> detach_rules();
std::span<const RuleInfo> memory_rules();
// Last come the rules that explain a hang, or a leak, which no other rule does.
std::span<const RuleInfo> handle_rules();
std::span<const RuleInfo> registrar_rules();
std::span<const RuleInfo> kernel_rules();

}  // namespace nmrcheck::model::tables
