// Recognizes polls: what a fiber read since it last did anything else, and whether it saw news.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/core/footprint.h"

namespace nmrcheck::sim {

// Reads in a row that told a fiber nothing new, after which it is taken to spin though it never
// yields. Far above what a loop over a table does, far below the limit of steps.
inline constexpr std::uint32_t kSpinReads = 256;
// Steps of a fiber before such reads are counted: short executions pay nothing.
inline constexpr std::uint32_t kUnwatchedSteps = 768;

// The recent observations of one fiber.
class PollWatch {
 public:
  // The fiber did something that no poll does.
  void reset() {
    count_ = repeats_ = 0;
    news_ = true;
  }

  // The fiber made a step. `states` are the objects' after it, indexed by ObjectId; `wrote` says
  // whether it changed any.
  void observe(const Footprint& footprint, std::span<const ObjectState> states, bool wrote);

  // A round of a loop ends. True if the fiber only read in it, and saw nothing new.
  bool end_round();

  // True if the fiber's last kSpinReads steps told it nothing new.
  bool spins() const { return repeats_ >= kSpinReads; }

  // The fiber goes on after change(): it may spin one round more.
  void resume_spin() { repeats_ = kSpinReads - (count_ == 0 ? 1 : count_); }

  // A step that can go when an object of the round that ended, or of the spin, has changed.
  Footprint change() const;

 private:
  struct Seen {
    ObjectId object = kNoObject;
    ObjectState state;
    bool in_round = false;
  };

  bool saw(ObjectId object, const ObjectState& state);
  void forget_round();

  std::array<Seen, Footprint::kOperationsMax> seen_;
  std::uint32_t count_ = 0;
  std::uint32_t repeats_ = 0;  // steps since the last news
  bool read_ = false;          // in this round
  bool news_ = false;          // in this round
};

}  // namespace nmrcheck::sim
