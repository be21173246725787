// nmrcheck explore TARGET…
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "model/rules/catalog.h"
#include "tools/cli/commands.h"
#include "tools/cli/json_text.h"
#include "tools/cli/label.h"
#include "tools/cli/request.h"
#include "tools/cli/situations.h"
#include "tools/report/text.h"

namespace nmrcheck::cli {
namespace {

using Json = nlohmann::ordered_json;

// A finding with its file.
struct Reported {
  const sim::Finding* finding = nullptr;
  std::string file;  // empty when it could not be written
  sim::Failure failure;
  Label label;
  sim::Trace trace;
};

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
  failure.profile = request.profile.base->name;
  failure.alternatives = model::changes_of(*request.profile.profile, *request.profile.base);
  failure.limits = request.search.limits;
  failure.violation = finding.violation;
  failure.place = sim::to_string(finding.violation.place);
  failure.label = reported.label.name;
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
                          {"label", one.label.name},
                          {"strategy", one.finding->strategy},
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
               {"profile", request.profile.profile->name},
               {"seed", fmt::format("0x{:x}", static_cast<std::uint64_t>(request.search.seed))},
               {"verdict", verdict_name(report.verdict)},
               {"exhausted", report.exhausted},
               {"executions", report.executions},
               {"executions_blocked", report.executions_blocked},
               {"steps", report.steps},
               {"seconds", report.seconds},
               {"scope", report.scope},
               {"situations", Json::array()},
               {"executions_by_deviations", report.executions_by_deviations},
               {"violations", violations},
               {"hints", hints}};
  for (const SituationLine& line : situation_lines(scenario, report)) {
    json["situations"].push_back({{"name", line.name},
                                  {"executions", line.executions},
                                  {"expected", line.expected},
                                  {"warning", warning_of(line, report)}});
  }
  if (request.search.limits.deviations_max != sim::Limits{}.deviations_max) {
    json["deviations"] = request.search.limits.deviations_max;
  }
  if (report.deviations_complete) json["deviations_complete"] = *report.deviations_complete;
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
                              reported.label.name, rule->statement));
    if (!rule->mend.empty()) field("mend", std::string(rule->mend));
  }
  field("label", fmt::format("{}: {}", reported.label.name, reported.label.why));
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
  if (request.own_profiles && scenario.profile != kUsualProfile) {
    fmt::print("{:<34} under profile {}\n", "", scenario.profile);
  }
  if (!report.error.empty()) fmt::print("{:<34} {}\n", "", report.error);
  fmt::print("{:<34} {}; {}\n", "", report.scope, seconds_text(report.seconds));
  if (!report.samplers.empty()) fmt::print("{:<34} {}\n", "", samplers_text(report.samplers));
  if (request.search.limits.deviations_max != sim::Limits{}.deviations_max) {
    fmt::print("{:<34} executions with 0, 1, … deviations: {}\n", "",
               fmt::join(report.executions_by_deviations, ", "));
  }
  // A search that ended at its first violation saw little of anything.
  if (reported.empty() || request.search.keep_going) print_situations(scenario, report);
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
  if (const std::optional<std::string> problem = check_request(options, request)) {
    return bad_request(*problem);
  }
  if (options.format == "text") {
    fmt::print("strategy {}, profile {}, seed 0x{:x}\n\n", request.search.strategy,
               request.profile.profile->name, static_cast<std::uint64_t>(request.search.seed));
  }
  int status = kNothingFound;
  Json list = Json::array();
  for (const Scenario* scenario : request.targets) {
    if (request.own_profiles) {
      request.profile = std::get<ChosenProfile>(choose_profile(std::string(scenario->profile)));
    }
    const sim::ProgramFactory factory = [&request, scenario,
                                         values = values_for(*scenario, request)] {
      return scenario->make(values, *request.profile.profile);
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
      reported[i].label = label_of(*scenario, values_for(*scenario, request), request.profile,
                                   report.findings[i], request.search.limits);
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
