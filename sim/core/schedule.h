// The list of choices that, with the program, determines an execution.
#pragma once

#include <cstdint>
#include <vector>

namespace nmrcheck::sim {

// Alternatives that one value choice may have: a set of them is one 64-bit mask.
inline constexpr std::uint32_t kOptionsMax = 64;

enum class ChoiceKind : std::uint8_t {
  kFiber,  // who goes next: a FiberId
  kValue,  // which alternative: an index from 0
};

// One answered question.
struct Choice {
  ChoiceKind kind = ChoiceKind::kFiber;
  std::uint32_t picked = 0;   // the fiber's id, or the alternative
  std::uint64_t offered = 0;  // kFiber: the mask of enabled fibers; kValue: how many alternatives

  // A choice with one answer is forced and need not be written down.
  bool forced() const {
    return kind == ChoiceKind::kFiber ? (offered & (offered - 1)) == 0 : offered <= 1;
  }
  friend bool operator==(const Choice&, const Choice&) = default;
};

// The choices of one execution in order, forced ones left out.
// Equal program and equal schedule give an equal execution.
using Schedule = std::vector<Choice>;

}  // namespace nmrcheck::sim
