// Counts of the surveyed executions.
#include "sim/strategy/survey.h"

#include <algorithm>

#include "sim/strategy/draw.h"

namespace nmrcheck::sim {
namespace {

constexpr std::uint64_t kNobody = 0;

// The position of `fiber` in `counts`, or counts.size().
std::size_t find(const FiberCounts& counts, std::uint64_t fiber) {
  const auto found = std::lower_bound(
      counts.begin(), counts.end(), fiber,
      [](const FiberCount& count, std::uint64_t key) { return count.fiber < key; });
  if (found == counts.end() || found->fiber != fiber) return counts.size();
  return static_cast<std::size_t>(found - counts.begin());
}

std::uint32_t less(std::uint32_t from, std::uint32_t amount) {
  return from - std::min(from, amount);
}

}  // namespace

bool Survey::begin_execution() {
  if (begun_ > executions_) return false;
  settle();
  if (begun_++ < executions_) return true;
  choose_objects();
  return false;
}

void Survey::meet(const ChoicePoint& point) {
  const std::uint64_t parent = last_ == kNoFiber ? kNobody : point.pending[index(last_)].fiber_key;
  for (; met_ < point.pending.size(); ++met_) {
    parents_.emplace(point.pending[met_].fiber_key, parent);
  }
}

void Survey::add(const ChoicePoint& point, FiberId picked) {
  meet(point);
  last_ = picked;
  ++steps_;
  const PendingStep& step = point.pending[index(picked)];
  ++now_[{static_cast<std::uint64_t>(kEverything), step.fiber_key}];
  if (now_.size() + most_.size() >= kCountsMax) return;
  for (const Operation* operation = step.footprint.begin(); operation != step.footprint.end();
       ++operation) {
    const auto same = [&](const Operation& other) { return other.object == operation->object; };
    if (std::any_of(step.footprint.begin(), operation, same)) continue;
    const std::uint64_t key = point.object_keys[index(operation->object)];
    ++now_[{key, step.fiber_key}];
    const bool writes = std::any_of(operation, step.footprint.end(), [&](const Operation& other) {
      return same(other) && access_bound(other.op) == Access::kWrite;
    });
    objects_now_[key].writes += writes ? 1 : 0;
    objects_now_[key].end_of_fiber |= operation->op == Op::kExit || operation->op == Op::kJoin;
  }
}

// Takes over what the last execution counted.
void Survey::settle() {
  steps_longest_ = std::max(steps_longest_, steps_);
  for (const auto& [key, count] : now_) {
    std::uint32_t& most = most_[key];
    most = std::max(most, count);
  }
  for (const auto& [key, object] : objects_now_) {
    Object& known = objects_[key];
    known.writes = std::max(known.writes, object.writes);
    known.end_of_fiber |= object.end_of_fiber;
  }
  steps_ = 0;
  met_ = 0;
  last_ = kNoFiber;
  now_.clear();
  objects_now_.clear();
}

void Survey::choose_objects() {
  for (const auto& [key, object] : objects_) {
    if (shared_.size() == kSharedMax) return;
    if (object.writes == 0 || object.end_of_fiber) continue;
    const auto first = most_.lower_bound({key, 0});
    if (first == most_.end() || std::next(first) == most_.end()) continue;
    if (first->first.first != key || std::next(first)->first.first != key) continue;
    shared_.push_back(Interest{key});
    if (object.writes == 1) lifetimes_.push_back(Interest{key});
  }
}

FiberCounts Survey::counts(Interest interest) const {
  FiberCounts counts;
  for (const auto& [fiber, parent] : parents_) {
    const auto found = most_.find({static_cast<std::uint64_t>(interest), fiber});
    const std::uint32_t own = found == most_.end() ? 0 : std::min(found->second, kWeightMax);
    counts.push_back({fiber, parent, own, own});
  }
  for (const FiberCount& count : counts) {
    std::uint64_t ancestor = count.parent;
    // Bounded, because a survey of a program that does not repeat might see circles.
    for (std::uint32_t depth = 0; depth < kFibersMax && ancestor != kNobody; ++depth) {
      const std::size_t above = find(counts, ancestor);
      if (above == counts.size()) break;
      counts[above].family = std::min(counts[above].family + count.own, kWeightMax);
      ancestor = counts[above].parent;
    }
  }
  return counts;
}

void Remaining::begin_execution(const FiberCounts& counts) {
  counts_ = &counts;
  met_ = 0;
  last_ = kNoFiber;
}

FiberId Remaining::meet(const ChoicePoint& point) {
  const std::size_t newcomer = met_++;
  const std::size_t found = find(*counts_, point.pending[newcomer].fiber_key);
  const FiberCount known = found == counts_->size() ? FiberCount{} : (*counts_)[found];
  own_[newcomer] = known.own;
  unborn_[newcomer] = known.family - known.own;
  if (last_ != kNoFiber && known.parent == point.pending[index(last_)].fiber_key) {
    unborn_[index(last_)] = less(unborn_[index(last_)], known.family);
  }
  return FiberId{static_cast<std::uint32_t>(newcomer)};
}

void Remaining::took(FiberId fiber, bool of_interest) {
  last_ = fiber;
  own_[index(fiber)] = less(own_[index(fiber)], of_interest ? 1 : 0);
}

std::uint32_t Remaining::of(FiberId fiber, bool pending) const {
  const std::uint32_t own = std::max(own_[index(fiber)], pending ? 1u : 0u);
  return std::min(own + unborn_[index(fiber)], kWeightMax);
}

}  // namespace nmrcheck::sim
