// The picture of an execution: one column a fiber, time downwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/violation.h"
#include "sim/run/trace.h"

namespace nmrcheck::report {

struct TextStyle {
  bool color = false;       // ANSI escapes
  std::size_t width = 100;  // of the whole picture, in characters
  bool all_steps = false;   // else long pictures leave out steps far from the violation
};

// A line across the picture behind a step; 0: before the first one.
struct Remark {
  std::uint32_t after_step = 0;
  std::string text;
};

// Draws `trace`, ending in the violation. One row a step, what happened in it below; `▸` marks a
// step for which the scheduler left a fiber that could have gone on, which a line below explains.
// With more than kColumnsMax active fibers it is a list with the fiber's name in front. Every line
// ends in a newline.
inline constexpr std::size_t kColumnsMax = 5;
std::string draw(const sim::Trace& trace, const sim::Violation& violation, const TextStyle& style,
                 const std::optional<Remark>& remark = std::nullopt);

// Breaks text at spaces into lines of at most `width` characters; a longer word stands alone.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

// Characters of UTF-8 text: what it takes on a terminal, for the signs that we use.
std::size_t display_width(std::string_view text);

// Cut to `width` characters, the last one then being "…".
std::string fit(std::string_view text, std::size_t width);

// "bold", "red", "dim", "yellow", "green": wraps `text` in escapes when `color`.
std::string paint(std::string_view text, std::string_view what, bool color);

}  // namespace nmrcheck::report
