// A user's own profile as a JSON file: which alternatives the simulated registrar may take.
//
// | key            | holds                                                            |
// |----------------|------------------------------------------------------------------|
// | format         | "nmrcheck-profile"                                               |
// | format_version | 1                                                                |
// | name           | for reports                                                      |
// | base           | a built-in profile: all that `allowed` does not say              |
// | allowed        | {"CP-12": "ab", …}: letters of `nmrcheck list profiles`          |
//
// profile.schema.json says the same.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "model/own_profile.h"

namespace nmrcheck::cli {

// A profile, and the built-in one that it is based on (itself for a built-in one).
struct ChosenProfile {
  std::shared_ptr<const model::Profile> profile;
  const model::Profile* base = nullptr;
};

// True if `text` is meant as a file: it ends in ".json".
bool names_file(std::string_view text);

// Parses the text of a profile file. Never throws.
std::variant<ChosenProfile, model::ProfileError> parse_profile(const std::string& text);

// The built-in profile of that name, or the one of that file, or what is wrong.
std::variant<ChosenProfile, model::ProfileError> choose_profile(const std::string& name_or_file);

// The built-in profile `base` with `allowed`: what a failure file holds.
std::variant<ChosenProfile, model::ProfileError> rebuild_profile(
    const std::string& base, const model::AllowedLetters& allowed);

}  // namespace nmrcheck::cli
