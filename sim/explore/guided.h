// Executions described by how they deviate from a default scheduler: what minimization works on.
//
// The default stays on the current fiber while it is enabled, else takes the first enabled one in
// spawn order, and takes every question's default. A deviation names the point by who ran last and
// how often that fiber was at such a point before, so that it keeps its meaning when others go.
// Fibers are named by their keys (PendingStep::fiber_key): ids depend on the order of spawning.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

struct Deviation {
  ChoiceKind kind = ChoiceKind::kFiber;
  std::uint64_t fiber = 0;     // key of who ran last, or asked; 0 at the start
  std::uint32_t position = 0;  // how many such points that fiber had before
  std::uint64_t picked = 0;    // key of the fiber, or the alternative

  friend auto operator<=>(const Deviation&, const Deviation&) = default;
};

// Numbers the points of an execution, and knows the default answers.
class PointCounter {
 public:
  void reset() { counts_ = {}; }
  // The deviation at `point`, `picked` left out. Called once a point, in order.
  Deviation name(const ChoicePoint& point);
  static std::uint32_t default_answer(const ChoicePoint& point);

 private:
  std::array<std::array<std::uint32_t, kFibersMax + 1>, 2> counts_{};
};

// True if `picked` switches away from a fiber that could go on and does not ask others to.
bool is_preemption(const ChoicePoint& point, std::uint32_t picked);
// True if `picked` is not the question's default.
bool is_value_deviation(const ChoicePoint& point, std::uint32_t picked);

// Follows deviations; those that are impossible where they apply are ignored. Counts what the
// execution really took.
class GuidedStrategy final : public Strategy {
 public:
  // With `lists_alternatives`, alternatives() is filled.
  explicit GuidedStrategy(std::vector<Deviation> deviations, bool lists_alternatives = false);

  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;
  bool answers_settled() const override { return true; }

  std::uint32_t preemptions() const { return preemptions_; }
  std::uint32_t value_deviations() const { return value_deviations_; }
  // Every deviation that was possible after the last one that was followed, in order.
  const std::vector<Deviation>& alternatives() const { return alternatives_; }

 private:
  void list_alternatives(const ChoicePoint& point, Deviation here, std::uint32_t picked);

  std::vector<Deviation> deviations_;  // sorted
  bool lists_alternatives_;
  std::vector<Deviation> alternatives_;
  PointCounter counter_;
  std::uint32_t preemptions_ = 0;
  std::uint32_t value_deviations_ = 0;
};

// Takes steps in a given order, by the fibers' keys; entries that are impossible where they stand
// are skipped, and behind the order's end the default goes on. Values as in `deviations`, of which
// the others are ignored.
class OrderedStrategy final : public Strategy {
 public:
  OrderedStrategy(std::vector<std::uint64_t> order, const std::vector<Deviation>& deviations);

  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;

 private:
  std::vector<std::uint64_t> order_;
  std::size_t next_ = 0;
  std::vector<Deviation> values_;  // sorted
  PointCounter counter_;
};

// Follows a strategy, and lists how it deviates from the default.
class DeviationRecorder final : public Strategy {
 public:
  explicit DeviationRecorder(Strategy& followed) : followed_(followed) {}

  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;
  void end_execution(const ExecutionEnd& end) override { followed_.end_execution(end); }
  bool answers_settled() const override { return true; }
  const Divergence* divergence() const override { return followed_.divergence(); }

  const std::vector<Deviation>& deviations() const { return deviations_; }
  // The keys of the fibers that took the steps.
  const std::vector<std::uint64_t>& order() const { return order_; }
  std::uint32_t preemptions() const { return preemptions_; }
  std::uint32_t value_deviations() const { return value_deviations_; }
  bool asked() const { return asked_; }  // a question with more than one answer

 private:
  Strategy& followed_;
  PointCounter counter_;
  std::vector<Deviation> deviations_;
  std::vector<std::uint64_t> order_;
  std::uint32_t preemptions_ = 0;
  std::uint32_t value_deviations_ = 0;
  bool asked_ = false;
};

}  // namespace nmrcheck::sim
