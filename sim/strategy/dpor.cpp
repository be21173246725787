// The search: repeat a beginning, extend it freely, insert what races reveal, step back.
#include "sim/strategy/dpor.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace nmrcheck::sim {

DporStrategy::DporStrategy() : history_(labels_), tree_(labels_) {
  tree_.make(kNoLabel, false);  // the root is node 0
}

DporStrategy::DporStrategy(const Labels& labels, const DporLease& lease)
    : history_(labels_), tree_(labels_), leased_(lease.steps.size()) {
  TreeId parent = tree_.make(kNoLabel, false);
  for (std::size_t i = 0; i < leased_; ++i) {
    const bool open = lease.last_open && i + 1 == leased_;
    const TreeId made = tree_.make(labels_.import(labels, lease.steps[i]), open);
    tree_.append_child(parent, made);
    parent = made;
    handed_back_.push_back(tree_.make(kNoLabel, false));
    lease_left_.emplace_back();
    for (const Explored& step : lease.left[i]) {
      lease_left_[i].push_back({labels_.import(labels, step.label), step.cut_short, step.pending});
    }
  }
}

// Below which node reversals of the event at `depth` are inserted.
TreeId DporStrategy::root_for(std::size_t depth) const {
  return depth < leased_ ? handed_back_[depth] : nodes_[depth].tree;
}

std::span<const Explored> DporStrategy::asleep(std::size_t depth) const {
  const std::size_t end =
      depth + 1 < nodes_.size() ? nodes_[depth + 1].asleep_begin : asleep_.size();
  return {asleep_.data() + nodes_[depth].asleep_begin, end - nodes_[depth].asleep_begin};
}

bool DporStrategy::begin_execution(Seed) {
  if (exhausted_ || divergence_) return false;
  history_.restart();
  repeated_ = history_.size();
  current_ = asked_ = choices_ = 0;
  prescribed_.clear();
  gave_up_ = unanswered_ = false;
  if (repeated_ > 0) return true;
  // The start: main's code before the first step, which may ask questions.
  const bool first = !started_;
  started_ = true;
  history_.add_start();
  if (first) {
    nodes_.push_back({});
    nodes_.back().tree = 0;
    if (leased_ > 0) asleep_ = lease_left_[0];
  }
  if (first && leased_ == 0) {
    tree_.append_child(0, tree_.make(history_.event(0).label, true));
  } else {
    const LabelParts parts = labels_.parts(tree_.label(tree_.first_child(0)));
    prescribed_.assign(parts.answers.begin(), parts.answers.end());
  }
  return true;
}

Pick DporStrategy::pick(const ChoicePoint& point) {
  if (divergence_) return std::nullopt;
  const auto picked = point.kind == ChoiceKind::kFiber ? pick_fiber(point) : pick_answer(point);
  gave_up_ = !picked;
  ++choices_;
  return picked;
}

void DporStrategy::diverge(const ChoicePoint& point, FiberId changed) {
  const bool fiber = point.kind == ChoiceKind::kFiber;
  divergence_ = Divergence{
      choices_, {}, {point.kind, 0, fiber ? point.enabled : std::uint64_t{point.options}}};
  divergence_->changed = changed;
  if (current_ < history_.size()) {
    divergence_->recorded =
        Choice{ChoiceKind::kFiber, history_.event(current_).fiber, nodes_[current_].enabled};
  }
}

Pick DporStrategy::pick_fiber(const ChoicePoint& point) {
  finish_event();
  history_.see_fibers(point.pending, static_cast<std::uint32_t>(current_));
  ++current_;
  asked_ = 0;
  if (current_ < repeated_) {
    const std::uint32_t fiber = history_.event(current_).fiber;
    if (nodes_[current_].enabled == point.enabled) return fiber;
    diverge(point);
    return std::nullopt;
  }
  if (point.clock_advances != history_.event(current_ - 1).clock_advances &&
      current_ == nodes_.size()) {
    history_.add_unmade(static_cast<std::uint32_t>(current_), point.alive, point.pending,
                        point.object_keys, point.states);
  }
  if (current_ == nodes_.size()) enter_node(point);
  const TreeId tree = nodes_[current_].tree;
  const TreeId child = tree_.first_child(tree);
  prescribed_.clear();
  std::uint32_t fiber = kNoEvent;
  if (child == kNoTree) {
    fiber = choose_freely(point);
    if (fiber == kNoEvent) return std::nullopt;  // all that can follow is covered
    history_.add(point, fiber);
    tree_.append_child(tree, tree_.make(history_.event(current_).label, true));
    return fiber;
  }
  const LabelParts wanted = labels_.parts(tree_.label(child));
  fiber = history_.fiber_named(wanted.fiber);
  if (fiber == kNoEvent || (point.enabled >> fiber & 1u) == 0) {
    diverge(point, fiber == kNoEvent ? kNoFiber : FiberId{fiber});
    return std::nullopt;
  }
  prescribed_.assign(wanted.answers.begin(), wanted.answers.end());
  history_.add(point, fiber);
  if (!labels_.begins_with(tree_.label(child), history_.event(current_).label)) {
    diverge(point, FiberId{fiber});
    return std::nullopt;
  }
  return fiber;
}

