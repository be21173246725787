// The search: repeat the choices to a branch, go on without preemptions, put the other steps off.
#include "sim/strategy/bounded.h"

#include <algorithm>
#include <bit>

namespace nmrcheck::sim {
namespace {

Choice question(const ChoicePoint& point, std::uint32_t picked) {
  const bool fiber = point.kind == ChoiceKind::kFiber;
  return {point.kind, picked, fiber ? point.enabled : std::uint64_t{point.options}};
}

// Calls visit(fiber) for the enabled fibers, those that yield last.
template <class Function>
void for_each_enabled(const ChoicePoint& point, Function visit) {
  for (const bool yielding : {false, true}) {
    for (std::uint64_t left = point.enabled; left != 0; left &= left - 1) {
      const auto fiber = static_cast<std::uint32_t>(std::countr_zero(left));
      if (point.pending[fiber].yielding == yielding) visit(fiber);
    }
  }
}

}  // namespace

BoundedStrategy::BoundedStrategy(const BoundedLimits& limits)
    : limits_(limits), visited_(limits.states_max) {
  bounds_.bounds.emplace_back();
  nodes_.emplace_back();
}

bool BoundedStrategy::limit_preemptions(std::uint32_t preemptions_max) {
  limits_.preemptions_max = preemptions_max;
  return true;
}

bool BoundedStrategy::begin_execution(Seed) {
  if (ended_ || divergence_) return false;
  if (started_ && depth_ < repeated_) {
    divergence_ = Divergence{depth_, path_[depth_], {}};
    return false;
  }
  if (started_ && !next_branch()) {
    ended_ = true;
    return false;
  }
  started_ = true;
  depth_ = 0;
  deviations_ = 0;
  gave_up_ = false;
  hash_.begin_execution();
  return true;
}

// Finds what is to be explored next. Returns false when nothing is left within the limits.
bool BoundedStrategy::next_branch() {
  drop_unused_nodes();
  if (!make_room()) return false;
  while (!now_.empty() || next_bound()) {
    if (now_.empty()) continue;
    const Branch branch = now_.back();
    now_.pop_back();
    const bool step = branch.choice.kind == ChoiceKind::kFiber;
    if (step && covered(branch.successor, branch.fiber_bit, preemptions_)) continue;
    follow(branch);
    return true;
  }
  return false;
}

bool BoundedStrategy::next_bound() {
  const bool more = !later_.empty();
  bounds_.exhausted = !more && !cut_off_;
  bounds_.completed = preemptions_ + 1;
  if (!more) return false;
  now_.swap(later_);
  ++preemptions_;
  bounds_.bounds.emplace_back();
  return true;
}

// Drops what only explored branches have in common.
void BoundedStrategy::drop_unused_nodes() {
  std::uint32_t last = 0;
  if (!now_.empty()) last = std::max(last, now_.back().parent);
  if (!later_.empty()) last = std::max(last, later_.back().parent);
  nodes_.resize(last + 1);
}

// Keeps to the limit of memory. Returns false if that takes giving up the bound being explored.
bool BoundedStrategy::make_room() {
  if (now_.size() + later_.size() < limits_.branches_max && nodes_.size() < limits_.branches_max) {
    return true;
  }
  bounds_.branches_dropped = true;
  if (later_.empty()) return false;
  later_ = {};
  cut_off_ = true;
  limits_.preemptions_max = preemptions_;
  drop_unused_nodes();
  return now_.size() < limits_.branches_max && nodes_.size() < limits_.branches_max;
}

void BoundedStrategy::follow(const Branch& branch) {
  path_.clear();
  path_nodes_.clear();
  for (std::uint32_t node = branch.parent; node != 0; node = nodes_[node].parent) {
    path_.push_back(nodes_[node].choice);
    path_nodes_.push_back(node);
  }
  std::reverse(path_.begin(), path_.end());
  std::reverse(path_nodes_.begin(), path_nodes_.end());
  path_.push_back(branch.choice);
  repeated_ = path_.size();
}

Pick BoundedStrategy::pick(const ChoicePoint& point) {
  if (divergence_) return std::nullopt;
  const auto picked = point.kind == ChoiceKind::kFiber ? pick_fiber(point) : pick_answer(point);
  gave_up_ = !picked;
  return picked;
}

// The next choice of the path, if it fits.
Pick BoundedStrategy::repeat(const ChoicePoint& point) {
  const Choice& recorded = path_[depth_];
  const Choice asked = question(point, 0);
  if (recorded.kind != asked.kind || recorded.offered != asked.offered) {
    divergence_ = Divergence{depth_, recorded, asked};
    return std::nullopt;
  }
  ++depth_;
  return recorded.picked;
}

Pick BoundedStrategy::pick_answer(const ChoicePoint& point) {
  Pick picked = point.default_option;
  if (depth_ < repeated_) {
    picked = repeat(point);
    if (!picked) return picked;
  } else {
    const bool free = deviations_ < limits_.deviations_max;
    for (std::uint32_t answer = free ? point.options : 0; answer-- > 0;) {
      if (answer != *picked) put_off(now_, {}, question(point, answer));
    }
    path_.push_back(question(point, *picked));
    ++depth_;
  }
  deviations_ += *picked == point.default_option ? 0 : 1;
  hash_.answer(*picked);
  return picked;
}

Pick BoundedStrategy::pick_fiber(const ChoicePoint& point) {
  hash_.at_point(point);
  Pick picked;
  const bool forced = std::has_single_bit(point.enabled);
  if (depth_ < repeated_) {
    picked = forced ? static_cast<std::uint32_t>(std::countr_zero(point.enabled)) : repeat(point);
  } else {
    picked = explore_from(point);
    if (picked && !forced) {
      path_.push_back(question(point, *picked));
      ++depth_;
    }
  }
  if (picked) hash_.begin_step(point, *picked);
  return picked;
}

// Decides which steps are taken from the state at `point`, now or later, and takes one of them.
Pick BoundedStrategy::explore_from(const ChoicePoint& point) {
  const bool free = hash_.time_moved() || !point.current_enabled() ||
                    point.pending[index(point.current)].yielding;
  StateId state = visited_.find(hash_.prefix());
  if (state != kNoState) {
    // With more preemptions than at the first visit, every step was within reach from there.
    if (visited_[state].preemptions < preemptions_ || visited_[state].all_taken) return {};
    return free ? go_anywhere(point, state) : go_on(point, state);
  }
  state = visited_.add(hash_.prefix(), preemptions_);
  bounds_.states_forgotten = visited_.overflowed();
  if (free) return go_anywhere(point, state);
  put_off_preemptions(point);
  return go_on(point, state);
}

// The fiber that went last goes on.
Pick BoundedStrategy::go_on(const ChoicePoint& point, StateId state) {
  const std::uint32_t fiber = index(point.current);
  const std::uint64_t bit = bit_of(point, fiber);
  if (state != kNoState) {
    if ((visited_[state].taken & bit) != 0) return {};
    visited_[state].taken |= bit;
  }
  if (covered(hash_.with_step(point, fiber), bit, preemptions_)) return {};
  return fiber;
}

// No switch is a preemption.
Pick BoundedStrategy::go_anywhere(const ChoicePoint& point, StateId state) {
  const std::uint64_t taken = state == kNoState ? 0 : visited_[state].taken;
  if (state != kNoState) visited_[state].all_taken = true;
  Pick picked;
  for_each_enabled(point, [&](std::uint32_t fiber) {
    const std::uint64_t bit = bit_of(point, fiber);
    if ((taken & bit) != 0) return;
    const Hash128 successor = hash_.with_step(point, fiber);
    if (covered(successor, bit, preemptions_)) return;
    if (!picked) {
      picked = fiber;
    } else {
      put_off(now_, {.successor = successor, .fiber_bit = bit}, question(point, fiber));
    }
  });
  return picked;
}

void BoundedStrategy::put_off_preemptions(const ChoicePoint& point) {
  const bool last_bound = preemptions_ >= limits_.preemptions_max;
  if (last_bound && cut_off_) return;
  for_each_enabled(point, [&](std::uint32_t fiber) {
    if (fiber == index(point.current)) return;
    const std::uint64_t bit = bit_of(point, fiber);
    const Hash128 successor = hash_.with_step(point, fiber);
    if (covered(successor, bit, preemptions_ + 1)) return;
    if (last_bound) {
      cut_off_ = true;
      return;
    }
    put_off(later_, {.successor = successor, .fiber_bit = bit}, question(point, fiber));
  });
}

// True if all that follows `successor`, reached by the fiber's step, is explored or will be.
bool BoundedStrategy::covered(const Hash128& successor, std::uint64_t fiber_bit,
                              std::uint32_t preemptions) const {
  const StateId known = visited_.find(successor);
  if (known == kNoState) return false;
  const VisitedState& state = visited_[known];
  return state.preemptions < preemptions || state.all_taken || (state.taken & fiber_bit) != 0;
}

void BoundedStrategy::put_off(std::vector<Branch>& branches, Branch branch, const Choice& choice) {
  branch.parent = node_of_path();
  branch.choice = choice;
  branches.push_back(branch);
}

// The node of the choices made so far.
std::uint32_t BoundedStrategy::node_of_path() {
  while (path_nodes_.size() < path_.size()) {
    const std::uint32_t parent = path_nodes_.empty() ? 0 : path_nodes_.back();
    path_nodes_.push_back(static_cast<std::uint32_t>(nodes_.size()));
    nodes_.push_back({parent, path_[path_nodes_.size() - 1]});
  }
  return path_nodes_.empty() ? 0 : path_nodes_.back();
}

// A number for the fiber that means the same in every execution, as a bit; 0 when 64 are in use,
// and then the search repeats some steps.
std::uint64_t BoundedStrategy::bit_of(const ChoicePoint& point, std::uint32_t fiber) {
  const std::uint64_t key = point.pending[fiber].fiber_key;
  for (std::size_t i = 0; i < fiber_keys_.size(); ++i) {
    if (fiber_keys_[i] == key) return std::uint64_t{1} << i;
  }
  if (fiber_keys_.size() == 64) return 0;
  fiber_keys_.push_back(key);
  return std::uint64_t{1} << (fiber_keys_.size() - 1);
}

void BoundedStrategy::end_execution(const ExecutionEnd&) {
  if (gave_up_ || divergence_ || depth_ < repeated_) return;
  BoundsCoverage::Bound& bound = bounds_.bounds.back();
  ++bound.executions;
  const Hash128& trace = hash_.end();
  if (visited_.find(trace) != kNoState) return;
  ++bound.traces;
  const StateId state = visited_.add(trace, preemptions_);
  if (state != kNoState) visited_[state].all_taken = true;
  bounds_.states_forgotten = visited_.overflowed();
}

}  // namespace nmrcheck::sim
