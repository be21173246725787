// The words for bounds.
#include "sim/explore/bounds.h"

#include <fmt/format.h>

#include <cstddef>

#include "sim/explore/grouped.h"

namespace nmrcheck::sim {
namespace {

const char* plural(std::uint64_t count) { return count == 1 ? "" : "s"; }

// "36 more with 1, so far"
std::string describe_bound(const BoundsCoverage& coverage, std::size_t i) {
  const BoundsCoverage::Bound& bound = coverage.bounds[i];
  std::string text = i == 0 ? fmt::format("{} trace{} with 0 preemptions", grouped(bound.traces),
                                          plural(bound.traces))
                            : fmt::format("{} more with {}", grouped(bound.traces), i);
  if (bound.executions != bound.traces) {
    text += fmt::format(" (in {} executions)", grouped(bound.executions));
  }
  return i < coverage.completed ? text : text + " so far";
}

}  // namespace

std::string describe_bounds(const BoundsCoverage& coverage) {
  std::string text;
  if (!coverage.exhausted && coverage.completed == 0) text = "not complete for any bound: ";
  if (!coverage.exhausted && coverage.completed > 0) {
    const std::uint32_t bound = coverage.completed - 1;
    text = fmt::format("complete up to {} preemption{}: ", bound, plural(bound));
  }
  std::size_t count = coverage.bounds.size();
  // What a bound would add may turn out to be explored already.
  while (coverage.exhausted && count > 1 && coverage.bounds[count - 1].executions == 0) --count;
  for (std::size_t i = 0; i < count; ++i) text += (i > 0 ? ", " : "") + describe_bound(coverage, i);
  if (coverage.states_forgotten) text += "; memory for known states was full: executions repeat";
  if (coverage.branches_dropped) text += "; memory for what is left was full";
  return text;
}

std::string describe_deviations(const std::vector<std::uint64_t>& traces) {
  const std::size_t most = traces.size() - 1;
  std::string text = fmt::format("complete up to {} deviation{}: {} trace{} with 0 deviations",
                                 most, plural(most), grouped(traces[0]), plural(traces[0]));
  for (std::size_t i = 1; i < traces.size(); ++i) {
    text += fmt::format(", {} more with {}", grouped(traces[i]), i);
  }
  return text;
}

std::string describe_fewest_deviations(std::uint32_t deviations) {
  return fmt::format(" with {} deviation{}, the fewest", deviations, plural(deviations));
}

std::string describe_fewest(const BoundsCoverage& coverage) {
  // Bounds are explored one after the other: all with fewer preemptions came before.
  return fmt::format(" with {} preemption{}, the fewest", coverage.completed,
                     plural(coverage.completed));
}

}  // namespace nmrcheck::sim
