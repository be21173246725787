// How many executions a round holds: enough that threads seldom wait for each other.
#include "sim/explore/stretches.h"

#include <algorithm>
#include <cassert>

namespace nmrcheck::sim {
namespace {

constexpr std::uint64_t kStretchExecutions = 32;
constexpr std::uint64_t kRoundStretches = 64;

}  // namespace

class Undivided::Whole final : public Part {
 public:
  Whole(const StrategyInfo& info, std::optional<std::uint32_t> preemptions_max)
      : info_(info), preemptions_max_(preemptions_max) {}

  std::unique_ptr<Strategy> start() const override {
    std::unique_ptr<Strategy> strategy = info_.make();
    if (preemptions_max_) {
      const bool limited = strategy->limit_preemptions(*preemptions_max_);
      assert(limited);
      (void)limited;
    }
    return strategy;
  }

 private:
  const StrategyInfo& info_;
  std::optional<std::uint32_t> preemptions_max_;
};

std::vector<std::unique_ptr<Part>> Undivided::next_round() {
  std::vector<std::unique_ptr<Part>> parts;
  if (!exhausted_) parts.push_back(std::make_unique<Whole>(info_, preemptions_max_));
  return parts;
}

void Undivided::merge(const Part&, Strategy& strategy) {
  exhausted_ = !strategy.begin_execution(Seed{0}) && strategy.divergence() == nullptr;
  explored_ = strategy.explored_fraction();
}

std::vector<Stretch> stretches_of(const std::vector<std::unique_ptr<Part>>& parts,
                                  std::uint64_t begun) {
  std::vector<Stretch> stretches;
  for (const std::unique_ptr<Part>& part : parts) {
    Stretch stretch;
    stretch.part = part.get();
    stretch.executions_max = part->executions_max;
    stretch.numbered = begun == 0 && parts.size() == 1;
    stretches.push_back(stretch);
  }
  return stretches;
}

std::vector<Stretch> sampled_stretches(std::uint64_t begun, std::uint64_t limit,
                                       const Shard& shard) {
  const std::uint64_t wanted =
      std::clamp<std::uint64_t>(begun / kStretchExecutions, 1, kRoundStretches);
  std::vector<Stretch> stretches;
  for (std::uint64_t at = begun; at < limit && stretches.size() < wanted;) {
    Stretch stretch;
    stretch.executions_max = std::min(kStretchExecutions, limit - at);
    stretch.first = shard.index + at * shard.count;
    stretch.stride = shard.count;
    stretch.numbered = true;
    stretches.push_back(stretch);
    at += stretch.executions_max;
  }
  return stretches;
}

}  // namespace nmrcheck::sim