// Makes the node in front of a new event: who sleeps on, and what is to be explored there.
void DporStrategy::enter_node(const ChoicePoint& point) {
  const auto begin = static_cast<std::uint32_t>(asleep_.size());
  const Node& before = nodes_.back();
  const LabelId made = history_.event(current_ - 1).label;
  const bool time_moved = point.clock_advances != history_.event(current_ - 1).clock_advances;
  for (std::uint32_t i = before.asleep_begin; i < begin && !time_moved; ++i) {
    const Explored step = asleep_[i];
    if (!labels_.dependent(step.label, made)) asleep_.push_back(step);
  }
  nodes_.push_back({tree_.first_child(before.tree), begin, 0, point.enabled, point.timed_out});
  if (current_ < leased_) {
    const std::vector<Explored>& left = lease_left_[current_];
    asleep_.insert(asleep_.end(), left.begin(), left.end());
  }
}

// The fiber that goes on unless it sleeps: no switch that is not needed.
std::uint32_t DporStrategy::choose_freely(const ChoicePoint& point) {
  const std::span<const Explored> sleeping = asleep(current_);
  const auto may_go = [&](std::uint32_t fiber) {
    const std::uint32_t name = history_.name_of(fiber);
    const bool any = std::any_of(sleeping.begin(), sleeping.end(), [&](const Explored& step) {
      return labels_.fiber(step.label) == name;
    });
    return !any || !tree_.fully_asleep(history_.label_of(point, fiber), sleeping);
  };
  const bool stay = point.current_enabled() && !point.pending[index(point.current)].yielding;
  if (stay && may_go(index(point.current))) return index(point.current);
  std::uint32_t yielding = kNoEvent;
  for (std::uint64_t left = point.enabled; left != 0; left &= left - 1) {
    const auto fiber = static_cast<std::uint32_t>(std::countr_zero(left));
    if (!may_go(fiber)) continue;
    if (!point.pending[fiber].yielding) return fiber;
    if (yielding == kNoEvent) yielding = fiber;
  }
  return yielding;
}

Pick DporStrategy::pick_answer(const ChoicePoint& point) {
  if (current_ < repeated_) {
    const std::span<const std::uint32_t> answers = history_.answers(current_);
    if (asked_ < answers.size() && answers[asked_] < point.options) return answers[asked_++];
    diverge(point);
    return std::nullopt;
  }
  const TreeId child = tree_.first_child(nodes_[current_].tree);
  const LabelId so_far = history_.event(current_).label;
  if (asked_ < prescribed_.size() && prescribed_[asked_].options == point.options) {
    const Answer answer = prescribed_[asked_++];
    if (point.settled) leave_out_others(so_far, answer);
    history_.add_answer(answer.picked);
    history_.set_label(labels_.with_answer(so_far, answer));
    return answer.picked;
  }
  if (asked_ < prescribed_.size() || !tree_.open(child)) {
    diverge(point, FiberId{history_.event(current_).fiber});
    return std::nullopt;
  }
  // Free: the default first, then the others from the lowest, all that do not sleep.
  LabelId picked = kNoLabel;
  std::uint32_t first = 0;
  TreeId last = child;
  for (std::uint32_t turn = 0; turn <= point.options; ++turn) {
    const std::uint32_t answer = turn == 0 ? point.default_option : turn - 1;
    if (turn > 0 && answer == point.default_option) continue;
    const LabelId longer = labels_.with_answer(so_far, {answer, point.options});
    if (point.settled && turn > 0) break;
    if (tree_.fully_asleep(longer, asleep(current_))) continue;
    if (picked == kNoLabel) {
      picked = longer;
      first = answer;
      continue;
    }
    const TreeId sibling = tree_.make(longer, true);
    tree_.insert_sibling(last, sibling);
    last = sibling;
  }
  if (point.settled) leave_out_others(so_far, {point.default_option, point.options});
  unanswered_ = picked == kNoLabel;
  if (unanswered_) return std::nullopt;  // all answers are covered
  ++asked_;
  history_.add_answer(first);
  history_.set_label(picked);
  return first;
}

// The bound leaves out all answers but one: nobody that comes later may take them either.
void DporStrategy::leave_out_others(LabelId so_far, Answer answer) {
  for (std::uint32_t other = 0; other < answer.options; ++other) {
    if (other == answer.picked) continue;
    const LabelId longer = labels_.with_answer(so_far, {other, answer.options});
    const std::span<const Explored> known = asleep(current_);
    if (std::any_of(known.begin(), known.end(),
                    [&](const Explored& step) { return step.label == longer; })) {
      continue;
    }
    asleep_.push_back({longer, false});
    ++nodes_[current_].done;
  }
}

// The step that ran is over: what it was is known.
void DporStrategy::finish_event() {
  if (current_ < repeated_) return;
  const TreeId child = tree_.first_child(nodes_[current_].tree);
  tree_.close(child, history_.event(current_).label);
}

