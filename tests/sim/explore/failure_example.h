// A failure file that fits, and why others do not.
#pragma once

#include <string>
#include <variant>

#include "sim/explore/failure.h"

namespace nmrcheck::sim::test {

// As the README and the schema describe it: fixed order, one choice a line.
inline constexpr const char* kExampleText =
    R"({
  "format": "nmrcheck-failure",
  "format_version": 1,
  "scenario": "nmr/raw-client-pointer",
  "parameters": {"clients":"2"},
  "profile": "documented",
  "limits": {"steps_max":20000,"stack_bytes":262144,"heap_bytes_max":67108864},
  "violation": {"rule":"NMR-DET-10","severity":"S5",)"
    R"("message":"said \"no\"\nand left","step":7,"place":"driver.c:12"},
  "label": "bug",
  "fibers": ["main","notifier"],
  "steps": 16,
  "hash": "0x1792ed9d813a57d6",
  "schedule": [
    {"step":3,"run":"notifier","of":["main","notifier"]},
    {"step":5,"ask":"CP-12 when are offers made","take":1,"of":3}
  ],
  "provenance": {"strategy":"dfs","seed":"0xff","execution":9160,"version":"0.1.0"}
}
)";

// The reason why `text` cannot be read, or nothing.
inline std::string refusal(const std::string& text) {
  const auto parsed = parse_failure(text);
  const auto* error = std::get_if<FailureFileError>(&parsed);
  return error == nullptr ? std::string() : error->message;
}

}  // namespace nmrcheck::sim::test
