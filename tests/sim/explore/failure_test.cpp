// The failure file: what is written can be read, and what cannot be read says why and where.
#include "sim/explore/failure.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "tests/sim/explore/schema.h"
#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

using Json = nlohmann::ordered_json;

// A failure with a choice of either kind.
Failure example() {
  Failure failure;
  failure.scenario = "nmr/raw-client-pointer";
  failure.parameters = {{"clients", "2"}};
  failure.profile = "documented";
  failure.violation = {"NMR-DET-10", Severity::kS5, "said \"no\"\nand left", 7, {}};
  failure.place = "driver.c:12";
  failure.label = "bug";
  failure.fibers = {"main", "notifier"};
  failure.schedule = {{{ChoiceKind::kFiber, 1, 0b11}, 3, "", "notifier", {"main", "notifier"}},
                      {{ChoiceKind::kValue, 1, 3}, 5, "CP-12 when are offers made", "", {}}};
  failure.steps = 16;
  failure.hash = 0x1792ed9d813a57d6u;
  failure.provenance = {"dfs", Seed{0xff}, 9'160, "0.1.0"};
  return failure;
}

// As the README and the schema describe it: fixed order, one choice a line.
constexpr const char* kExampleText = R"({
  "format": "nmrcheck-failure",
  "format_version": 1,
  "scenario": "nmr/raw-client-pointer",
  "parameters": {"clients":"2"},
  "profile": "documented",
  "limits": {"steps_max":20000,"stack_bytes":262144,"heap_bytes_max":67108864},
  "violation": {"rule":"NMR-DET-10","severity":"S5","message":"said \"no\"\nand left","step":7,"place":"driver.c:12"},
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

bool equal(const NamedChoice& left, const NamedChoice& right) {
  return left.choice == right.choice && left.step == right.step &&
         left.question == right.question && left.picked == right.picked &&
         left.offered == right.offered;
}

bool equal(const Failure& left, const Failure& right) {
  const auto violation = [](const Violation& v) {
    return std::tuple(v.rule, v.severity, v.message, v.step);
  };
  const auto rest = [](const Failure& f) {
    return std::tuple(f.scenario, f.parameters, f.profile, f.limits.steps_max, f.limits.stack_bytes,
                      f.limits.heap_bytes_max, f.place, f.label, f.fibers, f.steps, f.hash,
                      f.provenance.strategy, f.provenance.seed, f.provenance.execution,
                      f.provenance.version);
  };
  return violation(left.violation) == violation(right.violation) && rest(left) == rest(right) &&
         std::equal(left.schedule.begin(), left.schedule.end(), right.schedule.begin(),
                    right.schedule.end(),
                    [](const NamedChoice& l, const NamedChoice& r) { return equal(l, r); });
}

// The reason why `text` cannot be read, or nothing.
std::string refusal(const std::string& text) {
  const auto parsed = parse_failure(text);
  const auto* error = std::get_if<FailureFileError>(&parsed);
  return error == nullptr ? std::string() : error->message;
}

std::string file(const std::string& path) {
  std::ifstream stream(std::string(NMRCHECK_SOURCE_DIR) + "/" + path, std::ios::binary);
  EXPECT_TRUE(stream.good()) << path;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST(FailureTest, TheTextIsFixed) {
  EXPECT_EQ(to_json(example()), kExampleText);
  const auto parsed = parse_failure(kExampleText);
  ASSERT_TRUE(std::holds_alternative<Failure>(parsed)) << refusal(kExampleText);
  EXPECT_TRUE(equal(std::get<Failure>(parsed), example()));
}

TEST(FailureTest, NoChoicesAreAnEmptyList) {
  Failure failure = example();
  failure.schedule.clear();
  EXPECT_NE(to_json(failure).find("\"schedule\": [],\n"), std::string::npos);
  EXPECT_EQ(refusal(to_json(failure)), "");
}

// --- Law: parse(to_json(x)) == x ---

std::string any_text() {
  static const std::vector<std::string> kPieces{"a",  "Z",    " ", "\"", "\\", "\n",   "\x01", "é",
                                                "漢", "🙂", "/", "{",  "]",  "\x7f", ""};
  std::string text;
  for (const std::string& piece :
       *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(kPieces))) {
    text += piece;
  }
  return text;
}

NamedChoice any_choice(const std::vector<std::string>& fibers) {
  NamedChoice named;
  named.step = *rc::gen::arbitrary<std::uint32_t>();
  if (fibers.size() < 2 || *rc::gen::arbitrary<bool>()) {
    named.question = any_text();
    named.choice.kind = ChoiceKind::kValue;
    named.choice.offered = *rc::gen::inRange<std::uint64_t>(2, kOptionsMax + 1);
    named.choice.picked =
        *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(named.choice.offered));
    return named;
  }
  const auto count = static_cast<std::uint32_t>(fibers.size());
  const auto first = *rc::gen::inRange<std::uint32_t>(0, count - 1);
  const auto last = *rc::gen::inRange<std::uint32_t>(first + 1, count);
  for (std::uint32_t fiber = first; fiber <= last; ++fiber) {
    named.choice.offered |= mask_of(FiberId{fiber});
    named.offered.push_back(fibers[fiber]);
  }
  named.choice.picked = last;
  named.picked = fibers[last];
  return named;
}

