// Mazurkiewicz traces of executions, told apart without any code of the searches.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/explore/explorer.h"
#include "sim/strategy/strategy.h"

namespace nmrcheck::sim::test {

// Passes questions on to another strategy and notes what each step was.
class TraceRecorder final : public Strategy {
 public:
  explicit TraceRecorder(Strategy& inner) : inner_(inner) {}

  bool begin_execution(Seed seed) override;
  Pick pick(const ChoicePoint& point) override;
  void end_execution(const ExecutionEnd& end) override {
    complete_ = end.complete;
    inner_.end_execution(end);
  }
  const Divergence* divergence() const override { return inner_.divergence(); }

  // The trace of the last execution as the first of its linearizations in the order of fiber keys:
  // equal for executions that differ in the order of independent steps only.
  std::string trace() const;

  // Whether the last execution ran to its end, and what its last step depends on, itself included,
  // as `trace` writes it: equal for executions that failed in the same way.
  bool complete() const { return complete_; }
  std::string past() const;

 private:
  struct Access {
    std::uint64_t object = 0;
    Op op = Op::kRead;
    bool writes = false;
  };
  struct Step {
    std::uint64_t fiber = 0;
    std::size_t spawned_in = 0;  // index + 1 of the step that started the fiber
    std::uint32_t clock_advances = 0;
    bool timed_out = false;
    std::vector<Access> accesses;
    std::vector<std::uint32_t> answers;
  };

  static bool dependent(const Step& left, const Step& right);
  static std::string text(const Step& step);
  std::string normal_form(std::vector<bool> left_out) const;

  Strategy& inner_;
  bool complete_ = false;
  std::vector<std::uint32_t> first_answers_;  // before the first step
  std::vector<Step> steps_;
  std::vector<std::size_t> spawned_in_;  // by FiberId
};

// What a search came to: how often it executed each trace to its end, by the trace with the rule
// that the end broke, if any; how often it came to each
// failure that cut an execution off, and executions that it gave up.
struct Traces {
  std::map<std::string, std::uint64_t> executions;
  std::map<std::string, std::uint64_t> failures;    // by past
  std::map<std::string, std::uint64_t> violations;  // executions by rule
  std::uint64_t total = 0;
  std::uint64_t covered = 0;
  bool exhausted = false;
  bool diverged = false;
};

// Runs `strategy` until it is exhausted, or `executions_max`.
Traces traces_of(const ProgramFactory& factory, Strategy& strategy, std::uint64_t executions_max);

}  // namespace nmrcheck::sim::test
