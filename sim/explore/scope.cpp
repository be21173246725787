// Words for coverage.
#include "sim/explore/scope.h"

#include <fmt/format.h>

#include "sim/explore/grouped.h"

namespace nmrcheck::sim {
namespace {

// "1 trace", "3 412 traces".
std::string counted(std::uint64_t number, const char* what) {
  return fmt::format("{} {}{}", grouped(number), what, number == 1 ? "" : "s");
}

}  // namespace

std::string percent(double fraction) {
  if (fraction < 0.0001) return "less than 0.01 %";
  if (fraction > 0.999) return "more than 99.9 %";
  const double value = 100 * fraction;
  const int digits = value >= 99 ? 1 : value >= 10 ? 0 : value >= 1 ? 1 : 2;
  std::string text = fmt::format("{:.{}f}", value, digits);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return "about " + text + " %";
}

std::string describe_complete(const StrategyInfo& info, std::uint64_t executions,
                              std::optional<std::uint32_t> deviations_max) {
  const char* what = info.reduces ? "trace" : "execution";
  const std::string bound = deviations_max ? " up to " + counted(*deviations_max, "deviation") : "";
  if (executions == 1) return fmt::format("complete{}: the only {}", bound, what);
  return fmt::format("complete{}: all {}", bound, counted(executions, what));
}

std::string executions_limit(std::uint64_t executions, const std::string& share) {
  return fmt::format("limit of {}{} reached", counted(executions, "execution"), share);
}

std::string seconds_limit(double seconds, const std::string& share) {
  return fmt::format("limit of {:g} s{} reached", seconds, share);
}

std::string describe_partial(const std::string& reached, bool tell_executions,
                             std::uint64_t executions, double explored_fraction) {
  return fmt::format("{}: {}{} of the tree", reached,
                     tell_executions ? counted(executions, "execution") + ", " : "",
                     percent(explored_fraction));
}

std::string describe_sample(std::uint64_t executions, const TraceCounter::Summary& seen) {
  return fmt::format(
      "sampled: {}, {}{}, unseen mass {}{}", counted(executions, "execution"),
      seen.full ? "at least " : "", counted(seen.distinct, "trace"), percent(seen.unseen_mass()),
      seen.full ? fmt::format(" (counted in the first {} executions)", grouped(seen.executions))
                : "");
}

}  // namespace nmrcheck::sim
