// nmrcheck minimize FAILURE.json [--out FILE]
#include "sim/explore/minimize.h"

#include <fmt/format.h>

#include "tools/cli/commands.h"

namespace nmrcheck::cli {

int minimize(const Options& options) {
  int status = kHarnessFailed;
  std::optional<Loaded> loaded = load(options.file, status);
  if (!loaded) return status;
  const std::optional<Rerun> before = rerun(*loaded, loaded->factory(), status);
  if (!before) return status;
  sim::Failure& failure = loaded->failure;
  const sim::Minimized smaller = sim::minimize(loaded->factory(), failure.plain_schedule(),
                                               *before->outcome.violation, failure.limits, {});
  sim::Trace trace;
  const sim::Replayed again =
      sim::replay(loaded->factory(), smaller.schedule, failure.limits, &trace);
  if (again.divergence || !again.outcome.violation) {
    fmt::print(stderr, "nmrcheck: {}: the minimized schedule does not repeat\n", options.file);
    return kHarnessFailed;
  }
  // A file that was minimized before still holds what the search found.
  if (!failure.found) failure.found = sim::found_of(before->trace, smaller.found);
  failure.violation = *again.outcome.violation;
  failure.place = sim::to_string(failure.violation.place);
  failure.fibers = sim::fiber_names(trace);
  failure.schedule = sim::named_choices(trace);
  failure.steps = again.outcome.steps;
  failure.hash = again.outcome.hash;
  failure.size = smaller.size;
  failure.proof = smaller.proof;
  failure.no_return = smaller.no_return;
  const std::string path = options.out.empty() ? options.file : options.out;
  if (const auto problem = write_file(path, sim::to_json(failure))) return bad_request(*problem);
  fmt::print("{}: {} steps, {} choices → {} steps, {} choices\n", failure.violation.rule,
             before->outcome.steps, before->outcome.schedule.size(), failure.steps,
             failure.schedule.size());
  fmt::print("{}\n", sim::describe_size(failure));
  if (const auto remark = remark_of(failure)) {
    fmt::print("after step {}: {}\n", remark->after_step, remark->text);
  }
  fmt::print("{} executions{}\nwritten to {}\n", sim::grouped(smaller.executions),
             smaller.budget_reached ? "; the limit was reached, a smaller one may exist" : "",
             path);
  return kViolationFound;
}

}  // namespace nmrcheck::cli
