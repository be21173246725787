// The steps of one execution as events with vector clocks, and the races between them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/core/footprint.h"
#include "sim/strategy/dpor_labels.h"
#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

inline constexpr std::uint32_t kNoEvent = 0xffffffffu;

// Event 0 is the start: the main fiber's code before the first step. It touches nothing.
struct Event {
  std::uint32_t fiber = 0;              // FiberId in every execution that begins with these events
  std::uint32_t position = 0;           // among the fiber's events, from 0
  std::uint32_t previous = kNoEvent;    // the fiber's event before, or the one that spawned it
  std::uint32_t own_before = kNoEvent;  // the fiber's event before
  std::uint32_t operations_begin = 0;
  std::uint32_t answers_begin = 0;
  std::uint32_t clock_advances = 0;
  bool timed_out = false;
  LabelId label = kNoLabel;
};

// One operation of an event, in a list of all that touched the object.
struct EventOperation {
  Operation operation;
  Access access = Access::kNone;  // really made
  std::uint32_t event = 0;
  std::uint32_t before = kNoEvent;      // the operation on this object before
  std::uint32_t last_write = kNoEvent;  // the last one that wrote it before
  ObjectState state;                    // of the object, before the operation
};

// An event `earlier` and a step that could have come in its place, with what it would touch then.
struct Race {
  std::uint32_t earlier = 0;
  std::uint32_t later = kNoEvent;  // nothing: the step was announced and never made
  std::uint32_t fiber = 0;         // FiberId of the later step
  std::uint32_t position = 0;      // among its fiber's
  std::uint32_t at = 0;            // event number of the later step, or of its place
  std::span<const LabelAccess> accesses;
};

class History {
 public:
  explicit History(Labels& labels) : labels_(labels) {}

  std::size_t size() const { return events_.size(); }
  const Event& event(std::size_t i) const { return events_[i]; }
  std::span<const std::uint32_t> answers(std::size_t i) const;

  // Forgets events from `count` on.
  void truncate(std::size_t count);
  // A new execution begins: nobody is spawned yet.
  void restart();
  // Fibers up to `count` exist; those that are new were spawned by `event`, the last one made.
  void see_fibers(std::span<const PendingStep> pending, std::uint32_t event);

  // Appends the start, or the step that `fiber` announced, with its operations applied to the
  // states in `point`. The label has no answers yet.
  void add_start();
  void add(const ChoicePoint& point, std::uint32_t fiber);
  // An answer of the last event.
  void add_answer(std::uint32_t answer);
  void set_label(LabelId label) { events_.back().label = label; }

  // The label of `fiber`'s announced step, if it were made now, without answers.
  LabelId label_of(const ChoicePoint& point, std::uint32_t fiber);
  // The number of a fiber with this name in the current execution, or kNoEvent.
  std::uint32_t fiber_named(std::uint32_t name) const;
  std::uint32_t name_of(std::uint32_t fiber) const { return fiber_names_[fiber]; }

  // True if event `later` depends on `earlier`, directly or not, or is the same.
  // Requires: earlier < later or equal.
  bool happens_before(std::uint32_t earlier, std::uint32_t later) const {
    const Event& event = events_[earlier];
    return clocks_[later * stride_ + event.fiber] > event.position;
  }

  // Notes the announced steps of `fibers`, which cannot be made or were not: races may reveal
  // orders in which they can. `states` are those in front of event `at`, of which the fibers made
  // none; `at` may be size().
  void add_unmade(std::uint32_t at, std::uint64_t fibers, std::span<const PendingStep> pending,
                  std::span<const std::uint64_t> object_keys, std::span<const ObjectState> states);

  // The states in front of the last event, if `states` are those behind it.
  void states_before_last(std::span<const ObjectState> states,
                          std::vector<ObjectState>& before) const;
  // The fibers that were there in front of the last event.
  std::uint64_t fibers_before_last() const;

  // Calls found(race) for every race of the execution.
  template <class Function>
  void for_each_race(Function found);

