// bounded reproduces the published numbers of traces by preemptions of the benchmark programs.
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "scenarios/engine/programs.h"
#include "sim/strategy/bounded.h"
#include "tests/scenarios/engine_counts.h"
#include "tests/sim/traces.h"

namespace nmrcheck {
namespace {

constexpr std::uint64_t kExecutionsMax = 1'000'000;

// Traces with at most 0, 1, 2, … preemptions; the last number is of all traces. Published as
// GenMC's tests/correct/synthetic/*/expected.cb.in, for its option --bound-type=context.
struct PreemptionCount {
  std::string_view program;
  ParameterValues values;
  std::vector<std::uint64_t> traces;
  bool slow = false;
};

const std::vector<PreemptionCount>& preemption_counts() {
  static const std::vector<PreemptionCount> counts{
      {"inc", {{"n", 2}}, {2, 4}},
      {"inc", {{"n", 3}}, {6, 24, 36}},
      {"inc", {{"n", 4}}, {24, 168, 432, 576}},
      {"binc", {{"n", 3}}, {6, 24, 36}},
      {"cinc", {{"n", 2}}, {2, 6, 8}},
      {"cinc", {{"n", 3}}, {6, 42, 120, 192, 216}},
      {"cinc", {{"n", 4}}, {24, 312, 1704, 5160, 9792, 12960, 13824}, true},
      {"coa", {{"n", 1}}, {2, 4}},
      {"coa", {{"n", 2}}, {6, 15}},
      {"coa", {{"n", 3}}, {24, 90, 130}},
      {"coa", {{"n", 4}}, {120, 708, 1608, 2028}, true},
      {"publish", {}, {2, 42}},
  };
  return counts;
}

std::string text(std::string_view program, const ParameterValues& values) {
  std::string text(program);
  for (const auto& [name, value] : values) text += ' ' + name + '=' + std::to_string(value);
  return text;
}

// Without a limit the search counts the traces that each bound adds, by hashes.
void expect_traces_by_bound(const PreemptionCount& known) {
  sim::BoundedStrategy bounded;
  const auto factory = engine::factory(known.program, known.values);
  const sim::test::Traces found = sim::test::traces_of(factory, bounded, kExecutionsMax);
  EXPECT_TRUE(found.exhausted);
  EXPECT_TRUE(bounded.bounds()->exhausted);
  EXPECT_EQ(found.executions.size(), known.traces.back());
  EXPECT_EQ(found.total, known.traces.back());  // none twice
  std::vector<std::uint64_t> traces;
  for (const auto& bound : bounded.bounds()->bounds) {
    traces.push_back((traces.empty() ? 0 : traces.back()) + bound.traces);
    if (traces.back() == known.traces.back()) break;
  }
  EXPECT_EQ(traces, known.traces);
}

// With a limit it executes just these, told apart by an oracle that knows no hashes.
void expect_traces_up_to(const PreemptionCount& known, std::uint32_t bound) {
  sim::BoundedStrategy bounded({.preemptions_max = bound});
  const auto factory = engine::factory(known.program, known.values);
  const sim::test::Traces found = sim::test::traces_of(factory, bounded, kExecutionsMax);
  EXPECT_EQ(found.executions.size(), known.traces[bound]);
  EXPECT_EQ(found.total, known.traces[bound]);
  EXPECT_EQ(bounded.bounds()->completed, bound + 1);
}

void expect_counts(bool slow) {
  for (const PreemptionCount& known : preemption_counts()) {
    if (known.slow != slow) continue;
    SCOPED_TRACE(text(known.program, known.values));
    expect_traces_by_bound(known);
    for (std::uint32_t bound = 0; bound + 1 < known.traces.size(); ++bound) {
      expect_traces_up_to(known, bound);
    }
  }
}

TEST(EngineBoundedTest, CountsTheTracesOfEachBound) { expect_counts(false); }
TEST(EngineBoundedSlowTest, CountsTheTracesOfEachBoundOfLargerPrograms) { expect_counts(true); }

// Programs in which no trace needs a preemption.
TEST(EngineBoundedTest, FindsAllThatNeedsNoPreemptionAtBoundZero) {
  static const std::set<std::string_view> programs{"wcas", "cas",     "casrot",
                                                   "ainc", "lockinc", "readers"};
  for (const EngineCount& known : engine_counts()) {
    if (!programs.contains(known.program) || known.traces > 500) continue;
    SCOPED_TRACE(text(known.program, known.values));
    expect_traces_by_bound({known.program, known.values, {known.traces}});
    expect_traces_up_to({known.program, known.values, {known.traces}}, 0);
  }
}

}  // namespace
}  // namespace nmrcheck
