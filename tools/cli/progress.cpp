// How far a search is, and how much is left, in one line.
#include <fmt/format.h>

#include "sim/explore/scope.h"
#include "tools/cli/commands.h"

namespace nmrcheck::cli {

std::string progress_text(std::string_view target, const sim::Progress& progress) {
  const double rate =
      progress.seconds > 0 ? static_cast<double>(progress.executions) / progress.seconds : 0;
  std::string text = fmt::format("{}: {} {} executions, {}/s, {} steps deep", target,
                                 progress.strategy, grouped(progress.executions),
                                 grouped(static_cast<std::uint64_t>(rate)), progress.depth);
  if (progress.explored_fraction) {
    text += ", " + sim::percent(*progress.explored_fraction) + " of the tree";
  }
  if (progress.unseen_mass) text += ", unseen mass " + sim::percent(*progress.unseen_mass);
  return text;
}

std::string samplers_text(const std::vector<sim::SamplerReport>& samplers) {
  std::string text;
  for (const sim::SamplerReport& sampler : samplers) {
    text += fmt::format(
        "{}{} {} of {}, {}", text.empty() ? "traces (of executions, unseen): " : "; ", sampler.name,
        grouped(sampler.traces), grouped(sampler.executions), sim::percent(sampler.unseen_mass));
  }
  return text;
}

}  // namespace nmrcheck::cli
