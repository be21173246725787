// Depth-first search divided into subtrees.
//
// The first part is the undivided search up to a fixed number of executions; the choices that it
// left untried are the next parts. They are not explored strictly depth first: the first
// subtrees of the order make a round, each up to a fixed number of executions.
#pragma once

#include <deque>
#include <memory>

#include "sim/strategy/dfs.h"
#include "sim/strategy/division.h"

namespace nmrcheck::sim {

class DfsDivision final : public Division {
 public:
  // The first part is long: strictly depth first the search keeps to default answers longest, and
  // what it finds early is plain.
  static constexpr DivisionSizes kSizes{.first_executions = 20'000};

  explicit DfsDivision(const DivisionSizes& sizes = kSizes);

  std::vector<std::unique_ptr<Part>> next_round() override;
  void merge(const Part& part, Strategy& strategy) override;
  std::optional<double> explored_fraction() const override;

 private:
  // The untried answers of choice number `size` - 1 of a path, and all that follows them.
  struct Subtree {
    std::shared_ptr<const DfsStrategy::Path> path;
    std::size_t size = 0;  // 0: the whole tree
  };
  class SubtreePart;

  // Its part of the tree, if every choice divides what is below it equally.
  static double share(const Subtree& subtree);

  DivisionSizes sizes_;
  std::deque<Subtree> left_;  // in the order of search
  std::vector<Subtree> cut_;  // left by merged parts of the current round, in order
};

}  // namespace nmrcheck::sim
