// nmrcheck explain RULE
#include <fmt/format.h>

#include <algorithm>

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

}  // namespace

int explain(const Options& options) {
  const model::RuleInfo* rule = model::find_rule(options.rule);
  if (rule == nullptr) {
    std::vector<std::string_view> names;
    for (const model::RuleInfo& known : model::rules()) names.push_back(known.id);
    return bad_request(fmt::format("there is no rule \"{}\".{} `nmrcheck list rules` lists all.",
                                   options.rule, suggestion(options.rule, names)));
  }
  fmt::print("{}\n", report::paint(rule->id, "bold", options.color && is_terminal(false)));
  print_field("says", rule->statement);
  print_field("severity",
              fmt::format("{}, {}", severity_name(rule->severity), describe(rule->severity)));
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
