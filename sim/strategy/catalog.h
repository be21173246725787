// All strategies by name, in a fixed order. A new strategy is its file and one line in catalog.cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "sim/strategy/division.h"
#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

struct StrategyInfo {
  std::string_view name;
  std::string_view summary;
  bool exhaustive = false;  // ends by itself, having explored every behaviour
  bool reduces = false;     // makes one execution for each trace
  std::unique_ptr<Strategy> (*make)() = nullptr;
  // Null: the strategy samples, or explores on one thread whatever the number of jobs.
  std::unique_ptr<Division> (*divide)() = nullptr;
};

std::span<const StrategyInfo> strategies();

// Null if there is no strategy of that name.
const StrategyInfo* find_strategy(std::string_view name);

}  // namespace nmrcheck::sim
