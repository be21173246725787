// Optimal partial-order reduction divided among threads by leaf leases.
//
// The skeleton is a wakeup tree of the whole search. Its childless nodes that were never leased are
// the beginnings that are still to be explored; the first ones, from the left, are the parts of a
// round. A part is the undivided search (DporStrategy) below one beginning, with what sleeps there;
// reversals that concern the beginning itself are handed back and inserted into the skeleton, and
// what the part left becomes a part of the skeleton. Trace sets and counts are those of the
// undivided search. Two points are essential:
// - Asleep is what stands further left, whether it is explored by now or not: the order of siblings
//   counts, not the order in which they are completed.
// - A node that was ever leased covers what is inserted from outside, although its own descendants
//   may still add branches inside it.
// - Of a step further left that others explore in the same round, nobody knows yet whether a
//   violation ends it, and only then does it not cover what could follow it. A part that leaves
//   something out for such a step alone says so (DporStrategy::doubts). If the step then fails, or
//   is still not explored, the part does not stand: it is explored again in a later round.
// The first part is the undivided search up to a fixed number of executions.
#pragma once

#include <vector>

#include "sim/strategy/division.h"
#include "sim/strategy/dpor.h"

namespace nmrcheck::sim {

class DporDivision final : public Division {
 public:
  explicit DporDivision(const DivisionSizes& sizes = {});

  std::vector<std::unique_ptr<Part>> next_round() override;
  bool stands(const Part& part, const Strategy& strategy) override;
  void merge(const Part& part, Strategy& strategy) override;
  std::optional<double> explored_fraction() const override { return explored_share(0); }

 private:
  class Lease;

  void collect(std::vector<TreeId>& way, DporLease& lease,
               std::vector<std::unique_ptr<Part>>& parts) const;
  bool explored(TreeId node) const;
  double explored_share(TreeId node) const;
  void prune();
  // True if all steps left of the lease that `doubt` stands for were cut short, or are pending.
  bool in_doubt(const Lease& lease, LabelId doubt) const;
  std::vector<Explored> asleep(const DporStrategy& dpor, std::size_t i);
  // The sequences that a leaf of the skeleton keeps.
  std::vector<WakeupSequence> kept(TreeId leaf) const;
  WakeupSequence import(const DporStrategy& dpor, const WakeupSequence& sequence);
  void insert_handed_back(const Lease& lease, const DporStrategy& dpor, std::size_t i);
  template <class Function>
  void for_each_leaf(const DporStrategy& dpor, TreeId node, std::vector<LabelId>& steps,
                     const Function& found);
  void graft(const Lease& lease, const DporStrategy& dpor);
  TreeId add(TreeId parent, TreeId before, LabelId label, bool open);
  void copy_below(const DporStrategy& dpor, TreeId from, TreeId to);

  DivisionSizes sizes_;
  Labels labels_;
  WakeupTree skeleton_;  // node 0 is the root
  bool whole_leased_ = false;
};

}  // namespace nmrcheck::sim
