// Names, numbers, files: what the commands share.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <system_error>

#include "tools/cli/commands.h"

namespace nmrcheck::cli {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Upper and lower case are the same: who types nmr-det-03 means NMR-DET-03.
std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t changed = diagonal + (lower(left[i - 1]) == lower(right[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row.back();
}

// Why the last call of the system failed.
std::string system_reason() {
  return errno == 0 ? "unknown reason" : std::generic_category().message(errno);
}

}  // namespace

int bad_request(const std::string& message) {
  fmt::print(stderr, "nmrcheck: {}\n", message);
  return kBadRequest;
}

std::optional<std::string> check_format(const Options& options) {
  if (options.format == "text" || options.format == "json") return std::nullopt;
  return fmt::format("--format should be text or json, but is \"{}\"", options.format);
}

std::string suggestion(std::string_view wrong, std::span<const std::string_view> names) {
  constexpr std::size_t kShownMax = 3;
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const std::string_view name : names) {
    std::size_t distance = edit_distance(wrong, name);
    if (!wrong.empty() && name.find(wrong) != std::string_view::npos) distance = 1;
    if (distance <= std::max<std::size_t>(wrong.size() / 3, 2)) near.emplace_back(distance, name);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  if (near.empty()) return {};
  std::string text = " Did you mean ";
  for (std::size_t i = 0; i < near.size() && i < kShownMax; ++i) {
    if (near[i].first > near[0].first) break;
    text += (i > 0 ? " or " : "") + std::string(near[i].second);
  }
  return text + "?";
}

bool matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::optional<double> parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const double scale = unit == "ms"  ? 1e-3
                       : unit == "s" ? 1
                       : unit == "m" ? 60
                       : unit == "h" ? 3600
                                     : 0;
  const double seconds = number * scale;
  if (!(seconds > 0) || !std::isfinite(seconds)) return std::nullopt;
  return seconds;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, hex ? 16 : 10);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::optional<std::uint64_t> size = parse_number(text.substr(negative ? 1 : 0));
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!size || *size > kMost + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - *size : *size);
}

std::optional<std::string> read_file(const std::string& path, std::string& error) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) {
    error = fmt::format("{} is a folder; expected a failure file", path);
    return std::nullopt;
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    error = fmt::format("{} cannot be read: {}", path, system_reason());
    return std::nullopt;
  }
  std::string text;
  char piece[1 << 14];
  while (stream.read(piece, sizeof piece) || stream.gcount() > 0) {
    text.append(piece, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kFileBytesMax) {
      error = fmt::format("{} has more than {} bytes; expected a failure file", path,
                          sim::grouped(kFileBytesMax));
      return std::nullopt;
    }
  }
  return text;
}

std::optional<std::string> make_folder(const std::string& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) return fmt::format("the folder {} cannot be made: {}", path, code.message());
  return std::nullopt;
}

std::optional<std::string> write_file(const std::string& path, const std::string& text) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (!folder.empty()) {
    if (auto problem = make_folder(folder)) return problem;
  }
  errno = 0;
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  if (!stream) return fmt::format("{} cannot be written: {}", path, system_reason());
  return std::nullopt;
}

std::string seconds_text(double seconds) {
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 120) return fmt::format("{:.1f} s", seconds);
  return fmt::format("{:.0f} min", seconds / 60);
}

std::string severity_name(sim::Severity severity) {
  return fmt::format("S{}", static_cast<unsigned>(severity));
}

void print_field(std::string_view name, std::string_view text, bool color) {
  constexpr std::size_t kIndent = 9;
  for (const std::string& line : report::wrap(text, terminal_width() - kIndent)) {
    fmt::print("{} {}\n", report::paint(fmt::format("{:<8}", name), "dim", color), line);
    name = "";
  }
}

std::optional<report::Remark> remark_of(const sim::Failure& failure) {
  const auto& point = failure.no_return;
  // A line before all steps or behind them would tell nothing.
  if (!point || point->step == 0 || point->step == failure.steps) return std::nullopt;
  return report::Remark{point->step, sim::describe_no_return(*point)};
}

}  // namespace nmrcheck::cli
