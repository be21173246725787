// A broken rule: what an execution is searched for.
#pragma once

#include <cstdint>
#include <string>

#include "sim/core/place.h"

namespace nmrcheck::sim {

// S1 memory safety, S2 unload safety, S3 liveness, S4 IRQL, S5 protocol error with a contained
// effect. S6 is a hint: works today and is not promised. It is reported, and the execution goes on.
enum class Severity : std::uint8_t { kS1 = 1, kS2, kS3, kS4, kS5, kS6 };

struct Violation {
  std::string rule;  // stable id, "NMR-DET-10" or "harness.deadlock"
  Severity severity = Severity::kS1;
  std::string message;     // what was seen, who, where
  std::uint32_t step = 0;  // the step that broke the rule, counted from 1; 0: before the first step
  Place place;             // in the program's source, where known
};

// Ids of the harness's own verdicts. They never change: they stand in failure files.
inline constexpr const char* kDeadlock = "harness.deadlock";
inline constexpr const char* kLivelock = "harness.livelock";
inline constexpr const char* kLostWakeup = "harness.lost-wakeup";
inline constexpr const char* kStepLimit = "harness.step-limit";
inline constexpr const char* kDivergence = "harness.divergence";
inline constexpr const char* kNondeterminism = "harness.nondeterminism";
inline constexpr const char* kException = "harness.exception";
inline constexpr const char* kCrash = "harness.crash";
inline constexpr const char* kStackOverflow = "harness.stack-overflow";
inline constexpr const char* kEndlessStep = "harness.endless-step";
inline constexpr const char* kAssertion = "harness.assertion";

}  // namespace nmrcheck::sim
