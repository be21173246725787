// nmrcheck list scenarios|rules|strategies|profiles
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/choice_points.h"
#include "model/rules/catalog.h"
#include "tools/cli/commands.h"
#include "tools/cli/json_text.h"

namespace nmrcheck::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kLists{"scenarios", "rules", "strategies", "profiles"};

Json scenarios_json() {
  Json list = Json::array();
  for (const Scenario& scenario : scenarios()) {
    Json expected = Json::array();
    for (const std::string_view rule : scenario.expected) expected.push_back(rule);
    list.push_back({{"name", scenario.name},
                    {"summary", scenario.summary},
                    {"expected", expected},
                    {"twin", scenario.twin},
                    {"source", scenario.source},
                    {"profile", scenario.profile}});
  }
  return list;
}

Json rules_json() {
  Json list = Json::array();
  for (const model::RuleInfo& rule : model::rules()) {
    list.push_back({{"id", rule.id},
                    {"severity", severity_name(rule.severity)},
                    {"party", model::to_string(rule.party)},
                    {"statement", rule.statement},
                    {"source", rule.source}});
  }
  return list;
}

Json strategies_json() {
  Json list = Json::array();
  list.push_back({{"name", sim::kAutoStrategy}, {"summary", sim::kAutoSummary}});
  for (const sim::StrategyInfo& strategy : sim::strategies()) {
    list.push_back({{"name", strategy.name}, {"summary", strategy.summary}});
  }
  return list;
}

// What a profile makes of a choice point.
Json choice_point_json(const model::ChoicePointInfo& point, model::Alternatives allowed) {
  Json alternatives = Json::object();
  for (std::size_t i = 0; i < point.alternatives.size(); ++i) {
    if ((allowed >> i & 1) == 0) continue;
    alternatives[std::string(1, static_cast<char>('a' + i))] = point.alternatives[i];
  }
  return {{"id", model::id_of(point)},
          {"question", std::string_view(point.question).substr(model::id_of(point).size() + 1)},
          {"allowed", model::letters_of(allowed)},
          {"default", std::string(1, static_cast<char>('a' + point.default_alternative))},
          {"alternatives", alternatives}};
}

Json profiles_json() {
  Json list = Json::array();
  for (const model::Profile& profile : model::profiles()) {
    Json points = Json::array();
    for (const model::ChoicePointInfo& point : model::choice_points()) {
      points.push_back(choice_point_json(point, profile.allowed[point.number]));
    }
    list.push_back(
        {{"name", profile.name}, {"summary", profile.summary}, {"choice_points", points}});
  }
  return list;
}

void print_scenarios() {
  for (const Scenario& scenario : scenarios()) {
    fmt::print("{:<34} {}\n", scenario.name, scenario.summary);
    if (!scenario.expected.empty()) {
      fmt::print("{:<34} breaks {}\n", "", fmt::join(scenario.expected, ", "));
    }
    for (const Parameter& parameter : scenario.parameters) {
      fmt::print("{:<34} --param {}={}: {}, {} to {}\n", "", parameter.name,
                 parameter.default_value, parameter.meaning, parameter.min, parameter.max);
    }
  }
}

// The names of the profiles that allow the alternative, or "all", or "all but …".
std::string names_of_profiles(std::uint32_t number, std::size_t alternative) {
  std::vector<std::string_view> allowing;
  std::vector<std::string_view> others;
  for (const model::Profile& profile : model::profiles()) {
    const bool allows = (profile.allowed[number] >> alternative & 1) != 0;
    (allows ? allowing : others).push_back(profile.name);
  }
  if (others.empty()) return "all";
  if (others.size() == 1) return fmt::format("all but {}", others[0]);
  return fmt::format("{}", fmt::join(allowing, ", "));
}

void print_profiles() {
  for (const model::Profile& profile : model::profiles()) {
    fmt::print("{:<12} {}\n", profile.name, profile.summary);
  }
  fmt::print("\nWhat the documentation leaves open, and what each profile allows:\n\n");
  for (const model::ChoicePointInfo& point : model::choice_points()) {
    fmt::print("{}\n", point.question);
    for (std::size_t i = 0; i < point.alternatives.size(); ++i) {
      if (point.alternatives[i].empty()) continue;
      const std::string allowed = names_of_profiles(point.number, i);
      fmt::print("  ({}) {:<58} {}{}\n", static_cast<char>('a' + i), point.alternatives[i], allowed,
                 point.default_alternative == i ? "; default" : "");
    }
    if (!point.note.empty()) fmt::print("      {}\n", point.note);
  }
}

void print_text(std::string_view what) {
  if (what == "scenarios") return print_scenarios();
  if (what == "profiles") return print_profiles();
  if (what == "rules") {
    for (const model::RuleInfo& rule : model::rules()) {
      fmt::print("{:<24} {}  {}\n", rule.id, severity_name(rule.severity), rule.statement);
    }
    return;
  }
  fmt::print("{:<12} {}\n", sim::kAutoStrategy, sim::kAutoSummary);
  for (const sim::StrategyInfo& strategy : sim::strategies()) {
    fmt::print("{:<12} {}\n", strategy.name, strategy.summary);
  }
}

}  // namespace

int list(const Options& options) {
  if (auto problem = check_format(options)) return bad_request(*problem);
  bool known = false;
  for (const std::string_view name : kLists) known |= options.what == name;
  if (!known) {
    return bad_request(fmt::format("there is no list of \"{}\"; there are {}.{}", options.what,
                                   fmt::join(kLists, ", "), suggestion(options.what, kLists)));
  }
  if (options.format == "text") {
    print_text(options.what);
    return kNothingFound;
  }
  const Json json = options.what == "scenarios"    ? scenarios_json()
                    : options.what == "rules"      ? rules_json()
                    : options.what == "strategies" ? strategies_json()
                                                   : profiles_json();
  fmt::print("{}\n", json_text(json));
  return kNothingFound;
}

}  // namespace nmrcheck::cli
