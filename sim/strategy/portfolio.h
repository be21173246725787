// All samplers in turn: none of them is the best on every program, and each is bad on some.
//
// Execution i of the portfolio is execution i of one sampler alone, under the same seed: those that
// are surveyed are random walks, from which every sampler that needs a survey learns as it would
// alone; all later ones belong to the sampler number i modulo 5, in the order of `kSamplers`.
// Guarantee: those of its samplers, each with a fifth of its executions.
// tests/sim/strategy/rates.cpp has programs on which they differ by factors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sim/strategy/pct.h"
#include "sim/strategy/pos.h"
#include "sim/strategy/random.h"
#include "sim/strategy/strategy.h"
#include "sim/strategy/surw.h"
#include "sim/strategy/urw.h"

namespace nmrcheck::sim {

class PortfolioStrategy final : public Strategy {
 public:
  // Names of the catalog, in the order of turns.
  static constexpr std::array<std::string_view, 5> kSamplers{"random", "pct", "pos", "surw", "urw"};

  void number_execution(std::uint64_t number) override { number_ = number; }
  // Requires: executions below survey_executions() come first, in order, none left out.
  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;
  std::uint32_t survey_executions() const override { return kSurveyExecutions; }
  std::span<const std::string_view> samplers() const override { return kSamplers; }
  std::size_t sampler() const override { return turn_; }

 private:
  RandomStrategy random_;
  PctStrategy pct_;
  PosStrategy pos_;
  SurwStrategy surw_;
  UrwStrategy urw_;
  std::array<Strategy*, kSamplers.size()> turns_{&random_, &pct_, &pos_, &surw_, &urw_};
  std::uint64_t number_ = 0;  // of the next execution
  std::size_t turn_ = 0;      // whose execution this is
  bool surveying_ = false;
};

}  // namespace nmrcheck::sim
