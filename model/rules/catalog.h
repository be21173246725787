// All rules with their statements and sources, in a fixed order.
#pragma once

#include <span>
#include <string_view>

#include "model/rule.h"
#include "sim/core/violation.h"

namespace nmrcheck::model {

// Who must obey a rule.
enum class Party : unsigned char {
  kClient,
  kProvider,
  kModule,
  kInterfaceProvider,
  kDriver,
  kHarness
};

struct RuleInfo {
  std::string_view id;
  sim::Severity severity;
  Party party;
  std::string_view statement;  // what must hold, one sentence
  std::string_view source;     // documentation page, paper or public issue
  std::string_view mend;       // how a driver that breaks it is usually corrected
  // Null for rules that the simulated kernel or the harness checks itself. What it finds ends the
  // execution, unless the severity is S6: then it is a hint.
  RuleCheck check = nullptr;
  EventSet on{};  // of both checks
  // What is only a hint although the rule is stronger; may be null.
  RuleCheck hint = nullptr;
  std::string_view note{};  // what the check cannot see, or needs to be told; may be empty
  // True: no documentation forbids it, and something that no documentation excludes breaks on it.
  // Its breach is a fragility, not a bug.
  bool robustness = false;
};

std::span<const RuleInfo> rules();

// The rules whose check wants to see events of `kind`, in catalog order.
std::span<const RuleInfo* const> rules_on(EventKind kind);

// Null if there is none of that id.
const RuleInfo* find_rule(std::string_view id);

std::string_view to_string(Party party);

}  // namespace nmrcheck::model