 private:
  // A step as the later half of a race.
  struct Later {
    std::uint32_t event = kNoEvent;  // nothing: not made
    std::uint32_t at = 0;            // races are with events before this one
    std::uint32_t fiber = 0;
    std::uint32_t position = 0;
    std::uint32_t previous = kNoEvent;
    std::uint32_t clock_advances = 0;
    std::uint32_t count = 0;
    std::array<Operation, Footprint::kOperationsMax> operations;
    std::array<ObjectState, Footprint::kOperationsMax> states;  // at `at`
    std::array<std::uint32_t, Footprint::kOperationsMax> last;  // operation before, on the object
    std::array<Access, Footprint::kOperationsMax> accesses;     // really made; kNone if not made
  };

  // What `later` would do if `earlier` and all that depends on it had not happened.
  struct Reversal {
    bool enabled = false;
    std::array<Access, Footprint::kOperationsMax> accesses;
  };

  void ensure_stride(std::uint32_t fibers);
  void join(std::uint32_t into, std::uint32_t from);
  void join_past_time(std::uint32_t into);
  void join_dependent(std::uint32_t into, std::uint32_t operation, bool writes);
  std::uint32_t object_name(std::uint32_t object, std::uint64_t key);
  LabelId make_label(std::uint32_t fiber, std::uint32_t position, bool timed_out);
  void merge_access(std::uint32_t object, bool writes);
  Later later_of(std::uint32_t event) const;
  std::uint32_t first_candidate(const Later& later) const;
  bool pick_candidate(const Later& later, std::array<std::uint32_t, Footprint::kOperationsMax>& at,
                      std::uint32_t& event, bool& touches) const;
  Reversal reverse(const Later& later, std::uint32_t earlier) const;
  ObjectState state_without(const Later& later, std::uint32_t operation,
                            std::uint32_t earlier) const;
  bool races(const Later& later, std::uint32_t earlier);

  Labels& labels_;
  std::vector<Event> events_;
  std::vector<EventOperation> operations_;
  std::vector<std::uint32_t> answers_;
  std::vector<std::uint32_t> clocks_;  // stride_ for each event
  std::uint32_t stride_ = 8;
  std::uint32_t advances_ = 0;                         // of virtual time, before the last event
  std::vector<std::vector<std::uint32_t>> events_of_;  // by fiber
  std::vector<std::uint32_t> last_on_;                 // by object: its last operation
  std::vector<Later> unmade_;

  // The current execution's fibers and objects.
  std::uint32_t fibers_ = 0;
  std::vector<std::uint32_t> spawned_by_;  // event, by fiber
  std::vector<std::uint32_t> fiber_names_;
  std::vector<std::uint64_t> fiber_keys_;
  std::vector<std::uint32_t> object_names_;
  std::vector<std::uint64_t> object_keys_;

  std::vector<LabelAccess> scratch_;     // accesses of one label
  std::vector<std::uint32_t> reversed_;  // earlier halves found for one later step
};

template <class Function>
void History::for_each_race(Function found) {
  const auto visit = [&](const Later& later) {
    reversed_.clear();
    const std::uint32_t lowest = first_candidate(later);
    std::array<std::uint32_t, Footprint::kOperationsMax> at = later.last;
    std::uint32_t earlier = 0;
    bool touches = false;
    while (pick_candidate(later, at, earlier, touches) && earlier >= lowest) {
      if (!touches || !races(later, earlier)) continue;
      reversed_.push_back(earlier);
      found(Race{earlier, later.event, later.fiber, later.position, later.at, scratch_});
    }
  };
  for (std::uint32_t i = 1; i < events_.size(); ++i) {
    if (events_[i].operations_begin !=
        (i + 1 < events_.size() ? events_[i + 1].operations_begin : operations_.size())) {
      visit(later_of(i));
    }
  }
  for (const Later& later : unmade_) visit(later);
}

}  // namespace nmrcheck::sim
