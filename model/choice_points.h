// The choice points: what the documentation leaves open, as data. Each registrar has a table of its
// own; whatever shows choice points or takes a profile works on all of them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/profile.h"

namespace nmrcheck::model {

inline constexpr std::size_t kAlternativesMax = 8;

// One question that the documentation does not answer. Alternatives are lettered (a), (b), … as
// bits 0, 1, …. A choice point with one alternative is listed so that nobody looks for it: `note`
// says what explores it, or which rule ends the execution before the registrar could choose.
struct ChoicePointInfo {
  std::uint32_t number = 0;   // index into Profile::allowed
  const char* question = "";  // "CP-12 order of the two detach callbacks": shown in traces
  std::array<std::string_view, kAlternativesMax> alternatives{};
  Alternatives documented = 0;            // all that no documentation excludes
  Alternatives windows = 0;               // what Windows is known, or not known not, to do
  Alternatives paranoid = 0;              // also what only sample code or necessity excludes
  Alternatives canonical = 0;             // one answer to each question of the row; 0: as windows
  std::uint32_t default_alternative = 0;  // likely on Windows; part of the columns above
  std::string_view evidence;
  std::string_view note;

  // All alternatives that are modelled.
  Alternatives all() const;
};

// CP-01, CP-02, …, then U01, U02, …; numbers ascend, with a gap between the registrars.
std::span<const ChoicePointInfo> choice_points();

// Requires: a choice point of that number exists.
const ChoicePointInfo& choice_point(std::uint32_t number);

// The choice point called `name`, such as "CP-12" or "U10"; null if there is none.
const ChoicePointInfo* find_choice_point(std::string_view name);

// "CP-12", "U10".
std::string_view id_of(const ChoicePointInfo& info);

// "CP-01 to CP-38 and U01 to U31": what there is, for messages.
std::string choice_point_ranges();

// The letters of a set, "ace".
std::string letters_of(Alternatives set);

inline constexpr Alternatives kA = 1, kB = 2, kC = 4, kD = 8, kE = 16, kF = 32, kG = 64;

}  // namespace nmrcheck::model
