// nmrcheck explore TARGET…
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "model/rules/catalog.h"
#include "sim/explore/workers.h"
#include "tools/cli/commands.h"
#include "tools/cli/json_text.h"
#include "tools/report/text.h"

namespace nmrcheck::cli {
namespace {

using Json = nlohmann::ordered_json;

// What was asked for, checked.
struct Request {
  std::vector<const Scenario*> targets;
  const model::Profile* profile = nullptr;
  sim::SearchOptions search;
  std::map<std::string, std::int64_t> parameters;
  std::string out = "nmrcheck-out";
};

// A finding with its file.
struct Reported {
  const sim::Finding* finding = nullptr;
  std::string file;  // empty when it could not be written
  sim::Failure failure;
  sim::Trace trace;
};

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
  request.profile = model::find_profile(options.profile);
  if (request.profile != nullptr) return std::nullopt;
  std::vector<std::string_view> names;
  for (const model::Profile& profile : model::profiles()) names.push_back(profile.name);
  return fmt::format("there is no profile \"{}\"; there are {}.{}", options.profile,
                     fmt::join(names, ", "), suggestion(options.profile, names));
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

std::optional<std::string> check(const Options& options, Request& request) {
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
  request.search.keep_going = options.keep_going;
  if (options.out.empty()) return std::nullopt;
  request.out = options.out;
  return make_folder(request.out);  // before a long search, not after it
}

ParameterValues values_for(const Scenario& scenario, const Request& request) {
  ParameterValues values;
  for (const Parameter& parameter : scenario.parameters) {
    const auto given = request.parameters.find(std::string(parameter.name));
    values[std::string(parameter.name)] =
        given == request.parameters.end() ? parameter.default_value : given->second;
  }
  return values;
}

std::string file_of(const Scenario& scenario, const std::string& rule, const Request& request) {
  std::string name(scenario.name);
  std::replace(name.begin(), name.end(), '/', '.');
  return (std::filesystem::path(request.out) / fmt::format("{}.{}.json", name, rule)).string();
}

// Writes the failure file of a finding. Returns the reason if it cannot.
std::optional<std::string> write_failure(const Scenario& scenario, const Request& request,
                                         const sim::ProgramFactory& factory, Reported& reported) {
  const sim::Finding& finding = *reported.finding;
  sim::replay(factory, finding.schedule, request.search.limits, &reported.trace);
  sim::Trace found;
  sim::replay(factory, finding.found, request.search.limits, &found);
  sim::Failure& failure = reported.failure;
  failure.scenario = scenario.name;
  for (const auto& [name, value] : values_for(scenario, request)) {
    failure.parameters[name] = std::to_string(value);
  }
  failure.profile = request.profile->name;
  failure.limits = request.search.limits;
  failure.violation = finding.violation;
  failure.place = sim::to_string(finding.violation.place);
  failure.label = label_of(request.profile->name);
  failure.fibers = sim::fiber_names(reported.trace);
  failure.schedule = sim::named_choices(reported.trace);
  failure.steps = finding.steps;
  failure.hash = finding.hash;
  if (finding.proof) {  // minimized
    failure.size = finding.size;
    failure.proof = finding.proof;
    failure.no_return = finding.no_return;
    failure.found = sim::found_of(found, finding.found_size);
  }
  failure.provenance = {finding.strategy, request.search.seed, finding.execution, NMRCHECK_VERSION};
  const std::string path = file_of(scenario, finding.violation.rule, request);
  const std::optional<std::string> problem = write_file(path, sim::to_json(failure));
  if (!problem) reported.file = path;
  return problem;
}

const char* verdict_name(sim::Verdict verdict) {
  switch (verdict) {
    case sim::Verdict::kVerified:
      return "verified";
    case sim::Verdict::kClean:
      return "clean";
    case sim::Verdict::kViolation:
      return "violation";
    default:
      return "error";
  }
}

Json report_json(const Scenario& scenario, const Request& request, const sim::Report& report,
                 const std::vector<Reported>& reported) {
  Json violations = Json::array();
  for (const Reported& one : reported) {
    const sim::Violation& violation = one.finding->violation;
    violations.push_back({{"rule", violation.rule},
                          {"severity", severity_name(violation.severity)},
                          {"label", label_of(request.profile->name)},
                          {"message", violation.message},
                          {"step", violation.step},
                          {"failure", one.file}});
  }
  Json hints = Json::array();
  for (const sim::Finding& hint : report.hints) {
    hints.push_back({{"rule", hint.violation.rule},
                     {"severity", severity_name(hint.violation.severity)},
                     {"message", hint.violation.message},
                     {"place", sim::to_string(hint.violation.place)},
                     {"step", hint.violation.step}});
  }
  Json json = {{"target", scenario.name},
               {"strategy", request.search.strategy},
               {"profile", request.profile->name},
               {"seed", fmt::format("0x{:x}", static_cast<std::uint64_t>(request.search.seed))},
               {"verdict", verdict_name(report.verdict)},
               {"exhausted", report.exhausted},
               {"executions", report.executions},
               {"executions_blocked", report.executions_blocked},
               {"steps", report.steps},
               {"seconds", report.seconds},
               {"scope", report.scope},
               {"violations", violations},
               {"hints", hints}};
  if (!report.error.empty()) json["error"] = report.error;
  return json;
}

void print_finding(const Options& options, const Request& request, const Reported& reported) {
  const bool color = options.color && is_terminal(false);
  const sim::Finding& finding = *reported.finding;
  const model::RuleInfo* rule = model::find_rule(finding.violation.rule);
  fmt::print("\n{}",
             report::draw(reported.trace, finding.violation,
                          {color, terminal_width(), options.full}, remark_of(reported.failure)));
  const auto field = [color](const char* name, const std::string& text) {
    print_field(name, text, color);
  };
  fmt::print("\n");
  if (rule != nullptr) {
    field("rule", fmt::format("{} ({}, {}): {}", rule->id, severity_name(rule->severity),
                              label_of(request.profile->name), rule->statement));
    if (!rule->mend.empty()) field("mend", std::string(rule->mend));
  }
  if (reported.failure.size) field("size", sim::describe_size(reported.failure));
  field("found", fmt::format("by {} in execution {}, seed 0x{:x}", finding.strategy,
                             grouped(finding.execution + 1),
                             static_cast<std::uint64_t>(request.search.seed)));
  if (!reported.file.empty()) {
    field("replay", fmt::format("tools/nmrcheck replay {}", reported.file));
  }
}

void print_report(const Options& options, const Request& request, const Scenario& scenario,
                  const sim::Report& report, const std::vector<Reported>& reported) {
  const bool color = options.color && is_terminal(false);
  const char* verdict = verdict_name(report.verdict);
  const bool bad = report.verdict > sim::Verdict::kClean;
  std::string rules;
  for (const Reported& one : reported) rules += " " + one.finding->violation.rule;
  const std::string expected =
      scenario.expected.empty() || reported.empty() ? ""
      : std::find(scenario.expected.begin(), scenario.expected.end(),
                  reported[0].finding->violation.rule) != scenario.expected.end()
          ? ", as expected"
          : ", NOT the expected rule";
  fmt::print("{:<34} {}{}{}\n", scenario.name, report::paint(verdict, bad ? "red" : "green", color),
             rules, expected);
  if (!report.error.empty()) fmt::print("{:<34} {}\n", "", report.error);
  fmt::print("{:<34} {}; {}\n", "", report.scope, seconds_text(report.seconds));
  if (!report.samplers.empty()) fmt::print("{:<34} {}\n", "", samplers_text(report.samplers));
  for (const sim::Finding& hint : report.hints) {
    const std::string place = sim::to_string(hint.violation.place);
    const std::string text =
        fmt::format("hint {}: {}{}", hint.violation.rule, hint.violation.message,
                    place.empty() ? "" : fmt::format(" ({})", place));
    for (const std::string& line : report::wrap(text, terminal_width() - 35)) {
      fmt::print("{:<34} {}\n", "", line);
    }
  }
  for (const Reported& one : reported) print_finding(options, request, one);
  if (!reported.empty()) fmt::print("\n");
  std::fflush(stdout);
}

}  // namespace

int explore(const Options& options) {
  Request request;
  if (const std::optional<std::string> problem = check(options, request)) {
    return bad_request(*problem);
  }
  if (options.format == "text") {
    fmt::print("strategy {}, profile {}, seed 0x{:x}\n\n", request.search.strategy,
               request.profile->name, static_cast<std::uint64_t>(request.search.seed));
  }
  int status = kNothingFound;
  Json list = Json::array();
  for (const Scenario* scenario : request.targets) {
    const sim::ProgramFactory factory = [&request, scenario,
                                         values = values_for(*scenario, request)] {
      return scenario->make(values, *request.profile);
    };
    const bool watched = options.format == "text" && is_terminal(true);
    if (watched) {
      request.search.on_progress = [scenario](const sim::Progress& progress) {
        fmt::print(stderr, "\r\x1b[K{}", progress_text(scenario->name, progress));
        std::fflush(stderr);
      };
    }
    const sim::Report report = sim::explore(factory, request.search);
    if (watched) fmt::print(stderr, "\r\x1b[K");
    std::vector<Reported> reported(report.findings.size());
    for (std::size_t i = 0; i < reported.size(); ++i) {
      reported[i].finding = &report.findings[i];
      // What was found is shown all the same.
      if (auto problem = write_failure(*scenario, request, factory, reported[i])) {
        status = std::max(status, bad_request(*problem));
      }
    }
    if (options.format == "json") {
      list.push_back(report_json(*scenario, request, report, reported));
    } else {
      print_report(options, request, *scenario, report, reported);
    }
    if (report.verdict == sim::Verdict::kViolation) status = std::max(status, kViolationFound);
    if (report.verdict == sim::Verdict::kError) status = kHarnessFailed;
  }
  if (options.format == "json") fmt::print("{}\n", json_text(list));
  return status;
}

}  // namespace nmrcheck::cli
