// Exhaustive depth-first search over all choices: every interleaving exactly once.
//
// The oracle for cleverer searches. The first execution never preempts (stay on the current fiber
// while it is enabled, else take the lowest) and takes each question's default; later ones change
// the last choice that has an untried answer. Interleavings are left out that pass over a fiber
// while another one yields again and again: see fairness.h.
#pragma once

#include <optional>
#include <vector>

#include "sim/strategy/fairness.h"
#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

class DfsStrategy final : public Strategy {
 public:
  struct Node {
    Choice choice;
    std::uint64_t untried = 0;  // kFiber: mask of fibers; kValue: mask of alternatives
  };
  using Path = std::vector<Node>;

  DfsStrategy() = default;
  // Searches one subtree only: the untried answers of the last choice of `path`, and all that
  // follows them. Requires: there is such an answer.
  explicit DfsStrategy(Path path);

  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;
  void end_execution(const ExecutionEnd& end) override;
  const Divergence* divergence() const override { return divergence_ ? &*divergence_ : nullptr; }
  // Counts each execution's share of the tree as 1 / (product of the options on its way).
  std::optional<double> explored_fraction() const override;

  // The choices of the last execution. Untried answers are left to be explored, but for those of
  // the first own() choices, which lie outside of the subtree.
  const Path& path() const { return path_; }
  std::size_t own() const { return own_; }

 private:
  Pick answer(const ChoicePoint& point, const Choice& asked, std::uint64_t answers);

  Fairness fairness_;
  Path path_;
  std::size_t own_ = 0;
  std::size_t depth_ = 0;
  std::size_t prefix_ = 0;  // choices that the execution has to repeat
  bool started_ = false;
  bool exhausted_ = false;
  std::optional<Divergence> divergence_;
};

}  // namespace nmrcheck::sim