void DporStrategy::end_execution(const ExecutionEnd& end) {
  if (divergence_) return;
  if (current_ + 1 < repeated_) {
    ++current_;
    ChoicePoint nothing;
    diverge(nothing);
    return;
  }
  const bool chosen = current_ < history_.size();
  if (chosen) finish_event();
  if (chosen) history_.see_fibers(end.pending, static_cast<std::uint32_t>(current_));
  const bool covered = gave_up_ || end.covered;
  const bool cut_off = !end.complete && !covered && end.current != kNoFiber;
  if (cut_off) {
    explore_others(end);
  } else {
    const std::uint64_t unmade = covered ? end.alive & ~end.enabled : end.alive;
    const auto count = static_cast<std::uint32_t>(history_.size());
    history_.add_unmade(count, unmade, end.pending, end.object_keys, end.states);
  }
  insert_reversals(cut_off);
  backtrack();
}

// Nothing can follow a step that cuts the execution off: it is in no sequence but as its end. One
// that found no answer to give was not made.
void DporStrategy::insert_reversals(bool cut_off) {
  const auto all = static_cast<std::uint32_t>(history_.size()) - (cut_off || unanswered_ ? 1u : 0u);
  history_.for_each_race([&](const Race& race) {
    sequence_.labels.clear();
    const std::uint32_t count = race.later == kNoEvent ? race.at : all;
    for (std::uint32_t i = race.earlier + 1; i < count; ++i) {
      if (history_.happens_before(race.earlier, i)) continue;
      if (race.later != kNoEvent && i >= race.later && history_.happens_before(race.later, i)) {
        continue;
      }
      sequence_.labels.push_back(history_.event(i).label);
    }
    sequence_.labels.push_back(
        labels_.intern({history_.name_of(race.fiber), race.position, false, race.accesses, {}}));
    sequence_.last_open = true;
    insert_sequence(race.earlier);
  });
}

// Inserts sequence_ in front of the event at `depth`, unless what sleeps there covers it.
void DporStrategy::insert_sequence(std::size_t depth) {
  LabelId doubt = kNoLabel;
  if (!tree_.covered_by_sleep(sequence_, asleep(depth), doubt)) {
    tree_.insert(root_for(depth), sequence_, asleep(depth));
  } else if (doubt != kNoLabel &&
             std::find(doubts_.begin(), doubts_.end(), doubt) == doubts_.end()) {
    doubts_.push_back(doubt);
  }
}

// A violation ended the execution in its last step. What the others announced was not reached: it
// is explored in the place of that step, or takes part in races as it stood in front of it.
void DporStrategy::explore_others(const ExecutionEnd& end) {
  const std::size_t last = history_.size() - 1;
  if (last < leased_) lease_cut_short_ = last;
  const TreeId leaf = tree_.first_child(nodes_[last].tree);
  tree_.mark_cut_short(leaf);
  history_.states_before_last(end.states, states_before_);
  ChoicePoint point;
  point.pending = end.pending;
  point.object_keys = end.object_keys;
  point.states = states_before_;
  point.timed_out = nodes_[last].timed_out;
  const std::uint64_t others = history_.fibers_before_last() & end.alive & ~mask_of(end.current);
  for (std::uint64_t left = others & nodes_[last].enabled; left != 0; left &= left - 1) {
    const auto fiber = static_cast<std::uint32_t>(std::countr_zero(left));
    sequence_.labels.assign(1, history_.label_of(point, fiber));
    sequence_.last_open = true;
    insert_sequence(last);
  }
  for (KeptId kept = tree_.kept(leaf); kept != kNoKept; kept = tree_.next_kept(kept)) {
    sequence_ = tree_.sequence(kept);
    tree_.insert(root_for(last), sequence_, asleep(last));
  }
  history_.add_unmade(static_cast<std::uint32_t>(last), others & ~nodes_[last].enabled, end.pending,
                      end.object_keys, states_before_);
}

// Drops explored events from the end up to one that has another beginning to explore; none before
// the lease's last step, which the lease prescribes.
void DporStrategy::backtrack() {
  while (!nodes_.empty()) {
    const std::size_t depth = nodes_.size() - 1;
    Node& node = nodes_.back();
    if (depth < history_.size()) {
      const bool cut_short = tree_.cut_short(tree_.first_child(node.tree));
      asleep_.push_back({history_.event(depth).label, cut_short});
      tree_.remove_first_child(node.tree);
      ++node.done;
    }
    history_.truncate(depth);
    if (tree_.first_child(node.tree) != kNoTree) return;
    if (depth + 1 == leased_) break;
    asleep_.resize(node.asleep_begin);
    nodes_.pop_back();
  }
  exhausted_ = true;
}

std::optional<double> DporStrategy::explored_fraction() const {
  if (exhausted_) return 1.0;
  double explored = 0.0;
  double share = 1.0;
  for (const Node& node : nodes_) {
    std::uint32_t left = 0;
    for (TreeId child = tree_.first_child(node.tree); child != kNoTree;
         child = tree_.next_sibling(child)) {
      ++left;
    }
    share /= node.done + std::max(left, 1u);
    explored += share * node.done;
  }
  return explored;
}

}  // namespace nmrcheck::sim
