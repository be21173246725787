// The command line: options into a struct, then one command.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "tools/cli/commands.h"

namespace {

using nmrcheck::cli::Options;

CLI::Option* add_format(CLI::App& command, Options& options) {
  return command.add_option("--format", options.format, "what goes to stdout: text or json")
      ->check(CLI::IsMember({"text", "json"}));
}

void add_explore(CLI::App& app, Options& options) {
  CLI::App& explore = *app.add_subcommand("explore", "search for interleavings that break a rule");
  explore.add_option("TARGET", options.targets, "a scenario, a pattern such as 'nmr/*', or all")
      ->required();
  explore.add_option("--strategy", options.strategy, "auto (default), or see `list strategies`");
  explore.add_option("--profile", options.profile, "documented (default), windows or paranoid");
  explore.add_option("--executions", options.executions, "end after so many executions");
  explore.add_option("--time", options.time, "end after so long: 500ms, 30s, 2m");
  explore.add_option("--param", options.parameters, "NAME=VALUE, a parameter of the scenario")
      ->allow_extra_args(false);
  explore.add_option("--seed", options.seed, "starts every random stream (default 1)");
  explore.add_option("--out", options.out, "folder of failure files (default nmrcheck-out)");
  explore.add_flag("--keep-going", options.keep_going,
                   "do not end at the first violation; one finding for each rule");
  explore.add_flag("--full", options.full, "show all steps of long executions");
  add_format(explore, options);
}

void add_commands(CLI::App& app, Options& options) {
  CLI::App& list = *app.add_subcommand("list", "scenarios, rules, strategies or profiles");
  list.add_option("WHAT", options.what)->required();
  add_format(list, options);
  CLI::App& explain = *app.add_subcommand("explain", "what a rule says, and how to mend a breach");
  explain.add_option("RULE", options.rule)->required();
  add_explore(app, options);
  CLI::App& replay =
      *app.add_subcommand("replay", "run exactly the interleaving of a failure file");
  replay.add_option("FAILURE", options.file)->required();
  replay.add_flag("--full", options.full, "show all steps of long executions");
  add_format(replay, options);
  CLI::App& minimize =
      *app.add_subcommand("minimize", "find a smaller interleaving for the same rule");
  minimize.add_option("FAILURE", options.file)->required();
  minimize.add_option("--out", options.out, "where to write it (default: the same file)");
}

}  // namespace

int main(int argc, char** argv) {
  namespace cli = nmrcheck::cli;
  CLI::App app{"nmrcheck: explores drivers that attach through the Network Module Registrar"};
  app.set_version_flag("--version", NMRCHECK_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  Options options;
  options.color = std::getenv("NO_COLOR") == nullptr;
  app.add_flag("!--no-color", options.color, "never colour the output");
  add_commands(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : cli::kBadRequest;
  }
  if (app.got_subcommand("list")) return cli::list(options);
  if (app.got_subcommand("explain")) return cli::explain(options);
  if (app.got_subcommand("explore")) return cli::explore(options);
  if (app.got_subcommand("replay")) return cli::replay(options);
  return cli::minimize(options);
}
