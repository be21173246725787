// The interface of the project: a strategy answers every question that an execution asks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

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

// How an execution ended, for strategies that learn from it. Valid during the call.
struct ExecutionEnd {
  bool complete = false;  // every fiber ended, or none could go on: nothing was cut off
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

// Lives across executions. One strategy object serves one search on one OS thread.
class Strategy {
 public:
  virtual ~Strategy() = default;

  // Called before each execution with that execution's own seed (ignored by systematic searches).
  // Returns false when every execution has been explored: the space is exhausted; and when the last
  // execution ended before the path that it was to follow, which divergence() then tells.
  virtual bool begin_execution(Seed seed) = 0;

  // How many executions the strategy surveys to learn the program's size. They are the search's
  // first ones, number 0 and up: each strategy object of a search begins with them, in order. What
  // an object answers later depends on them and on the later execution's own seed only, so that
  // execution i is the same whichever object runs it, and whatever else that object ran.
  virtual std::uint32_t survey_executions() const { return 0; }

  // Answers `point`; called at every step, also when only one fiber is enabled.
  // Returns the id of a fiber in point.enabled, or an alternative below point.options. Returns
  // nothing when all that can follow is covered already: the execution is then abandoned.
  virtual std::optional<std::uint32_t> pick(const ChoicePoint& point) = 0;

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

  // The share of the space that is explored, between 0 and 1, where the strategy can tell.
  virtual std::optional<double> explored_fraction() const { return std::nullopt; }
};

}  // namespace nmrcheck::sim
