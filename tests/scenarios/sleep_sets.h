// Sleep sets: one complete execution for each trace, without any cleverness about what to begin.
//
// Executions that only repeat known traces are begun and abandoned, often most of them; but the
// complete ones are one a trace, for reasons that are simple enough to trust. So this counts traces
// for tests of cleverer searches. (P. Godefroid, Partial-Order Methods for the Verification of
// Concurrent Systems, 1996.)
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/run/execution.h"
#include "sim/strategy/strategy.h"

namespace nmrcheck {

class SleepSets final : public sim::Strategy {
 public:
  // `execution` is the one that asks: its objects' states say which operations really write.
  explicit SleepSets(const sim::Execution& execution) : execution_(execution) {}

  bool begin_execution(sim::Seed) override {
    depth_ = 0;
    if (!begun_) return begun_ = true;
    while (!path_.empty() && !advance(path_.back())) path_.pop_back();
    return !path_.empty();
  }

  sim::Pick pick(const sim::ChoicePoint& point) override {
    if (depth_ == path_.size()) {
      if (point.kind == sim::ChoiceKind::kValue) {
        path_.push_back({.value = true, .options = point.options});
      } else if (!push_fibers(point)) {
        return std::nullopt;
      }
    }
    return path_[depth_++].picked;
  }

 private:
  struct Access {
    sim::ObjectId object{};
    bool writes = false;
  };
  // The next step of a fiber, with the accesses that it makes in the state at hand.
  struct Step {
    std::uint32_t fiber = 0;
    std::vector<Access> accesses;
  };
  struct Node {
    bool value = false;
    std::uint32_t options = 0;  // of a value choice
    std::uint32_t picked = 0;
    // Of a choice among fibers: what is not explored again below, and what is left to explore; the
    // last one is being explored.
    std::vector<Step> sleeping, left;
  };

  static bool advance(Node& node) {
    if (node.value) return ++node.picked < node.options;
    node.sleeping.push_back(node.left.back());
    node.left.pop_back();
    if (node.left.empty()) return false;
    node.picked = node.left.back().fiber;
    return true;
  }

  static bool dependent(const Step& a, const Step& b) {
    if (a.fiber == b.fiber) return true;
    for (const Access& x : a.accesses) {
      for (const Access& y : b.accesses) {
        if (x.object == y.object && (x.writes || y.writes)) return true;
      }
    }
    return false;
  }

  Step step_of(const sim::ChoicePoint& point, std::uint32_t fiber) const {
    Step step{fiber, {}};
    for (const sim::Operation& operation : point.pending[fiber].footprint) {
      sim::ObjectState state = execution_.state(operation.object);
      const sim::Effect effect = sim::apply(operation, state, sim::FiberId{fiber});
      step.accesses.push_back({operation.object, effect.access == sim::Access::kWrite});
    }
    return step;
  }

  // Returns false if all that can follow is asleep.
  bool push_fibers(const sim::ChoicePoint& point) {
    Node node;
    for (auto last = path_.rbegin(); last != path_.rend(); ++last) {
      if (last->value) continue;
      for (const Step& step : last->sleeping) {
        if (!dependent(step, last->left.back())) node.sleeping.push_back(step);
      }
      break;
    }
    for (std::uint32_t fiber = 0; fiber < point.pending.size(); ++fiber) {
      if ((point.enabled >> fiber & 1) == 0) continue;
      bool asleep = false;
      for (const Step& step : node.sleeping) asleep |= step.fiber == fiber;
      if (!asleep) node.left.push_back(step_of(point, fiber));
    }
    if (node.left.empty()) return false;
    node.picked = node.left.back().fiber;
    path_.push_back(std::move(node));
    return true;
  }

  const sim::Execution& execution_;
  std::vector<Node> path_;
  std::size_t depth_ = 0;
  bool begun_ = false;
};

}  // namespace nmrcheck
