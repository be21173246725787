// The benchmark programs of model checkers, by name and parameters: their numbers of executions are
// published, so that an engine can be held against them.
//
// Nothing here knows drivers or the registrar's model.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "scenarios/scenario.h"

namespace nmrcheck::engine {

struct Benchmark {
  Scenario scenario;
  // As Scenario::make: a benchmark depends on no profile.
  std::unique_ptr<sim::Program> (*make)(const ParameterValues& values) = nullptr;
};

// All benchmarks in a fixed order.
std::span<const Benchmark> benchmarks();

// Makes a fresh program of `name`, such as "readers", at each call; parameters that `given` leaves
// out have their defaults.
// Requires: there is such a benchmark, with all the parameters that `given` names, within their
// limits.
std::function<std::unique_ptr<sim::Program>()> factory(std::string_view name,
                                                       const ParameterValues& given = {});

}  // namespace nmrcheck::engine
