// Probabilistic concurrency testing: fibers have random priorities and the highest goes; at d - 1
// random steps the running fiber's priority falls below all others'.
//
// Source: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with probabilistic
// guarantees of finding bugs", ASPLOS 2010.
// Guarantee: a bug of depth d (that needs d ordering constraints) is found in an execution with a
// probability of at least 1 / (n * k^(d-1)), for n fibers and executions of at most k steps.
//
// Deviations:
//   - The depth of an execution is 1, 2 or 3, drawn from its seed: each bound holds with a third of
//     its probability. In turn would need more than the execution's own seed.
//   - k is the longest of the surveyed random walks. A step behind it is no change point.
//   - Priorities are 64-bit draws instead of a permutation, so that fibers may appear later; the
//     lower id wins a tie (one in 2^63).
//   - A fiber that yields goes below all others, as in fair variants of PCT; the bound is then
//   about
//     executions in which yields change nothing.
//   - Behind step 2k fibers are picked at random: a loop that polls without yielding could
//   otherwise
//     starve the fiber that it waits for, without end.
//   - Alternatives of a value choice are equally likely.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "sim/strategy/strategy.h"
#include "sim/strategy/survey.h"

namespace nmrcheck::sim {

struct PctOptions {
  std::uint32_t depth = 0;  // 0: 1 to kDepthMax, drawn for each execution
  std::uint32_t steps = 0;  // k; 0: learned from a survey
  std::uint32_t survey_executions = kSurveyExecutions;
};

class PctStrategy final : public Strategy {
 public:
  static constexpr std::uint32_t kDepthMax = 3;

  explicit PctStrategy(const PctOptions& options = {})
      : options_(options), survey_(options.steps == 0 ? options.survey_executions : 0) {}

  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;
  std::uint32_t survey_executions() const override { return survey_.executions(); }

 private:
  void meet(const ChoicePoint& point);
  FiberId highest(std::uint64_t fibers) const;
  void lower(FiberId fiber, std::uint32_t change);

  PctOptions options_;
  Survey survey_;
  bool surveying_ = false;
  Rng rng_{Seed{0}};
  std::uint32_t steps_max_ = 1;  // k
  std::uint32_t step_ = 0;       // counted from 1
  std::size_t met_ = 0;          // fibers that have a priority
  std::uint64_t aside_ = 0;      // fibers whose pending yield was dealt with
  std::uint64_t floor_ = 0;      // the lowest priority of a fiber that yielded
  std::array<std::uint64_t, kFibersMax> priorities_{};
  std::vector<std::uint32_t> changes_;  // steps; the first change gives the lowest priority
};

}  // namespace nmrcheck::sim
