// Where two executions of one schedule part.
#include "sim/explore/nondeterminism.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "sim/explore/failure.h"

namespace nmrcheck::sim {
namespace {

constexpr const char* kUsualCauses =
    "Usual causes: a static variable that survives an execution, uninitialized memory, the order "
    "of pointers, time, random numbers";

std::string describe_offer(const Choice& choice) {
  if (choice.offered == 0) return "nothing, because the execution had ended";
  if (choice.kind == ChoiceKind::kValue) {
    return fmt::format("a question with {} alternatives", choice.offered);
  }
  return fmt::format("{} fibers (mask {:#x})", std::popcount(choice.offered), choice.offered);
}

std::string describe_divergence_of(const Divergence& divergence) {
  const std::string before =
      divergence.recorded ? describe_offer(*divergence.recorded) : "nothing, because it had ended";
  return fmt::format("at choice {} it offered first {}, then {}", divergence.choice + 1, before,
                     describe_offer(divergence.asked));
}

std::string describe_ending(const Outcome& outcome) {
  return fmt::format("{} after {} steps (hash {:016x})",
                     outcome.violation ? outcome.violation->rule : "no violation", outcome.steps,
                     outcome.hash);
}

std::string describe_step(const Trace& trace, std::size_t i) {
  if (i >= trace.steps.size()) return "no step";
  const StepRecord& step = trace.steps[i];
  const std::uint32_t fiber = index(step.fiber);
  const std::string place = to_string(step.place);
  return fmt::format("\"{}\" by {}, result {}{}{}", step.action,
                     fiber < trace.fibers.size() ? trace.fibers[fiber].name : "the controller",
                     step.result, place.empty() ? "" : " at ", place);
}

// Compares two more executions of `schedule`; a program that differs once often differs again.
std::string describe_first_step(const ProgramFactory& factory, const Limits& limits,
                                const Schedule& schedule) {
  Trace left;
  Trace right;
  replay(factory, schedule, limits, &left);
  replay(factory, schedule, limits, &right);
  const std::size_t steps = std::max(left.steps.size(), right.steps.size());
  for (std::size_t i = 0; i < steps; ++i) {
    const std::string was = describe_step(left, i);
    const std::string is = describe_step(right, i);
    if (was != is)
      return fmt::format("; two more runs part at step {}: {}, then {}", i + 1, was, is);
  }
  return "; two more runs agree with each other, as they do when something survives the first one";
}

}  // namespace

bool repeats(const Outcome& first, const Replayed& again) {
  const Outcome& second = again.outcome;
  if (again.divergence || first.violation.has_value() != second.violation.has_value()) return false;
  if (first.steps != second.steps || first.hash != second.hash) return false;
  return !first.violation || (first.violation->rule == second.violation->rule &&
                              first.violation->step == second.violation->step);
}

std::string describe_nondeterminism(const ProgramFactory& factory, const Limits& limits,
                                    const Outcome& first, const Replayed& again) {
  const std::string where = again.divergence ? "; " + describe_divergence_of(*again.divergence)
                                             : describe_first_step(factory, limits, first.schedule);
  return fmt::format(
      "the program is not deterministic: one schedule gave {}, and, run again, {}{}. {}",
      describe_ending(first), describe_ending(again.outcome), where, kUsualCauses);
}

std::string describe_prefix_divergence(const Divergence& divergence, const Execution& execution) {
  if (divergence.changed != kNoFiber) {
    const std::string place = to_string(execution.place_of(divergence.changed));
    return fmt::format(
        "two steps whose footprints do not conflict were exchanged, and fiber {} then did "
        "something else, in or after its step \"{}\"{}{}. Usual cause: a step reads or writes "
        "something shared that its footprint does not name; else the program is not deterministic",
        execution.name_of(divergence.changed), execution.action_of(divergence.changed),
        place.empty() ? "" : " at ", place);
  }
  return fmt::format("the program is not deterministic: after the same choices, {}. {}",
                     describe_divergence_of(divergence), kUsualCauses);
}

}  // namespace nmrcheck::sim
