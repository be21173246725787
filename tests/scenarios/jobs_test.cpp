// Every scenario of the catalog gives the same report with 1, 2 and 3 jobs: drivers on several OS
// threads share nothing.
#include <gtest/gtest.h>

#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"
#include "tests/sim/random_programs.h"
#include "tests/sim/report_text.h"

namespace nmrcheck {
namespace {

void expect_same_for_all_jobs(const char* strategy, std::uint64_t executions_max, bool keep_going) {
  const model::Profile& profile = *model::find_profile("documented");
  for (const Scenario& scenario : scenarios()) {
    // Its executions take seconds of processor time each.
    if (scenario.name.starts_with("harness/endless")) continue;
    SCOPED_TRACE(std::string(scenario.name) + ' ' + strategy);
    ParameterValues values;
    for (const Parameter& parameter : scenario.parameters) {
      values[std::string(parameter.name)] = parameter.default_value;
    }
    const sim::ProgramFactory factory = [&] { return scenario.make(values, profile); };
    sim::SearchOptions options;
    options.strategy = strategy;
    options.budget.executions_max = executions_max;
    options.keep_going = keep_going;
    options.minimize = false;
    options.jobs_at_once = true;
    const std::string alone = sim::test::to_string(sim::explore(factory, options));
    for (const std::uint32_t jobs : {2u, 3u}) {
      options.jobs = jobs;
      EXPECT_EQ(sim::test::to_string(sim::explore(factory, options)), alone) << jobs << " jobs";
    }
  }
}

TEST(JobsTest, ReportsOfTheCatalogAreTheSame) { expect_same_for_all_jobs("random", 70, false); }
TEST(JobsSlowTest, ReportsOfTheCatalogAreTheSameForEveryStrategy) {
  for (const sim::StrategyInfo& info : sim::strategies()) {
    expect_same_for_all_jobs(std::string(info.name).c_str(), sim::test::in_this_build(300), true);
  }
}

}  // namespace
}  // namespace nmrcheck
