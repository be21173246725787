// Reads profiles.
#include "tools/cli/profile_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "tools/cli/commands.h"

namespace nmrcheck::cli {
namespace {

using Json = nlohmann::json;
using model::ProfileError;

constexpr std::string_view kFormatName = "nmrcheck-profile";
constexpr int kFormatVersion = 1;
constexpr std::size_t kNameMax = 60;  // characters: it stands in headings

ProfileError unknown_profile(const std::string& name) {
  std::vector<std::string_view> names;
  for (const model::Profile& profile : model::profiles()) names.push_back(profile.name);
  return {fmt::format("there is no profile \"{}\"; there are {}.{}", name, fmt::join(names, ", "),
                      suggestion(name, names))};
}

// A text member, or nothing and the reason in `error`.
std::optional<std::string> text_of(const Json& object, const char* key, ProfileError& error) {
  const auto found = object.find(key);
  if (found != object.end() && found->is_string()) return found->get<std::string>();
  error = {found == object.end() ? fmt::format("\"{}\" is missing", key)
                                 : fmt::format("\"{}\" should be a text", key)};
  return std::nullopt;
}

std::optional<ProfileError> check_keys(const Json& object) {
  constexpr std::array<std::string_view, 5> kKeys{"format", "format_version", "name", "base",
                                                  "allowed"};
  if (!object.is_object() || object.value("format", Json()) != kFormatName) {
    return ProfileError{
        fmt::format("this is JSON, but no profile: it has no \"format\": \"{}\"", kFormatName)};
  }
  for (const auto& [key, value] : object.items()) {
    if (std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end()) continue;
    return ProfileError{fmt::format("a profile has no \"{}\"; it has {}.{}", key,
                                    fmt::join(kKeys, ", "), suggestion(key, kKeys))};
  }
  const auto version = object.find("format_version");
  if (version == object.end() || !version->is_number_integer() || *version != kFormatVersion) {
    return ProfileError{fmt::format("\"format_version\" should be {}", kFormatVersion)};
  }
  return std::nullopt;
}

std::variant<ChosenProfile, ProfileError> read_profile(const Json& object) {
  if (const auto problem = check_keys(object)) return *problem;
  ProfileError error;
  const std::optional<std::string> name = text_of(object, "name", error);
  if (!name) return error;
  if (name->empty() || name->size() > kNameMax) {
    return ProfileError{fmt::format("\"name\" should have 1 to {} bytes", kNameMax)};
  }
  const std::optional<std::string> base = text_of(object, "base", error);
  if (!base) return error;
  const auto allowed = object.find("allowed");
  if (allowed == object.end() || !allowed->is_object()) {
    return ProfileError{"\"allowed\" should be an object such as {\"CP-12\": \"ab\"}"};
  }
  model::AllowedLetters letters;
  for (const auto& [choice_point, set] : allowed->items()) {
    if (!set.is_string()) {
      return ProfileError{fmt::format("\"{}\" should be letters such as \"ab\"", choice_point)};
    }
    letters[choice_point] = set.get<std::string>();
  }
  auto rebuilt = rebuild_profile(*base, letters);
  if (auto* chosen = std::get_if<ChosenProfile>(&rebuilt)) {
    model::Profile named = *chosen->profile;
    named.name = *name;
    named.summary = fmt::format("{} with changes", *base);
    chosen->profile = std::make_shared<const model::Profile>(std::move(named));
  }
  return rebuilt;
}

}  // namespace

bool names_file(std::string_view text) { return text.ends_with(".json"); }

std::variant<ChosenProfile, ProfileError> rebuild_profile(const std::string& base,
                                                          const model::AllowedLetters& allowed) {
  const model::Profile* built_in = model::find_profile(base);
  if (built_in == nullptr) return unknown_profile(base);
  const auto changed = model::changed_profile(*built_in, allowed);
  if (const auto* error = std::get_if<ProfileError>(&changed)) return *error;
  return ChosenProfile{std::make_shared<const model::Profile>(std::get<model::Profile>(changed)),
                       built_in};
}

// A key that stands twice is an error: the library would keep the last one in silence.
std::variant<ChosenProfile, ProfileError> parse_profile(const std::string& text) {
  try {
    std::vector<std::vector<std::string>> keys;
    std::optional<std::string> twice;
    const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
      if (event == Json::parse_event_t::object_start) keys.emplace_back();
      if (event == Json::parse_event_t::object_end && !keys.empty()) keys.pop_back();
      if (event != Json::parse_event_t::key || keys.empty()) return true;
      const auto key = parsed.get<std::string>();
      std::vector<std::string>& seen = keys.back();
      if (std::find(seen.begin(), seen.end(), key) != seen.end()) twice = key;
      seen.push_back(key);
      return true;
    };
    const Json object = Json::parse(text, watch);
    if (twice) return ProfileError{fmt::format("\"{}\" stands there twice", *twice)};
    return read_profile(object);
  } catch (const Json::parse_error& error) {
    return ProfileError{fmt::format("this is not JSON, or it is cut short (at byte {} of {})",
                                    error.byte, text.size())};
  } catch (const std::exception& error) {
    return ProfileError{fmt::format("the file cannot be read: {}", error.what())};
  }
}

std::variant<ChosenProfile, ProfileError> choose_profile(const std::string& name_or_file) {
  if (!names_file(name_or_file)) return rebuild_profile(name_or_file, {});
  std::string error;
  const std::optional<std::string> text = read_file(name_or_file, error);
  if (!text) return ProfileError{error};
  auto parsed = parse_profile(*text);
  if (const auto* problem = std::get_if<ProfileError>(&parsed)) {
    return ProfileError{fmt::format("{}: {}", name_or_file, problem->message)};
  }
  return parsed;
}

}  // namespace nmrcheck::cli
