// What the checks of a driver's compiled code cost: an access, a lock, a call.
#include <benchmark/benchmark.h>

#include <cstdint>

#include "model/image/call_stacks.h"
#include "model/image/races.h"

namespace {

namespace model = nmrcheck::model;
namespace sim = nmrcheck::sim;

constexpr std::uintptr_t kData = 0x7f0000001000;

model::MemoryAccess access_of(std::uint32_t fiber, std::uintptr_t address, bool write) {
  return {.fiber = sim::FiberId{fiber},
          .address = address,
          .bytes = 4,
          .write = write,
          .atomic = false,
          .stack = model::StackId{1},
          .code = 0x1234,
          .step = 1};
}

// One fiber reads and writes four bytes again and again.
void races_hot(benchmark::State& state) {
  model::RaceDetector races;
  std::uint32_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(races.access(access_of(0, kData, i++ % 2 == 0)));
}

// One fiber goes through 16 KB, and is in a new epoch each time: each access replaces one.
void races_sweep(benchmark::State& state) {
  model::RaceDetector races;
  std::uint32_t i = 0;
  for (auto _ : state) {
    if (i % 4096 == 0) races.order().synchronize(sim::FiberId{0}, sim::ObjectId{0}, true);
    benchmark::DoNotOptimize(races.access(access_of(0, kData + i++ % 4096 * 4, true)));
  }
}

// Fibers take turns: lock, one access, unlock. An iteration is all three.
void races_locked(benchmark::State& state) {
  const auto fibers = static_cast<std::uint32_t>(state.range(0));
  model::RaceDetector races;
  std::uint32_t fiber = 0;
  for (auto _ : state) {
    races.order().synchronize(sim::FiberId{fiber}, sim::ObjectId{0}, true);
    if (races.access(access_of(fiber, kData, true)) != nullptr) state.SkipWithError("a race");
    races.order().synchronize(sim::FiberId{fiber}, sim::ObjectId{0}, true);
    fiber = fiber + 1 == fibers ? 0 : fiber + 1;
  }
}

// An execution of nothing but reset and ten accesses.
void races_reset(benchmark::State& state) {
  model::RaceDetector races;
  for (auto _ : state) {
    races.reset();
    for (std::uint32_t i = 0; i < 10; ++i) {
      benchmark::DoNotOptimize(races.access(access_of(0, kData + 64 * i, true)));
    }
  }
}

// A call of a known function from one of eight places, below four frames.
void call_stacks_enter(benchmark::State& state) {
  model::CallStacks stacks;
  model::StackId below = model::kNoStack;
  for (std::uintptr_t i = 0; i < 4; ++i) below = stacks.enter(below, kData + i);
  std::uintptr_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(stacks.enter(below, kData + 16 * (i++ % 8)));
}

BENCHMARK(races_hot)->Name("races/hot");
BENCHMARK(races_sweep)->Name("races/sweep");
BENCHMARK(races_locked)->Name("races/locked")->Arg(2)->Arg(8)->Arg(64);
BENCHMARK(races_reset)->Name("races/reset_and_10");
BENCHMARK(call_stacks_enter)->Name("call_stacks/enter");

}  // namespace
