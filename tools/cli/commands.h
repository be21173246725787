// The commands, and what they share. Each command is one file; arguments.cpp parses.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"
#include "sim/explore/failure.h"
#include "sim/explore/grouped.h"
#include "tools/report/text.h"

namespace nmrcheck::cli {

using sim::grouped;

// Exit statuses: part of the interface.
inline constexpr int kNothingFound = 0;
inline constexpr int kViolationFound = 1;
inline constexpr int kBadRequest = 2;
inline constexpr int kHarnessFailed = 3;

struct Options {
  std::vector<std::string> targets;  // of explore
  std::string what;                  // of list
  std::string rule;                  // of explain: a rule or choice point
  std::string file;                  // of replay and minimize
  std::string strategy = "auto";
  std::string profile;     // empty: the scenario's own, usually "documented"
  std::string executions;  // as typed; empty for no limit
  std::string time;        // as typed: "30s"
  std::string preemptions;
  std::string deviations;  // as typed; empty for no bound
  std::vector<std::string> parameters;
  std::string seed = "1";
  std::string jobs;      // as typed; empty for all cores
  std::string shard;     // as typed: "0/4"; empty for the whole
  std::string out;       // explore: a directory; minimize: a file
  std::string break_at;  // of replay: a step, as typed; empty for none
  std::string format = "text";
  bool keep_going = false;
  bool color = true;
  bool full = false;
};

// A command returns its exit status.
using Command = int (*)(const Options& options);
int list(const Options& options);
int explain(const Options& options);
int explore(const Options& options);
int replay(const Options& options);
int minimize(const Options& options);

// Reads the arguments into `options` and returns the command that they ask for. When there is
// nothing to run (help, or something wrong) prints that, sets `status` and returns null.
Command parse(int argc, const char* const* argv, Options& options, int& status);

// --- Shared ---

// Prints "nmrcheck: message" to stderr and returns kBadRequest.
int bad_request(const std::string& message);

// What is wrong with --format, if anything.
std::optional<std::string> check_format(const Options& options);

// The names nearest to `wrong` by edit distance without regard to case, as " Did you mean a, b?",
// or empty.
std::string suggestion(std::string_view wrong, std::span<const std::string_view> names);

// True if `name` matches `pattern`, in which * stands for any characters and ? for one.
bool matches(std::string_view pattern, std::string_view name);

// "500ms", "30s", "2m", "1h" in seconds; nothing if it is none of these or not positive.
std::optional<double> parse_duration(std::string_view text);

// Decimal or 0x hexadecimal; nothing if it is neither.
std::optional<std::uint64_t> parse_number(std::string_view text);
// The same with an optional minus sign; nothing if it does not fit.
std::optional<std::int64_t> parse_integer(std::string_view text);

// The whole file, or nothing and the reason in `error`. A failure file of more than
// kFileBytesMax bytes is refused: it is none.
inline constexpr std::size_t kFileBytesMax = std::size_t{64} << 20;
std::optional<std::string> read_file(const std::string& path, std::string& error);
// Makes the folder and those above it. Returns the reason if it cannot.
std::optional<std::string> make_folder(const std::string& path);
// Writes the file, making its folder. Returns the reason if it cannot.
std::optional<std::string> write_file(const std::string& path, const std::string& text);

// "1.2 s": a time for people.
std::string seconds_text(double seconds);

// How far a search is: "nmr/raw: portfolio 4 096 executions, 60 000/s, 48 steps deep, unseen mass
// about 4 %".
std::string progress_text(std::string_view target, const sim::Progress& progress);
// What the samplers of a portfolio came to: "traces (of executions, unseen): random 812 of 2 026,
// about 12 %; …". Empty if there are none.
std::string samplers_text(const std::vector<sim::SamplerReport>& samplers);

// "S1".
std::string severity_name(sim::Severity severity);

// A failure file read and matched with what this program has.
struct Loaded {
  std::string path;
  sim::Failure failure;
  const Scenario* scenario = nullptr;
  std::shared_ptr<const model::Profile> profile;
  ParameterValues values;
  sim::ProgramFactory factory() const;
};

// Reads a failure file. On a problem prints it, sets `status` and returns nothing.
std::optional<Loaded> load(const std::string& path, int& status);

// Runs a loaded failure with its trace, on a program of `factory`. On a problem (it diverges,
// nothing or another rule is broken) prints it, sets `status` and returns nothing.
struct Rerun {
  sim::Outcome outcome;
  sim::Trace trace;
};
std::optional<Rerun> rerun(const Loaded& loaded, const sim::ProgramFactory& factory, int& status);

// Prints `text` behind the dim `name`, broken into lines of the terminal's width.
void print_field(std::string_view name, std::string_view text, bool color);

// The line that pictures of this failure have, if any: at its point of no return.
std::optional<report::Remark> remark_of(const sim::Failure& failure);

// terminal_posix.cpp
bool is_terminal(bool standard_error);
std::size_t terminal_width();

}  // namespace nmrcheck::cli
