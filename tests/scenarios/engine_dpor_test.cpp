// dpor completes exactly one execution for each trace of the benchmark programs, and gives up none.
#include <gtest/gtest.h>

#include <string>

#include "scenarios/engine/programs.h"
#include "sim/explore/explorer.h"
#include "tests/scenarios/engine_counts.h"
#include "tests/sim/random_programs.h"

namespace nmrcheck {
namespace {

// Programs whose searches take longer than a moment.
constexpr std::uint64_t kTracesQuick = 2'000;

std::string text(std::string_view program, const ParameterValues& values) {
  std::string text(program);
  for (const auto& [name, value] : values) text += ' ' + name + '=' + std::to_string(value);
  return text;
}

sim::Report search(const sim::ProgramFactory& factory) {
  sim::SearchOptions options;
  options.strategy = "dpor";
  options.keep_going = true;
  options.minimize = false;
  options.limits.partial_deadlocks = false;  // every trace to its end
  return sim::explore(factory, options);
}

void expect_counts(bool quick) {
  for (const EngineCount& known : engine_counts()) {
    if ((known.traces <= kTracesQuick) != quick) continue;
    SCOPED_TRACE(text(known.program, known.values));
    const sim::Report report = search(engine::factory(known.program, known.values));
    EXPECT_EQ(report.error, "");
    EXPECT_TRUE(report.exhausted);
    EXPECT_EQ(report.executions, known.traces);
    EXPECT_EQ(report.executions_blocked, 0u);
    EXPECT_EQ(!report.findings.empty(), known.deadlocks > 0);
  }
}

TEST(EngineDporTest, CompletesOneExecutionForEachTrace) { expect_counts(true); }
TEST(EngineDporSlowTest, CompletesOneExecutionForEachTraceOfLargerPrograms) {
  if (sim::test::in_this_build(10) < 10) GTEST_SKIP() << "minutes with sanitizers";

  expect_counts(false);
}

TEST(EngineDporTest, FindsEveryFault) {
  for (const EngineFault& known : engine_faults()) {
    SCOPED_TRACE(text(known.program, known.values));
    const sim::Report report =
        search(engine::factory(known.program, known.values, engine::FailedAssertion::kEndsFiber));
    EXPECT_TRUE(report.exhausted);
    EXPECT_EQ(report.executions, known.traces);
    EXPECT_EQ(report.executions_blocked, 0u);
    EXPECT_EQ(!report.findings.empty(), known.violations > 0);
  }
}

// An assertion that ends the execution cuts the steps behind it off; the search goes on all the
// same, and finds what it finds in whole executions.
TEST(EngineDporTest, FindsEveryFaultThatEndsTheExecution) {
  for (const EngineFault& known : engine_faults()) {
    SCOPED_TRACE(text(known.program, known.values));
    const sim::Report report = search(engine::factory(known.program, known.values));
    EXPECT_TRUE(report.exhausted);
    EXPECT_EQ(!report.findings.empty(), known.violations > 0);
  }
}

}  // namespace
}  // namespace nmrcheck
