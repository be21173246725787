// The states that a search met, each with the fewest preemptions on the way there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/strategy/prefix_hash.h"

namespace nmrcheck::sim {

using StateId = std::uint32_t;
inline constexpr StateId kNoState = 0xffffffffu;

// A state is named by the trace that leads to it.
struct VisitedState {
  Hash128 hash;
  std::uint64_t taken = 0;  // fibers whose step from here is taken, by bits that the user gives
  std::uint32_t preemptions = 0;  // on the way here, at the first visit
  bool all_taken = false;         // every step from here is, with no preemption more
};

class VisitedStates {
 public:
  // Remembers at most `states_max` states.
  explicit VisitedStates(std::size_t states_max) : states_max_(states_max), table_(1024, 0) {}

  // The state, or kNoState.
  StateId find(const Hash128& hash) const;
  // Remembers a state that is not there yet. Returns kNoState when there is no room.
  StateId add(const Hash128& hash, std::uint32_t preemptions);

  VisitedState& operator[](StateId state) { return states_[state]; }
  const VisitedState& operator[](StateId state) const { return states_[state]; }
  std::size_t size() const { return states_.size(); }
  // A state was not remembered for lack of room.
  bool overflowed() const { return overflowed_; }

 private:
  std::size_t slot_of(const Hash128& hash) const;
  void grow();

  std::size_t states_max_;
  bool overflowed_ = false;
  std::vector<VisitedState> states_;
  std::vector<std::uint32_t> table_;  // open addressing: StateId + 1, or 0
};

}  // namespace nmrcheck::sim
