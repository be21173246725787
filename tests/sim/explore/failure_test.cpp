// The failure file: what is written is read back, and bad input gets a message that says where.
#include "sim/explore/failure.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace nmrcheck::sim {
namespace {

Failure sample() {
  Failure failure;
  failure.scenario = "nmr/example";
  failure.parameters = {{"n", "3"}};
  failure.profile = "documented";
  failure.violation = {
      "NMR-DET-10", Severity::kS1, "a message with \"quotes\" and → arrows", 7, {}};
  failure.place = "driver.c:12";
  failure.label = "bug";
  failure.fibers = {"main", "caller", "caller 2"};
  failure.steps = 9;
  failure.hash = 0xfedcba9876543210u;
  failure.schedule = {
      {{ChoiceKind::kFiber, 2, 0b110}, 3, "", "caller 2", {"caller", "caller 2"}},
      {{ChoiceKind::kValue, 1, 3}, 4, "CP-12 order", "", {}},
  };
  failure.provenance = {"dfs", Seed{0x2a}, 41, "0.1.0"};
  return failure;
}

std::string error_of(const std::string& text) {
  const auto parsed = parse_failure(text);
  const auto* error = std::get_if<FailureFileError>(&parsed);
  return error == nullptr ? "" : error->message;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(FailureTest, WhatIsWrittenIsReadBack) {
  const std::string text = to_json(sample());
  const auto parsed = parse_failure(text);
  ASSERT_TRUE(std::holds_alternative<Failure>(parsed)) << error_of(text);
  const Failure& read = std::get<Failure>(parsed);
  EXPECT_EQ(to_json(read), text);
  EXPECT_EQ(read.plain_schedule(), sample().plain_schedule());
  EXPECT_EQ(read.hash, sample().hash);
  EXPECT_EQ(read.violation.message, sample().violation.message);
}

TEST(FailureTest, OneChoiceALine) {
  const std::string text = to_json(sample());
  EXPECT_NE(text.find("\n    {\"step\":3,\"run\":\"caller 2\",\"of\":[\"caller\",\"caller 2\"]},\n"
                      "    {\"step\":4,\"ask\":\"CP-12 order\",\"take\":1,\"of\":3}\n  ],\n"),
            std::string::npos)
      << text;
}

TEST(FailureTest, EveryTruncationIsRefusedWithItsPlace) {
  const std::string text = to_json(sample());
  EXPECT_EQ(error_of(""), "the file is empty");
  for (std::size_t length = 1; length + 2 < text.size(); ++length) {
    const std::string message = error_of(text.substr(0, length));
    EXPECT_NE(message.find("line "), std::string::npos) << length << ": " << message;
  }
}

TEST(FailureTest, BadContentIsRefusedWithItsPath) {
  const std::string text = to_json(sample());
  const auto expect = [&](const std::string& from, const std::string& to,
                          const std::string& message) {
    EXPECT_EQ(error_of(replaced(text, from, to)), message);
  };
  expect("\"nmrcheck-failure\"", "\"other\"",
         "$.format should be \"nmrcheck-failure\", but is \"other\"");
  expect("\"format_version\": 1", "\"format_version\": 2",
         "the file has format version 2, and this program reads versions up to 1; please use the "
         "program that wrote it, or a newer one");
  expect("\"format_version\": 1", "\"format_version\": -1",
         "$.format_version should be an integer from 0 to 1000000, but is -1");
  expect("\"steps\": 9", "\"steps\": \"9\"",
         "$.steps should be an integer from 0 to 4294967295, but is string");
  expect("\"steps\": 9", "\"steps\": 1.5",
         "$.steps should be an integer from 0 to 4294967295, but is 1.5");
  expect("\"S1\"", "\"S9\"", "$.violation.severity should be S1 to S6, but is \"S9\"");
  expect("\"0xfedcba9876543210\"", "\"12\"",
         "$.hash should be a hexadecimal number like \"0x1f\", but is \"12\"");
  expect("\"run\":\"caller 2\"", "\"run\":\"nobody\"",
         "$.schedule[0].run names the fiber \"nobody\", which $.fibers does not list");
  expect("\"run\":\"caller 2\"", "\"run\":\"main\"",
         "$.schedule[0] runs \"main\", which is not among its \"of\"");
  expect("\"take\":1", "\"take\":3",
         "$.schedule[1].take should be below $.schedule[1].of, but is 3 of 3");
  expect("\"of\":3", "\"of\":true",
         "$.schedule[1].of should be an integer from 0 to 64, but is boolean");
  expect("\"parameters\": {\"n\":\"3\"}", "\"parameters\": []",
         "$.parameters should be an object, but is array");
  expect("\"parameters\": {\"n\":\"3\"}", "\"parameters\": {\"n\":3}",
         "$.parameters.n should be a string, but is an integer");
  expect("\"stack_bytes\":262144", "\"stack_bytes\":1",
         "$.limits.stack_bytes should be at least 65536, but is 1");
  expect("  \"profile\": \"documented\",\n", "", "$ has no \"profile\"");
  expect("[\"main\",\"caller\",\"caller 2\"]", "[1]",
         "$.fibers[0] should be a string, but is an integer");
}

TEST(FailureTest, ForeignJsonIsNamedAsSuch) {
  const std::string message =
      "this is JSON, but no failure file: it has no \"format\": \"nmrcheck-failure\"";
  EXPECT_EQ(error_of("{\"a\": 1}"), message);
  EXPECT_EQ(error_of("[1, 2]"), message);
  EXPECT_EQ(error_of("3"), message);
}

RC_GTEST_PROP(FailureTest, MutatedFilesNeverCrash, ()) {
  std::string text = to_json(sample());
  const auto count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
  }
  const auto parsed = parse_failure(text);
  if (const auto* error = std::get_if<FailureFileError>(&parsed)) {
    RC_ASSERT(!error->message.empty());
  }
}

TEST(FailureTest, TheSchemaNamesWhatIsWritten) {
  std::ifstream stream(NMRCHECK_SOURCE_DIR "/sim/explore/failure.schema.json");
  const auto schema = nlohmann::json::parse(stream);
  const auto written = nlohmann::json::parse(to_json(sample()));
  const auto same_keys = [](const nlohmann::json& described, const nlohmann::json& object) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    auto required = described.at("required").get<std::vector<std::string>>();
    std::sort(required.begin(), required.end());
    EXPECT_EQ(required, keys);
    for (const std::string& key : keys) EXPECT_TRUE(described.at("properties").contains(key));
  };
  const auto& properties = schema.at("properties");
  same_keys(schema, written);
  same_keys(properties.at("limits"), written.at("limits"));
  same_keys(properties.at("violation"), written.at("violation"));
  same_keys(properties.at("provenance"), written.at("provenance"));
  const auto& choices = properties.at("schedule").at("items").at("oneOf");
  same_keys(choices[0], written.at("schedule")[0]);
  same_keys(choices[1], written.at("schedule")[1]);
}

TEST(FailureTest, ADivergenceIsDescribedForPeople) {
  Trace trace;
  trace.fibers = {{"main", kNoFiber}, {"other", kNoFiber}};
  trace.steps.push_back({5, FiberId{0}, "step", "", {}, 0, {}});
  const Divergence divergence{0, sample().schedule[0].choice, {ChoiceKind::kFiber, 0, 0b11}};
  EXPECT_EQ(describe_divergence(divergence, sample(), trace),
            "the schedule does not fit at choice 1 of 2, after step 5: recorded is a choice among "
            "caller, caller 2, the program offers a choice among main, other. Was the scenario or "
            "its driver changed since version 0.1.0 wrote the file?");
}

}  // namespace
}  // namespace nmrcheck::sim
