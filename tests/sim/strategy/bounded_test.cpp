// Preemption bounding against exhaustive search: the same traces, each at its own bound.
#include "sim/strategy/bounded.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "sim/explore/bounds.h"
#include "sim/explore/explorer.h"
#include "sim/strategy/dfs.h"
#include "tests/sim/programs.h"
#include "tests/sim/random_programs.h"
#include "tests/sim/traces.h"

namespace nmrcheck::sim {
namespace {

constexpr std::uint64_t kExecutionsMax = 20'000;

// Counts the preemptions of an execution, without any code of the search.
class PreemptionCounter final : public Strategy {
 public:
  explicit PreemptionCounter(Strategy& inner) : inner_(inner) {}

  bool begin_execution(Seed seed) override {
    preemptions_ = clock_advances_ = 0;
    return inner_.begin_execution(seed);
  }
  std::optional<std::uint32_t> pick(const ChoicePoint& point) override {
    const auto picked = inner_.pick(point);
    if (!picked || point.kind == ChoiceKind::kValue) return picked;
    const bool time_moved = point.clock_advances != clock_advances_;
    clock_advances_ = point.clock_advances;
    if (point.current_enabled() && *picked != index(point.current) && !time_moved &&
        !point.pending[index(point.current)].yielding) {
      ++preemptions_;
    }
    return picked;
  }
  void end_execution(const ExecutionEnd& end) override { inner_.end_execution(end); }
  const Divergence* divergence() const override { return inner_.divergence(); }
  std::uint32_t preemptions() const { return preemptions_; }

 private:
  Strategy& inner_;
  std::uint32_t preemptions_ = 0;
  std::uint32_t clock_advances_ = 0;
};

// The fewest preemptions with which a search executed each trace.
struct Costs {
  std::map<std::string, std::uint32_t> traces;
  std::uint64_t executions = 0;
  std::uint64_t covered = 0;
  bool ended = false;
};

Costs costs_of(const ProgramFactory& factory, Strategy& strategy) {
  Costs costs;
  Execution execution;
  PreemptionCounter counter(strategy);
  test::TraceRecorder recorder(counter);
  while (costs.executions + costs.covered < kExecutionsMax) {
    if (!recorder.begin_execution(Seed{0})) {
      costs.ended = recorder.divergence() == nullptr;
      break;
    }
    const auto program = factory();
    if (execution.run(*program, recorder).ending == Ending::kCovered) {
      ++costs.covered;
      continue;
    }
    ++costs.executions;
    const auto [it, made] = costs.traces.emplace(recorder.trace(), counter.preemptions());
    it->second = std::min(it->second, counter.preemptions());
  }
  return costs;
}

std::map<std::string, std::uint32_t> up_to(const std::map<std::string, std::uint32_t>& traces,
                                           std::uint32_t preemptions) {
  std::map<std::string, std::uint32_t> some = traces;
  std::erase_if(some, [&](const auto& trace) { return trace.second > preemptions; });
  return some;
}

std::string first_difference(const Costs& found,
                             const std::map<std::string, std::uint32_t>& known) {
  for (const auto& [trace, cost] : known) {
    const auto it = found.traces.find(trace);
    if (it == found.traces.end()) return "missed, cost " + std::to_string(cost) + ": " + trace;
    if (it->second != cost) return "cost " + std::to_string(it->second) + " for " + trace;
  }
  if (found.traces.size() != known.size()) return "more traces than there are";
  return found.ended ? "" : "did not end";
}

std::string difference(const ProgramFactory& factory, std::uint64_t* traces) {
  DfsStrategy dfs;
  const Costs all = costs_of(factory, dfs);
  if (!all.ended) return {};  // too large to compare
  *traces += all.traces.size();
  std::uint32_t most = 0;
  for (const auto& [trace, cost] : all.traces) most = std::max(most, cost);
  BoundedStrategy unlimited;
  const Costs found = costs_of(factory, unlimited);
  std::string text = first_difference(found, all.traces);
  if (!text.empty()) return text;
  if (!unlimited.bounds()->exhausted) return "not exhausted";
  for (std::uint32_t bound = 0; bound <= most; ++bound) {
    BoundedStrategy bounded({.preemptions_max = bound});
    text = first_difference(costs_of(factory, bounded), up_to(all.traces, bound));
    if (!text.empty()) return "bound " + std::to_string(bound) + ": " + text;
    if (bounded.bounds()->completed != bound + 1) return "not complete";
    if (bound < most && bounded.bounds()->exhausted) return "exhausted too early";
    if (unlimited.bounds()->bounds[bound].traces !=
        up_to(all.traces, bound).size() - (bound == 0 ? 0 : up_to(all.traces, bound - 1).size())) {
      return "new traces of bound " + std::to_string(bound);
    }
  }
  BoundedStrategy forgetful({.states_max = 5});
  text = first_difference(costs_of(factory, forgetful), all.traces);
  return text.empty() ? text : "forgetful: " + text;
}

// Compares on programs first, first + 1, …; returns the traces that were compared.
std::uint64_t compare(std::uint64_t first, std::uint64_t programs, std::uint32_t steps_max) {
  std::uint64_t traces = 0;
  for (std::uint64_t i = first; i < first + programs; ++i) {
    Rng rng(fork(Seed{1}, i));
    const test::Code code = test::random_code(rng, steps_max);
    const std::string text = difference(test::program_of(code), &traces);
    EXPECT_EQ(text, "") << "program " << i << ": " << test::to_string(code);
    if (!text.empty()) break;
  }
  return traces;
}

TEST(BoundedTest, FindsEveryTraceOfRandomProgramsAtItsBound) {
  EXPECT_GT(compare(0, 500, 7), 1000u);
}

TEST(BoundedSlowTest, FindsEveryTraceOfManyRandomProgramsAtItsBound) {
  EXPECT_GT(compare(500, 10'000, 9), 30'000u);
}

}  // namespace
}  // namespace nmrcheck::sim
