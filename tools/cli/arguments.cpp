// The arguments: into a struct and a command, or a message about what is wrong with them.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "tools/cli/commands.h"

namespace nmrcheck::cli {
namespace {

void add_format(CLI::App& command, Options& options) {
  command.add_option("--format", options.format, "what goes to stdout: text (default) or json")
      ->type_name("NAME");
}

void add_flag(CLI::App& command, const char* name, bool& flag, const char* meaning) {
  command.add_flag(name, flag, meaning)->disable_flag_override();
}

constexpr const char* kFullMeaning = "show all steps of long executions";

void add_explore(CLI::App& app, Options& options) {
  CLI::App& explore = *app.add_subcommand("explore", "search for interleavings that break a rule");
  explore.add_option("TARGET", options.targets, "a scenario, a pattern such as 'nmr/*', or all")
      ->required();
  const auto add = [&explore](const char* name, std::string& value, const char* type,
                              const char* meaning) {
    explore.add_option(name, value, meaning)->type_name(type);
  };
  add("--strategy", options.strategy, "NAME", "auto (default), or see `list strategies`");
  add("--profile", options.profile, "NAME",
      "documented (default, but for scenarios that need another one), windows, paranoid, "
      "canonical, strong, entered, none, or the file of an own one: FILE.json");
  add("--executions", options.executions, "N", "end after so many executions");
  add("--time", options.time, "DURATION", "end after so long: 500ms, 30s, 2m");
  add("--preemptions", options.preemptions, "N",
      "explore all with at most so many preemptions (--strategy bounded)");
  add("--deviations", options.deviations, "N",
      "at most so many of the registrars' choices leave their default in one execution");
  explore.add_option("--param", options.parameters, "a parameter of the scenario")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  add("--seed", options.seed, "N", "starts every random stream (default 1)");
  add("--jobs", options.jobs, "N", "OS threads (default: all cores); changes nothing but the time");
  add("--shard", options.shard, "I/N", "part I, from 0, of N parts of a sampling search");
  add("--out", options.out, "DIR", "folder of failure files (default nmrcheck-out)");
  add_flag(explore, "--keep-going", options.keep_going,
           "do not end at the first violation; one finding for each rule");
  add_flag(explore, "--full", options.full, kFullMeaning);
  add_format(explore, options);
}

void add_commands(CLI::App& app, Options& options) {
  CLI::App& list = *app.add_subcommand("list", "scenarios, rules, strategies or profiles");
  list.add_option("WHAT", options.what)->required();
  add_format(list, options);
  CLI::App& explain = *app.add_subcommand("explain", "what a rule or choice point says");
  explain.add_option("RULE", options.rule, "such as NMR-DET-03, CP-12 or U10")->required();
  add_explore(app, options);
  CLI::App& replay =
      *app.add_subcommand("replay", "run exactly the interleaving of a failure file");
  replay.add_option("FAILURE", options.file, "a failure file that explore wrote")->required();
  replay.add_option("--break-at", options.break_at, "raise a debugger's trap in this step (gdb)")
      ->type_name("STEP");
  add_flag(replay, "--full", options.full, kFullMeaning);
  add_format(replay, options);
  CLI::App& minimize =
      *app.add_subcommand("minimize", "find a smaller interleaving for the same rule");
  minimize.add_option("FAILURE", options.file, "a failure file that explore wrote")->required();
  minimize.add_option("--out", options.out, "where to write it (default: the same file)")
      ->type_name("FILE");
}

const CLI::App* chosen_command(const CLI::App& app) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  return chosen.empty() ? nullptr : chosen.front();
}

std::string unknown_option(const CLI::App& app, const std::string& option) {
  const CLI::App* command = chosen_command(app);
  std::vector<std::string> names;
  for (const CLI::App* owner : {&app, command}) {
    if (owner == nullptr) continue;
    for (const CLI::Option* known : owner->get_options()) {
      for (const std::string& name : known->get_lnames()) names.push_back("--" + name);
    }
  }
  return fmt::format("{} has no option \"{}\".{} `nmrcheck {}--help` lists all.",
                     command == nullptr ? "nmrcheck" : command->get_name(), option,
                     suggestion(option, std::vector<std::string_view>(names.begin(), names.end())),
                     command == nullptr ? "" : command->get_name() + " ");
}

// What is wrong, given what the parser says and what it left over.
std::string describe(const CLI::App& app, const CLI::Error& error) {
  std::vector<std::string_view> commands;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  for (const std::string& name : names) commands.push_back(name);
  const CLI::App* command = chosen_command(app);
  const std::vector<std::string> extras = app.remaining(true);
  const bool about_extras = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
                            dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (about_extras && !extras.empty()) {
    if (extras[0].size() > 1 && extras[0].starts_with('-')) return unknown_option(app, extras[0]);
    if (command != nullptr) {
      return fmt::format("\"{}\" is one argument too many for {}", extras[0], command->get_name());
    }
    return fmt::format("there is no command \"{}\"; there are {}.{}", extras[0],
                       fmt::join(commands, ", "), suggestion(extras[0], commands));
  }
  if (command == nullptr) {
    return fmt::format("a command is missing; there are {}. `nmrcheck --help` says more.",
                       fmt::join(commands, ", "));
  }
  return fmt::format("{}: {}. `nmrcheck {} --help` says more.", command->get_name(), error.what(),
                     command->get_name());
}

bool color_wanted() {
  const char* no_color = std::getenv("NO_COLOR");
  return no_color == nullptr || *no_color == '\0';
}

}  // namespace

Command parse(int argc, const char* const* argv, Options& options, int& status) {
  CLI::App app{
      "nmrcheck: explores drivers that attach through the Network Module Registrar or provide\n"
      "network interfaces",
      "nmrcheck"};
  app.set_version_flag("--version", NMRCHECK_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  bool no_color = false;
  add_flag(app, "--no-color", no_color, "never colour the output");
  add_commands(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    status = app.exit(help);
    return nullptr;
  } catch (const CLI::ParseError& error) {
    status = bad_request(describe(app, error));
    return nullptr;
  }
  options.color = color_wanted() && !no_color;
  if (app.got_subcommand("list")) return list;
  if (app.got_subcommand("explain")) return explain;
  if (app.got_subcommand("explore")) return explore;
  if (app.got_subcommand("replay")) return replay;
  return minimize;
}

}  // namespace nmrcheck::cli
