// Names for choices, and the words for a replay that no longer fits.
#include "sim/explore/failure.h"

#include <fmt/format.h>

#include <bit>

namespace nmrcheck::sim {
namespace {

std::string name_at(const std::vector<std::string>& names, std::uint32_t fiber) {
  return fiber < names.size() ? names[fiber] : fmt::format("fiber {}", fiber);
}

std::string describe_offer(const Choice& choice, const std::vector<std::string>& names) {
  if (choice.kind == ChoiceKind::kValue) {
    return fmt::format("a question with {} alternatives", choice.offered);
  }
  std::string text = "a choice among";
  for (std::uint64_t left = choice.offered; left != 0; left &= left - 1) {
    const auto fiber = static_cast<std::uint32_t>(std::countr_zero(left));
    text += (left == choice.offered ? " " : ", ") + name_at(names, fiber);
  }
  return text;
}

}  // namespace

std::string to_string(const Place& place) {
  return place.file == nullptr ? std::string() : fmt::format("{}:{}", place.file, place.line);
}

Schedule Failure::plain_schedule() const {
  Schedule plain;
  plain.reserve(schedule.size());
  for (const NamedChoice& named : schedule) plain.push_back(named.choice);
  return plain;
}

std::vector<std::string> fiber_names(const Trace& trace) {
  std::vector<std::string> names;
  names.reserve(trace.fibers.size());
  for (const FiberRecord& fiber : trace.fibers) names.push_back(fiber.name);
  return names;
}

std::vector<NamedChoice> named_choices(const Trace& trace) {
  const std::vector<std::string> names = fiber_names(trace);
  std::vector<NamedChoice> named;
  for (const ChoiceRecord& record : trace.choices) {
    NamedChoice choice{record.choice, record.step, record.question, "", {}};
    if (record.choice.kind == ChoiceKind::kFiber) {
      choice.picked = name_at(names, record.choice.picked);
      for (std::uint64_t left = record.choice.offered; left != 0; left &= left - 1) {
        choice.offered.push_back(
            name_at(names, static_cast<std::uint32_t>(std::countr_zero(left))));
      }
    }
    named.push_back(std::move(choice));
  }
  return named;
}

std::string describe_divergence(const Divergence& divergence, const Failure& failure,
                                const Trace& trace) {
  const std::vector<std::string> now = fiber_names(trace);
  const std::string recorded =
      divergence.recorded ? describe_offer(*divergence.recorded, failure.fibers) : "nothing more";
  const std::string asked = divergence.asked.offered == 0 ? "nothing: the execution ended"
                                                          : describe_offer(divergence.asked, now);
  const std::uint32_t step = trace.steps.empty() ? 0 : trace.steps.back().step;
  return fmt::format(
      "the schedule does not fit at choice {} of {}, after step {}: recorded is {}, the program "
      "offers {}. Was the scenario or its driver changed since version {} wrote the file?",
      divergence.choice + 1, failure.schedule.size(), step, recorded, asked,
      failure.provenance.version);
}

}  // namespace nmrcheck::sim
