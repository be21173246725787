// Failure files that cannot be read: each problem says what was expected, what was found, and
// where.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "tests/sim/explore/failure_example.h"

namespace nmrcheck::sim {
namespace {

using Json = nlohmann::ordered_json;
using test::kExampleText;
using test::refusal;

struct Broken {
  const char* from;  // a piece of the example
  const char* to;    // what stands there instead
  const char* message;
};

const std::vector<Broken> kBroken{
    {"nmrcheck-failure", "coverage",
     "$.format should be \"nmrcheck-failure\", but is \"coverage\""},
    {"\"format\":", "\"kind\":",
     "this is JSON, but no failure file: it has no \"format\": \"nmrcheck-failure\""},
    {"\"format_version\": 1", "\"format_version\": 2",
     "the file has format version 2, and this program reads versions up to 1; please use the "
     "program that wrote it, or a newer one"},
    {"\"format_version\": 1", "\"format_version\": 0",
     "the file has format version 0, and this program reads versions up to 1; please use the "
     "program that wrote it, or a newer one"},
    {"\"format_version\": 1", "\"format_version\": \"1\"",
     "$.format_version should be an integer from 0 to 1000000, but is string"},
    {"\"format_version\": 1", "\"format_version\": 1.5",
     "$.format_version should be an integer from 0 to 1000000, but is 1.5"},
    {"\"nmr/raw-client-pointer\"", "7", "$.scenario should be a string, but is an integer"},
    {"\"scenario\":", "\"scenery\":", "$ has no \"scenario\""},
    {"{\"clients\":\"2\"}", "[]", "$.parameters should be an object, but is array"},
    {"{\"clients\":\"2\"}", "{\"clients\":2}",
     "$.parameters.clients should be a string, but is an integer"},
    {"\"steps_max\":20000", "\"steps_max\":-1",
     "$.limits.steps_max should be an integer from 0 to 1000000000, but is -1"},
    {"\"stack_bytes\":262144", "\"stack_bytes\":100",
     "$.limits.stack_bytes should be at least 65536, but is 100"},
    {"\"stack_bytes\":262144", "\"stack_bytes\":99999999999999999999",
     "$.limits.stack_bytes should be an integer from 0 to 268435456, but is 1e+20"},
    {"\"stack_bytes\":262144", "\"stack_bytes\":1e999",
     "the number 1e999 is too large, at line 7, column 46"},
    {"\"S5\"", "\"S7\"", "$.violation.severity should be S1 to S6, but is \"S7\""},
    {"\"S5\"", "5", "$.violation.severity should be a string, but is an integer"},
    {"{\"rule\":", "[{\"rule\":",
     "this is not JSON, or it is cut short: line 9, column 10 (of 686 bytes, at byte 367)"},
    {"[\"main\",\"notifier\"],\n  \"steps\"", "[\"main\",3],\n  \"steps\"",
     "$.fibers[1] should be a string, but is an integer"},
    {"[\"main\",\"notifier\"],\n  \"steps\"", "[\"main\",\"main\"],\n  \"steps\"",
     "$.fibers[1] should be a new name, but is \"main\" again"},
    {"\"steps\": 16", "\"steps\": 4294967296",
     "$.steps should be an integer from 0 to 4294967295, but is 4294967296"},
    {"0x1792ed9d813a57d6", "1792ed9d",
     "$.hash should be a hexadecimal number like \"0x1f\", but is \"1792ed9d\""},
    {"0x1792ed9d813a57d6", "0x11792ed9d813a57d6",
     "$.hash should be a hexadecimal number like \"0x1f\", but is \"0x11792ed9d813a57d6\""},
    {"\"run\":\"notifier\"", "\"run\":\"nobody\"",
     "$.schedule[0].run names the fiber \"nobody\", which $.fibers does not list"},
    {"\"run\":\"notifier\"", "\"runs\":\"notifier\"", "$.schedule[0] has no \"run\""},
    {"\"of\":[\"main\",\"notifier\"]", "\"of\":[\"main\",\"other\"]",
     "$.schedule[0].of names the fiber \"other\", which $.fibers does not list"},
    {"\"of\":[\"main\",\"notifier\"]", "\"of\":[\"notifier\"]",
     "$.schedule[0].of should name at least two fibers, but names 1"},
    {"\"of\":[\"main\",\"notifier\"]", "\"of\":2",
     "$.schedule[0].of should be an array, but is an integer"},
    {"{\"step\":3,", "3,{\"step\":3,", "$.schedule[0] should be an object, but is an integer"},
    {"\"take\":1", "\"take\":3",
     "$.schedule[1].take should be below $.schedule[1].of, but is 3 of 3"},
    {"\"of\":3", "\"of\":65", "$.schedule[1].of should be an integer from 0 to 64, but is 65"},
    {"\"of\":3", "\"of\":1", "$.schedule[1].take should be below $.schedule[1].of, but is 1 of 1"},
    {"\"seed\":\"0xff\"", "\"seed\":255",
     "$.provenance.seed should be a string, but is an integer"},
};

TEST(RefusalTest, EveryProblemSaysWhatAndWhere) {
  for (const Broken& broken : kBroken) {
    std::string text = kExampleText;
    const std::size_t at = text.find(broken.from);
    ASSERT_NE(at, std::string::npos) << broken.from;
    text.replace(at, std::string(broken.from).size(), broken.to);
    EXPECT_EQ(refusal(text), broken.message);
  }
}

TEST(RefusalTest, WhatIsNoJsonSaysSo) {
  EXPECT_EQ(refusal(""), "the file is empty");
  EXPECT_EQ(refusal("hello"),
            "this is not JSON, or it is cut short: line 1, column 1 (of 5 bytes, at byte 1)");
  EXPECT_EQ(refusal("{\n  \"format\": 'x'\n}"),
            "this is not JSON, or it is cut short: line 2, column 13 (of 19 bytes, at byte 15)");
  for (const char* text : {"[]", "null", "3", "\"nmrcheck-failure\"", "{}"}) {
    EXPECT_EQ(refusal(text),
              "this is JSON, but no failure file: it has no \"format\": \"nmrcheck-failure\"");
  }
  EXPECT_NE(refusal(std::string("\0\0\0", 3)), "");
  EXPECT_NE(refusal("\xff\xfe{}"), "");
  EXPECT_NE(refusal(std::string(1'000'000, '[')), "");
  EXPECT_NE(refusal(std::string(500'000, '[') + std::string(500'000, ']')), "");
}

TEST(RefusalTest, EveryTruncationSaysWhereItEnds) {
  const std::string whole = kExampleText;
  // Without its last newline the file is still whole.
  EXPECT_EQ(refusal(whole.substr(0, whole.size() - 1)), "");
  for (std::size_t size = 1; size + 1 < whole.size(); ++size) {
    const std::string message = refusal(whole.substr(0, size));
    EXPECT_EQ(message.rfind("this is not JSON, or it is cut short: line ", 0), 0u)
        << size << ": " << message;
    EXPECT_NE(message.find("of " + std::to_string(size) + " bytes"), std::string::npos) << message;
  }
}

// Calls `visit` with each place in `value`, which it may change.
void visit_all(Json& value, const std::function<void(Json&, const std::string& key)>& visit,
               const std::string& key = "") {
  if (value.is_structured()) {
    for (auto it = value.begin(); it != value.end(); ++it) {
      visit_all(*it, visit, value.is_object() ? it.key() : key);
    }
  }
  if (!key.empty()) visit(value, key);
}

TEST(RefusalTest, EveryValueOfAnotherTypeIsRefusedByName) {
  Json whole = Json::parse(kExampleText);
  int refused = 0;
  visit_all(whole, [&](Json& value, const std::string& key) {
    const Json kept = value;
    for (const Json& wrong : {Json(nullptr), Json(true), Json(-1), Json(1.5), Json("?"),
                              Json::array(), Json::object(), Json(1e300)}) {
      if (std::string(wrong.type_name()) == kept.type_name() && !wrong.is_number()) continue;
      value = wrong;
      const std::string message = refusal(whole.dump());
      EXPECT_NE(message.find(key), std::string::npos) << key << " = " << wrong << ": " << message;
      ++refused;
    }
    value = kept;
  });
  EXPECT_GT(refused, 200);
}

RC_GTEST_PROP(RefusalTest, NoBytesWhateverCrashTheReader, ()) {
  std::string text = kExampleText;
  for (auto i = *rc::gen::inRange(1, 5); i > 0; --i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    switch (*rc::gen::inRange(0, 3)) {
      case 0:
        text[at] = *rc::gen::arbitrary<char>();
        break;
      case 1:
        text.erase(at, *rc::gen::inRange<std::size_t>(1, 40));
        break;
      default:
        text.insert(at, text.substr(at / 2, 30));
    }
    if (text.empty()) break;
  }
  const auto parsed = parse_failure(text);
  if (const auto* failure = std::get_if<Failure>(&parsed)) {
    RC_ASSERT(refusal(to_json(*failure)) == "");
  } else {
    RC_ASSERT(refusal(text) != "");
  }
}

}  // namespace
}  // namespace nmrcheck::sim
