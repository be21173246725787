// The choice points joined, and the profiles that follow from them.
#include "model/choice_points.h"

#include <fmt/format.h>

#include <bit>
#include <cassert>
#include <vector>

#include "model/ndisif/choices.h"
#include "model/nmr/choices.h"

namespace nmrcheck::model {
namespace {

// The profile that allows `column` of each choice point.
Profile make_profile(std::string_view name, std::string_view summary,
                     Alternatives (*column)(const ChoicePointInfo&)) {
  Profile profile{std::string(name), std::string(summary), {}};
  for (const ChoicePointInfo& info : choice_points()) profile.allowed[info.number] = column(info);
  return profile;
}

Alternatives documented(const ChoicePointInfo& info) { return info.documented; }
Alternatives windows(const ChoicePointInfo& info) { return info.windows; }
Alternatives paranoid(const ChoicePointInfo& info) { return info.paranoid; }
Alternatives canonical(const ChoicePointInfo& info) {
  return info.canonical != 0 ? info.canonical : info.windows;
}

// `documented`, with one answer to when callbacks end.
Profile make_profile_of_callbacks(std::string_view name, std::string_view summary,
                                  Alternatives end_of_callbacks) {
  Profile profile = make_profile(name, summary, documented);
  profile.allowed[interface_choice(10)] = end_of_callbacks;
  return profile;
}

std::vector<ChoicePointInfo> joined() {
  std::vector<ChoicePointInfo> all;
  for (const auto part :
       {choice_points_01_to_19(), choice_points_20_to_38(), interface_choice_points()}) {
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
  static const auto by_number = [] {
    std::array<const ChoicePointInfo*, kChoicePointsMax> table{};
    for (const ChoicePointInfo& info : choice_points()) table[info.number] = &info;
    return table;
  }();
  assert(number < by_number.size() && by_number[number] != nullptr);
  return *by_number[number];
}

std::string_view id_of(const ChoicePointInfo& info) {
  const std::string_view question = info.question;
  return question.substr(0, question.find(' '));
}

// A registrar's choice points are numbered without a gap.
std::string choice_point_ranges() {
  std::string ranges;
  const std::span<const ChoicePointInfo> list = choice_points();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const bool first = i == 0 || list[i - 1].number + 1 != list[i].number;
    const bool last = i + 1 == list.size() || list[i].number + 1 != list[i + 1].number;
    if (first) ranges += fmt::format("{}{} to ", i == 0 ? "" : " and ", id_of(list[i]));
    if (last) ranges += id_of(list[i]);
  }
  return ranges;
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
      make_profile("documented", "everything that no documentation excludes", documented),
      make_profile("windows", "what Windows is known, or not known not, to do", windows),
      make_profile("paranoid", "also what only sample code or plain necessity excludes", paranoid),
      make_profile("canonical",
                   "windows, with one answer to each question about NDIS interface providers",
                   canonical),
      make_profile_of_callbacks(
          "strong",
          "documented, and NdisIfDeregisterInterface returns when no callback is left (U10 a)", kA),
      make_profile_of_callbacks(
          "entered",
          "documented, but callbacks inside run on after NdisIfDeregisterInterface (U10 b)", kB),
      make_profile_of_callbacks(
          "none", "documented, but callbacks may enter after NdisIfDeregisterInterface (U10 c)",
          kC),
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
