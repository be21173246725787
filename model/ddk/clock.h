// The simulated wall clock.
#pragma once

#include <cstdint>

#include "model/ddk/driver_program.h"

namespace nmrcheck::model {

// The start of each execution: 2020-01-01 00:00 UTC, in units of 100 ns since 1601.
inline constexpr std::uint64_t kSystemTimeAtStart = 132'223'104'000'000'000u;

inline std::uint64_t system_time() {
  return kSystemTimeAtStart + current_kernel().execution().now();
}

}  // namespace nmrcheck::model
