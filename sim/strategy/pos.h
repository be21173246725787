// Partial-order sampling: each pending step has a random priority, and the highest goes; a step
// that was passed by a conflicting one gets a new priority.
//
// Source: Yuan, Yang, Gu, "Partial order aware concurrency sampling", CAV 2018.
// Guarantee: every partial order of conflicting steps has a positive probability, with the paper's
// lower bound, which falls exponentially with the number of conflicting steps only, not with that
// of all steps. It needs no bound of the program's size. Measured rates are far above it.
//
// Deviations:
//   - Conflicts are judged before the steps run, by what they may do: a compare-exchange that will
//     fail counts as a write.
//   - Priorities are 64-bit integers; the fiber with the lower id wins a tie (one in 2^63).
//   - A yielding step goes below all others, as in fair PCT, and a new draw follows it.
//   - Every kRedrawSteps steps all priorities are drawn anew: a loop that polls without yielding
//     could otherwise starve a fiber of low priority for very long. Shorter executions are not
//     affected, and in longer ones every partial order stays possible.
//   - Alternatives of a value choice are equally likely.
#pragma once

#include <array>
#include <optional>

#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

class PosStrategy final : public Strategy {
 public:
  static constexpr std::uint32_t kRedrawSteps = 256;

  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;

 private:
  void draw(FiberId fiber, bool yielding);

  Rng rng_{Seed{0}};
  std::uint32_t steps_ = 0;
  std::uint64_t drawn_ = 0;  // the fibers whose pending step has a priority
  std::uint64_t floor_ = 0;  // the lowest priority of a yielding step so far
  std::array<std::uint64_t, kFibersMax> priorities_{};
};

}  // namespace nmrcheck::sim
