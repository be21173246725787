// nmrcheck explain RULE, and explain CP-12 or U10
#include <fmt/format.h>

#include <algorithm>

#include "model/choice_points.h"
#include "model/rules/catalog.h"
#include "tools/cli/commands.h"
#include "tools/report/text.h"

namespace nmrcheck::cli {
namespace {

const char* describe(sim::Severity severity) {
  switch (severity) {
    case sim::Severity::kS1:
      return "memory safety";
    case sim::Severity::kS2:
      return "unload safety";
    case sim::Severity::kS3:
      return "liveness";
    case sim::Severity::kS4:
      return "IRQL";
    case sim::Severity::kS5:
      return "protocol error with a contained effect";
    default:
      return "a hint: it works today and is not promised; no violation";
  }
}

void print_field(const char* name, std::string_view text) {
  constexpr std::size_t kIndent = 12;
  if (text.empty()) return;
  bool first = true;
  for (const std::string& line : report::wrap(text, terminal_width() - kIndent)) {
    fmt::print("{:<12}{}\n", first ? name : "", line);
    first = false;
  }
}

void print_choice_point(const model::ChoicePointInfo& point, bool color) {
  fmt::print("{}\n", report::paint(model::id_of(point), "bold", color));
  print_field("asks", std::string_view(point.question).substr(model::id_of(point).size() + 1));
  for (std::size_t i = 0; i < point.alternatives.size(); ++i) {
    if (point.alternatives[i].empty()) continue;
    const char* usual = point.default_alternative == i ? " (default)" : "";
    const std::string letter(1, static_cast<char>('a' + i));
    print_field(letter.c_str(), fmt::format("{}{}", point.alternatives[i], usual));
  }
  for (const model::Profile& profile : model::profiles()) {
    print_field(profile.name.c_str(), model::letters_of(profile.allowed[point.number]));
  }
  print_field("evidence", point.evidence);
  print_field("note", point.note);
}

int unknown_name(const std::string& name) {
  std::vector<std::string_view> names;
  for (const model::RuleInfo& known : model::rules()) names.push_back(known.id);
  for (const model::ChoicePointInfo& known : model::choice_points()) {
    names.push_back(model::id_of(known));
  }
  return bad_request(
      fmt::format("there is no rule or choice point \"{}\".{} `nmrcheck list rules` and `nmrcheck "
                  "list profiles` list all.",
                  name, suggestion(name, names)));
}

}  // namespace

int explain(const Options& options) {
  if (const model::ChoicePointInfo* point = model::find_choice_point(options.rule)) {
    print_choice_point(*point, options.color && is_terminal(false));
    return kNothingFound;
  }
  const model::RuleInfo* rule = model::find_rule(options.rule);
  if (rule == nullptr) return unknown_name(options.rule);
  fmt::print("{}\n", report::paint(rule->id, "bold", options.color && is_terminal(false)));
  print_field("says", rule->statement);
  print_field("severity",
              fmt::format("{}, {}", severity_name(rule->severity), describe(rule->severity)));
  if (rule->robustness) print_field("label", "fragility: no documentation forbids it");
  print_field("obliges", model::to_string(rule->party));
  print_field("source", rule->source);
  print_field("mend", rule->mend);
  print_field("note", rule->note);
  bool first = true;
  for (const Scenario& scenario : scenarios()) {
    const auto& expected = scenario.expected;
    if (std::find(expected.begin(), expected.end(), rule->id) == expected.end()) continue;
    print_field(first ? "see" : "", fmt::format("tools/nmrcheck explore {}", scenario.name));
    first = false;
  }
  return kNothingFound;
}

}  // namespace nmrcheck::cli
