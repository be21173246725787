// What a search covered, in words. Tools and people read them: their exact form is tested.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/explore/coverage.h"
#include "sim/strategy/catalog.h"

namespace nmrcheck::sim {

// "about 3.1 %"; never 0 % and never 100 %, which would say more than is known.
std::string percent(double fraction);

// "complete: all 1 680 executions", "complete up to 2 deviations: all 90 traces".
std::string describe_complete(const StrategyInfo& info, std::uint64_t executions,
                              std::optional<std::uint32_t> deviations_max = {});

// "limit of 20 000 executions reached". `share` follows the limit: ", half of all,".
std::string executions_limit(std::uint64_t executions, const std::string& share = "");
std::string seconds_limit(double seconds, const std::string& share = "");

// "limit of 20 000 executions reached: about 3.1 % of the tree". `reached` is such a limit;
// `executions` are told if it does not tell them itself, as a limit of time does.
std::string describe_partial(const std::string& reached, bool tell_executions,
                             std::uint64_t executions, double explored_fraction);

// "sampled: 10 000 executions, 3 412 traces, unseen mass about 4 %".
std::string describe_sample(std::uint64_t executions, const TraceCounter::Summary& seen);

}  // namespace nmrcheck::sim
