// The report of a search is the same for every number of OS threads, and shards make up the whole.
#include <gtest/gtest.h>

#include <string>

#include "sim/explore/explorer.h"
#include "tests/sim/programs.h"
#include "tests/sim/random_programs.h"
#include "tests/sim/report_text.h"

namespace nmrcheck::sim {
namespace {

SearchOptions with(std::string_view strategy, std::uint64_t executions_max) {
  SearchOptions options;
  options.strategy = strategy;
  options.budget.executions_max = executions_max;
  options.minimize = false;
  return options;
}

void expect_same_for_all_jobs(const ProgramFactory& factory, SearchOptions options) {
  options.jobs = 1;
  const std::string alone = test::to_string(explore(factory, options));
  for (const std::uint32_t jobs : {2u, 3u}) {
    options.jobs = jobs;
    EXPECT_EQ(test::to_string(explore(factory, options)), alone) << jobs << " jobs";
  }
}

void expect_same_for_random_programs(std::uint64_t programs, std::uint64_t executions_max) {
  Rng rng(Seed{29});
  for (std::uint64_t i = 0; i < programs; ++i) {
    const test::Code code = test::random_code(rng, 12);
    const ProgramFactory factory = test::program_of(code);
    for (const StrategyInfo& info : strategies()) {
      for (const bool keep_going : {false, true}) {
        SCOPED_TRACE(std::string(info.name) + (keep_going ? " --keep-going" : "") + "\n" +
                     test::to_string(code));
        SearchOptions options = with(info.name, executions_max);
        options.keep_going = keep_going;
        options.jobs_at_once = true;
        expect_same_for_all_jobs(factory, options);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST(JobsTest, ReportTheSameForRandomPrograms) { expect_same_for_random_programs(6, 700); }
TEST(JobsSlowTest, ReportTheSameForManyRandomPrograms) {
  expect_same_for_random_programs(test::in_this_build(150), 3'000);
}

// There are 63 063 000 interleavings: the last part is cut where the limit is.
TEST(JobsTest, StopAtALimitInTheMiddleOfAPart) {
  for (const std::uint64_t limit : {255u, 256u, 257u, 300u, 1'000u, 2'311u}) {
    for (const char* strategy : {"dfs", "dpor", "random", "surw"}) {
      SCOPED_TRACE(std::string(strategy) + ' ' + std::to_string(limit));
      SearchOptions options = with(strategy, limit);
      options.jobs_at_once = true;
      const Report report = explore(test::bare_steps(4, 4), options);
      EXPECT_EQ(report.executions, limit);
      expect_same_for_all_jobs(test::bare_steps(4, 4), options);
    }
  }
  SearchOptions options = with("dfs", 20'700);  // its first part is longer
  options.jobs_at_once = true;
  expect_same_for_all_jobs(test::bare_steps(4, 4), options);
}

TEST(JobsTest, DividedDepthFirstSearchVisitsEveryInterleavingOnce) {
  SearchOptions options = with("dfs", kUnlimited);
  options.jobs = 2;
  options.jobs_at_once = true;
  const Report report = explore(test::bare_steps(3, 4), options);
  EXPECT_TRUE(report.exhausted);
  EXPECT_EQ(report.executions, 34'650u);  // 12! / 4!^3
  EXPECT_EQ(report.executions_blocked, 0u);
}

TEST(ShardTest, ShardsAreTheWholeInTurns) {
  for (const char* strategy : {"random", "pct", "urw"}) {
    SearchOptions options = with(strategy, 101);
    const Report whole = explore(test::bare_steps(3, 3), options);
    std::uint64_t executions = 0;
    std::uint64_t steps = 0;
    for (std::uint64_t index = 0; index < 3; ++index) {
      options.shard = {index, 3};
      const Report part = explore(test::bare_steps(3, 3), options);
      EXPECT_EQ(part.executions, index == 2 ? 33u : 34u);
      executions += part.executions;
      steps += part.steps;
      EXPECT_EQ(part.scope.substr(0, 11), "shard " + std::to_string(index) + "/3: ");
    }
    EXPECT_EQ(executions, whole.executions);
    EXPECT_EQ(steps, whole.steps);
  }
}

TEST(ShardTest, TheFirstFindingOfTheWholeIsThatOfItsShard) {
  for (const char* strategy : {"random", "pct", "pos", "surw", "urw"}) {
    SCOPED_TRACE(strategy);
    SearchOptions options = with(strategy, 10'000);
    const Report whole = explore(test::deadlock01(), options);
    ASSERT_EQ(whole.findings.size(), 1u);
    const Finding& first = whole.findings[0];
    std::uint64_t smallest = kUnlimited;
    for (std::uint64_t index = 0; index < 4; ++index) {
      options.shard = {index, 4};
      const Report part = explore(test::deadlock01(), options);
      ASSERT_EQ(part.findings.size(), 1u);
      EXPECT_EQ(part.findings[0].execution % 4, index);
      smallest = std::min(smallest, part.findings[0].execution);
      if (index != first.execution % 4) continue;
      EXPECT_EQ(part.findings[0].execution, first.execution);
      EXPECT_EQ(part.findings[0].hash, first.hash);
    }
    EXPECT_EQ(smallest, first.execution);
  }
}

}  // namespace
}  // namespace nmrcheck::sim
