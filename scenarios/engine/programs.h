// The benchmark programs of model checkers, by name and parameters: their numbers of executions are
// published, so that an engine can be held against them.
//
// Nothing here knows drivers or the registrar's model.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "scenarios/scenario.h"

namespace nmrcheck::engine {

// What an assertion that does not hold ends. A search that goes on after failures needs the second:
// an execution that is cut short hides the orders of its remaining steps. The violation is then
// reported at the end of the execution.
enum class FailedAssertion : std::uint8_t { kEndsExecution, kEndsFiber };

struct Benchmark {
  Scenario scenario;
  // As Scenario::make: a benchmark depends on no profile.
  std::unique_ptr<sim::Program> (*make)(const ParameterValues& values,
                                        FailedAssertion failed) = nullptr;
};

// All benchmarks in a fixed order.
std::span<const Benchmark> benchmarks();

// Makes a fresh program of `name`, such as "readers", at each call; parameters that `given` leaves
// out have their defaults.
// Requires: there is such a benchmark, with all the parameters that `given` names, within their
// limits.
std::function<std::unique_ptr<sim::Program>()> factory(
    std::string_view name, const ParameterValues& given = {},
    FailedAssertion failed = FailedAssertion::kEndsExecution);

}  // namespace nmrcheck::engine
