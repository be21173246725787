// Iterative preemption bounding: everything with no preemption, then with one, with two, …
//
// Musuvathi and Qadeer, "Iterative context bounding for systematic testing of multithreaded
// programs" (PLDI 2007), algorithm 1, with states named by their traces. A preemption is a switch
// away from a fiber whose next step is enabled. Free are: value choices, all of whose answers are
// explored; a switch away from a fiber that yields, which asks for it; and any switch after virtual
// time moved on, before which no fiber could go.
//
// The search walks the graph of states breadth-first by preemptions and depth-first within a bound.
// A step is taken from a state once, when it can be reached with the fewest preemptions, whichever
// linearization of the state's trace comes first: what can follow depends on the trace and on the
// fiber that went last only. So each bound adds just what needs that many preemptions, nothing that
// an earlier one explored, and the first violation met has the fewest preemptions. A trace is
// executed once, or a little more often where steps ask questions, since what follows such a step
// is known after it only; executions that come to known states are given up.
// Requires: footprints that are never too small, and programs whose executions end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/strategy/prefix_hash.h"
#include "sim/strategy/strategy.h"
#include "sim/strategy/visited.h"

namespace nmrcheck::sim {

struct BoundedLimits {
  // The search ends when everything with at most so many preemptions is explored.
  std::uint32_t preemptions_max = 0xffffffffu;
  // Answers to questions other than their default, in one execution. Of what needs more nothing is
  // known, whatever bounds() says.
  std::uint32_t deviations_max = 0xffffffffu;
  // States remembered, of some 50 bytes. Beyond, executions repeat, and nothing is missed.
  std::size_t states_max = std::size_t{1} << 23;
  // Branches put off, and choices that lead to them, of some 100 bytes together. When either are
  // too many, the bound being explored is the last one; when it alone has too many, the search
  // ends.
  std::size_t branches_max = std::size_t{1} << 23;
};

class BoundedStrategy final : public Strategy {
 public:
  explicit BoundedStrategy(const BoundedLimits& limits = {});

  // Returns false when bounds() says what was explored: everything, or all up to a bound.
  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;
  void end_execution(const ExecutionEnd& end) override;
  const Divergence* divergence() const override { return divergence_ ? &*divergence_ : nullptr; }
  bool limit_preemptions(std::uint32_t preemptions_max) override;
  const BoundsCoverage* bounds() const override { return &bounds_; }

  // Preemptions in the current execution, or in the last one.
  std::uint32_t preemptions() const { return preemptions_; }

 private:
  // A choice that leads to a branch. Node 0 is the start.
  struct Node {
    std::uint32_t parent = 0;
    Choice choice;
  };
  // An answer to be explored, behind the choices that lead to `parent`.
  struct Branch {
    Hash128 successor;  // of a step: the state behind it, if it asks no question
    std::uint32_t parent = 0;
    std::uint64_t fiber_bit = 0;
    Choice choice;
  };

  Pick pick_fiber(const ChoicePoint& point);
  Pick pick_answer(const ChoicePoint& point);
  Pick repeat(const ChoicePoint& point);
  Pick explore_from(const ChoicePoint& point);
  Pick go_on(const ChoicePoint& point, StateId state);
  Pick go_anywhere(const ChoicePoint& point, StateId state);
  void put_off_preemptions(const ChoicePoint& point);
  bool covered(const Hash128& successor, std::uint64_t fiber_bit, std::uint32_t preemptions) const;
  void put_off(std::vector<Branch>& branches, Branch branch, const Choice& choice);
  std::uint32_t node_of_path();
  bool next_branch();
  bool next_bound();
  void drop_unused_nodes();
  bool make_room();
  void follow(const Branch& branch);
  std::uint64_t bit_of(const ChoicePoint& point, std::uint32_t fiber);

  BoundedLimits limits_;
  PrefixHash hash_;
  VisitedStates visited_;
  BoundsCoverage bounds_;
  std::uint32_t preemptions_ = 0;  // the bound being explored
  std::uint32_t deviations_ = 0;   // of answers, in this execution

  // Sorted by parent, so that nodes behind the last one can be dropped.
  std::vector<Branch> now_;    // with preemptions_ preemptions
  std::vector<Branch> later_;  // with one more
  std::vector<Node> nodes_;

  std::vector<Choice> path_;               // choices of this execution, forced ones left out
  std::vector<std::uint32_t> path_nodes_;  // nodes of the first choices in path_
  std::size_t repeated_ = 0;               // choices that this execution has to repeat
  std::size_t depth_ = 0;                  // choices made
  std::vector<std::uint64_t> fiber_keys_;  // the fibers that have bits: key of bit 0, 1, …

  bool started_ = false;
  bool ended_ = false;
  bool gave_up_ = false;  // this execution: all that could follow is covered
  bool cut_off_ = false;  // something needs more preemptions than allowed
  std::optional<Divergence> divergence_;
};

}  // namespace nmrcheck::sim
