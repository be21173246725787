// Which of the things that fibers did are ordered: vector clocks over the steps of one execution.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/image/vector_clock.h"
#include "sim/core/footprint.h"
#include "sim/core/ids.h"

namespace nmrcheck::model {

// Clocks as FastTrack keeps them (Flanagan and Freund, PLDI 2009), with the steps of an execution
// in the place of locks: steps that conflict are ordered. Not safe for several OS threads.
class HappensBefore {
 public:
  // Forgets all fibers and objects, in constant time: to be called before each execution.
  void reset();

  // What is ordered before all that the fiber does now. Valid until the next call of any member.
  // Requires: fiber < sim::kFibersMax.
  VectorClock& clock(sim::FiberId fiber);

  // `fiber` makes a step on `object`: what it does from now on is ordered behind what earlier
  // writers of the object did before their steps and, if the step writes, behind what earlier
  // readers did before theirs. Of a step on several objects, all are acquired, and then all are
  // released: what is released carries what was acquired from each.
  // Requires: fiber < sim::kFibersMax, and not kNoObject.
  void acquire(sim::FiberId fiber, sim::ObjectId object, bool writes);
  void release(sim::FiberId fiber, sim::ObjectId object, bool writes);
  void synchronize(sim::FiberId fiber, sim::ObjectId object, bool writes) {
    acquire(fiber, object, writes);
    release(fiber, object, writes);
  }

  // A whole step, of whose operations those for which heeds(operation) is true count. `made` is
  // what each of them really did.
  template <class Heeds>
  void step(sim::FiberId fiber, const sim::Footprint& footprint, std::span<const sim::Access> made,
            Heeds heeds) {
    const auto each = [&](auto order) {
      for (std::size_t i = 0; i < footprint.size(); ++i) {
        const sim::Operation& operation = footprint.begin()[i];
        if (made[i] == sim::Access::kNone || !heeds(operation)) continue;
        (this->*order)(fiber, operation.object, made[i] == sim::Access::kWrite);
      }
    };
    each(&HappensBefore::acquire);
    each(&HappensBefore::release);
  }

  // All that `parent` did until now is ordered before all that `child` will do.
  // Requires: the child made no step yet.
  void spawned(sim::FiberId parent, sim::FiberId child);

 private:
  struct Object {
    VectorClock written;  // what writers released
    VectorClock read;     // what readers released since the last write
    std::uint32_t generation = 0;
  };

  Object& object(sim::ObjectId id);

  std::uint32_t generation_ = 1;     // objects of an earlier one are empty
  std::uint32_t fibers_ = 0;         // fibers [0, fibers_) have a clock
  std::vector<VectorClock> clocks_;  // none until the first is asked for
  std::vector<Object> objects_;
};

}  // namespace nmrcheck::model
