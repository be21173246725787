// The words for operations.
#include "sim/core/operation.h"

#include <array>
#include <cstddef>

namespace nmrcheck::sim {

const char* to_string(Op op) {
  static constexpr std::array<const char*, static_cast<std::size_t>(Op::kChanged) + 1> kNames{
      "read",
      "write",
      "add",
      "exchange",
      "compare-exchange",
      "await",
      "update",
      "lock",
      "unlock",
      "try-lock",
      "lock-shared",
      "unlock-shared",
      "try-lock-shared",
      "set",
      "clear",
      "wait",
      "wait",
      "poll",
      "poll",
      "acquire",
      "release",
      "begin-drain",
      "drain",
      "reopen",
      "push",
      "pop",
      "exit",
      "join",
      "sleep",
      "poll",
  };
  return kNames[static_cast<std::size_t>(op)];
}

}  // namespace nmrcheck::sim
