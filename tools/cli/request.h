// What `explore` is asked for, checked.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/cli/commands.h"
#include "tools/cli/label.h"

namespace nmrcheck::cli {

struct Request {
  std::vector<const Scenario*> targets;
  ChosenProfile profile;
  bool own_profiles = false;  // none was asked for: each scenario has its own
  sim::SearchOptions search;
  std::map<std::string, std::int64_t> parameters;
  std::string out = "nmrcheck-out";
};

// Fills in `request`, and makes the folder for failure files if one is given. Returns what is wrong
// with the options, if anything.
std::optional<std::string> check_request(const Options& options, Request& request);

}  // namespace nmrcheck::cli
