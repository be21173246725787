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

std::string counted(std::uint32_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// With questions, the proof is about schedules that answer them as usually as this one.
std::string describe_proof(const Proof& proof, const Size& size) {
  if (size.preemptions == 0) return "no schedule has fewer";
  if (!proof.complete) {
    return fmt::format(
        "not proven that fewer preemptions are too few: the budget of {} was used up",
        counted(proof.executions, "execution"));
  }
  std::string text = size.preemptions == 1
                         ? std::string("proved: none with 0")
                         : fmt::format("proved: none with {} or fewer", size.preemptions - 1);
  if (proof.asked && size.deviations == 0) text += " when all answers are the usual ones";
  if (proof.asked && size.deviations > 0) {
    text += fmt::format(" and at most {}", counted(size.deviations, "unusual answer"));
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

Found found_of(const Trace& trace, const Size& size) {
  return {size, fiber_names(trace), named_choices(trace)};
}

std::string describe_size(const Failure& failure) {
  if (!failure.size) return {};
  const Size& now = *failure.size;
  std::string text;
  if (failure.found && failure.found->size != now) {
    const Size& was = failure.found->size;
    text = fmt::format("minimized from {} to {} steps, {} to {} preemptions", was.steps, now.steps,
                       was.preemptions, now.preemptions);
    if (was.deviations > 0) {
      text += fmt::format(", {} to {} unusual answers", was.deviations, now.deviations);
    }
  } else {
    text = counted(now.steps, "step") + ", " + counted(now.preemptions, "preemption");
    if (now.deviations > 0) text += ", " + counted(now.deviations, "unusual answer");
  }
  if (failure.proof) text += "; " + describe_proof(*failure.proof, now);
  if (failure.no_return && failure.no_return->step == 0) {
    text += fmt::format("; so fails every execution tried ({})", failure.no_return->continuations);
  }
  return text;
}

std::string describe_no_return(const NoReturn& no_return) {
  const std::string tried = fmt::format("every continuation tried ({})", no_return.continuations);
  if (!no_return.exact) {
    return fmt::format("{} fails from here on, or earlier: the budget was used up", tried);
  }
  return fmt::format("from here on {} fails", tried);
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
