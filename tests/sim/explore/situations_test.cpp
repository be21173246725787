// In how many executions a situation came up: exact counts, whoever counts.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/explore/explorer.h"
#include "tests/sim/programs.h"
#include "tests/sim/report_text.h"

namespace nmrcheck::sim {
namespace {

using Counts = std::vector<std::pair<std::string, std::uint64_t>>;

Counts counts_of(const Report& report) {
  Counts counts;
  for (const SituationCount& count : report.situations) {
    counts.emplace_back(count.name, count.executions);
  }
  return counts;
}

Report search(const ProgramFactory& factory, const char* strategy) {
  SearchOptions options;
  options.strategy = strategy;
  options.minimize = false;
  options.keep_going = true;
  return explore(factory, options);
}

// Two fibers of two steps on one variable: a a b b, in 6 orders. The second one says that it began
// before the first one ended, and says it twice; the first one says when it ends last.
ProgramFactory overlapping(bool breaks = false) {
  return test::parallel([breaks](Execution& execution) {
    const ObjectId object = execution.create("object");
    const auto left = std::make_shared<std::array<int, 2>>(std::array<int, 2>{2, 2});
    const auto body = [&execution, object, left, breaks](std::size_t self) {
      for (int i = 0; i < 2; ++i) {
        execution.step({{object, Op::kUpdate}}, "step");
        --(*left)[self];
        if (self == 1 && (*left)[0] > 0) execution.reached("overlap");
        if (self == 0 && (*left)[0] == 0 && (*left)[1] == 0) execution.reached("ends last");
      }
      if (breaks && (*left)[1 - self] == 0) test::require(execution, false, 1);
    };
    return test::Bodies{[body] { body(0); }, [body] { body(1); }};
  });
}

// abab, abba, baab, baba, bbaa; and abba, baba, bbaa.
TEST(SituationsTest, EachExecutionCountsOnce) {
  const Counts expected{{"ends last", 3}, {"overlap", 5}};
  for (const char* strategy : {"dfs", "dpor"}) {
    const Report report = search(overlapping(), strategy);
    EXPECT_EQ(report.executions, 6u) << strategy;
    EXPECT_EQ(counts_of(report), expected) << strategy;
  }
}

TEST(SituationsTest, ExecutionsThatBreakARuleCountToo) {
  EXPECT_EQ(counts_of(search(overlapping(true), "dfs")),
            (Counts{{"ends last", 3}, {"overlap", 5}}));
}

TEST(SituationsTest, AreTheSameForEveryNumberOfJobs) {
  for (const char* strategy : {"dfs", "random", "portfolio"}) {
    SearchOptions options;
    options.strategy = strategy;
    options.budget.executions_max = 1'000;
    options.jobs_at_once = true;
    const std::string alone = test::to_string(explore(overlapping(), options));
    EXPECT_NE(alone.find("overlap in "), std::string::npos) << alone;
    for (const std::uint32_t jobs : {2u, 3u}) {
      options.jobs = jobs;
      EXPECT_EQ(test::to_string(explore(overlapping(), options)), alone) << strategy;
    }
  }
}

TEST(SituationsTest, OfShardsAddUp) {
  SearchOptions options;
  options.strategy = "random";
  options.budget.executions_max = 101;
  const Counts whole = counts_of(explore(overlapping(), options));
  ASSERT_EQ(whole.size(), 2u);
  Counts sum{{"ends last", 0}, {"overlap", 0}};
  for (std::uint64_t index = 0; index < 3; ++index) {
    options.shard = {index, 3};
    const Counts part = counts_of(explore(overlapping(), options));
    ASSERT_EQ(part.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) sum[i].second += part[i].second;
  }
  EXPECT_EQ(sum, whole);
}

// The prefix of an execution that the strategy gives up is that of another one.
TEST(SituationsTest, BlockedExecutionsDoNotCount) {
  const ProgramFactory factory = test::parallel([](Execution& execution) {
    const ObjectId object = execution.create("object");
    const auto write = [&execution, object] { test::do_op(execution, object, Op::kUpdate); };
    const auto read = [&execution, object] {
      execution.reached("began");
      test::do_op(execution, object, Op::kRead);
    };
    return test::Bodies{write, read, read, read};
  });
  const Report report = search(factory, "bounded");
  EXPECT_GT(report.executions_blocked, 0u);
  EXPECT_EQ(counts_of(report), (Counts{{"began", 8}}));  // each read before or after the write
}

TEST(SituationsTest, HaveALimit) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= kSituationsMax; ++i) names.push_back("s" + std::to_string(i));
  const auto first = [&names](std::size_t count) {
    return test::program([&names, count](Execution& execution) {
      for (std::size_t i = 0; i < count; ++i) execution.reached(names[i]);
    });
  };
  const Report fits = search(first(kSituationsMax), "dfs");
  EXPECT_EQ(fits.verdict, Verdict::kVerified);
  EXPECT_EQ(fits.situations.size(), kSituationsMax);
  const Report beyond = search(first(kSituationsMax + 1), "dfs");
  ASSERT_EQ(beyond.findings.size(), 1u);
  EXPECT_EQ(beyond.findings[0].violation.rule, kStepLimit);
  EXPECT_EQ(beyond.findings[0].violation.message, "more than 64 situations in one execution");
}

}  // namespace
}  // namespace nmrcheck::sim
