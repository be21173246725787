// How many executions came to each situation.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/explore/explorer.h"

namespace nmrcheck::sim {

class SituationCounter {
 public:
  // What one execution came to, each name once. Names have static storage.
  void add(const std::vector<std::string_view>& situations);
  // Takes over what another part of the search counted.
  void add(const SituationCounter& other);

  // By name, so that the order does not depend on who counted what first.
  std::vector<SituationCount> counts() const;

 private:
  struct Count {
    std::string_view name;
    std::uint64_t executions = 0;
  };

  Count& at(std::string_view name);

  std::vector<Count> counts_;  // in the order in which they came up
};

}  // namespace nmrcheck::sim
