// The choice points joined, and the profiles that follow from them.
#include "model/nmr/choices.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <vector>

namespace nmrcheck::model {
namespace {

Profile make_profile(std::string_view name, std::string_view summary,
                     Alternatives ChoicePointInfo::*column) {
  Profile profile{std::string(name), std::string(summary), {}};
  for (const ChoicePointInfo& info : choice_points()) profile.allowed[info.number] = info.*column;
  return profile;
}

std::vector<ChoicePointInfo> joined() {
  std::vector<ChoicePointInfo> all;
  for (const auto part : {choice_points_01_to_19(), choice_points_20_to_38()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace

Alternatives ChoicePointInfo::all() const {
  Alternatives set = 0;
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    if (!alternatives[i].empty()) set |= Alternatives{1} << i;
  }
  return set;
}

std::span<const ChoicePointInfo> choice_points() {
  static const std::vector<ChoicePointInfo> list = joined();
  return list;
}

const ChoicePointInfo& choice_point(std::uint32_t number) {
  const std::span<const ChoicePointInfo> list = choice_points();
  assert(number >= 1 && number <= list.size() && list[number - 1].number == number);
  return list[number - 1];
}

std::string_view id_of(const ChoicePointInfo& info) {
  return std::string_view(info.question).substr(0, std::string_view("CP-00").size());
}

const ChoicePointInfo* find_choice_point(std::string_view name) {
  for (const ChoicePointInfo& info : choice_points()) {
    if (id_of(info) == name) return &info;
  }
  return nullptr;
}

std::string letters_of(Alternatives set) {
  std::string letters;
  for (; set != 0; set &= set - 1) letters += static_cast<char>('a' + std::countr_zero(set));
  return letters;
}

std::span<const Profile> profiles() {
  static const std::array list{
      make_profile("documented", "everything that no documentation excludes",
                   &ChoicePointInfo::documented),
      make_profile("windows", "what Windows is known, or not known not, to do",
                   &ChoicePointInfo::windows),
      make_profile("paranoid", "also what only sample code or plain necessity excludes",
                   &ChoicePointInfo::paranoid),
  };
  return list;
}

const Profile* find_profile(std::string_view name) {
  for (const Profile& profile : profiles()) {
    if (profile.name == name) return &profile;
  }
  return nullptr;
}

}  // namespace nmrcheck::model
