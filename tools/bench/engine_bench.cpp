// What a step and an execution cost, beside the same switches in a plain loop over Boost.Context.
#include <benchmark/benchmark.h>

#include <array>
#include <bit>
#include <boost/context/fiber.hpp>
#include <memory>
#include <string>

#include "scenarios/scenario.h"
#include "sim/run/execution.h"
#include "sim/run/fiber.h"
#include "sim/strategy/pct.h"
#include "sim/strategy/pos.h"
#include "sim/strategy/random.h"
#include "sim/strategy/surw.h"
#include "sim/strategy/urw.h"

namespace {

namespace ctx = boost::context;
namespace sim = nmrcheck::sim;

constexpr std::uint32_t kFibers = 4;
constexpr std::uint32_t kSteps = 50;

// --- The floor: pooled Boost.Context fibers that hand over to each other in turn ---

class Ring {
 public:
  Ring() {
    for (std::uint32_t i = 0; i < kFibers; ++i) {
      slots_[i] = ctx::fiber([this, i](ctx::fiber&& from) {
        slots_[previous_] = std::move(from);
        for (;;) {
          value_ += i;
          ++switches_;
          const bool done = switches_ % (kFibers * kSteps) == 0;
          hand_over(done ? kFibers : (i + 1) % kFibers);
        }
        return ctx::fiber{};
      });
    }
  }
  // 200 switches between fibers, and back.
  void run() { hand_over(0); }
  std::uint64_t value() const { return value_; }

 private:
  void hand_over(std::uint32_t to) {
    previous_ = current_;
    current_ = to;
    ctx::fiber from = std::move(slots_[to]).resume();
    slots_[previous_] = std::move(from);
  }

  std::array<ctx::fiber, kFibers + 1> slots_;
  std::uint32_t previous_ = kFibers;
  std::uint32_t current_ = kFibers;
  std::uint64_t switches_ = 0;
  std::uint64_t value_ = 0;
};

void count_steps(benchmark::State& state, std::uint64_t steps) {
  state.counters["ns_per_step"] = benchmark::Counter(
      static_cast<double>(steps) * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["executions_per_second"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void floor_boost_context(benchmark::State& state) {
  const auto ring = std::make_unique<Ring>();
  for (auto _ : state) ring->run();
  benchmark::DoNotOptimize(ring->value());
  count_steps(state, static_cast<std::uint64_t>(state.iterations()) * kFibers * kSteps);
}

// --- The same with pooled Boost.Fiber fibers: what an execution cannot be faster than ---

void floor_boost_fiber(benchmark::State& state) {
  struct Counter {
    sim::FiberPool* pool = nullptr;
    std::uint64_t switches = 0;
    std::uint64_t value = 0;
  } counter;
  const auto entry = [](void* argument, std::uint32_t slot) {
    auto* count = static_cast<Counter*>(argument);
    for (;;) {
      count->value += slot;
      ++count->switches;
      const bool done = count->switches % (kFibers * kSteps) == 0;
      count->pool->switch_to(done ? sim::FiberPool::kController : (slot + 1) % kFibers);
    }
  };
  sim::FiberPool pool(256 * 1024, entry, &counter);
  counter.pool = &pool;
  pool.reserve(kFibers);
  for (auto _ : state) pool.switch_to(0);
  benchmark::DoNotOptimize(counter.value);
  for (std::uint32_t i = 0; i < kFibers; ++i) pool.drop(i);
  count_steps(state, static_cast<std::uint64_t>(state.iterations()) * kFibers * kSteps);
}

// --- Ours ---

class RoundRobin final : public sim::Strategy {
 public:
  bool begin_execution(sim::Seed) override { return true; }
  sim::Pick pick(const sim::ChoicePoint& point) override {
    if (point.kind == sim::ChoiceKind::kValue) return point.default_option;
    const std::uint32_t after =
        point.current == sim::kNoFiber ? 0 : (sim::index(point.current) + 1) % sim::kFibersMax;
    const auto turned = std::rotr(point.enabled, static_cast<int>(after));
    return (static_cast<std::uint32_t>(std::countr_zero(turned)) + after) % sim::kFibersMax;
  }
};

// Four fibers of 50 steps, each on an object of its own, or all on one.
class Steps final : public sim::Program {
 public:
  explicit Steps(bool shared) : shared_(shared) {}
  void run(sim::Execution& execution) override {
    const sim::ObjectId common = execution.create("common object");
    for (std::uint32_t i = 0; i < kFibers; ++i) {
      const sim::ObjectId object = shared_ ? common : execution.create("object");
      execution.spawn("fiber", [&execution, object] {
        for (std::uint32_t step = 0; step < kSteps; ++step) {
          execution.step({{object, sim::Op::kAdd, 1}}, "add");
        }
      });
    }
  }

 private:
  bool shared_;
};

template <class S, bool kShared = false>
void bare_steps(benchmark::State& state) {
  sim::Execution execution;
  S strategy;
  Steps program(kShared);
  std::uint64_t steps = 0;
  std::uint64_t number = 0;
  for (auto _ : state) {
    strategy.begin_execution(sim::fork(sim::Seed{1}, number++));
    steps += execution.run(program, strategy).steps;
  }
  count_steps(state, steps);
}

void scenario_random(benchmark::State& state, const char* name) {
  const nmrcheck::Scenario* scenario = nmrcheck::find_scenario(name);
  const nmrcheck::model::Profile* profile = nmrcheck::model::find_profile("documented");
  sim::Execution execution;
  sim::RandomStrategy strategy;
  std::uint64_t steps = 0;
  std::uint64_t number = 0;
  for (auto _ : state) {
    strategy.begin_execution(sim::fork(sim::Seed{1}, number++));
    const auto program = scenario->make({}, *profile);
    steps += execution.run(*program, strategy).steps;
  }
  count_steps(state, steps);
}

BENCHMARK(floor_boost_context)->Name("floor/boost_context_4x50");
BENCHMARK(floor_boost_fiber)->Name("floor/boost_fiber_4x50");
BENCHMARK(bare_steps<RoundRobin>)->Name("steps/round_robin_4x50");
BENCHMARK(bare_steps<sim::RandomStrategy>)->Name("steps/random_4x50");
BENCHMARK(bare_steps<sim::RandomStrategy, true>)->Name("steps/random_4x50_shared");
BENCHMARK(bare_steps<sim::PctStrategy, true>)->Name("steps/pct_4x50_shared");
BENCHMARK(bare_steps<sim::PosStrategy, true>)->Name("steps/pos_4x50_shared");
BENCHMARK(bare_steps<sim::SurwStrategy, true>)->Name("steps/surw_4x50_shared");
BENCHMARK(bare_steps<sim::UrwStrategy, true>)->Name("steps/urw_4x50_shared");
BENCHMARK_CAPTURE(scenario_random, raw, "nmr/raw-client-pointer")
    ->Name("scenario/raw-client-pointer");
BENCHMARK_CAPTURE(scenario_random, fixed, "nmr/raw-client-pointer-fixed")
    ->Name("scenario/raw-client-pointer-fixed");

}  // namespace
