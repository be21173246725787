// The coordinator of leases. It runs between rounds; during a round its labels are only read.
#include "sim/strategy/dpor_division.h"

#include <algorithm>
#include <cassert>

namespace nmrcheck::sim {

class DporDivision::Lease final : public Part {
 public:
  explicit Lease(const Labels& labels) : labels_(labels) {}
  Lease(const Labels& labels, DporLease lease, std::vector<TreeId> way)
      : lease_(std::move(lease)), way_(std::move(way)), labels_(labels) {}

  std::unique_ptr<Strategy> start() const override {
    if (way_.empty()) return std::make_unique<DporStrategy>();
    return std::make_unique<DporStrategy>(labels_, lease_);
  }

  // Nodes of the skeleton, from below the root to the leaf. None: the whole search is leased.
  const std::vector<TreeId>& way() const { return way_; }

 private:
  DporLease lease_;
  std::vector<TreeId> way_;
  const Labels& labels_;
};

DporDivision::DporDivision(const DivisionSizes& sizes) : sizes_(sizes), skeleton_(labels_) {
  skeleton_.make(kNoLabel, false);
}

std::vector<std::unique_ptr<Part>> DporDivision::next_round() {
  std::vector<std::unique_ptr<Part>> parts;
  if (!whole_leased_) {
    parts.push_back(std::make_unique<Lease>(labels_));
    parts.back()->executions_max = sizes_.first_executions;
    return parts;
  }
  prune();
  std::vector<TreeId> way{0};
  DporLease lease;
  collect(way, lease, parts);
  return parts;
}

// Makes the first childless nodes below the last one of `way` that are not explored into parts.
// NOLINTNEXTLINE(misc-no-recursion): as deep as an execution
void DporDivision::collect(std::vector<TreeId>& way, DporLease& lease,
                           std::vector<std::unique_ptr<Part>>& parts) const {
  const TreeId node = way.back();
  if (skeleton_.explored(node)) return;  // or a step that ends every execution
  TreeId child = skeleton_.first_child(node);
  if (child == kNoTree) {
    lease.last_open = skeleton_.open(node);
    parts.push_back(
        std::make_unique<Lease>(labels_, lease, std::vector<TreeId>(way.begin() + 1, way.end())));
    parts.back()->executions_max = sizes_.part_executions;
    return;
  }
  lease.left.emplace_back();
  for (; child != kNoTree && parts.size() < sizes_.parts_max;
       child = skeleton_.next_sibling(child)) {
    way.push_back(child);
    lease.steps.push_back(skeleton_.label(child));
    collect(way, lease, parts);
    way.pop_back();
    lease.steps.pop_back();
    lease.left.back().push_back(
        {skeleton_.label(child), skeleton_.cut_short(child), skeleton_.pending(child)});
  }
  lease.left.pop_back();
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as an execution
bool DporDivision::explored(TreeId node) const {
  if (skeleton_.explored(node)) return true;
  TreeId child = skeleton_.first_child(node);
  if (child == kNoTree) return false;
  for (; child != kNoTree; child = skeleton_.next_sibling(child)) {
    if (!explored(child)) return false;
  }
  return true;
}

// Forgets what was explored at the left edge: nobody is left who could insert anything there.
void DporDivision::prune() {
  for (TreeId node = 0; node != kNoTree;) {
    TreeId child = skeleton_.first_child(node);
    for (; child != kNoTree && explored(child); child = skeleton_.next_sibling(child)) {
      while (skeleton_.first_child(child) != kNoTree) skeleton_.remove_first_child(child);
      skeleton_.mark(child, true, true);
    }
    node = child;
  }
}

bool DporDivision::stands(const Part& part, const Strategy& strategy) {
  const auto& lease = static_cast<const Lease&>(part);
  const auto& dpor = static_cast<const DporStrategy&>(strategy);
  return std::none_of(dpor.doubts().begin(), dpor.doubts().end(), [&](LabelId doubt) {
    return in_doubt(lease, labels_.import(dpor.labels(), doubt));
  });
}

bool DporDivision::in_doubt(const Lease& lease, LabelId doubt) const {
  bool in_doubt = false;
  TreeId parent = 0;
  for (const TreeId node : lease.way()) {
    for (TreeId left = skeleton_.first_child(parent); left != node;
         left = skeleton_.next_sibling(left)) {
      if (!labels_.begins_with(skeleton_.label(left), doubt)) continue;
      if (!skeleton_.cut_short(left) && !skeleton_.pending(left)) return false;
      in_doubt = true;
    }
    parent = node;
  }
  return in_doubt;
}

void DporDivision::merge(const Part& part, Strategy& strategy) {
  const auto& lease = static_cast<const Lease&>(part);
  const auto& dpor = static_cast<const DporStrategy&>(strategy);
  const std::size_t steps = lease.way().size();
  whole_leased_ = true;
  std::vector<WakeupSequence> uncovered;
  if (steps > 0 && dpor.lease_cut_short() == steps - 1) uncovered = kept(lease.way().back());
  for (std::size_t i = 0; i < steps; ++i) insert_handed_back(lease, dpor, i);
  graft(lease, dpor);
  for (WakeupSequence& sequence : uncovered) {
    const TreeId parent = steps == 1 ? 0 : lease.way()[steps - 2];
    skeleton_.insert(parent, sequence, asleep(dpor, steps - 1));
  }
}

std::vector<WakeupSequence> DporDivision::kept(TreeId leaf) const {
  std::vector<WakeupSequence> sequences;
  for (KeptId id = skeleton_.kept(leaf); id != kNoKept; id = skeleton_.next_kept(id)) {
    sequences.push_back(skeleton_.sequence(id));
  }
  return sequences;
}

// What sleeps in front of step number `i` of a lease.
std::vector<Explored> DporDivision::asleep(const DporStrategy& dpor, std::size_t i) {
  std::vector<Explored> asleep;
  if (i >= dpor.depth()) return asleep;
  for (const Explored& step : dpor.asleep(i)) {
    asleep.push_back({labels_.import(dpor.labels(), step.label), step.cut_short});
  }
  return asleep;
}

WakeupSequence DporDivision::import(const DporStrategy& dpor, const WakeupSequence& sequence) {
  WakeupSequence imported{{}, sequence.last_open};
  for (const LabelId label : sequence.labels) {
    imported.labels.push_back(labels_.import(dpor.labels(), label));
  }
  return imported;
}

// Inserts what is to be explored in the place of step number `i` of the lease.
void DporDivision::insert_handed_back(const Lease& lease, const DporStrategy& dpor, std::size_t i) {
  if (dpor.tree().first_child(dpor.handed_back(i)) == kNoTree) return;
  const std::vector<Explored> sleeping = asleep(dpor, i);
  const TreeId parent = i == 0 ? 0 : lease.way()[i - 1];
  std::vector<LabelId> steps;
  for_each_leaf(dpor, dpor.handed_back(i), steps, [&](WakeupSequence sequence) {
    skeleton_.insert(parent, sequence, sleeping, lease.way()[i]);
  });
}

// Calls found(sequence) for each leaf below `node`, and for what leaves keep. `steps` lead to
// `node`.
// NOLINTNEXTLINE(misc-no-recursion): as deep as an execution
template <class Function>
void DporDivision::for_each_leaf(const DporStrategy& dpor, TreeId node, std::vector<LabelId>& steps,
                                 const Function& found) {
  const WakeupTree& tree = dpor.tree();
  for (TreeId child = tree.first_child(node); child != kNoTree; child = tree.next_sibling(child)) {
    steps.push_back(labels_.import(dpor.labels(), tree.label(child)));
    if (tree.first_child(child) == kNoTree) {
      found({steps, tree.open(child)});
    } else {
      for_each_leaf(dpor, child, steps, found);
    }
    steps.pop_back();
    for (KeptId id = tree.kept(child); id != kNoKept; id = tree.next_kept(id)) {
      WakeupSequence kept = import(dpor, tree.sequence(id));
      kept.labels.insert(kept.labels.begin(), steps.begin(), steps.end());
      found(std::move(kept));
    }
  }
}

// Puts what the lease explored and left in the place of its leaf.
void DporDivision::graft(const Lease& lease, const DporStrategy& dpor) {
  const std::size_t first = dpor.first_own();
  if (const auto cut = dpor.lease_cut_short(); cut && *cut < first) {
    // A step on the way to the leaf. Other leases of this round may hold what is below it.
    skeleton_.mark(lease.way()[*cut], true, true);
    skeleton_.mark_cut_short(lease.way()[*cut]);
  }
  if (dpor.depth() <= first) {  // all is explored, or a violation cut the way to the leaf off
    skeleton_.mark(lease.way().empty() ? 0 : lease.way().back(), true, true);
    return;
  }
  const std::size_t steps = lease.way().size();
  TreeId parent = steps < 2 ? 0 : lease.way()[steps - 2];
  // Of a step that asks, the answers stand side by side in the leaf's place.
  TreeId before = steps == 0 ? kNoTree : lease.way().back();
  for (std::size_t depth = first; depth < dpor.depth(); ++depth) {
    const bool leaf = steps > 0 && depth == first;
    for (const Explored& step : dpor.done(depth)) {
      before = add(parent, before, labels_.import(dpor.labels(), step.label), false);
      skeleton_.mark(before, true, true);
      if (step.cut_short) skeleton_.mark_cut_short(before);
    }
    TreeId next = kNoTree;
    const WakeupTree& tree = dpor.tree();
    for (TreeId child = tree.first_child(dpor.left(depth)); child != kNoTree;
         child = tree.next_sibling(child)) {
      const LabelId label = labels_.import(dpor.labels(), tree.label(child));
      before = add(parent, before, label, tree.open(child));
      skeleton_.mark(before, leaf, false);
      const bool on_the_way = next == kNoTree && depth + 1 < dpor.depth();
      if (next == kNoTree) next = before;
      if (!on_the_way) copy_below(dpor, child, before);
    }
    if (leaf) skeleton_.remove_child(parent, lease.way().back());
    parent = next;
    before = kNoTree;
  }
}

// Makes a child of `parent` behind its child `before`, or its last one.
TreeId DporDivision::add(TreeId parent, TreeId before, LabelId label, bool open) {
  const TreeId made = skeleton_.make(label, open);
  if (before == kNoTree) {
    skeleton_.append_child(parent, made);
  } else {
    skeleton_.insert_sibling(before, made);
  }
  return made;
}

// Copies what is below a node, and what it keeps.
// NOLINTNEXTLINE(misc-no-recursion): as deep as an execution
void DporDivision::copy_below(const DporStrategy& dpor, TreeId from, TreeId to) {
  const WakeupTree& tree = dpor.tree();
  for (KeptId id = tree.kept(from); id != kNoKept; id = tree.next_kept(id)) {
    skeleton_.keep(to, import(dpor, tree.sequence(id)));
  }
  for (TreeId child = tree.first_child(from); child != kNoTree; child = tree.next_sibling(child)) {
    const LabelId label = labels_.import(dpor.labels(), tree.label(child));
    copy_below(dpor, child, add(to, kNoTree, label, tree.open(child)));
  }
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as an execution
double DporDivision::explored_share(TreeId node) const {
  if (skeleton_.explored(node)) return 1.0;
  TreeId child = skeleton_.first_child(node);
  if (child == kNoTree) return 0.0;
  double sum = 0.0;
  std::uint32_t children = 0;
  for (; child != kNoTree; child = skeleton_.next_sibling(child)) {
    sum += explored_share(child);
    ++children;
  }
  return sum / children;
}

}  // namespace nmrcheck::sim
