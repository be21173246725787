// Preemption bounding against exhaustive search: the same traces, each at its own bound.
#include "sim/strategy/bounded.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
  Pick pick(const ChoicePoint& point) override {
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
std::uint64_t compare(std::uint64_t first, std::uint64_t programs, std::uint32_t steps_max,
                      test::Code (*make)(Rng&, std::uint32_t) = test::random_code) {
  std::uint64_t traces = 0;
  for (std::uint64_t i = first; i < first + programs; ++i) {
    Rng rng(fork(Seed{1}, i));
    const test::Code code = make(rng, steps_max);
    const std::string text = difference(test::program_of(code), &traces);
    EXPECT_EQ(text, "") << "program " << i << ": " << test::to_string(code);
    if (!text.empty()) break;
  }
  return traces;
}

TEST(BoundedTest, FindsEveryTraceOfRandomProgramsAtItsBound) {
  EXPECT_GT(compare(0, 200, 7), 400u);
}

TEST(BoundedTest, FindsEveryTraceOfRandomProgramsWithPowerFailures) {
  EXPECT_GT(compare(0, 200, 7, test::crashing_code), 400u);
}

TEST(BoundedSlowTest, FindsEveryTraceOfManyRandomProgramsAtItsBound) {
  EXPECT_GT(compare(200, test::in_this_build(20'000), 9), test::in_this_build(60'000));
}

Report search(const ProgramFactory& factory, std::optional<std::uint32_t> preemptions_max = {}) {
  SearchOptions options;
  options.strategy = "bounded";
  options.budget.preemptions_max = preemptions_max;
  return explore(factory, options);
}

// `fibers` fibers that each add to one variable twice: (2 fibers)! / 2^fibers orders.
ProgramFactory adders(int fibers) {
  return test::parallel([fibers](Execution& x) {
    const ObjectId sum = x.create("sum");
    test::Bodies bodies;
    for (int i = 0; i < fibers; ++i) {
      bodies.push_back([&x, sum] {
        test::do_op(x, sum, Op::kAdd, 1);
        test::do_op(x, sum, Op::kAdd, 1);
      });
    }
    return bodies;
  });
}

// aabb bbaa need none, abba baab one, abab baba two: when a fiber ended the other goes on for free.
TEST(BoundedTest, SaysWhatEachBoundCovered) {
  const Report all = search(adders(2));
  EXPECT_EQ(all.verdict, Verdict::kVerified);
  EXPECT_EQ(all.executions, 6u);
  EXPECT_EQ(all.scope,
            "complete: all 6 traces; 2 traces with 0 preemptions, 2 more with 1, 2 more with 2");
  const Report none = search(adders(2), 0);
  EXPECT_EQ(none.verdict, Verdict::kClean);
  EXPECT_EQ(none.executions, 2u);
  EXPECT_EQ(none.scope, "complete up to 0 preemptions: 2 traces with 0 preemptions");
  const Report one = search(adders(2), 1);
  EXPECT_EQ(one.verdict, Verdict::kClean);
  EXPECT_EQ(one.executions, 4u);
  EXPECT_EQ(one.scope, "complete up to 1 preemption: 2 traces with 0 preemptions, 2 more with 1");
  const Report two = search(adders(2), 2);
  EXPECT_EQ(two.verdict, Verdict::kVerified);
  EXPECT_EQ(two.scope, all.scope);
}

TEST(BoundedTest, SaysHowFarItCameWhenALimitEndsTheSearch) {
  SearchOptions options;
  options.strategy = "bounded";
  options.budget.executions_max = 3;
  const Report report = explore(adders(2), options);
  EXPECT_EQ(report.verdict, Verdict::kClean);
  EXPECT_EQ(report.scope,
            "limit of 3 executions reached: complete up to 0 preemptions: 2 traces with 0 "
            "preemptions, 1 more with 1 so far");
}

// One fiber reads 1 and then 2 if it is interrupted once, having interrupted the writer.
TEST(BoundedTest, TheFirstViolationHasTheFewestPreemptions) {
  const ProgramFactory factory = test::parallel([](Execution& x) -> test::Bodies {
    const ObjectId value = x.create("value");
    return {[&x, value] {
              const bool one = test::do_op(x, value, Op::kRead) == 1;
              const bool two = test::do_op(x, value, Op::kRead) == 2;
              test::require(x, !one || !two, 1);
            },
            [&x, value] {
              test::do_op(x, value, Op::kWrite, 1);
              test::do_op(x, value, Op::kWrite, 2);
            }};
  });
  EXPECT_EQ(search(factory, 1).verdict, Verdict::kClean);
  const Report report = search(factory);
  EXPECT_EQ(report.verdict, Verdict::kViolation);
  EXPECT_TRUE(report.scope.ends_with(" with 2 preemptions, the fewest")) << report.scope;
}

BoundsCoverage coverage_of(const ProgramFactory& factory, const BoundedLimits& limits = {}) {
  BoundedStrategy bounded(limits);
  const Costs costs = costs_of(factory, bounded);
  EXPECT_TRUE(costs.ended);
  return *bounded.bounds();
}

// One fiber writes between two writes of another, for free where that one yields.
TEST(BoundedTest, SwitchesAwayFromYieldingFibersAreFree) {
  for (const bool yields : {false, true}) {
    const ProgramFactory factory = test::parallel([yields](Execution& x) -> test::Bodies {
      const ObjectId value = x.create("value");
      return {[&x, value, yields] {
                test::do_op(x, value, Op::kWrite, 1);
                if (yields) x.yield("yield");
                test::do_op(x, value, Op::kWrite, 2);
              },
              [&x, value] { test::do_op(x, value, Op::kWrite, 3); }};
    });
    const BoundsCoverage coverage = coverage_of(factory);
    EXPECT_TRUE(coverage.exhausted);
    EXPECT_EQ(coverage.bounds[0].traces, yields ? 3u : 2u);
  }
}

// Two fibers ask for one variable; whoever comes second asks a question with three answers.
TEST(BoundedTest, AnswersCostNothing) {
  const ProgramFactory factory = test::program([](Execution& x) {
    const ObjectId first = x.create("first");
    for (int i = 0; i < 2; ++i) {
      x.spawn("f", [&x, first] {
        if (test::do_op(x, first, Op::kExchange, 1) == 1) x.choose("which", 3);
      });
    }
  });
  const BoundsCoverage coverage = coverage_of(factory, {.preemptions_max = 0});
  EXPECT_EQ(coverage.bounds[0].traces, 6u);  // 2 orders, 3 answers
}

// Both deadlines pass at once, when no fiber could go: either order is free, though the second
// fiber always went last.
TEST(BoundedTest, SwitchesAreFreeWhenTimeMovedOn) {
  const ProgramFactory factory = test::parallel([](Execution& x) -> test::Bodies {
    const ObjectId turn = x.create("turn");
    const ObjectId value = x.create("value");
    const auto body = [&x, turn, value](Op first) {
      test::do_op(x, turn, first);
      x.step_until({{turn, Op::kSleep, 0, 0}}, 10, "sleep");
      test::do_op(x, value, Op::kAdd, 1);
    };
    return {[body] { body(Op::kSet); }, [body] { body(Op::kWait); }};
  });
  const BoundsCoverage coverage = coverage_of(factory);
  EXPECT_TRUE(coverage.exhausted);
  EXPECT_EQ(coverage.bounds[0].traces, 2u);
}

// 4 fibers of 2 steps: 8! / 2^4 = 2520 traces.
TEST(BoundedTest, RepeatsExecutionsWhenTheMemoryForStatesIsFull) {
  const BoundsCoverage known = coverage_of(adders(4));
  EXPECT_FALSE(known.states_forgotten);
  std::uint64_t traces = 0;
  for (const BoundsCoverage::Bound& bound : known.bounds) {
    traces += bound.traces;
    EXPECT_EQ(bound.executions, bound.traces);
  }
  EXPECT_EQ(traces, 2520u);
  const BoundsCoverage forgetful = coverage_of(adders(4), {.states_max = 100});
  EXPECT_TRUE(forgetful.states_forgotten);
  EXPECT_TRUE(forgetful.exhausted);
  EXPECT_TRUE(describe_bounds(forgetful).ends_with(
      "; memory for known states was full: executions repeat"));
}

// With any memory, what it calls complete is complete.
TEST(BoundedTest, EndsAtTheLastBoundForWhichThereIsMemory) {
  const BoundsCoverage all = coverage_of(adders(3));
  int ended_between_bounds = 0;
  int ended_within_a_bound = 0;
  for (std::size_t branches_max = 2; branches_max < 150; ++branches_max) {
    const BoundsCoverage some = coverage_of(adders(3), {.branches_max = branches_max});
    EXPECT_NE(some.exhausted, some.branches_dropped);
    for (std::uint32_t bound = 0; bound < some.completed && bound < all.bounds.size(); ++bound) {
      EXPECT_EQ(some.bounds[bound].traces, all.bounds[bound].traces) << branches_max;
    }
    if (some.exhausted) continue;
    ++(some.bounds.size() == some.completed ? ended_between_bounds : ended_within_a_bound);
    const bool any = some.completed > 0;
    EXPECT_TRUE(
        describe_bounds(some).starts_with(any ? "complete up to " : "not complete for any"));
    EXPECT_TRUE(describe_bounds(some).ends_with("; memory for what is left was full"));
  }
  EXPECT_GT(ended_between_bounds, 0);
  EXPECT_GT(ended_within_a_bound, 0);
}

// A question that is asked in the first execution only.
TEST(BoundedTest, SaysWhenAnExecutionDoesNotRepeat) {
  const auto executions = std::make_shared<int>(0);
  const ProgramFactory factory = test::parallel([executions](Execution& x) -> test::Bodies {
    const ObjectId value = x.create("value");
    const bool first = (*executions)++ == 0;
    const auto body = [&x, value] { test::do_op(x, value, Op::kAdd, 1); };
    return {body, [&x, first, body] {
              if (first) x.choose("which", 2);
              body();
            }};
  });
  BoundedStrategy bounded;
  const test::Traces traces = test::traces_of(factory, bounded, kExecutionsMax);
  EXPECT_TRUE(traces.diverged);
  EXPECT_FALSE(traces.exhausted);
}

}  // namespace
}  // namespace nmrcheck::sim
