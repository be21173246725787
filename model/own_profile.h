// A profile of the user's own: another one with some choice points narrowed or widened.
#pragma once

#include <map>
#include <string>
#include <variant>

#include "model/profile.h"

namespace nmrcheck::model {

// Letters of the alternatives that are allowed, by choice point: {"CP-12", "ab"}.
using AllowedLetters = std::map<std::string, std::string>;

// What is wrong with a profile: one sentence.
struct ProfileError {
  std::string message;
};

// `base` with the choice points of `allowed` set to just those letters. A default that is not among
// them is replaced by the first letter. An error for a name that is no choice point, an empty set,
// a letter given twice, and one that stands for no alternative.
std::variant<Profile, ProfileError> changed_profile(const Profile& base,
                                                    const AllowedLetters& allowed);

// The choice points in which `profile` differs from `base`: what changed_profile takes.
AllowedLetters changes_of(const Profile& profile, const Profile& base);

// True if `profile` allows nothing that `wider` does not allow.
bool within(const Profile& profile, const Profile& wider);

}  // namespace nmrcheck::model