Failure any_failure() {
  Failure failure;
  failure.scenario = any_text();
  for (auto i = *rc::gen::inRange(0, 3); i > 0; --i) failure.parameters[any_text()] = any_text();
  failure.profile = any_text();
  failure.limits.steps_max = *rc::gen::inRange<std::uint32_t>(0, 1'000'000'000);
  failure.limits.stack_bytes = *rc::gen::inRange<std::size_t>(65'536, 1u << 28u);
  failure.limits.heap_bytes_max = *rc::gen::inRange<std::size_t>(0, std::size_t{1} << 32u);
  failure.violation = {any_text(),
                       Severity{*rc::gen::inRange<std::uint8_t>(1, 7)},
                       any_text(),
                       *rc::gen::arbitrary<std::uint32_t>(),
                       {}};
  failure.place = any_text();
  failure.label = any_text();
  for (auto i = *rc::gen::inRange<std::size_t>(0, kFibersMax + 1); i > 0; --i) {
    failure.fibers.push_back("fiber " + std::to_string(i));
  }
  for (auto i = *rc::gen::inRange(0, 20); i > 0; --i) {
    failure.schedule.push_back(any_choice(failure.fibers));
  }
  failure.steps = *rc::gen::arbitrary<std::uint32_t>();
  failure.hash = *rc::gen::arbitrary<std::uint64_t>();
  failure.provenance = {any_text(), Seed{*rc::gen::arbitrary<std::uint64_t>()},
                        *rc::gen::arbitrary<std::uint64_t>(), any_text()};
  return failure;
}

RC_GTEST_PROP(FailureTest, WhatIsWrittenIsRead, ()) {
  const Failure failure = any_failure();
  const std::string text = to_json(failure);
  const auto parsed = parse_failure(text);
  RC_ASSERT(refusal(text) == "");
  RC_ASSERT(equal(std::get<Failure>(parsed), failure));
  RC_ASSERT(to_json(std::get<Failure>(parsed)) == text);
}

TEST(FailureTest, TextThatIsNotUtf8IsWrittenSomehow) {
  Failure failure = example();
  failure.violation.message = "pool tag \xff\xfe";
  failure.fibers[1] = failure.schedule[0].picked = failure.schedule[0].offered[1] = "f\xc0";
  EXPECT_EQ(refusal(to_json(failure)), "");
}

// --- The schema ---

TEST(FailureTest, WhatIsWrittenFitsTheSchema) {
  const auto schema = nlohmann::json::parse(file("sim/explore/failure.schema.json"));
  EXPECT_EQ(test::misfit(schema, nlohmann::json::parse(to_json(example()))), "");
  // Each key is required, and known.
  const auto valid = nlohmann::json::parse(kExampleText);
  for (const auto& [key, value] : valid.items()) {
    auto without = valid;
    without.erase(key);
    EXPECT_NE(test::misfit(schema, without), "") << key;
    EXPECT_NE(refusal(without.dump()), "") << key;
  }
  auto more = valid;
  more["surplus"] = 1;
  EXPECT_EQ(test::misfit(schema, more), "$ has the unknown surplus");
}

RC_GTEST_PROP(FailureTest, EveryFailureFitsTheSchema, ()) {
  static const auto schema = nlohmann::json::parse(file("sim/explore/failure.schema.json"));
  Failure failure = any_failure();
  failure.label = "fragility";
  RC_ASSERT(test::misfit(schema, nlohmann::json::parse(to_json(failure))) == "");
}

// --- Malformed files ---

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

TEST(FailureTest, EveryProblemSaysWhatAndWhere) {
  for (const Broken& broken : kBroken) {
    std::string text = kExampleText;
    const std::size_t at = text.find(broken.from);
    ASSERT_NE(at, std::string::npos) << broken.from;
    text.replace(at, std::string(broken.from).size(), broken.to);
    EXPECT_EQ(refusal(text), broken.message);
  }
}

TEST(FailureTest, WhatIsNoJsonSaysSo) {
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

TEST(FailureTest, EveryTruncationSaysWhereItEnds) {
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

TEST(FailureTest, EveryValueOfAnotherTypeIsRefusedByName) {
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

RC_GTEST_PROP(FailureTest, NoBytesWhateverCrashTheReader, ()) {
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

// --- Names, and a replay that does not fit ---

Failure failure_of(const ProgramFactory& factory, const Schedule& schedule) {
  Trace trace;
  const Replayed replayed = replay(factory, schedule, {}, &trace);
  EXPECT_FALSE(replayed.divergence.has_value());
  Failure failure;
  failure.fibers = fiber_names(trace);
  failure.schedule = named_choices(trace);
  failure.provenance.version = "0.1.0";
  return failure;
}

TEST(FailureTest, ChoicesAreNamed) {
  const Schedule schedule{{ChoiceKind::kFiber, 2, 0b110}, {ChoiceKind::kFiber, 1, 0b110}};
  const Failure failure = failure_of(test::deadlock01(), schedule);
  EXPECT_EQ(failure.fibers, (std::vector<std::string>{"main", "f0", "f1"}));
  ASSERT_EQ(failure.schedule.size(), 2u);
  EXPECT_EQ(failure.schedule[0].picked, "f1");
  EXPECT_EQ(failure.schedule[0].offered, (std::vector<std::string>{"f0", "f1"}));
  EXPECT_EQ(failure.schedule[1].step, 2u);
  EXPECT_EQ(failure.plain_schedule(), schedule);
}

TEST(FailureTest, APlaceIsFileAndLine) {
  EXPECT_EQ(to_string(Place{"driver.c", 12}), "driver.c:12");
  EXPECT_EQ(to_string(Place{}), "");
}

std::string divergence_of(const ProgramFactory& factory, const Failure& failure) {
  Trace trace;
  const Replayed replayed = replay(factory, failure.plain_schedule(), {}, &trace);
  if (!replayed.divergence) return "";
  return describe_divergence(*replayed.divergence, failure, trace);
}

TEST(FailureTest, ADivergenceSaysWhatWasRecordedAndWhatIsOffered) {
  const Schedule crossed{{ChoiceKind::kFiber, 1, 0b110}, {ChoiceKind::kFiber, 2, 0b110}};
  const Failure failure = failure_of(test::deadlock01(), crossed);
  const std::string changed =
      ". Was the scenario or its driver changed since version 0.1.0 wrote the file?";
  EXPECT_EQ(divergence_of(test::deadlock01(), failure), "");
  EXPECT_EQ(divergence_of(test::bare_steps(2, 2), failure),
            "the schedule does not fit at choice 3 of 2, after step 2: recorded is nothing more, "
            "the program offers a choice among f0, f1" +
                changed);
  EXPECT_EQ(divergence_of(test::bare_steps(2, 1), failure),
            "the schedule does not fit at choice 2 of 2, after step 2: recorded is a choice among "
            "f0, f1, the program offers nothing: the execution ended" +
                changed);
  EXPECT_EQ(divergence_of(test::bare_steps(3, 1), failure),
            "the schedule does not fit at choice 1 of 2, after step 0: recorded is a choice among "
            "f0, f1, the program offers a choice among f0, f1, f2" +
                changed);
  const auto asks = test::program([](Execution& x) { x.choose("which", 3); });
  EXPECT_EQ(divergence_of(asks, failure),
            "the schedule does not fit at choice 1 of 2, after step 0: recorded is a choice among "
            "f0, f1, the program offers a question with 3 alternatives" +
                changed);
}

}  // namespace
}  // namespace nmrcheck::sim
