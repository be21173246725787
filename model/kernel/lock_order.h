// Predicts deadlocks: in which order the fibers of one execution acquire locks, and whether two or
// more of them could wait for each other in a circle, though in this execution none did.
//
// Goodlock: Havelund, "Using runtime analysis to guide model checking of Java programs", SPIN 2000,
// with the gate locks and segments of Bensalem and Havelund, "Dynamic deadlock analysis of
// multi-threaded programs", PADTAD 2005. Their segments are ordered by start and join; ours by all
// that orders the steps of the execution but the locks themselves, which is more and so predicts
// less: what an event, a count or any other object kept apart here is never reported. An exhaustive
// search finds those orders, and every deadlock itself, in another execution.
//
// What is found depends on the order of dependent steps alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/image/happens_before.h"
#include "model/kernel/frame.h"
#include "sim/run/execution.h"

namespace nmrcheck::model {

// A circle, in words, and where its last lock was acquired.
struct LockCycle {
  std::string message;
  sim::Place place;
};

class LockOrder final : public sim::StepObserver {
 public:
  // Acquisitions that are noted: reaching it is the verdict kStepLimit.
  static constexpr std::size_t kNestedMax = 4096;
  // Of those by one fiber with the same locks, the first ones are.
  static constexpr std::size_t kRepeatedMax = 4;
  static constexpr std::size_t kCycleMax = 4;  // fibers in a circle: longer ones are not looked for

  explicit LockOrder(sim::Execution& execution) : execution_(execution) {}

  // The current fiber has waited for the last of `held`, and held the others meanwhile. Steps are
  // observed only from the first call on: what came before orders nothing.
  // Requires: at least two locks.
  void waited_for_last(const std::vector<HeldLock>& held);

  // A shortest circle that could deadlock, or nothing. For the end of an execution.
  std::optional<LockCycle> find_cycle() const;

  void on_step(sim::FiberId fiber, const sim::Footprint& footprint,
               std::span<const sim::Access> made) override;
  void on_spawn(sim::FiberId parent, sim::FiberId child) override;

 private:
  struct Nested {
    sim::FiberId fiber{};
    std::vector<HeldLock> held;  // the last one is what the fiber waited for
    VectorClock clock;
  };
  using Chain = std::vector<const Nested*>;

  static bool ordered(const Nested& one, const Nested& other);
  static bool may_meet(const Nested& one, const Nested& other);
  bool close(Chain& chain, std::size_t length) const;
  LockCycle describe(const Chain& chain) const;

  sim::Execution& execution_;
  std::vector<Nested> nested_;
  HappensBefore order_;
};

}  // namespace nmrcheck::model
