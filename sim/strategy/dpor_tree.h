// Wakeup trees: which beginnings of executions are still to be explored from a point.
//
// Abdulla, Aronis, Jonsson, Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order
// Reduction" (J. ACM 64(4), 2017), section 6.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/strategy/dpor_labels.h"

namespace nmrcheck::sim {

using TreeId = std::uint32_t;
inline constexpr TreeId kNoTree = 0xffffffffu;
using KeptId = std::uint32_t;
inline constexpr KeptId kNoKept = 0xffffffffu;

// A sequence of steps, of which the last may be open: its value questions are not answered yet.
struct WakeupSequence {
  std::vector<LabelId> labels;
  bool last_open = false;
  friend bool operator==(const WakeupSequence&, const WakeupSequence&) = default;
};

// A step that was explored at some point. While it is asleep, what it may precede is explored
// already; not so behind a step that cut its execution short: that has no continuations, and only
// the step itself is.
struct Explored {
  LabelId label = kNoLabel;
  bool cut_short = false;
  bool pending = false;  // of a search that is divided: it is being explored, and may be cut short
};

class WakeupTree {
 public:
  explicit WakeupTree(Labels& labels) : labels_(labels) {}

  // A node without children.
  TreeId make(LabelId label, bool open);
  TreeId first_child(TreeId node) const { return nodes_[node].first_child; }
  TreeId next_sibling(TreeId node) const { return nodes_[node].next_sibling; }
  LabelId label(TreeId node) const { return nodes_[node].label; }
  // The step may still ask questions whose answers are all to be explored.
  bool open(TreeId node) const { return nodes_[node].open; }
  void close(TreeId node, LabelId label);
  // The step ends its execution by a violation: nothing comes behind it.
  bool cut_short(TreeId node) const { return nodes_[node].cut_short; }
  void mark_cut_short(TreeId node) { nodes_[node].cut_short = true; }

  void append_child(TreeId parent, TreeId child);
  void insert_sibling(TreeId node, TreeId sibling);
  // Takes a child, with all below it, away.
  void remove_first_child(TreeId parent);
  void remove_child(TreeId parent, TreeId child);

  // Of a search that is divided: whether all that begins as the node does is explored already, or
  // by somebody who has it, so that nothing need be inserted below; and whether all is explored.
  bool covers(TreeId node) const { return nodes_[node].covers; }
  bool explored(TreeId node) const { return nodes_[node].explored; }
  void mark(TreeId node, bool covers, bool explored);
  // Nobody explored the step yet: it may still be cut short.
  bool pending(TreeId node) const {
    return !nodes_[node].explored && nodes_[node].first_child == kNoTree;
  }

  // Adds `sequence` below `root` unless what is there covers it: of the root's children only those
  // behind `behind`, if it is given. `asleep` are the labels that were explored at `root`.
  // `sequence` is used up. A leaf whose step is not in it keeps what it covers.
  void insert(TreeId root, WakeupSequence& sequence, std::span<const Explored> asleep,
              TreeId behind = kNoTree);

  // The first of the sequences that `leaf` covers and keeps, or kNoKept: if its step turns out to
  // be cut short it covers none of them, and they are to be inserted below its parent again. They
  // are no more than what the tree would hold without the leaf, and few: at most 2 582 at a time,
  // with 4 341 steps in all, in engine/registrar with n=4 (522 624 executions).
  KeptId kept(TreeId leaf) const { return nodes_[leaf].kept; }
  KeptId next_kept(KeptId kept) const { return kept_[kept].next; }
  const WakeupSequence& sequence(KeptId kept) const { return kept_[kept].sequence; }
  // Makes `leaf` keep a sequence, unless it does already.
  void keep(TreeId leaf, const WakeupSequence& sequence);
  void forget_kept(TreeId node);

  // True if a step in `asleep` may come first in `sequence`: what the sequence leads to is
  // explored already. `doubt` becomes the label of a pending step if nothing else covers it, and
  // that step only as long as it is not cut short.
  bool covered_by_sleep(const WakeupSequence& sequence, std::span<const Explored> asleep,
                        LabelId& doubt) const;

  // True if all answers that can follow `label` are in `asleep`.
  bool fully_asleep(LabelId label, std::span<const Explored> asleep) const;

  std::size_t size() const { return nodes_.size() - free_count_; }

 private:
  struct Node {
    LabelId label = kNoLabel;
    bool open = false;
    bool covers = false;
    bool explored = false;
    bool cut_short = false;
    TreeId first_child = kNoTree;
    TreeId next_sibling = kNoTree;
    KeptId kept = kNoKept;
  };

  struct Kept {
    WakeupSequence sequence;
    KeptId next = kNoKept;
  };

  // Whether a step may come first in a sequence.
  enum class Initial : std::uint8_t {
    kNo,
    kIndependent,  // it does not occur, depends on nothing, and the sequence may follow it
    kAt,           // it occurs, and may be moved to the front
  };

  Initial initial(const Explored& step, bool open, const WakeupSequence& sequence,
                  std::size_t& position) const;
  bool answers_covered(TreeId parent, LabelId label, std::span<const Explored> asleep) const;
  std::vector<Explored> asleep_below(TreeId node, TreeId child,
                                     std::span<const Explored> asleep) const;
  void append_chain(TreeId parent, const WakeupSequence& sequence);

  Labels& labels_;
  std::vector<Node> nodes_;
  TreeId free_ = kNoTree;  // chained by next_sibling
  std::size_t free_count_ = 0;
  std::vector<Kept> kept_;
  KeptId kept_free_ = kNoKept;  // chained by next
};

}  // namespace nmrcheck::sim
