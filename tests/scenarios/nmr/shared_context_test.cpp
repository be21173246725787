// A module with one context for all bindings gives every peer the same: a call is judged by the
// binding of the module that makes it.
#include <gtest/gtest.h>

#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"

namespace nmrcheck {
namespace {

// The client gives both providers its globals. One provider finishes its detach while the other
// one, whose attach is still in progress, calls the client (which pct reached in execution 337).
TEST(SharedContextTest, ACallIsThatOfTheModuleThatMakesIt) {
  const Scenario& scenario = *find_scenario("nmr/one-context-fixed");
  const ParameterValues values{{"callers", 1}, {"faults", 0}};
  const auto program = [&] { return scenario.make(values, *model::find_profile("documented")); };
  const sim::Report report =
      sim::explore(program, {.strategy = "pct", .budget = {.executions_max = 1'000}});
  EXPECT_EQ(report.error, "");
  EXPECT_TRUE(report.findings.empty()) << report.findings.front().violation.message;
  EXPECT_EQ(report.executions, 1'000u);
}

}  // namespace
}  // namespace nmrcheck
