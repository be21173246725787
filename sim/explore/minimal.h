// What minimization says about its result: how large it is, what is proved, where it was decided.
#pragma once

#include <cstdint>

namespace nmrcheck::sim {

// How much an execution asks of its reader.
struct Size {
  std::uint32_t steps = 0;
  std::uint32_t preemptions = 0;  // switches away from an enabled fiber
  std::uint32_t deviations = 0;   // value choices that leave their default

  friend bool operator==(const Size&, const Size&) = default;
};

// Whether a failing schedule with fewer preemptions exists: one that breaks the same rule at the
// same place, and whose answers leave their default no more often.
struct Proof {
  bool complete = false;         // none exists; else the budget was used up before this was known
  bool asked = false;            // the program asks value questions, so that `deviations` counts
  std::uint32_t executions = 0;  // spent on it

  friend bool operator==(const Proof&, const Proof&) = default;
};

// The first step after which every continuation that was tried broke the same rule.
struct NoReturn {
  std::uint32_t step = 0;           // counted from 1; 0: already before the first step
  std::uint32_t continuations = 0;  // tried after each step
  bool exact = true;                // else the budget was used up: at this step or earlier

  friend bool operator==(const NoReturn&, const NoReturn&) = default;
};

}  // namespace nmrcheck::sim
