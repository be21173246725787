// Subtrees in the order of search: the first ones make a round, and what each leaves takes its
// place.
#include "sim/strategy/dfs_division.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace nmrcheck::sim {

class DfsDivision::SubtreePart final : public Part {
 public:
  SubtreePart(Subtree subtree, const DivisionSizes& sizes) : subtree_(std::move(subtree)) {
    executions_max = subtree_.size == 0 ? sizes.first_executions : sizes.part_executions;
  }

  std::unique_ptr<Strategy> start() const override {
    if (subtree_.size == 0) return std::make_unique<DfsStrategy>();
    const auto first = subtree_.path->begin();
    return std::make_unique<DfsStrategy>(
        DfsStrategy::Path(first, first + static_cast<std::ptrdiff_t>(subtree_.size)));
  }

 private:
  Subtree subtree_;
};

DfsDivision::DfsDivision(const DivisionSizes& sizes) : sizes_(sizes) {
  left_.push_back({nullptr, 0});
}

std::vector<std::unique_ptr<Part>> DfsDivision::next_round() {
  left_.insert(left_.begin(), cut_.begin(), cut_.end());
  cut_.clear();
  std::vector<std::unique_ptr<Part>> parts;
  for (std::size_t i = 0; i < std::min(left_.size(), sizes_.parts_max); ++i) {
    parts.push_back(std::make_unique<SubtreePart>(left_[i], sizes_));
  }
  return parts;
}

void DfsDivision::merge(const Part&, Strategy& strategy) {
  assert(!left_.empty());
  left_.pop_front();
  const auto& dfs = static_cast<const DfsStrategy&>(strategy);
  std::shared_ptr<const DfsStrategy::Path> shared;
  for (std::size_t size = dfs.path().size(); size > dfs.own(); --size) {
    if (dfs.path()[size - 1].untried == 0) continue;
    if (shared == nullptr) shared = std::make_shared<const DfsStrategy::Path>(dfs.path());
    cut_.push_back({shared, size});
  }
}

double DfsDivision::share(const Subtree& subtree) {
  double share = 1.0;
  for (std::size_t i = 0; i < subtree.size; ++i) {
    const DfsStrategy::Node& node = (*subtree.path)[i];
    const bool fiber = node.choice.kind == ChoiceKind::kFiber;
    const double options =
        fiber ? std::popcount(node.choice.offered) : static_cast<double>(node.choice.offered);
    share /= options;
    if (i + 1 == subtree.size) share *= std::popcount(node.untried);
  }
  return share;
}

std::optional<double> DfsDivision::explored_fraction() const {
  double left = 0.0;
  for (const Subtree& subtree : cut_) left += share(subtree);
  for (const Subtree& subtree : left_) left += share(subtree);
  return 1.0 - left;
}

}  // namespace nmrcheck::sim
