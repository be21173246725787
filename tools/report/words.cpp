// Widths, wrapping and colours of terminal text.
#include "tools/report/text.h"

namespace nmrcheck::report {
namespace {

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0u) != 0x80u; }

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (const char byte : text) width += starts_character(byte) ? 1 : 0;
  return width;
}

std::string fit(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  std::string cut;
  std::size_t characters = 0;
  for (const char byte : text) {
    if (starts_character(byte) && ++characters == width) break;
    cut += byte;
  }
  return cut + "…";
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    if (!line.empty() && display_width(line) + 1 + display_width(word) > width) {
      lines.push_back(std::move(line));
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += word;
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::string paint(std::string_view text, std::string_view what, bool color) {
  if (!color) return std::string(text);
  const char* code = what == "red"      ? "\x1b[1;31m"
                     : what == "green"  ? "\x1b[32m"
                     : what == "yellow" ? "\x1b[33m"
                     : what == "dim"    ? "\x1b[2m"
                                        : "\x1b[1m";
  return code + std::string(text) + "\x1b[0m";
}

}  // namespace nmrcheck::report
