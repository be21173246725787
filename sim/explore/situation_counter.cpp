// A short list: an execution comes to a handful of situations.
#include "sim/explore/situation_counter.h"

#include <algorithm>

namespace nmrcheck::sim {

SituationCounter::Count& SituationCounter::at(std::string_view name) {
  // The same literal most of the time: looked for by address first.
  auto found = std::find_if(counts_.begin(), counts_.end(), [name](const Count& count) {
    return count.name.data() == name.data() && count.name.size() == name.size();
  });
  if (found != counts_.end()) return *found;
  found = std::find_if(counts_.begin(), counts_.end(),
                       [name](const Count& count) { return count.name == name; });
  return found != counts_.end() ? *found : counts_.emplace_back(Count{name, 0});
}

void SituationCounter::add(const std::vector<std::string_view>& situations) {
  for (const std::string_view name : situations) ++at(name).executions;
}

void SituationCounter::add(const SituationCounter& other) {
  for (const Count& count : other.counts_) at(count.name).executions += count.executions;
}

std::vector<SituationCount> SituationCounter::counts() const {
  std::vector<SituationCount> counts;
  for (const Count& count : counts_) {
    counts.push_back({std::string(count.name), count.executions});
  }
  std::sort(counts.begin(), counts.end(),
            [](const auto& left, const auto& right) { return left.name < right.name; });
  return counts;
}

}  // namespace nmrcheck::sim
