// Failure files, matched with the scenarios of this program and run again.
#include <fmt/format.h>

#include "tools/cli/commands.h"
#include "tools/cli/profile_file.h"

namespace nmrcheck::cli {
namespace {

// The values of the file, which must be those that the scenario has today.
std::optional<std::string> take_parameters(Loaded& loaded) {
  for (const Parameter& parameter : loaded.scenario->parameters) {
    const auto found = loaded.failure.parameters.find(std::string(parameter.name));
    if (found == loaded.failure.parameters.end()) {
      return fmt::format("the scenario has a parameter \"{}\" that the file does not give",
                         parameter.name);
    }
    const std::optional<std::int64_t> number = parse_integer(found->second);
    if (!number || *number < parameter.min || *number > parameter.max) {
      return fmt::format("parameter {} should be from {} to {}, but is \"{}\"", parameter.name,
                         parameter.min, parameter.max, found->second);
    }
    loaded.values[found->first] = *number;
  }
  for (const auto& [name, value] : loaded.failure.parameters) {
    if (loaded.values.contains(name)) continue;
    return fmt::format("the file gives a parameter \"{}\" that scenario {} does not have", name,
                       loaded.scenario->name);
  }
  return std::nullopt;
}

int harness_failed(const std::string& path, const std::string& message) {
  fmt::print(stderr, "nmrcheck: {}: {}\n", path, message);
  return kHarnessFailed;
}

}  // namespace

sim::ProgramFactory Loaded::factory() const {
  return [made = scenario->make, given = values, with = profile] { return made(given, *with); };
}

std::optional<Loaded> load(const std::string& path, int& status) {
  std::string error;
  const std::optional<std::string> text = read_file(path, error);
  if (!text) {
    status = bad_request(error);
    return std::nullopt;
  }
  const auto refuse = [&](const std::string& reason) -> std::optional<Loaded> {
    status = bad_request(fmt::format("{}: {}", path, reason));
    return std::nullopt;
  };
  std::variant<sim::Failure, sim::FailureFileError> parsed = sim::parse_failure(*text);
  if (const auto* problem = std::get_if<sim::FailureFileError>(&parsed)) {
    return refuse(problem->message);
  }
  Loaded loaded;
  loaded.path = path;
  loaded.failure = std::get<sim::Failure>(std::move(parsed));
  loaded.scenario = find_scenario(loaded.failure.scenario);
  if (loaded.scenario == nullptr) {
    std::vector<std::string_view> names;
    for (const Scenario& scenario : scenarios()) names.push_back(scenario.name);
    return refuse(fmt::format("this program has no scenario \"{}\".{}", loaded.failure.scenario,
                              suggestion(loaded.failure.scenario, names)));
  }
  auto rebuilt = rebuild_profile(loaded.failure.profile, loaded.failure.alternatives);
  if (const auto* problem = std::get_if<model::ProfileError>(&rebuilt)) {
    return refuse(problem->message);
  }
  loaded.profile = std::get<ChosenProfile>(std::move(rebuilt)).profile;
  if (const std::optional<std::string> problem = take_parameters(loaded)) return refuse(*problem);
  return loaded;
}

std::optional<Rerun> rerun(const Loaded& loaded, const sim::ProgramFactory& factory, int& status) {
  const sim::Failure& failure = loaded.failure;
  Rerun again;
  const sim::Replayed replayed =
      sim::replay(factory, failure.plain_schedule(), failure.limits, &again.trace);
  const auto refuse = [&](const std::string& reason) -> std::optional<Rerun> {
    status = harness_failed(loaded.path, reason);
    return std::nullopt;
  };
  again.outcome = replayed.outcome;
  if (replayed.divergence) {
    return refuse(sim::describe_divergence(*replayed.divergence, failure, again.trace));
  }
  if (!again.outcome.violation) {
    return refuse(
        fmt::format("the schedule runs to its end and breaks no rule; recorded is {}. "
                    "Was the scenario or its driver corrected?",
                    failure.violation.rule));
  }
  if (again.outcome.violation->rule != failure.violation.rule) {
    return refuse(fmt::format(
        "the schedule breaks {} ({}); recorded is {}. Was the scenario or "
        "its driver changed?",
        again.outcome.violation->rule, again.outcome.violation->message, failure.violation.rule));
  }
  return again;
}

}  // namespace nmrcheck::cli
