// The choice points of the registrar: what the documentation leaves open, as data.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/profile.h"

namespace nmrcheck::model {

inline constexpr std::size_t kAlternativesMax = 6;

// One question that the documentation does not answer. Alternatives are lettered (a), (b), … as
// bits 0, 1, …; those that only say what fibers already explore (who runs first) are not asked and
// stand in `note`.
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
};

std::span<const ChoicePointInfo> choice_points();

// Requires: a choice point of that number exists.
const ChoicePointInfo& choice_point(std::uint32_t number);

}  // namespace nmrcheck::model
