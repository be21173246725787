// Checks of the options, one after another: the first problem is told.
#include "tools/cli/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "sim/explore/workers.h"

namespace nmrcheck::cli {
namespace {

std::optional<std::string> find_targets(const Options& options, Request& request) {
  for (const std::string& pattern : options.targets) {
    bool found = false;
    for (const Scenario& scenario : scenarios()) {
      const bool wanted = pattern == "all" || matches(pattern, scenario.name);
      const bool listed = std::find(request.targets.begin(), request.targets.end(), &scenario) !=
                          request.targets.end();
      if (wanted && !listed) request.targets.push_back(&scenario);
      found |= wanted;
    }
    if (found) continue;
    std::vector<std::string_view> names;
    for (const Scenario& scenario : scenarios()) names.push_back(scenario.name);
    const bool glob = pattern.find_first_of("*?") != std::string::npos;
    return fmt::format("no scenario {} \"{}\".{} `nmrcheck list scenarios` lists all.",
                       glob ? "matches" : "is called", pattern, suggestion(pattern, names));
  }
  return std::nullopt;
}

std::optional<std::string> find_strategy_and_profile(const Options& options, Request& request) {
  if (options.strategy != sim::kAutoStrategy && sim::find_strategy(options.strategy) == nullptr) {
    std::vector<std::string_view> names{sim::kAutoStrategy};
    for (const sim::StrategyInfo& info : sim::strategies()) names.push_back(info.name);
    return fmt::format("there is no strategy \"{}\"; there are {}.{}", options.strategy,
                       fmt::join(names, ", "), suggestion(options.strategy, names));
  }
  request.search.strategy = options.strategy;
  request.own_profiles = options.profile.empty();
  auto chosen = choose_profile(request.own_profiles ? std::string(kUsualProfile) : options.profile);
  if (const auto* error = std::get_if<model::ProfileError>(&chosen)) return error->message;
  request.profile = std::get<ChosenProfile>(std::move(chosen));
  return std::nullopt;
}

std::string unknown_parameter(const Scenario& scenario, const std::string& name) {
  std::vector<std::string_view> names;
  for (const Parameter& parameter : scenario.parameters) names.push_back(parameter.name);
  const std::string known =
      names.empty() ? "it has none" : fmt::format("it has {}", fmt::join(names, ", "));
  return fmt::format("{} has no parameter \"{}\"; {}.{}", scenario.name, name, known,
                     suggestion(name, names));
}

std::optional<std::string> parse_parameter(const std::string& text, Request& request) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const std::optional<std::int64_t> number =
      equals == std::string::npos ? std::nullopt : parse_integer(text.substr(equals + 1));
  if (!number) return fmt::format("--param should be NAME=NUMBER, but is \"{}\"", text);
  for (const Scenario* target : request.targets) {
    const auto& known = target->parameters;
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const Parameter& p) { return p.name == name; });
    if (found == known.end()) {
      return unknown_parameter(*target, name);
    }
    if (*number < found->min || *number > found->max) {
      return fmt::format("parameter {} of {} should be from {} to {}, but is {}", name,
                         target->name, found->min, found->max, *number);
    }
  }
  if (!request.parameters.emplace(name, *number).second) {
    return fmt::format("--param {} is given twice", name);
  }
  return std::nullopt;
}

std::optional<std::string> read_limits(const Options& options, sim::Budget& budget) {
  if (!options.executions.empty()) {
    budget.executions_max = parse_number(options.executions);
    if (!budget.executions_max || *budget.executions_max == 0) {
      return fmt::format("--executions should be a number from 1 on, but is \"{}\"",
                         options.executions);
    }
  }
  if (!options.time.empty()) {
    budget.seconds_max = parse_duration(options.time);
    if (!budget.seconds_max) {
      return fmt::format("--time should be like 500ms, 30s or 2m, but is \"{}\"", options.time);
    }
  }
  return std::nullopt;
}

