// Which registrar is simulated: for each choice point of the documentation, the alternatives
// allowed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace nmrcheck::model {

// A set of alternatives, one bit each; bit 0 is alternative (a) of the choice point.
using Alternatives = std::uint32_t;

// Room for choice points CP-01 … CP-63.
inline constexpr std::size_t kChoicePointsMax = 64;

struct Profile {
  std::string_view name;
  std::string_view summary;
  // Indexed by the number of the choice point; 0: the choice point is not modelled.
  std::array<Alternatives, kChoicePointsMax> allowed{};
};

// "documented", "windows", "paranoid", in this order.
std::span<const Profile> profiles();

// Null if there is none of that name.
const Profile* find_profile(std::string_view name);

}  // namespace nmrcheck::model
