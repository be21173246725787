// Whether somebody watches, and how wide the window is.
#include <unistd.h>

#include <cstdlib>

#include "tools/cli/commands.h"

namespace nmrcheck::cli {

bool is_terminal(bool standard_error) {
  return isatty(standard_error ? STDERR_FILENO : STDOUT_FILENO) == 1;
}

std::size_t terminal_width() {
  constexpr std::size_t kUsual = 100, kLeast = 60, kMost = 120;
  const char* columns = is_terminal(false) ? std::getenv("COLUMNS") : nullptr;
  if (columns == nullptr) return kUsual;
  const auto width = static_cast<std::size_t>(std::strtoul(columns, nullptr, 10));
  return width < kLeast ? kUsual : width > kMost ? kMost : width;
}

}  // namespace nmrcheck::cli
