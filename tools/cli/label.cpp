// Looks for a rule's breach under narrower profiles.
#include "tools/cli/label.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/rules/catalog.h"
#include "sim/explore/grouped.h"

namespace nmrcheck::cli {
namespace {

class Narrowing {
 public:
  Narrowing(const Scenario& scenario, const ParameterValues& values, const model::Profile& wide,
            const sim::Finding& finding, const sim::Limits& limits)
      : scenario_(scenario), values_(values), wide_(wide), finding_(finding), limits_(limits) {
    limits_.deviations_max = sim::Limits{}.deviations_max;
  }

  // Says how the rule is broken under `narrow`, or nothing if it was not seen to be.
  std::optional<std::string> found_under(const model::Profile& narrow) const {
    if (model::within(wide_, narrow)) return fmt::format("found with what {} allows", narrow.name);
    // A step without end costs seconds each time: no more than what the search itself spent.
    if (finding_.violation.rule == sim::kEndlessStep) return std::nullopt;
    model::Profile followed = narrow;
    followed.questions = &wide_;
    const sim::Replayed again = sim::replay(factory(followed), finding_.schedule, limits_);
    if (again.outcome.violation && again.outcome.violation->rule == finding_.violation.rule) {
      return fmt::format("the same choices break the rule with what {} allows", narrow.name);
    }
    return search(narrow);
  }

 private:
  sim::ProgramFactory factory(const model::Profile& profile) const {
    return [this, &profile] { return scenario_.make(values_, profile); };
  }

  std::optional<std::string> search(const model::Profile& narrow) const {
    for (const auto& [strategy, executions] :
         {std::pair{"dpor", kLabelDporMax}, std::pair{"random", kLabelSamples}}) {
      const sim::Report report = sim::explore(factory(narrow), {.strategy = strategy,
                                                                .budget = {executions, {}},
                                                                .limits = limits_,
                                                                .keep_going = true,
                                                                .minimize = false});
      const bool broken = std::any_of(report.findings.begin(), report.findings.end(),
                                      [&](const sim::Finding& other) {
                                        return other.violation.rule == finding_.violation.rule;
                                      });
      if (broken)
        return fmt::format("{} breaks the rule with what {} allows", strategy, narrow.name);
      if (report.exhausted) break;
    }
    return std::nullopt;
  }

  const Scenario& scenario_;
  const ParameterValues& values_;
  const model::Profile& wide_;
  const sim::Finding& finding_;
  sim::Limits limits_;
};

}  // namespace

Label label_of(const Scenario& scenario, const ParameterValues& values, const ChosenProfile& chosen,
               const sim::Finding& finding, const sim::Limits& limits) {
  const model::RuleInfo* rule = model::find_rule(finding.violation.rule);
  if (rule != nullptr && rule->robustness) {
    return {"fragility", "no documentation forbids what breaks the rule"};
  }
  const Narrowing narrowing(scenario, values, *chosen.profile, finding, limits);
  const auto searched = [](std::string_view profiles) {
    return fmt::format("not found with what {} allows, in up to {} executions", profiles,
                       sim::grouped(kLabelDporMax + kLabelSamples));
  };
  if (auto why = narrowing.found_under(*model::find_profile("windows"))) {
    return {"reachable-on-windows", *why};
  }
  if (auto why = narrowing.found_under(*model::find_profile("documented"))) {
    return {"bug", *why + "; " + searched("windows")};
  }
  return {"fragility", searched("windows or documented")};
}

}  // namespace nmrcheck::cli
