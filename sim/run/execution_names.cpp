// What people see of an execution: names, notes, and who waits for what.
#include <bit>
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

std::string Execution::describe_blocked() const {
  std::string text;
  for (std::uint64_t left = alive_; left != 0; left &= left - 1) {
    const auto slot = static_cast<std::uint32_t>(std::countr_zero(left));
    if (!text.empty()) text += "; ";
    text += name_of(FiberId{slot}) + " waits in " + slots_[slot].action;
    for (const Operation& operation : pending_[slot].footprint) {
      const ObjectState& state = states_[index(operation.object)];
      if (sim::enabled(operation, state)) continue;
      text += " for " + name_of(operation.object);
      if ((operation.op == Op::kLock || operation.op == Op::kLockShared) && state.a != 0) {
        const Place place = held_since_[index(operation.object)];
        text += ", held by " + name_of(FiberId{static_cast<std::uint32_t>(state.a - 1)});
        if (place.file != nullptr) {
          text += std::string(" since ") + place.file + ":" + std::to_string(place.line);
        }
      }
    }
  }
  return text;
}

void Execution::trace_choice(const Choice& choice, const char* question) {
  const std::uint32_t step = outcome_.steps + (choice.kind == ChoiceKind::kFiber ? 1 : 0);
  trace_->choices.push_back({choice, step, question});
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
}

}  // namespace nmrcheck::sim
