// Joins what a report counted with what the scenario expects and the catalog explains.
#include "tools/cli/situations.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/situations.h"
#include "sim/explore/grouped.h"
#include "tools/cli/commands.h"
#include "tools/report/text.h"

namespace nmrcheck::cli {
namespace {

std::uint64_t executions_of(std::string_view name, const sim::Report& report) {
  const auto found = std::find_if(report.situations.begin(), report.situations.end(),
                                  [name](const auto& count) { return count.name == name; });
  return found == report.situations.end() ? 0 : found->executions;
}

bool listed(std::string_view name, const std::vector<SituationLine>& lines) {
  return std::any_of(lines.begin(), lines.end(),
                     [name](const SituationLine& line) { return line.name == name; });
}

}  // namespace

std::vector<SituationLine> situation_lines(const Scenario& scenario, const sim::Report& report) {
  std::vector<SituationLine> lines;
  const auto add = [&](std::string_view name, bool expected) {
    const std::uint64_t executions = executions_of(name, report);
    if (!expected && (executions == 0 || listed(name, lines))) return;
    lines.push_back({std::string(name), executions, expected});
  };
  for (const std::string_view name : scenario.situations) add(name, true);
  for (const model::SituationInfo& info : model::situations()) add(info.name, false);
  for (const sim::SituationCount& count : report.situations) add(count.name, false);
  return lines;
}

std::string warning_of(const SituationLine& line, const sim::Report& report) {
  const bool telling = report.exhausted || report.executions >= kLargeSearch;
  if (!telling || !line.expected || line.executions > 0) return "";
  const model::SituationInfo* info = model::find_situation(line.name);
  return fmt::format("\"{}\" was expected and never came up{}{}", line.name,
                     report.exhausted ? ", though all was explored" : "",
                     info == nullptr ? "" : fmt::format(" ({})", info->meaning));
}

SituationsText situations_text(const Scenario& scenario, const sim::Report& report) {
  SituationsText text;
  std::string reached;
  std::string never;
  for (const SituationLine& line : situation_lines(scenario, report)) {
    if (line.executions > 0) {
      reached += fmt::format("{}{} {}", reached.empty() ? "" : ", ", line.name,
                             sim::grouped(line.executions));
      continue;
    }
    never += (never.empty() ? "" : ", ") + line.name;
    if (std::string warning = warning_of(line, report); !warning.empty()) {
      text.warnings.push_back(std::move(warning));
    }
  }
  if (!reached.empty()) {
    text.reached = fmt::format("reached, in {} execution{}: {}", sim::grouped(report.executions),
                               report.executions == 1 ? "" : "s", reached);
  }
  if (!never.empty()) {
    text.reached += fmt::format("{}never: {}", text.reached.empty() ? "" : "; ", never);
  }
  return text;
}

void print_situations(const Scenario& scenario, const sim::Report& report) {
  constexpr std::size_t kColumn = 35;
  const std::size_t width = std::max(terminal_width(), 2 * kColumn) - kColumn;
  const auto print = [width](const std::string& text) {
    if (text.empty()) return;
    for (const std::string& line : report::wrap(text, width)) fmt::print("{:<34} {}\n", "", line);
  };
  const SituationsText text = situations_text(scenario, report);
  print(text.reached);
  for (const std::string& warning : text.warnings) print("warning: " + warning);
}

}  // namespace nmrcheck::cli
