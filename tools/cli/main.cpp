// The command line: one command, and what can go wrong around it.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <system_error>

#include "tools/cli/commands.h"

namespace {

namespace cli = nmrcheck::cli;

int unwritable_output(const std::string& reason) {
  return cli::bad_request("standard output cannot be written: " + reason);
}

}  // namespace

int main(int argc, char** argv) {
  cli::Options options;
  int status = cli::kHarnessFailed;
  try {
    const cli::Command command = cli::parse(argc, argv, options, status);
    if (command != nullptr) status = command(options);
    if (std::fflush(stdout) != 0) return unwritable_output(std::generic_category().message(errno));
    if (std::ferror(stdout) != 0) return unwritable_output("a part of it is missing");
  } catch (const std::system_error& error) {  // fmt::print's
    return unwritable_output(error.code().message());
  } catch (const std::exception& error) {
    fmt::print(stderr, "nmrcheck: unexpected failure: {}\n", error.what());
    return cli::kHarnessFailed;
  }
  return status;
}
