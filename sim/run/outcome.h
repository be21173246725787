// How one execution ended. Every way to end is a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/core/schedule.h"
#include "sim/core/violation.h"

namespace nmrcheck::sim {

enum class Ending : std::uint8_t {
  kComplete,   // every fiber ended that was not left behind
  kViolation,  // a rule was broken, or a verdict of the harness: see Outcome::violation
  // The strategy said that the rest is covered, or that it cannot follow; or the execution went
  // round in a circle of yields without letting others go, which a fair scheduler would.
  kCovered,
};

struct Outcome {
  Ending ending = Ending::kComplete;
  std::optional<Violation> violation;
  // Hints (severity S6), the first of each rule, in the order in which they came.
  std::vector<Violation> hints;
  std::uint32_t steps = 0;
  // Answers that left the default, of questions asked with Asked::kBounded; whether there were so
  // many that another such question had only its default left.
  std::uint32_t deviations = 0;
  bool bound_reached = false;
  // A hash of (fiber, operations, objects, results) of every step. Equal schedules of a
  // deterministic program give equal hashes.
  std::uint64_t hash = 0;
  // A hash of the trace: the same for executions that differ in the order of independent steps
  // only. See trace_hash.h.
  std::uint64_t trace_hash = 0;
  Schedule schedule;
  // What Execution::reached was told, each name once, in the order in which it came first. A
  // schedule does not depend on it, nor does a hash.
  std::vector<std::string_view> situations;
};

}  // namespace nmrcheck::sim
