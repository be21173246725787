// The order of an execution's steps as far as it matters, and its best rearrangement.
//
// Steps that do not conflict commute: every order that keeps the conflicting ones as they are is an
// execution too, with the same results. So an execution can be given fewer preemptions without
// running anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

// An object that a step touched, by its schedule-independent key, and how it found and left it.
struct Touch {
  std::uint64_t object = 0;
  bool writes = false;
  ObjectState before;
  ObjectState after;
};

// What the picked fiber's step will touch: each object once. Empty when its deadline passed.
std::vector<Touch> touches_of(const ChoicePoint& point, std::uint32_t picked);

// Follows a strategy and keeps what is needed to rearrange the execution.
class OrderRecorder final : public Strategy {
 public:
  explicit OrderRecorder(Strategy& followed) : followed_(followed) {}

  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;
  void end_execution(const ExecutionEnd& end) override;
  const Divergence* divergence() const override { return followed_.divergence(); }

  // States that fewest_preemptions() may visit; beyond, it is greedy.
  static constexpr std::size_t kStatesMax = 20'000;
  // Steps of executions that it rearranges; longer ones are left alone.
  static constexpr std::size_t kStepsMax = 2'000;

  // An order of the steps with the fewest preemptions, and of those the fewest switches: the keys
  // of the fibers that take them. With `only_past`, of the last step and all that it depends on;
  // else of all steps. Empty if there are more than kStepsMax.
  // Source: 0-1 breadth-first search over the positions of the fibers; here by (preemptions,
  // switches), so with a priority queue.
  std::vector<std::uint64_t> fewest_preemptions(bool only_past) const;

 private:
  friend class Arrangement;

  struct Blocker {  // what an announced step needs to be enabled
    std::uint64_t object = 0;
    Operation operation{};
  };
  struct Event {
    std::uint32_t fiber = 0;           // position in fibers_
    std::uint32_t position = 0;        // among the fiber's steps
    bool timed_out = false;            // enabled when time has moved on
    std::vector<Blocker> needs;        // empty: always enabled
    std::vector<std::uint32_t> clock;  // by fiber: how many of its steps come before, or are, it
  };
  struct Fiber {
    std::uint64_t key = 0;
    std::vector<std::uint32_t> events;  // positions in events_
    std::vector<std::uint32_t> clock;   // of its last step; at first of the step that started it
    bool waiting = false;               // it has announced a step that the execution did not take
    bool timed_out = false;             // that step
    std::vector<Blocker> needs;         // of that step
  };
  struct Change {
    std::uint32_t event = 0;
    ObjectState after;
  };
  struct Object {
    ObjectState initial;
    std::vector<Change> changes;         // in order
    std::vector<std::uint32_t> clock;    // of all that touched it
    std::vector<std::uint32_t> written;  // of those that wrote it
  };

  std::uint32_t fiber_at(const ChoicePoint& point, std::uint32_t id);
  static std::vector<Blocker> needs_of(const Footprint& footprint,
                                       std::span<const std::uint64_t> object_keys);

  Strategy& followed_;
  std::vector<Event> events_;
  std::vector<Fiber> fibers_;
  std::map<std::uint64_t, Object> objects_;
  std::uint32_t clock_advances_ = 0;
  std::vector<std::uint32_t> barrier_;  // the clock of all steps before time moved on
  bool too_long_ = false;
};

}  // namespace nmrcheck::sim
