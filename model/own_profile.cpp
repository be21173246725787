// Letters into sets, and back.
#include "model/own_profile.h"

#include <fmt/format.h>

#include "model/choice_points.h"

namespace nmrcheck::model {
namespace {

std::variant<Alternatives, ProfileError> read_letters(const ChoicePointInfo& info,
                                                      const std::string& letters) {
  const std::string known = letters_of(info.all());
  if (letters.empty()) {
    return ProfileError{
        fmt::format("{} allows nothing; it has the alternatives \"{}\"", id_of(info), known)};
  }
  Alternatives set = 0;
  for (const char letter : letters) {
    const std::size_t position = known.find(letter);
    if (position == std::string::npos) {
      return ProfileError{
          fmt::format("{} has no alternative \"{}\"; it has \"{}\"", id_of(info), letter, known)};
    }
    const Alternatives bit = Alternatives{1} << position;
    if ((set & bit) != 0) {
      return ProfileError{fmt::format("{} has the alternative \"{}\" twice", id_of(info), letter)};
    }
    set |= bit;
  }
  return set;
}

}  // namespace

std::variant<Profile, ProfileError> changed_profile(const Profile& base,
                                                    const AllowedLetters& allowed) {
  Profile changed = base;
  for (const auto& [name, letters] : allowed) {
    const ChoicePointInfo* info = find_choice_point(name);
    if (info == nullptr) {
      return ProfileError{fmt::format("there is no choice point \"{}\"; there are {}", name,
                                      choice_point_ranges())};
    }
    const auto set = read_letters(*info, letters);
    if (const auto* error = std::get_if<ProfileError>(&set)) return *error;
    changed.allowed[info->number] = std::get<Alternatives>(set);
  }
  return changed;
}

AllowedLetters changes_of(const Profile& profile, const Profile& base) {
  AllowedLetters changes;
  for (const ChoicePointInfo& info : choice_points()) {
    const Alternatives own = profile.allowed[info.number];
    if (own != base.allowed[info.number]) changes[std::string(id_of(info))] = letters_of(own);
  }
  return changes;
}

bool within(const Profile& profile, const Profile& wider) {
  for (const ChoicePointInfo& info : choice_points()) {
    if ((profile.allowed[info.number] & ~wider.allowed[info.number]) != 0) return false;
  }
  return true;
}

}  // namespace nmrcheck::model