std::optional<std::string> read_preemptions(const Options& options, sim::SearchOptions& search) {
  if (options.preemptions.empty()) return std::nullopt;
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  const std::optional<std::uint64_t> number = parse_number(options.preemptions);
  if (!number || *number > kMost) {
    return fmt::format("--preemptions should be a number, but is \"{}\"", options.preemptions);
  }
  const auto most = static_cast<std::uint32_t>(*number);
  const sim::StrategyInfo* info = sim::find_strategy(search.strategy);
  if (info == nullptr || !info->make()->limit_preemptions(most)) {
    return fmt::format("--preemptions limits --strategy bounded; {} does not go by preemptions",
                       search.strategy);
  }
  search.budget.preemptions_max = most;
  return std::nullopt;
}

std::optional<std::string> read_jobs(const Options& options, std::uint32_t& jobs) {
  jobs = sim::available_jobs();
  if (options.jobs.empty()) return std::nullopt;
  const std::optional<std::uint64_t> number = parse_number(options.jobs);
  if (!number || *number == 0 || *number > sim::kJobsMax) {
    return fmt::format("--jobs should be a number from 1 to {}, but is \"{}\"", sim::kJobsMax,
                       options.jobs);
  }
  jobs = static_cast<std::uint32_t>(*number);
  return std::nullopt;
}

std::optional<std::string> read_shard(const Options& options, sim::SearchOptions& search) {
  if (options.shard.empty()) return std::nullopt;
  const std::size_t slash = std::min(options.shard.find('/'), options.shard.size());
  const std::uint64_t index =
      parse_number(options.shard.substr(0, slash)).value_or(sim::kUnlimited);
  const std::uint64_t count =
      slash < options.shard.size() ? parse_number(options.shard.substr(slash + 1)).value_or(0) : 0;
  if (index >= count) {
    return fmt::format("--shard should be like 0/4, 1/4, 2/4 or 3/4, but is \"{}\"", options.shard);
  }
  const sim::StrategyInfo* info = sim::find_strategy(search.strategy);
  if (info != nullptr && info->exhaustive && count > 1) {
    return fmt::format("--shard splits searches that sample, and {} is exhaustive", info->name);
  }
  search.shard = {index, count};
  return std::nullopt;
}

std::optional<std::string> read_deviations(const Options& options, sim::Limits& limits) {
  if (options.deviations.empty()) return std::nullopt;
  const std::optional<std::uint64_t> number = parse_number(options.deviations);
  if (!number || *number >= sim::Limits{}.deviations_max) {
    return fmt::format("--deviations should be a number from 0 on, but is \"{}\"",
                       options.deviations);
  }
  limits.deviations_max = static_cast<std::uint32_t>(*number);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> check_request(const Options& options, Request& request) {
  if (auto problem = check_format(options)) return problem;
  if (auto problem = find_targets(options, request)) return problem;
  if (auto problem = find_strategy_and_profile(options, request)) return problem;
  for (const std::string& text : options.parameters) {
    if (auto problem = parse_parameter(text, request)) return problem;
  }
  const std::optional<std::uint64_t> seed = parse_number(options.seed);
  if (!seed) return fmt::format("--seed should be a number, but is \"{}\"", options.seed);
  request.search.seed = sim::Seed{*seed};
  if (auto problem = read_limits(options, request.search.budget)) return problem;
  if (auto problem = read_preemptions(options, request.search)) return problem;
  if (auto problem = read_jobs(options, request.search.jobs)) return problem;
  if (auto problem = read_shard(options, request.search)) return problem;
  if (auto problem = read_deviations(options, request.search.limits)) return problem;
  request.search.keep_going = options.keep_going;
  if (options.out.empty()) return std::nullopt;
  request.out = options.out;
  return make_folder(request.out);  // before a long search, not after it
}

}  // namespace nmrcheck::cli
