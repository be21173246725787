// What people see of an execution: names, notes, steps.
#include <algorithm>
#include <cassert>
#include <utility>

#include "sim/run/execution.h"

namespace nmrcheck::sim {

void Execution::rename(ObjectId object, std::string name) {
  renamed_.emplace_back(object, std::move(name));
}

const std::string* Execution::specific_name_of(ObjectId object) const {
  for (auto it = renamed_.rbegin(); it != renamed_.rend(); ++it) {
    if (it->first == object) return &it->second;
  }
  return nullptr;
}

std::string Execution::name_of(ObjectId object) const {
  const std::string* specific = specific_name_of(object);
  return specific != nullptr ? *specific : object_names_[index(object)];
}

std::string Execution::name_of(FiberId fiber) const {
  const Slot& slot = slots_[index(fiber)];
  std::string name = slot.name;
  if (slot.ordinal > 0) name += " " + std::to_string(slot.ordinal + 1);
  return name;
}

void Execution::note(std::string text) {
  if (trace_ == nullptr) return;
  if (trace_->steps.empty()) trace_->steps.push_back({0, current(), "start", "", {}, 0, {}});
  trace_->steps.back().notes.push_back(std::move(text));
}

void Execution::reached(std::string_view name) {
  std::vector<std::string_view>& known = outcome_.situations;
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  if (known.size() < kSituationsMax) {
    known.push_back(name);
  } else if (on_fiber()) {
    fail_limit(kSituationsMax, "situations");
  }
}

void Execution::trace_choice(const Choice& choice, const char* question) {
  const std::uint32_t step = outcome_.steps + (choice.kind == ChoiceKind::kFiber ? 1 : 0);
  trace_->choices.push_back({choice, step, question});
}

void Execution::observe_steps(StepObserver& observer) {
  assert(observers_.size() < kObserversMax);
  observers_.push_back(&observer);
  told_ = true;
}

void Execution::tell_step(std::uint32_t slot, Effect effect) {
  const Footprint& footprint = pending_[slot].footprint;
  if (footprint.size() == 1) made_[0] = effect.access;
  for (StepObserver* observer : observers_) {
    observer->on_step(FiberId{slot}, footprint, {made_.data(), footprint.size()});
  }
  if (trace_ != nullptr) record_step(slot, effect.result);
}

void Execution::record_step(std::uint32_t slot, std::uint64_t result) {
  StepRecord record;
  record.step = outcome_.steps;
  record.fiber = FiberId{slot};
  record.action = slots_[slot].action;
  record.place = slots_[slot].place;
  record.result = result;
  const Footprint& footprint = pending_[slot].footprint;
  if (footprint.size() > 0) {
    const std::string* specific = specific_name_of(footprint.begin()->object);
    if (specific != nullptr) record.subject = *specific;
  }
  trace_->steps.push_back(std::move(record));
  if (stop_ != nullptr && outcome_.steps == stop_step_) stop_(stop_step_);
}

void Execution::stop_at(std::uint32_t step, void (*stop)(std::uint32_t step)) {
  assert(traced());
  stop_step_ = step;
  stop_ = stop;
}

}  // namespace nmrcheck::sim
