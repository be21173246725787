// Depth-first search by re-execution.
#include "sim/strategy/dfs.h"

#include <bit>
#include <cassert>
#include <utility>

namespace nmrcheck::sim {
namespace {

std::uint64_t all_alternatives(const ChoicePoint& point) {
  assert(point.options <= kOptionsMax);
  return point.options == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << point.options) - 1;
}

std::uint32_t first_answer(const ChoicePoint& point, std::uint64_t answers) {
  if (point.kind == ChoiceKind::kValue) return point.default_option;
  const bool stay = point.current_enabled() && (answers & mask_of(point.current)) != 0;
  return stay ? index(point.current) : static_cast<std::uint32_t>(std::countr_zero(answers));
}

}  // namespace

DfsStrategy::DfsStrategy(Path path)
    : path_(std::move(path)), own_(path_.size() - 1), started_(true) {
  assert(path_.back().untried != 0);
}

bool DfsStrategy::begin_execution(Seed) {
  if (divergence_) return false;
  if (started_) {
    while (path_.size() > own_ && path_.back().untried == 0) path_.pop_back();
    if (path_.size() == own_) {
      exhausted_ = true;
      return false;
    }
    Node& last = path_.back();
    last.choice.picked = static_cast<std::uint32_t>(std::countr_zero(last.untried));
    last.untried &= last.untried - 1;
  }
  started_ = true;
  depth_ = 0;
  prefix_ = path_.size();
  fairness_.begin_execution();
  return true;
}

Pick DfsStrategy::pick(const ChoicePoint& point) {
  if (point.kind == ChoiceKind::kValue) {
    return answer(point, {ChoiceKind::kValue, 0, point.options}, all_alternatives(point));
  }
  const std::uint64_t allowed = fairness_.allowed(point);
  const auto fiber = answer(point, {ChoiceKind::kFiber, 0, allowed}, allowed);
  if (fiber) fairness_.picked(point, *fiber);
  return fiber;
}

// Repeats the path, or goes on from its end.
Pick DfsStrategy::answer(const ChoicePoint& point, const Choice& asked, std::uint64_t answers) {
  if ((answers & (answers - 1)) == 0) return static_cast<std::uint32_t>(std::countr_zero(answers));
  if (depth_ < path_.size()) {
    const Choice& recorded = path_[depth_].choice;
    if (recorded.kind != asked.kind || recorded.offered != asked.offered) {
      divergence_ = Divergence{depth_, recorded, asked};
      return std::nullopt;
    }
    return path_[depth_++].choice.picked;
  }
  Node node{asked, answers};
  node.choice.picked = first_answer(point, answers);
  node.untried &= ~(std::uint64_t{1} << node.choice.picked);
  path_.push_back(node);
  ++depth_;
  return node.choice.picked;
}

void DfsStrategy::end_execution(const ExecutionEnd&) {
  if (!divergence_ && depth_ < prefix_) divergence_ = Divergence{depth_, path_[depth_].choice, {}};
}

std::optional<double> DfsStrategy::explored_fraction() const {
  if (exhausted_) return 1.0;
  double explored = 0.0;
  double share = 1.0;
  for (const Node& node : path_) {
    const bool fiber = node.choice.kind == ChoiceKind::kFiber;
    const double options =
        fiber ? std::popcount(node.choice.offered) : static_cast<double>(node.choice.offered);
    share /= options;
    explored += share * (options - 1 - std::popcount(node.untried));
  }
  return explored;
}

}  // namespace nmrcheck::sim
