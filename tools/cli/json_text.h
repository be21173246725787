// JSON as it goes to stdout.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace nmrcheck::cli {

// Indented by two. Bytes that are no UTF-8 (a path may have some) become U+FFFD.
inline std::string json_text(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace nmrcheck::cli
