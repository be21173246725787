// nmrcheck replay FAILURE.json
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "model/driver/images.h"
#include "tools/cli/commands.h"
#include "tools/cli/debugger.h"
#include "tools/cli/json_text.h"
#include "tools/report/text.h"

namespace nmrcheck::cli {
namespace {

// The step of --break-at, 0 if there is none. On a problem prints it and returns nothing.
std::optional<std::uint32_t> read_break_at(const Options& options, const Loaded& loaded) {
  if (options.break_at.empty()) return 0;
  const std::uint32_t last = loaded.failure.steps;
  const std::uint64_t step = parse_number(options.break_at).value_or(0);
  if (step == 0 || step > last) {
    bad_request(
        fmt::format("--break-at should be a step from 1 to {}, the last of {}, but is \"{}\"", last,
                    options.file, options.break_at));
    return std::nullopt;
  }
  if (!debugger_attached()) {
    bad_request(
        fmt::format("--break-at needs a debugger. Under gdb:\n  {}\nthen `run`",
                    gdb_command(fmt::format("replay {} --break-at {}", options.file, step))));
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(step);
}

}  // namespace

int replay(const Options& options) {
  if (auto problem = check_format(options)) return bad_request(*problem);
  int status = kHarnessFailed;
  const std::optional<Loaded> loaded = load(options.file, status);
  if (!loaded) return status;
  const std::optional<std::uint32_t> break_at = read_break_at(options, *loaded);
  if (!break_at) return kBadRequest;
  model::Images::map_in_place();  // debuggers find the drivers' sources; there is one OS thread
  const auto again = rerun(*loaded, debugged(loaded->factory(), *break_at), status);
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
