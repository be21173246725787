// The hash of traces, against traces that are told apart without it.
#include "sim/run/trace_hash.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "sim/strategy/dfs.h"
#include "tests/sim/programs.h"
#include "tests/sim/random_programs.h"
#include "tests/sim/traces.h"

namespace nmrcheck::sim {
namespace {

constexpr std::uint64_t kExecutionsMax = 20'000;

struct Compared {
  std::uint64_t programs = 0;
  std::uint64_t executions = 0;
  std::uint64_t traces = 0;
};

// Executes everything, and expects equal hashes where traces are equal, and only there.
// Returns the number of traces; 0 when there are too many executions.
std::uint64_t compare(const ProgramFactory& factory, Compared& compared) {
  std::map<std::string, std::uint64_t> hash_of;
  std::set<std::uint64_t> hashes;
  DfsStrategy dfs;
  test::TraceRecorder recorder(dfs);
  Execution execution;
  std::uint64_t executions = 0;
  while (recorder.begin_execution(Seed{0})) {
    if (++executions > kExecutionsMax) return 0;
    const auto program = factory();
    const std::uint64_t hash = execution.run(*program, recorder).trace_hash;
    hashes.insert(hash);
    const auto known = hash_of.emplace(recorder.trace(), hash).first;
    EXPECT_EQ(known->second, hash) << known->first;
  }
  EXPECT_EQ(hashes.size(), hash_of.size());
  ++compared.programs;
  compared.executions += executions;
  compared.traces += hash_of.size();
  return hash_of.size();
}

Compared compare_random_programs(std::uint64_t programs, std::uint32_t steps_max) {
  Compared compared;
  for (std::uint64_t i = 0; i < programs && !testing::Test::HasFailure(); ++i) {
    Rng rng(fork(Seed{8}, i));
    const test::Code code = test::random_code(rng, steps_max);
    SCOPED_TRACE(test::to_string(code));
    compare(test::program_of(code), compared);
  }
  return compared;
}

TEST(TraceHashTest, TellsTracesOfRandomProgramsApart) {
  const Compared compared = compare_random_programs(600, 7);
  EXPECT_GT(compared.traces, 1'200u);
  EXPECT_GT(compared.executions, 2 * compared.traces);
}

TEST(TraceHashSlowTest, TellsTracesOfManyRandomProgramsApart) {
  EXPECT_GT(compare_random_programs(test::in_this_build(10'000), 9).traces,
            test::in_this_build(30'000));
}

TEST(TraceHashTest, CountsTheTracesOfKnownPrograms) {
  Compared compared;
  EXPECT_EQ(compare(test::account(), compared), 6u);
  EXPECT_EQ(compare(test::deadlock01(), compared), 3u);
  EXPECT_EQ(compare(test::bluetooth(), compared), 10u);
  EXPECT_EQ(compare(test::detach_rundown(), compared), 23u);
}

// Two reads commute, whatever their objects; with a write between them nothing does.
TEST(TraceHashTest, ReadsCommute) {
  const auto two = [](Op first, Op second) {
    return test::parallel([=](Execution& x) -> test::Bodies {
      const ObjectId v = x.create("v");
      return {[=, &x] { test::do_op(x, v, first); }, [=, &x] { test::do_op(x, v, second); }};
    });
  };
  Compared compared;
  EXPECT_EQ(compare(two(Op::kRead, Op::kRead), compared), 1u);
  EXPECT_EQ(compare(two(Op::kRead, Op::kAdd), compared), 2u);
  EXPECT_EQ(compare(two(Op::kAdd, Op::kAdd), compared), 2u);
  EXPECT_EQ(compared.executions, 6u);
}

}  // namespace
}  // namespace nmrcheck::sim
