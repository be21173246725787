// Optimal dynamic partial-order reduction: one execution for each Mazurkiewicz trace.
//
// Abdulla, Aronis, Jonsson, Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order
// Reduction" (J. ACM 64(4), 2017), algorithm 2, over declared footprints. What differs:
// - Operations may block. A step that was announced and never made takes part in races too; a
//   race with what enables a step is not one, and the search goes on further back (section 8 of
//   the paper treats locks only).
// - A step may end its execution by a violation. Then what the others announced in front of it is
//   explored in its place, and the step sleeps as one behind which nothing was explored. A leaf of
//   the wakeup tree covers sequences in which its step does not occur, because they could follow
//   it. It keeps them, and they are inserted after all if its step ends the execution: the races
//   that revealed them are explored already, and do not come again, as who sleeps covers them.
//   This holds as long as whether a step fails is a function of the steps that it depends on. So
//   no step of the tree fails but that of a leaf, and nobody whom a leaf's sequence could follow
//   sleeps there, except steps that fail: below a leaf nothing relies on what was explored before.
// - Value choices are answers of the step that asked; all answers of a step that is chosen freely
//   are explored, a wakeup sequence prescribes its own. A fiber is asleep for each answer.
// - With a bound on deviations (Limits::deviations_max) answers beyond it are left out and count as
//   asleep. That loses nothing within the bound: how many deviations an execution has does not
//   depend on the order of its independent steps; a race is reversed with a part of the steps that
//   revealed it, and so with no more deviations; and every step has its default answer, so that
//   no beginning within the bound is without an end within it.
// - Whether an operation read or wrote is what it really did: a failed compare-exchange reads.
// - Virtual time moves on only when no fiber can go; all later steps depend on all earlier ones.
// What is promised to a search that runs until the space is exhausted, going on after violations:
// - Every trace that is complete (ExecutionEnd::complete) is executed exactly once.
// - Every failure is come to: for each step that ends an execution by a violation, with all steps
//   that it depends on, there is an execution that ends so. Some failures are come to by several
//   executions, which differ in steps that the failing one does not depend on.
// - Without violations no execution has to be abandoned half-way as already covered: the number of
//   executions is the number of traces. Behind violations one may be, when only steps are left that
//   failed before.
// Tested, not proved, for violations: against exhaustive search, on more than a hundred thousand
// programs. Not promised: what only happens behind a violation. So a violation that is no function
// of what its step depends on, such as a circle of locks that is reported while others can go
// (Limits::partial_deadlocks), hides what these could still do.
// Requires: footprints that are never too small, and programs whose executions end.
#pragma once

#include <optional>
#include <vector>

#include "sim/strategy/dpor_history.h"
#include "sim/strategy/dpor_labels.h"
#include "sim/strategy/dpor_tree.h"
#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

// A beginning of executions that one search leaves to another. Labels are those of the first.
struct DporLease {
  std::vector<LabelId> steps;  // from the start
  bool last_open = false;
  std::vector<std::vector<Explored>> left;  // for each step: what is explored in its place
};

class DporStrategy final : public Strategy {
 public:
  DporStrategy();
  // Explores only what begins with the steps of `lease`, which is not empty.
  DporStrategy(const Labels& labels, const DporLease& lease);
  DporStrategy(const DporStrategy&) = delete;
  DporStrategy& operator=(const DporStrategy&) = delete;

  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;
  void end_execution(const ExecutionEnd& end) override;
  const Divergence* divergence() const override { return divergence_ ? &*divergence_ : nullptr; }
  bool answers_settled() const override { return true; }
  // Each point's share is divided equally among the beginnings known from there.
  std::optional<double> explored_fraction() const override;

  // Nodes of the wakeup tree: the search's frontier.
  std::size_t frontier() const { return tree_.size(); }

  // --- What is left, for a search that is divided; between executions ---

  // The points on the way to the beginning that is explored next, from the lease's last step on.
  std::size_t first_own() const { return leased_ == 0 ? 0 : leased_ - 1; }
  std::size_t depth() const { return nodes_.size(); }
  // Of a point on the way: the steps that were explored there, and a node whose children are to be
  // explored; the first child leads to the next point, or is the beginning itself.
  std::span<const Explored> done(std::size_t depth) const {
    return asleep(depth).last(nodes_[depth].done);
  }
  TreeId left(std::size_t depth) const { return nodes_[depth].tree; }
  // What is to be explored in the place of a step of the lease: children of a node.
  TreeId handed_back(std::size_t step) const { return handed_back_[step]; }
  std::span<const Explored> asleep(std::size_t depth) const;
  // The step of the lease that ended its execution by a violation, if one did: nothing that begins
  // as the lease does is left.
  std::optional<std::size_t> lease_cut_short() const { return lease_cut_short_; }
  // Pending steps of the lease that alone cover something that was left out here: nothing is lost
  // unless they turn out to be cut short.
  std::span<const LabelId> doubts() const { return doubts_; }
  const Labels& labels() const { return labels_; }
  const WakeupTree& tree() const { return tree_; }

 private:
  // The point before an event of the current execution.
  struct Node {
    TreeId tree = kNoTree;           // its first child is the event
    std::uint32_t asleep_begin = 0;  // in asleep_, up to the next node's
    std::uint32_t done = 0;          // children that were explored
    std::uint64_t enabled = 0;
    std::uint64_t timed_out = 0;
  };

  Pick pick_fiber(const ChoicePoint& point);
  Pick pick_answer(const ChoicePoint& point);
  void enter_node(const ChoicePoint& point);
  std::uint32_t choose_freely(const ChoicePoint& point);
  void leave_out_others(LabelId so_far, Answer answer);
  void finish_event();
  void insert_reversals(bool cut_off);
  void insert_sequence(std::size_t depth);
  void explore_others(const ExecutionEnd& end);
  void backtrack();
  TreeId root_for(std::size_t depth) const;
  void diverge(const ChoicePoint& point, FiberId changed = kNoFiber);

  Labels labels_;
  History history_;
  WakeupTree tree_;
  std::vector<Node> nodes_;                 // one for each event
  std::vector<Explored> asleep_;            // of all nodes, in order
  WakeupSequence sequence_;                 // scratch
  std::vector<ObjectState> states_before_;  // scratch

  std::size_t leased_ = 0;  // steps
  std::vector<std::vector<Explored>> lease_left_;
  std::vector<TreeId> handed_back_;
  std::optional<std::size_t> lease_cut_short_;
  std::vector<LabelId> doubts_;

  bool started_ = false;
  bool exhausted_ = false;
  bool gave_up_ = false;            // this execution: all that could follow is covered
  bool unanswered_ = false;         // and so is every answer to what its last step asked
  std::size_t repeated_ = 0;        // events that this execution has to repeat
  std::size_t current_ = 0;         // the event whose step runs now
  std::size_t asked_ = 0;           // value questions answered in it
  std::vector<Answer> prescribed_;  // answers of a step that a wakeup sequence names
  std::size_t choices_ = 0;         // answered in this execution, for divergence()
  std::optional<Divergence> divergence_;
};

}  // namespace nmrcheck::sim
