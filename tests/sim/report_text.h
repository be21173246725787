// All that a report says, but for the time, for comparison.
#pragma once

#include <fmt/format.h>

#include <string>

#include "sim/explore/explorer.h"

namespace nmrcheck::sim::test {

inline std::string to_string(const Schedule& schedule) {
  std::string text;
  for (const Choice& choice : schedule) {
    text +=
        fmt::format(" {}:{}/{:x}", static_cast<int>(choice.kind), choice.picked, choice.offered);
  }
  return text;
}

inline std::string to_string(const Report& report) {
  std::string text = fmt::format(
      "verdict {} exhausted {} executions {} blocked {} steps {} deepest {}\n{}\n{}\n",
      static_cast<int>(report.verdict), report.exhausted, report.executions,
      report.executions_blocked, report.steps, report.steps_deepest, report.scope, report.error);
  for (const SituationCount& situation : report.situations) {
    text += fmt::format("{} in {}\n", situation.name, situation.executions);
  }
  for (const Finding& finding : report.findings) {
    text += fmt::format("{} step {} of {}: {}\n hash {:x} execution {} by {} seed {:x}\n{}\n{}\n",
                        finding.violation.rule, finding.violation.step, finding.steps,
                        finding.violation.message, finding.hash, finding.execution,
                        finding.strategy, static_cast<std::uint64_t>(finding.seed),
                        to_string(finding.schedule), to_string(finding.found));
  }
  return text;
}

}  // namespace nmrcheck::sim::test
