// The answers of a simulated registrar where the documentation leaves it a choice.
#pragma once

#include <cstdint>

#include "model/profile.h"
#include "sim/run/execution.h"

namespace nmrcheck::model {

// Both arguments of the constructor must outlive it.
class Answers {
 public:
  Answers(sim::Execution& execution, const Profile& profile)
      : execution_(execution), profile_(profile) {}

  // Answers the choice point of that number among those alternatives that the profile allows and
  // the situation makes possible. When the profile allows none of these, it is the default, or the
  // first. A value choice of the execution if there is more than one, with the default as its
  // first option. Requires: an alternative of the choice point is possible.
  std::uint32_t ask(std::uint32_t number, Alternatives possible = ~Alternatives{0});
  // False if the profile lets alternative `index` never be the answer: no step is made for it then.
  bool may_answer(std::uint32_t number, std::uint32_t index) const;
  // The last alternative that the profile allows: for what is not asked.
  std::uint32_t strictest(std::uint32_t number) const;

 private:
  sim::Execution& execution_;
  const Profile& profile_;
};

}  // namespace nmrcheck::model
