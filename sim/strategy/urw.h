// Uniform random walk: each enabled fiber goes with a probability in proportion to the steps that
// it and the fibers it will start have left.
//
// Source: Zhao, Wolff, Mathur, Roychoudhury, "Selectively uniform concurrency testing", ASPLOS
// 2025. Guarantee: with exact counts and without blocking, every interleaving is equally likely.
// SURW with all steps interesting is this walk.
//
// Deviations:
//   - Counts are the most steps of each fiber in the surveyed random walks; a fiber that is alive
//     counts as having at least one left. Branches, locks and a survey that missed a long path make
//     the walk less uniform; every interleaving stays possible.
//   - A yield is a step like others: as each pick counts a fiber down to one, a fiber that yields
//   in
//     a loop soon leaves the others at least even chances.
//   - Alternatives of a value choice are equally likely.
#pragma once

#include <optional>

#include "sim/strategy/strategy.h"
#include "sim/strategy/survey.h"

namespace nmrcheck::sim {

class UrwStrategy final : public Strategy {
 public:
  explicit UrwStrategy(std::uint32_t survey_executions = kSurveyExecutions)
      : survey_(survey_executions) {}

  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;
  std::uint32_t survey_executions() const override { return survey_.executions(); }

 private:
  Survey survey_;
  bool surveying_ = false;
  bool counted_ = false;
  FiberCounts counts_;
  Remaining remaining_;
  Rng rng_{Seed{0}};
};

}  // namespace nmrcheck::sim
