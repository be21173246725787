// Which fibers may go, so that no infinite execution is unfair.
//
// Musuvathi, Qadeer, "Fair Stateless Model Checking" (PLDI 2008), algorithm 1: a fiber that yields
// gives way, until each of the others that could go all the time since its yield before, or that it
// disabled, has had its turn. Nothing is restricted before the second yield of a fiber. Reachable
// states are not lost as long as fibers yield only where they cannot get on by themselves.
#pragma once

#include <array>
#include <cstdint>

#include "sim/core/ids.h"
#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

class Fairness {
 public:
  void begin_execution();

  // The fibers of point.enabled that may go; never empty. Called once for each question of the kind
  // kFiber, followed by picked().
  std::uint64_t allowed(const ChoicePoint& point);
  void picked(const ChoicePoint& point, std::uint32_t fiber);

 private:
  // Of a fiber that yielded, since its last yield.
  struct Since {
    std::uint64_t gives_way_to = 0;
    std::uint64_t went = 0;
    std::uint64_t enabled = 0;   // all the time
    std::uint64_t disabled = 0;  // by its own steps
  };

  void finish_step(std::uint64_t enabled);

  std::array<Since, kFibersMax> since_;
  std::uint64_t yielded_ = 0;  // fibers that did at least once
  std::uint32_t last_ = 0;
  bool last_yielded_ = false;
  std::uint64_t enabled_before_ = 0;
};

}  // namespace nmrcheck::sim
