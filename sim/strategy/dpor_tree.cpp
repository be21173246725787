// Insertion into wakeup trees.
#include "sim/strategy/dpor_tree.h"

#include <algorithm>

namespace nmrcheck::sim {
namespace {

bool contains(std::span<const Explored> steps, LabelId label) {
  return std::any_of(steps.begin(), steps.end(),
                     [&](const Explored& step) { return step.label == label; });
}

}  // namespace

TreeId WakeupTree::make(LabelId label, bool open) {
  TreeId made = free_;
  if (made == kNoTree) {
    made = static_cast<TreeId>(nodes_.size());
    nodes_.emplace_back();
  } else {
    free_ = nodes_[made].next_sibling;
    --free_count_;
  }
  nodes_[made] = {};
  nodes_[made].label = label;
  nodes_[made].open = open;
  return made;
}

void WakeupTree::close(TreeId node, LabelId label) {
  nodes_[node].label = label;
  nodes_[node].open = false;
}

void WakeupTree::append_child(TreeId parent, TreeId child) {
  TreeId* link = &nodes_[parent].first_child;
  while (*link != kNoTree) link = &nodes_[*link].next_sibling;
  *link = child;
}

void WakeupTree::insert_sibling(TreeId node, TreeId sibling) {
  nodes_[sibling].next_sibling = nodes_[node].next_sibling;
  nodes_[node].next_sibling = sibling;
}

void WakeupTree::mark(TreeId node, bool covers, bool explored) {
  nodes_[node].covers = covers;
  nodes_[node].explored = explored;
}

void WakeupTree::remove_first_child(TreeId parent) {
  remove_child(parent, nodes_[parent].first_child);
}

void WakeupTree::remove_child(TreeId parent, TreeId removed) {
  TreeId* link = &nodes_[parent].first_child;
  while (*link != removed) link = &nodes_[*link].next_sibling;
  *link = nodes_[removed].next_sibling;
  while (nodes_[removed].first_child != kNoTree) remove_first_child(removed);
  forget_kept(removed);
  nodes_[removed].next_sibling = free_;
  free_ = removed;
  ++free_count_;
}

void WakeupTree::keep(TreeId leaf, const WakeupSequence& sequence) {
  for (KeptId other = nodes_[leaf].kept; other != kNoKept; other = kept_[other].next) {
    if (kept_[other].sequence == sequence) return;
  }
  KeptId made = kept_free_;
  if (made == kNoKept) {
    made = static_cast<KeptId>(kept_.size());
    kept_.emplace_back();
  } else {
    kept_free_ = kept_[made].next;
  }
  kept_[made].sequence = sequence;
  kept_[made].next = nodes_[leaf].kept;
  nodes_[leaf].kept = made;
}

void WakeupTree::forget_kept(TreeId node) {
  while (nodes_[node].kept != kNoKept) {
    const KeptId kept = nodes_[node].kept;
    nodes_[node].kept = kept_[kept].next;
    kept_[kept].next = kept_free_;
    kept_free_ = kept;
  }
}

WakeupTree::Initial WakeupTree::initial(const Explored& step, bool open,
                                        const WakeupSequence& sequence,
                                        std::size_t& position) const {
  const LabelId label = step.label;
  const std::uint32_t fiber = labels_.fiber(label);
  for (std::size_t i = 0; i < sequence.labels.size(); ++i) {
    const LabelId other = sequence.labels[i];
    if (labels_.fiber(other) == fiber) {
      position = i;
      const bool same = open ? labels_.begins_with(other, label) : other == label;
      return same ? Initial::kAt : Initial::kNo;
    }
    if (labels_.dependent(other, label)) return Initial::kNo;
  }
  return step.cut_short ? Initial::kNo : Initial::kIndependent;
}

bool WakeupTree::fully_asleep(LabelId label, std::span<const Explored> asleep) const {
  if (contains(asleep, label)) return true;
  std::uint32_t options = 0;
  for (std::size_t i = 0; i < asleep.size() && options == 0; ++i) {
    options = labels_.options_between(asleep[i].label, label);
  }
  if (options == 0) return false;
  for (std::uint32_t answer = 0; answer < options; ++answer) {
    const LabelId longer = labels_.find_with_answer(label, {answer, options});
    if (longer == kNoLabel || !fully_asleep(longer, asleep)) return false;
  }
  return true;
}

bool WakeupTree::covered_by_sleep(const WakeupSequence& sequence, std::span<const Explored> asleep,
                                  LabelId& doubt) const {
  std::size_t position = 0;
  LabelId pending = kNoLabel;
  for (const Explored& step : asleep) {
    // A step that sleeps without answers sleeps for all of them.
    const Initial found = initial(step, true, sequence, position);
    if (found == Initial::kNo) continue;
    if (found == Initial::kAt || !step.pending) return true;
    if (pending == kNoLabel) pending = step.label;
  }
  const LabelId last = sequence.labels.back();
  if (sequence.last_open && initial({last}, true, sequence, position) == Initial::kAt &&
      position + 1 == sequence.labels.size() && fully_asleep(last, asleep)) {
    return true;
  }
  doubt = pending;
  return pending != kNoLabel;
}

// True if each answer that can follow `label` is asleep or a child of `parent`.
bool WakeupTree::answers_covered(TreeId parent, LabelId label,
                                 std::span<const Explored> asleep) const {
  if (contains(asleep, label)) return true;
  std::uint32_t options = 0;
  for (TreeId child = nodes_[parent].first_child; child != kNoTree;
       child = nodes_[child].next_sibling) {
    const Node& node = nodes_[child];
    if (node.open ? labels_.begins_with(label, node.label) : node.label == label) return true;
    if (options == 0) options = labels_.options_between(node.label, label);
  }
  for (std::size_t i = 0; i < asleep.size() && options == 0; ++i) {
    options = labels_.options_between(asleep[i].label, label);
  }
  for (std::uint32_t answer = 0; answer < options; ++answer) {
    const LabelId longer = labels_.find_with_answer(label, {answer, options});
    if (longer == kNoLabel || !answers_covered(parent, longer, asleep)) return false;
  }
  return options != 0;
}

// What sleeps at `child`, a child of `node`, if `asleep` does so at `node`.
std::vector<Explored> WakeupTree::asleep_below(TreeId node, TreeId child,
                                               std::span<const Explored> asleep) const {
  std::vector<Explored> below(asleep.begin(), asleep.end());
  for (TreeId left = nodes_[node].first_child; left != child; left = nodes_[left].next_sibling) {
    below.push_back({nodes_[left].label, nodes_[left].cut_short});
  }
  std::erase_if(below, [&](const Explored& step) {
    return labels_.dependent(step.label, nodes_[child].label);
  });
  return below;
}

void WakeupTree::append_chain(TreeId parent, const WakeupSequence& sequence) {
  for (std::size_t i = 0; i < sequence.labels.size(); ++i) {
    const bool open = sequence.last_open && i + 1 == sequence.labels.size();
    const TreeId made = make(sequence.labels[i], open);
    append_child(parent, made);
    parent = made;
  }
}

void WakeupTree::insert(TreeId root, WakeupSequence& sequence, std::span<const Explored> asleep,
                        TreeId behind) {
  TreeId node = root;
  // Who sleeps below the root matters only where the answers of the last step may be covered one by
  // one.
  const bool asks = sequence.last_open && labels_.asks(sequence.labels.back());
  std::vector<Explored> inherited;
  Initial found = Initial::kNo;
  for (;;) {
    const bool leaf = nodes_[node].first_child == kNoTree;
    if (node != root && (leaf || nodes_[node].covers)) {  // a leaf covers all below it
      if (leaf && !nodes_[node].explored && found == Initial::kIndependent) keep(node, sequence);
      return;
    }
    const bool after = node == root && behind != kNoTree;
    TreeId child = after ? nodes_[behind].next_sibling : nodes_[node].first_child;
    std::size_t position = 0;
    found = Initial::kNo;
    for (; child != kNoTree; child = nodes_[child].next_sibling) {
      const Node& first = nodes_[child];
      found = initial({first.label, first.cut_short}, first.open, sequence, position);
      if (found != Initial::kNo) break;
    }
    if (child == kNoTree) break;
    if (found == Initial::kAt) {
      if (position + 1 == sequence.labels.size()) sequence.last_open = false;
      sequence.labels.erase(sequence.labels.begin() + static_cast<std::ptrdiff_t>(position));
    }
    if (sequence.labels.empty()) return;
    if (asks) {
      std::vector<Explored> below = asleep_below(node, child, asleep);
      inherited.swap(below);
      asleep = inherited;
    }
    node = child;
  }
  std::size_t position = 0;
  if (asks && sequence.last_open &&
      initial({sequence.labels.back()}, true, sequence, position) == Initial::kAt &&
      position + 1 == sequence.labels.size() &&
      answers_covered(node, sequence.labels.back(), asleep)) {
    return;
  }
  append_chain(node, sequence);
}

}  // namespace nmrcheck::sim
