// What the rounds of a search consist of.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/explore/part_runner.h"

namespace nmrcheck::sim {

// A search that is not divided: one part, which never ends before the search.
class Undivided final : public Division {
 public:
  // `preemptions_max` is for strategies that go by preemptions only.
  Undivided(const StrategyInfo& info, std::optional<std::uint32_t> preemptions_max)
      : info_(info), preemptions_max_(preemptions_max) {}

  std::vector<std::unique_ptr<Part>> next_round() override;
  void merge(const Part& part, Strategy& strategy) override;
  std::optional<double> explored_fraction() const override { return explored_; }

 private:
  class Whole;

  const StrategyInfo& info_;
  std::optional<std::uint32_t> preemptions_max_;
  bool exhausted_ = false;
  std::optional<double> explored_;
};

// The parts of a systematic search, after `begun` executions.
std::vector<Stretch> stretches_of(const std::vector<std::unique_ptr<Part>>& parts,
                                  std::uint64_t begun);

// The next executions of a sampling search, of which `begun` of `limit` in this shard are made. The
// first rounds are short, so that a short search does not wait for threads.
std::vector<Stretch> sampled_stretches(std::uint64_t begun, std::uint64_t limit,
                                       const Shard& shard);

}  // namespace nmrcheck::sim
