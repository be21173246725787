// Names the Mazurkiewicz trace of an execution: equal names mean executions that differ only in the
// order of independent steps.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/run/execution.h"
#include "sim/strategy/strategy.h"

namespace nmrcheck {

// Passes the questions on to another strategy and keeps what was answered. The program must not
// start fibers or make objects in an order that depends on the schedule.
class TraceRecorder final : public sim::Strategy {
 public:
  TraceRecorder(sim::Strategy& inner, const sim::Execution& execution)
      : inner_(inner), execution_(execution) {}

  bool begin_execution(sim::Seed seed) override {
    objects_.clear();
    choices_.clear();
    return inner_.begin_execution(seed);
  }

  sim::Pick pick(const sim::ChoicePoint& point) override {
    const auto picked = inner_.pick(point);
    if (!picked) return picked;
    if (point.kind == sim::ChoiceKind::kValue) {
      choices_.emplace_back(sim::index(point.current), *picked);
      return picked;
    }
    for (const sim::Operation& operation : point.pending[*picked].footprint) {
      sim::ObjectState state = execution_.state(operation.object);
      const sim::Effect effect = sim::apply(operation, state, sim::FiberId{*picked});
      add(sim::index(operation.object), *picked, effect.access == sim::Access::kWrite);
    }
    return picked;
  }

  // The name of the execution that was recorded last.
  std::string name() {
    std::string text;
    for (std::vector<std::vector<std::uint32_t>>& groups : objects_) {
      for (std::vector<std::uint32_t>& group : groups) {
        std::sort(group.begin(), group.end());
        for (const std::uint32_t fiber : group) text += std::to_string(fiber) + ' ';
        text += '|';
      }
      text += '\n';
    }
    std::stable_sort(choices_.begin(), choices_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [fiber, value] : choices_) {
      text += std::to_string(fiber) + '=' + std::to_string(value) + ' ';
    }
    return text;
  }

 private:
  // Of each object, the fibers that touched it, in groups: a write stands alone, and so do the
  // reads between two writes, whose order means nothing.
  void add(std::uint32_t object, std::uint32_t fiber, bool writes) {
    if (objects_.size() <= object) objects_.resize(object + 1);
    std::vector<std::vector<std::uint32_t>>& groups = objects_[object];
    if (groups.empty()) groups.emplace_back();
    groups.back().push_back(fiber);
    if (!writes) return;
    groups.back().pop_back();
    groups.push_back({fiber});
    groups.emplace_back();
  }

  sim::Strategy& inner_;
  const sim::Execution& execution_;
  std::vector<std::vector<std::vector<std::uint32_t>>> objects_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> choices_;
};

}  // namespace nmrcheck
