// Profile files: what is read, what is refused with which words, and the schema.
#include "tools/cli/profile_file.h"

#include <gtest/gtest.h>

#include <bit>
#include <nlohmann/json.hpp>

#include "model/choice_points.h"
#include "tests/sim/explore/schema.h"
#include "tests/tools/run_program.h"

namespace nmrcheck::cli {
namespace {

using nlohmann::json;

json example() {
  return {{"format", "nmrcheck-profile"},
          {"format_version", 1},
          {"name", "staged"},
          {"base", "windows"},
          {"allowed", {{"CP-12", "de"}, {"CP-01", "ab"}}}};
}

std::string error_of(const std::string& text) {
  const auto parsed = parse_profile(text);
  const auto* error = std::get_if<model::ProfileError>(&parsed);
  return error == nullptr ? "" : error->message;
}

std::string error_with(const char* key, const json& value) {
  json changed = example();
  changed[key] = value;
  return error_of(changed.dump());
}

std::string error_without(const char* key) {
  json changed = example();
  changed.erase(key);
  return error_of(changed.dump());
}

TEST(ProfileFileTest, IsItsBaseExceptForWhatItAllows) {
  const auto read = std::get<ChosenProfile>(parse_profile(example().dump()));
  EXPECT_EQ(read.profile->name, "staged");
  EXPECT_EQ(read.profile->summary, "windows with changes");
  EXPECT_EQ(read.base, model::find_profile("windows"));
  EXPECT_EQ(read.profile->allowed[12], model::kD | model::kE);
  EXPECT_EQ(read.profile->allowed[1], model::kA | model::kB);
  EXPECT_EQ(model::changes_of(*read.profile, *read.base).size(), 2u);
}

TEST(ProfileFileTest, ErrorsSayWhatIsWrong) {
  EXPECT_EQ(error_with("allowed", {{"CP-40", "a"}}),
            "there is no choice point \"CP-40\"; there are CP-01 to CP-38 and U01 to U31");
  EXPECT_EQ(error_with("allowed", {{"CP-12", ""}}),
            "CP-12 allows nothing; it has the alternatives \"abcde\"");
  EXPECT_EQ(error_with("allowed", {{"CP-12", "x"}}),
            "CP-12 has no alternative \"x\"; it has \"abcde\"");
  EXPECT_EQ(error_with("allowed", {{"CP-12", 1}}), "\"CP-12\" should be letters such as \"ab\"");
  EXPECT_EQ(error_with("allowed", "CP-12"),
            "\"allowed\" should be an object such as {\"CP-12\": \"ab\"}");
  EXPECT_EQ(error_with("base", "window"),
            "there is no profile \"window\"; there are documented, windows, paranoid, canonical, "
            "strong, entered, none. Did you mean "
            "windows?");
  EXPECT_EQ(error_with("base", 1), "\"base\" should be a text");
  EXPECT_EQ(error_with("name", ""), "\"name\" should have 1 to 60 bytes");
  EXPECT_EQ(error_with("name", std::string(61, 'n')), "\"name\" should have 1 to 60 bytes");
  EXPECT_EQ(error_with("format_version", 2), "\"format_version\" should be 1");
  EXPECT_EQ(error_with("format", "nmrcheck-failure"),
            "this is JSON, but no profile: it has no \"format\": \"nmrcheck-profile\"");
  EXPECT_EQ(error_with("allow", json::object()),
            "a profile has no \"allow\"; it has format, format_version, name, base, allowed. Did "
            "you mean allowed?");
  EXPECT_EQ(error_without("name"), "\"name\" is missing");
  EXPECT_EQ(error_without("base"), "\"base\" is missing");
  EXPECT_EQ(error_without("format_version"), "\"format_version\" should be 1");
  EXPECT_EQ(error_without("allowed"),
            "\"allowed\" should be an object such as {\"CP-12\": \"ab\"}");
  EXPECT_EQ(error_of("[]"),
            "this is JSON, but no profile: it has no \"format\": \"nmrcheck-profile\"");
  EXPECT_EQ(error_of(""), "this is not JSON, or it is cut short (at byte 1 of 0)");
  EXPECT_EQ(error_of("{\"format\": "), "this is not JSON, or it is cut short (at byte 12 of 11)");
  EXPECT_EQ(error_of(R"({"format": "nmrcheck-profile", "format_version": 1, "name": "twice",
                         "base": "windows", "allowed": {"CP-12": "a", "CP-12": "b"}})"),
            "\"CP-12\" stands there twice");
}

TEST(ProfileFileTest, NoCutOfTheTextIsReadAsAProfile) {
  const std::string text = example().dump();
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_NE(error_of(text.substr(0, length)), "") << length;
  }
}

json schema() {
  return json::parse(
      test::read_text(std::string(NMRCHECK_SOURCE_DIR) + "/tools/cli/profile.schema.json"));
}

TEST(ProfileFileTest, TheSchemaFitsWhatIsRead) {
  EXPECT_EQ(sim::test::misfit(schema(), example()), "");
  for (const auto& [key, value] : {std::pair<const char*, json>{"allowed", {{"CP-40", "a"}}},
                                   {"allowed", {{"CP-12", ""}}},
                                   {"allowed", {{"CP-12", "f"}}},
                                   {"allowed", {{"CP-12", 1}}},
                                   {"base", "window"},
                                   {"name", ""},
                                   {"format_version", 2},
                                   {"format", "x"},
                                   {"other", 1}}) {
    json changed = example();
    changed[key] = value;
    EXPECT_NE(sim::test::misfit(schema(), changed), "") << key << value;
    EXPECT_NE(error_of(changed.dump()), "") << key << value;
  }
}

TEST(ProfileFileTest, TheSchemaHasExactlyTheChoicePointsAndLetters) {
  const json points = schema()["properties"]["allowed"]["properties"];
  EXPECT_EQ(points.size(), model::choice_points().size());
  for (const model::ChoicePointInfo& info : model::choice_points()) {
    const json& point = points.at(std::string(model::id_of(info)));
    const std::string all = model::letters_of(info.all());
    EXPECT_EQ(std::string(info.question),
              std::string(model::id_of(info)) + " " + point["description"].get<std::string>());
    const std::string pattern = all == "a" ? "^a$"
                                           : "^[a-" + all.substr(all.size() - 1) + "]{1," +
                                                 std::to_string(all.size()) + "}$";
    EXPECT_EQ(point["pattern"], pattern) << info.question;
  }
}

}  // namespace
}  // namespace nmrcheck::cli
