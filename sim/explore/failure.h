// The failure file: one JSON object that reproduces a violation alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/core/violation.h"
#include "sim/explore/explorer.h"
#include "sim/run/trace.h"

namespace nmrcheck::sim {

// Version of the format that this program writes; it reads this one and older ones.
inline constexpr int kFailureFormat = 1;
inline constexpr const char* kFailureFormatName = "nmrcheck-failure";

// One choice with names, as the file holds it.
struct NamedChoice {
  Choice choice;
  std::uint32_t step = 0;
  std::string question;              // kValue
  std::string picked;                // kFiber: the fiber's name
  std::vector<std::string> offered;  // kFiber: the names of the enabled fibers
};

struct Provenance {
  std::string strategy;
  Seed seed{0};
  std::uint64_t execution = 0;
  std::string version;  // of the program that wrote the file
};

// The schedule as the search found it, before minimization.
struct Found {
  Size size;
  std::vector<std::string> fibers;  // names, indexed by FiberId
  std::vector<NamedChoice> schedule;
};

struct Failure {
  std::string scenario;
  std::map<std::string, std::string> parameters;
  std::string profile;
  // Changes to that profile, by choice point: {"CP-12", "ab"}. Optional in the file.
  std::map<std::string, std::string> alternatives;
  Limits limits;
  Violation violation;              // without its place, which is `place`
  std::string place;                // "file:line" in the program's source; may be empty
  std::string label;                // "bug", "reachable-on-windows", "fragility"; may be empty
  std::vector<std::string> fibers;  // names, indexed by FiberId
  std::vector<NamedChoice> schedule;
  std::uint32_t steps = 0;
  std::uint64_t hash = 0;
  // What minimization said; older files have none of these.
  std::optional<Size> size;  // of `schedule`; its steps are `steps`
  std::optional<Proof> proof;
  std::optional<NoReturn> no_return;
  std::optional<Found> found;
  Provenance provenance;

  Schedule plain_schedule() const;
};

// "file:line", or empty when the place is unknown.
std::string to_string(const Place& place);

// Names the choices of a traced execution.
std::vector<NamedChoice> named_choices(const Trace& trace);
std::vector<std::string> fiber_names(const Trace& trace);

// The schedule of a traced execution, with names.
Found found_of(const Trace& trace, const Size& size);

// "minimized from 31 to 21 steps, 4 to 1 preemptions; proved: none with 0", or the like. Empty for
// files of older versions.
std::string describe_size(const Failure& failure);

// "from here on every continuation tried (64) fails", or the like.
std::string describe_no_return(const NoReturn& no_return);

// JSON text, keys in a fixed order, one choice a line, ending in a newline.
std::string to_json(const Failure& failure);

// Why a failure file cannot be used: what was expected, what was found, where.
struct FailureFileError {
  std::string message;
};

// Reads what to_json wrote. Never throws on any input.
std::variant<Failure, FailureFileError> parse_failure(const std::string& text);

// Says how an execution left the record: which choice, what was recorded, what is offered now, and
// the usual cause. `trace` is the diverging execution's.
std::string describe_divergence(const Divergence& divergence, const Failure& failure,
                                const Trace& trace);

}  // namespace nmrcheck::sim
