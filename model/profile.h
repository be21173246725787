// Which registrar is simulated: for each choice point of the documentation, the alternatives
// allowed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace nmrcheck::model {

// A set of alternatives, one bit each; bit 0 is alternative (a) of the choice point.
using Alternatives = std::uint32_t;

// Room for choice points CP-01 … CP-63 (numbers 1 to 63) and U01 … U31 (numbers 65 to 95).
inline constexpr std::size_t kChoicePointsMax = 96;

struct Profile {
  std::string name;
  std::string summary;
  // Indexed by the number of the choice point; 0: there is none of that number.
  std::array<Alternatives, kChoicePointsMax> allowed{};
  // Not null: the questions are asked with that profile's alternatives, so that a schedule found
  // under it can be followed; an answer that `allowed` does not have is replaced by one that it
  // has. Must outlive this profile's executions.
  const Profile* questions = nullptr;
};

// "documented", "windows", "paranoid", which are about all choice points; then "canonical",
// "strong", "entered", "none", which differ from these for NDIS interface providers.
std::span<const Profile> profiles();

// Null if there is none of that name.
const Profile* find_profile(std::string_view name);

}  // namespace nmrcheck::model
