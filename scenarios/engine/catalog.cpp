// The list of benchmark programs.
#include "scenarios/engine/catalog.h"

#include <cassert>

#include "scenarios/engine/listing.h"
#include "scenarios/engine/programs.h"

namespace nmrcheck {
namespace engine {
namespace {

std::vector<Benchmark> all_benchmarks() {
  std::vector<Benchmark> list;
  add_variables(list);
  add_exchanges(list);
  add_locks(list);
  add_blocking(list);
  add_faulty(list);
  add_registrar(list);
  return list;
}

const Benchmark* find_benchmark(std::string_view name) {
  constexpr std::string_view kFamily = "engine/";
  for (const Benchmark& benchmark : benchmarks()) {
    if (benchmark.scenario.name.substr(kFamily.size()) == name) return &benchmark;
  }
  return nullptr;
}

}  // namespace

std::span<const Benchmark> benchmarks() {
  static const std::vector<Benchmark> list = all_benchmarks();
  return list;
}

std::function<std::unique_ptr<sim::Program>()> factory(std::string_view name,
                                                       const ParameterValues& given,
                                                       FailedAssertion failed) {
  const Benchmark* benchmark = find_benchmark(name);
  assert(benchmark != nullptr);
  ParameterValues values;
  for (const Parameter& parameter : benchmark->scenario.parameters) {
    const auto found = given.find(std::string(parameter.name));
    const std::int64_t value = found == given.end() ? parameter.default_value : found->second;
    assert(value >= parameter.min && value <= parameter.max);
    values[std::string(parameter.name)] = value;
  }
  for ([[maybe_unused]] const auto& [parameter, value] : given) assert(values.contains(parameter));
  return [make = benchmark->make, values, failed] { return make(values, failed); };
}

}  // namespace engine

void designs::add_engine(std::vector<Scenario>& list) {
  for (const engine::Benchmark& benchmark : engine::benchmarks()) {
    list.push_back(benchmark.scenario);
  }
}

}  // namespace nmrcheck
