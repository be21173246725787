// Checks a JSON value against the part of JSON Schema that failure.schema.json uses.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

namespace nmrcheck::sim::test {

// Returns where and why `value` does not fit `schema`, or nothing. A keyword that this does not
// know is an error too, so that the schema cannot outgrow the check.
inline std::string misfit(const nlohmann::json& schema, const nlohmann::json& value,
                          const std::string& path = "$");

namespace detail {

inline bool is_of_type(const std::string& type, const nlohmann::json& value) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "boolean") return value.is_boolean();
  if (type == "string") return value.is_string();
  return type == "integer" && value.is_number_integer();
}

inline std::string misfit_of_members(const nlohmann::json& schema, const nlohmann::json& value,
                                     const std::string& path) {
  const nlohmann::json properties = schema.value("properties", nlohmann::json::object());
  for (const auto& [name, member] : value.items()) {
    const bool named = properties.contains(name);
    const nlohmann::json other = schema.value("additionalProperties", nlohmann::json(true));
    if (!named && other == false) return path + " has the unknown " + name;
    const nlohmann::json& expected = named ? properties[name] : other;
    if (!expected.is_object()) continue;
    if (std::string text = misfit(expected, member, path + "." + name); !text.empty()) return text;
  }
  return {};
}

inline std::string misfit_of_items(const nlohmann::json& schema, const nlohmann::json& value,
                                   const std::string& path) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    std::string text = misfit(schema, value[i], path + "[" + std::to_string(i) + "]");
    if (!text.empty()) return text;
  }
  return {};
}

inline bool fits_one_of(const nlohmann::json& schemas, const nlohmann::json& value) {
  int fitting = 0;
  for (const nlohmann::json& schema : schemas) fitting += misfit(schema, value).empty();
  return fitting == 1;
}

inline bool fits(const std::string& keyword, const nlohmann::json& bound,
                 const nlohmann::json& value) {
  if (keyword == "type") return is_of_type(bound, value);
  if (keyword == "const") return value == bound;
  if (keyword == "enum") return std::find(bound.begin(), bound.end(), value) != bound.end();
  if (keyword == "minimum") return !value.is_number() || value >= bound;
  if (keyword == "maximum") return !value.is_number() || value <= bound;
  if (keyword == "minItems") return !value.is_array() || value.size() >= bound;
  if (keyword == "maxItems") return !value.is_array() || value.size() <= bound;
  if (keyword == "uniqueItems")
    return !value.is_array() ||
           std::set<nlohmann::json>(value.begin(), value.end()).size() == value.size();
  if (keyword == "oneOf") return fits_one_of(bound, value);
  if (keyword == "pattern") {
    return !value.is_string() ||
           std::regex_search(value.get<std::string>(), std::regex(bound.get<std::string>()));
  }
  if (keyword == "required") {
    return std::all_of(bound.begin(), bound.end(),
                       [&](const std::string& name) { return value.contains(name); });
  }
  const auto silent = {"$schema", "title", "description", "properties", "additionalProperties",
                       "items",   "$defs"};
  return std::find(silent.begin(), silent.end(), keyword) != silent.end();
}

}  // namespace detail

// `schema` with each {"$ref": "#/$defs/name"} replaced by what it names in `root`.
inline nlohmann::json resolved(const nlohmann::json& schema, const nlohmann::json& root) {
  if (!schema.is_structured()) return schema;
  if (schema.is_object() && schema.contains("$ref")) {
    const std::string pointer = schema["$ref"].get<std::string>().substr(1);
    return resolved(root.at(nlohmann::json::json_pointer(pointer)), root);
  }
  nlohmann::json copy = schema;
  for (auto& member : copy) member = resolved(member, root);
  return copy;
}

inline std::string misfit(const nlohmann::json& schema, const nlohmann::json& value,
                          const std::string& path) {
  for (const auto& [keyword, bound] : schema.items()) {
    if (!detail::fits(keyword, bound, value)) {
      return path + " does not fit " + keyword + " " + bound.dump();
    }
  }
  if (value.is_object()) return detail::misfit_of_members(schema, value, path);
  if (value.is_array() && schema.contains("items")) {
    return detail::misfit_of_items(schema["items"], value, path);
  }
  return {};
}

}  // namespace nmrcheck::sim::test
