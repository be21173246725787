// What the first executions of a search tell about a program's size: strategies that need bounds or
// counts learn them here.
//
// The surveyed executions are random walks with the seeds of executions 0, 1, …; what was learned
// is fixed with the last of them. Each strategy object of a search repeats them (see
// Strategy::survey_executions), so all objects know the same.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

inline constexpr std::uint32_t kSurveyExecutions = 32;

// A set of steps that may be of interest: those that touch the object of this key, or all.
enum class Interest : std::uint64_t {};
inline constexpr Interest kEverything{0};

// A fiber, by PendingStep::fiber_key, and its steps of interest: the most of any surveyed
// execution.
struct FiberCount {
  std::uint64_t fiber = 0;
  std::uint64_t parent = 0;  // who took the step in which the fiber appeared; 0: nobody
  std::uint32_t own = 0;
  std::uint32_t family = 0;  // own, and those of all that descend from the fiber
};
using FiberCounts = std::vector<FiberCount>;  // sorted by fiber

class Survey {
 public:
  // Limits of memory: counts of one fiber's steps on one object, and shared objects.
  static constexpr std::size_t kCountsMax = 1u << 16u;
  static constexpr std::size_t kSharedMax = 256;

  explicit Survey(std::uint32_t executions) : executions_(executions) {}

  // Called before each execution. Returns true if that one is to be surveyed: a random walk.
  bool begin_execution();
  // Counts the step that goes next in a surveyed execution.
  void add(const ChoicePoint& point, FiberId picked);

  std::uint32_t executions() const { return executions_; }

  // --- What was learned: to be asked once begin_execution returned false ---

  // Steps of the longest execution; at least 1.
  std::uint32_t steps_longest() const { return steps_longest_; }
  FiberCounts counts(Interest interest) const;
  // The objects that two fibers touch and one writes, sorted. The ends of fibers do not count.
  const std::vector<Interest>& shared() const { return shared_; }
  // Those of them that are written at most once in each execution, as a lifetime is by a free or an
  // unload.
  const std::vector<Interest>& lifetimes() const { return lifetimes_; }

 private:
  struct Object {
    std::uint32_t writes = 0;  // of one execution, or the most of any
    bool end_of_fiber = false;
  };
  using Counts = std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint32_t>;

  void meet(const ChoicePoint& point);
  void settle();
  void choose_objects();

  std::uint32_t executions_ = 0;
  std::uint32_t begun_ = 0;
  std::uint32_t steps_longest_ = 1;

  // The current execution.
  std::uint32_t steps_ = 0;
  std::size_t met_ = 0;      // fibers
  FiberId last_ = kNoFiber;  // who took the last step
  Counts now_;               // by (interest, fiber)
  std::map<std::uint64_t, Object> objects_now_;

  // All executions.
  Counts most_;
  std::map<std::uint64_t, Object> objects_;
  std::map<std::uint64_t, std::uint64_t> parents_;  // by fiber
  std::vector<Interest> shared_;
  std::vector<Interest> lifetimes_;
};

// What each fiber of the current execution has left of its steps of interest, by a survey.
class Remaining {
 public:
  // `counts` must outlive the execution.
  void begin_execution(const FiberCounts& counts);

  // True while a fiber has appeared that meet() was not told of.
  bool newcomers(const ChoicePoint& point) const { return met_ < point.pending.size(); }
  // Takes over the next fiber that appeared, and moves what it has left out of the fiber that took
  // the last step, if the survey saw it appear there. Returns the newcomer.
  FiberId meet(const ChoicePoint& point);
  // The fiber goes next, with a step of interest or another.
  void took(FiberId fiber, bool of_interest);

  // Steps that the fiber has left, and those of fibers that it will start. `pending`: its next step
  // is one of them, so there is at least one.
  std::uint32_t of(FiberId fiber, bool pending) const;
  FiberId last() const { return last_; }

 private:
  const FiberCounts* counts_ = nullptr;
  std::size_t met_ = 0;
  FiberId last_ = kNoFiber;
  std::array<std::uint32_t, kFibersMax> own_{};
  std::array<std::uint32_t, kFibersMax> unborn_{};
};

}  // namespace nmrcheck::sim
