// The interface of the project: a strategy answers every question that an execution asks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sim/core/footprint.h"
#include "sim/core/ids.h"
#include "sim/core/rng.h"
#include "sim/core/schedule.h"

namespace nmrcheck::sim {

// What a fiber will do when it is picked.
struct PendingStep {
  Footprint footprint;
  // Names the fiber independently of the schedule: a hash of its parent's key and its position
  // among its parent's children.
  std::uint64_t fiber_key = 0;
  // The fiber polled in vain or asked to let others run.
  bool yielding = false;
};

// A question of an execution. Valid during one call of Strategy::pick.
struct ChoicePoint {
  ChoiceKind kind = ChoiceKind::kFiber;
  // kFiber: the fibers that can go, never empty, in `enabled`, and those that have not ended, in
  // `alive`; who announced last, kNoFiber at the start; the pending steps of all live fibers,
  // indexed by FiberId.
  std::uint64_t enabled = 0;
  std::uint64_t alive = 0;
  FiberId current = kNoFiber;
  std::span<const PendingStep> pending;
  // Schedule-independent keys of the objects that footprints name, and their states before the
  // step, indexed by ObjectId.
  std::span<const std::uint64_t> object_keys;
  std::span<const ObjectState> states;
  // The fibers whose deadline passed: their next step is just that, and applies no operation.
  std::uint64_t timed_out = 0;
  // How often virtual time moved on. It does so only when no fiber could go.
  std::uint32_t clock_advances = 0;
  // kValue: the number of alternatives, at least 1, and the one that stands for usual behaviour.
  std::uint32_t options = 0;
  std::uint32_t default_option = 0;
  // kValue: the execution has used up its deviations (Limits::deviations_max): whoever answers all
  // questions may pick nothing but the default, unless it follows a record.
  bool settled = false;

  bool current_enabled() const { return current != kNoFiber && (enabled & mask_of(current)) != 0; }
};

// What a strategy picked: the id of a fiber, an alternative, or nothing. It is used like an
// optional number, and returned in one register: an optional is put together by two stores, and the
// load that returns it waits for both (5 ns a step).
class Pick {
 public:
  constexpr Pick() = default;
  // NOLINTBEGIN(google-explicit-constructor): as std::optional
  constexpr Pick(std::uint32_t picked) : picked_(picked) {}
  constexpr Pick(std::nullopt_t) {}
  constexpr Pick(const std::optional<std::uint32_t>& picked) : picked_(picked.value_or(kNothing)) {}
  // NOLINTEND(google-explicit-constructor)

  constexpr explicit operator bool() const { return picked_ != kNothing; }
  // Requires: something was picked.
  constexpr std::uint32_t operator*() const { return picked_; }
  constexpr std::uint32_t value_or(std::uint32_t other) const { return *this ? picked_ : other; }
  friend constexpr bool operator==(const Pick&, const Pick&) = default;

 private:
  static constexpr std::uint32_t kNothing = 0xffffffffu;
  std::uint32_t picked_ = kNothing;
};

// How an execution ended, for strategies that learn from it. Valid during the call.
struct ExecutionEnd {
  // Every fiber ended, or none could go on (a deadlock, or all the others were left behind):
  // nothing was cut off.
  bool complete = false;
  bool covered = false;  // cut off in a circle of states: all that can follow could follow before
  std::uint64_t alive = 0;
  std::uint64_t enabled = 0;
  FiberId current = kNoFiber;  // the fiber whose step ended an execution that is not complete
  std::span<const PendingStep> pending;
  std::span<const std::uint64_t> object_keys;
  std::span<const ObjectState> states;
};

// An execution asked something else than the record that it was to follow.
struct Divergence {
  std::size_t choice = 0;          // position in the record, from 0
  std::optional<Choice> recorded;  // nothing: the record ended before the execution did
  Choice asked;  // `picked` means nothing; `offered` is 0 when the execution ended
  // Not kNoFiber: independent steps were exchanged, and this fiber then did something else. One of
  // them touches something that its footprint does not name, or the program is not deterministic.
  FiberId changed = kNoFiber;
};

// What a search that goes by the number of preemptions explored.
struct BoundsCoverage {
  struct Bound {
    std::uint64_t executions = 0;  // that ended, each with just so many preemptions
    std::uint64_t traces = 0;      // among them, not executed before
  };
  std::vector<Bound> bounds;  // 0 preemptions, 1, …; the last one may be unfinished
  // Everything with fewer than so many preemptions is explored.
  std::uint32_t completed = 0;
  bool exhausted = false;         // and nothing needs more
  bool states_forgotten = false;  // memory for states was full: executions repeat
  bool branches_dropped = false;  // memory for what is to be explored was full
};

// Lives across executions. One strategy object serves one search on one OS thread.
class Strategy {
 public:
  virtual ~Strategy() = default;

  // Called before begin_execution with the execution's number in the search, from 0, by searches
  // that leave some out; without that call it is the number after the last one.
  virtual void number_execution(std::uint64_t) {}

  // Called before each execution with that execution's own seed (ignored by systematic searches).
  // Returns false when every execution has been explored: the space is exhausted; when bounds()
  // says that it is explored up to a bound; and when the last execution ended before the path that
  // it was to follow, which divergence() then tells.
  virtual bool begin_execution(Seed seed) = 0;

  // How many executions the strategy surveys to learn the program's size. They are the search's
  // first ones, number 0 and up: each strategy object of a search begins with them, in order. What
  // an object answers later depends on them and on the later execution's own number and seed only,
  // so that execution i is the same whichever object runs it, and whatever else that object ran.
  virtual std::uint32_t survey_executions() const { return 0; }

  // Answers `point`; called at every step, also when only one fiber is enabled.
  // Returns the id of a fiber in point.enabled, or an alternative below point.options. Returns
  // nothing when all that can follow is covered already: the execution is then abandoned.
  virtual Pick pick(const ChoicePoint& point) = 0;

  // True for a strategy that wants to see settled questions as well: it follows a record, or needs
  // the same questions in every order of independent steps. Others are not asked; the answer is the
  // default.
  virtual bool answers_settled() const { return false; }

  // Called after each execution, also one that the strategy itself abandoned.
  virtual void end_execution(const ExecutionEnd&) {}

  // Not null when the last pick returned nothing because the execution could not follow a record,
  // or ended before the record did.
  // For a search this means that the program is not deterministic.
  virtual const Divergence* divergence() const { return nullptr; }

  // Names of the strategies that a portfolio hands executions to; empty: it makes all itself.
  virtual std::span<const std::string_view> samplers() const { return {}; }
  // The one of samplers() whose execution this is.
  virtual std::size_t sampler() const { return 0; }

  // Makes the search end when everything with at most so many preemptions is explored. Returns
  // false if the strategy does not go by preemptions. Requires: no execution has begun.
  virtual bool limit_preemptions(std::uint32_t) { return false; }

  // Null if the strategy does not go by preemptions.
  virtual const BoundsCoverage* bounds() const { return nullptr; }

  // The share of the space that is explored, between 0 and 1, where the strategy can tell.
  virtual std::optional<double> explored_fraction() const { return std::nullopt; }
};

}  // namespace nmrcheck::sim
