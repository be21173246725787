// A hash table that only grows.
#include "sim/strategy/visited.h"

namespace nmrcheck::sim {

std::size_t VisitedStates::slot_of(const Hash128& hash) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = hash.low & mask;
  while (table_[slot] != 0 && states_[table_[slot] - 1].hash != hash) slot = (slot + 1) & mask;
  return slot;
}

StateId VisitedStates::find(const Hash128& hash) const {
  return table_[slot_of(hash)] - 1;  // an empty slot gives kNoState
}

StateId VisitedStates::add(const Hash128& hash, std::uint32_t preemptions) {
  if (states_.size() >= states_max_) {
    overflowed_ = true;
    return kNoState;
  }
  table_[slot_of(hash)] = static_cast<std::uint32_t>(states_.size() + 1);
  states_.push_back({hash, 0, preemptions, false});
  if (states_.size() * 2 > table_.size()) grow();
  return static_cast<StateId>(states_.size() - 1);
}

void VisitedStates::grow() {
  table_.assign(table_.size() * 2, 0);
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    table_[slot_of(states_[i].hash)] = i + 1;
  }
}

}  // namespace nmrcheck::sim
