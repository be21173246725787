// Recording steps, and their normal form.
#include "tests/sim/traces.h"

namespace nmrcheck::sim::test {

bool TraceRecorder::begin_execution(Seed seed) {
  first_answers_.clear();
  steps_.clear();
  spawned_in_.clear();
  return inner_.begin_execution(seed);
}

Pick TraceRecorder::pick(const ChoicePoint& point) {
  const auto picked = inner_.pick(point);
  if (!picked) return picked;
  if (point.kind == ChoiceKind::kValue) {
    (steps_.empty() ? first_answers_ : steps_.back().answers).push_back(*picked);
    return picked;
  }
  while (spawned_in_.size() < point.pending.size()) spawned_in_.push_back(steps_.size());
  Step step;
  step.fiber = point.pending[*picked].fiber_key;
  step.spawned_in = spawned_in_[*picked];
  step.clock_advances = point.clock_advances;
  step.timed_out = (point.timed_out >> *picked & 1u) != 0;
  if (!step.timed_out) {
    std::vector<ObjectState> states(point.states.begin(), point.states.end());
    for (const Operation& operation : point.pending[*picked].footprint) {
      const Effect effect = apply(operation, states[index(operation.object)], FiberId{*picked});
      if (effect.access == sim::Access::kNone) continue;
      step.accesses.push_back({point.object_keys[index(operation.object)], operation.op,
                               effect.access == sim::Access::kWrite});
    }
  }
  steps_.push_back(std::move(step));
  return picked;
}

bool TraceRecorder::dependent(const Step& left, const Step& right) {
  if (left.fiber == right.fiber || left.clock_advances != right.clock_advances) return true;
  for (const Access& a : left.accesses) {
    for (const Access& b : right.accesses) {
      if (a.object == b.object && (a.writes || b.writes)) return true;
    }
  }
  return false;
}

std::string TraceRecorder::text(const Step& step) {
  std::string text = std::to_string(step.fiber % 1000) + (step.timed_out ? "t" : "");
  for (const Access& access : step.accesses) {
    text += std::string(access.writes ? " w" : " r") + std::to_string(access.object % 1000) + "/" +
            std::to_string(static_cast<int>(access.op));
  }
  for (const std::uint32_t answer : step.answers) text += " =" + std::to_string(answer);
  return text;
}

std::string TraceRecorder::trace() const {
  return normal_form(std::vector<bool>(steps_.size(), false));
}

std::string TraceRecorder::past() const {
  std::vector<bool> left_out(steps_.size(), true);
  for (std::size_t i = steps_.size(); i-- > 0;) {
    bool in_past = i + 1 == steps_.size();
    for (std::size_t k = i + 1; !in_past && k < steps_.size(); ++k) {
      in_past = !left_out[k] && (dependent(steps_[i], steps_[k]) || steps_[k].spawned_in == i + 1);
    }
    left_out[i] = !in_past;
  }
  return normal_form(std::move(left_out));
}

std::string TraceRecorder::normal_form(std::vector<bool> written) const {
  std::string result;
  for (const std::uint32_t answer : first_answers_) result += "=" + std::to_string(answer) + " ";
  for (;;) {
    std::size_t best = steps_.size();
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (written[i] || (best < steps_.size() && steps_[best].fiber <= steps_[i].fiber)) continue;
      bool ready = steps_[i].spawned_in == 0 || written[steps_[i].spawned_in - 1];
      for (std::size_t k = 0; ready && k < i; ++k) {
        ready = written[k] || !dependent(steps_[k], steps_[i]);
      }
      if (ready) best = i;
    }
    if (best == steps_.size()) break;
    written[best] = true;
    result += text(steps_[best]) + "; ";
  }
  return result;
}

Traces traces_of(const ProgramFactory& factory, Strategy& strategy, std::uint64_t executions_max) {
  Traces traces;
  Execution execution({.partial_deadlocks = false});  // every trace to its end
  TraceRecorder recorder(strategy);
  while (traces.total + traces.covered < executions_max) {
    if (!recorder.begin_execution(Seed{0})) {
      traces.exhausted = recorder.divergence() == nullptr;
      break;
    }
    const auto made = factory();
    const Outcome& outcome = execution.run(*made, recorder);
    if (recorder.divergence() != nullptr) break;
    if (outcome.ending == Ending::kCovered) {
      ++traces.covered;
      continue;
    }
    ++traces.total;
    if (recorder.complete()) {
      const std::string rule = outcome.violation ? outcome.violation->rule : "";
      ++traces.executions[recorder.trace() + rule];
    } else {
      ++traces.failures[recorder.past()];
    }
    if (outcome.violation) ++traces.violations[outcome.violation->rule];
  }
  traces.diverged = recorder.divergence() != nullptr;
  return traces;
}

}  // namespace nmrcheck::sim::test
