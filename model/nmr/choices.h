// The choice points of the registrar: what the documentation leaves open, as data.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/profile.h"

namespace nmrcheck::model {

inline constexpr std::size_t kAlternativesMax = 6;

// One question that the documentation does not answer. Alternatives are lettered (a), (b), … as
// bits 0, 1, …. A choice point with one alternative is listed so that nobody looks for it: `note`
// says what explores it, or which rule ends the execution before the registrar could choose.
struct ChoicePointInfo {
  std::uint32_t number = 0;   // CP-<number>
  const char* question = "";  // "CP-12 order of the two detach callbacks": shown in traces
  std::array<std::string_view, kAlternativesMax> alternatives{};
  Alternatives documented = 0;            // all that no documentation excludes
  Alternatives windows = 0;               // what Windows is known, or not known not, to do
  Alternatives paranoid = 0;              // also what only sample code or necessity excludes
  std::uint32_t default_alternative = 0;  // likely on Windows; part of every profile
  std::string_view evidence;
  std::string_view note;

  // All alternatives that are modelled.
  Alternatives all() const;
};

// CP-01, CP-02, … in this order, without a gap.
std::span<const ChoicePointInfo> choice_points();

// Requires: a choice point of that number exists.
const ChoicePointInfo& choice_point(std::uint32_t number);

// The choice point called `name`, such as "CP-12"; null if there is none.
const ChoicePointInfo* find_choice_point(std::string_view name);

// "CP-12".
std::string_view id_of(const ChoicePointInfo& info);

// The letters of a set, "ace".
std::string letters_of(Alternatives set);

// The parts of the table, joined by choice_points(): CP-01 to CP-19 and CP-20 to CP-38.
std::span<const ChoicePointInfo> choice_points_01_to_19();
std::span<const ChoicePointInfo> choice_points_20_to_38();

inline constexpr Alternatives kA = 1, kB = 2, kC = 4, kD = 8, kE = 16, kF = 32;

}  // namespace nmrcheck::model
