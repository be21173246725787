// What a violation is called: a bug, reachable on Windows, or a fragility.
//
// The narrower the profile under which a rule can be broken, the more the finding weighs. Whether
// it can under a narrower one than that of the search is looked for, not concluded from the
// profile: first the found schedule is followed with the narrower profile's answers, then that
// profile is searched for the same rule, within kLabelDporMax and kLabelSamples executions.
#pragma once

#include <string>

#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"
#include "tools/cli/profile_file.h"

namespace nmrcheck::cli {

inline constexpr std::uint64_t kLabelDporMax = 2'000;
inline constexpr std::uint64_t kLabelSamples = 2'000;

struct Label {
  std::string name;  // "bug", "reachable-on-windows" or "fragility"
  std::string why;   // for people
};

// The label of `finding`, found in `scenario` under `chosen`. A function of its arguments: no
// clock.
Label label_of(const Scenario& scenario, const ParameterValues& values, const ChosenProfile& chosen,
               const sim::Finding& finding, const sim::Limits& limits);

}  // namespace nmrcheck::cli
