// A scenario: a driver design or a small program, with the rules it is expected to break.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/profile.h"
#include "sim/run/execution.h"

namespace nmrcheck {

struct Parameter {
  std::string_view name;
  std::string_view meaning;
  std::int64_t default_value = 0;
  std::int64_t min = 0;
  std::int64_t max = 0;
};

// Values by name; every parameter of the scenario is present.
using ParameterValues = std::map<std::string, std::int64_t>;

inline constexpr std::string_view kUsualProfile = "documented";

struct Scenario {
  std::string_view name;     // "nmr/raw-client-pointer"
  std::string_view summary;  // one sentence
  // The rules that it may break; empty for a correct design.
  std::vector<std::string_view> expected;
  std::string_view twin;    // the corrected or the faulty version; may be empty
  std::string_view source;  // where the design comes from, publicly
  std::vector<Parameter> parameters;
  // A fresh program for one execution. Requires: `values` holds every parameter, within its limits.
  std::unique_ptr<sim::Program> (*make)(const ParameterValues& values,
                                        const model::Profile& profile) = nullptr;
  // What should occur in some execution (model/situations.h, or NMRCHECK_REACHED in the design):
  // where one never does, "verified" says less than it seems to.
  std::vector<std::string_view> situations = {};
  // The built-in profile under which a faulty one breaks its rules, if that is not "documented".
  std::string_view profile = kUsualProfile;
};

// All scenarios in a fixed order.
std::span<const Scenario> scenarios();

// Null if there is none of that name.
const Scenario* find_scenario(std::string_view name);

}  // namespace nmrcheck
