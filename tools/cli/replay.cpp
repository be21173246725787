// nmrcheck replay FAILURE.json
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/cli/commands.h"
#include "tools/cli/json_text.h"
#include "tools/report/text.h"

namespace nmrcheck::cli {

int replay(const Options& options) {
  if (auto problem = check_format(options)) return bad_request(*problem);
  int status = kHarnessFailed;
  const std::optional<Loaded> loaded = load(options.file, status);
  if (!loaded) return status;
  const std::optional<Rerun> again = rerun(*loaded, status);
  if (!again) return status;
  const sim::Violation& violation = *again->outcome.violation;
  const bool reproduced = again->outcome.hash == loaded->failure.hash;
  if (options.format == "json") {
    const nlohmann::ordered_json json = {
        {"failure", options.file}, {"verdict", "violation"},        {"rule", violation.rule},
        {"step", violation.step},  {"steps", again->outcome.steps}, {"message", violation.message},
        {"reproduced", reproduced}};
    fmt::print("{}\n", json_text(json));
    return kViolationFound;
  }
  const bool color = options.color && is_terminal(false);
  std::string changes;
  for (const auto& [name, letters] : loaded->failure.alternatives) {
    changes += fmt::format("{}{} {}", changes.empty() ? " with " : ", ", name, letters);
  }
  fmt::print("{}, profile {}{}, {} steps\n\n", loaded->failure.scenario, loaded->failure.profile,
             changes, again->outcome.steps);
  const auto remark = reproduced ? remark_of(loaded->failure) : std::nullopt;
  fmt::print(
      "{}", report::draw(again->trace, violation, {color, terminal_width(), options.full}, remark));
  if (reproduced && loaded->failure.size) {
    fmt::print("\n");
    print_field("size", sim::describe_size(loaded->failure), color);
  }
  if (!reproduced) {
    fmt::print(
        "\nThe rule is the same, but a detail differs from the record (hash {:x}, recorded "
        "{:x}): the scenario or its driver was changed.\n",
        again->outcome.hash, loaded->failure.hash);
  }
  return kViolationFound;
}

}  // namespace nmrcheck::cli
