// A driver that is compiled from C with every access seen: what an execution costs.
#include <benchmark/benchmark.h>

#include "model/profile.h"
#include "scenarios/driver.h"
#include "scenarios/kit.h"
#include "sim/core/rng.h"
#include "sim/run/execution.h"
#include "sim/strategy/random.h"

using MakeAccesses = ULONG(ULONG fiber, ULONG count);
extern "C" MakeAccesses AccessesMake;  // without instrumentation

namespace {

using namespace nmrcheck;

// As many fibers as `fibers`, which make `accesses` together.
class AccessProgram final : public model::DriverProgram {
 public:
  AccessProgram(const char* function, ULONG fibers, ULONG accesses)
      : DriverProgram(*model::find_profile("documented")),
        function_(function),
        fibers_(fibers),
        accesses_(accesses) {}

 private:
  void drive(model::World&) override {
    kit::Driver driver(NMRCHECK_DRIVER(accesses), "accesses.sys");
    driver.enter();
    MakeAccesses* make = driver.find<MakeAccesses>(function_);
    for (ULONG fiber = 0; fiber < fibers_; ++fiber) {
      kit::start_thread(driver.module(), "thread",
                        [make, fiber, count = accesses_ / fibers_] { make(fiber, count); });
    }
  }
  const char* function_;
  ULONG fibers_;
  ULONG accesses_;
};

void execution(benchmark::State& state, const char* function) {
  const auto fibers = static_cast<ULONG>(state.range(0));
  const auto accesses = static_cast<ULONG>(state.range(1));
  sim::Execution execution;
  sim::RandomStrategy strategy;
  std::uint64_t number = 0;
  std::uint64_t steps = 0;
  for (auto _ : state) {
    AccessProgram program(function, fibers, accesses);
    strategy.begin_execution(sim::fork(sim::Seed{1}, number++));
    const sim::Outcome& outcome = execution.run(program, strategy);
    if (outcome.violation) state.SkipWithError(outcome.violation->message.c_str());
    steps += outcome.steps;
  }
  state.counters["steps"] = static_cast<double>(steps) / static_cast<double>(state.iterations());
}
BENCHMARK_CAPTURE(execution, shared, "AccessesMake")
    ->Args({4, 0})
    ->Args({4, 300})
    ->Args({4, 3000})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(execution, private, "AccessesMakePrivate")
    ->Args({4, 300})
    ->Args({4, 3000})
    ->Unit(benchmark::kMicrosecond);

// The driver's function as it is without the tool, for as many accesses.
void uninstrumented(benchmark::State& state) {
  const auto accesses = static_cast<ULONG>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(AccessesMake(1, accesses));
}
BENCHMARK(uninstrumented)->Arg(300)->Arg(3000)->Unit(benchmark::kMicrosecond);

}  // namespace
