// The failure file: what is written can be read and fits the schema; names, and divergences.
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

#include "tests/sim/explore/failure_example.h"
#include "tests/sim/explore/schema.h"
#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

using test::kExampleText;
using test::refusal;

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

bool equal(const NamedChoice& left, const NamedChoice& right) {
  return left.choice == right.choice && left.step == right.step &&
         left.question == right.question && left.picked == right.picked &&
         left.offered == right.offered;
}

bool equal(const std::vector<NamedChoice>& left, const std::vector<NamedChoice>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const NamedChoice& l, const NamedChoice& r) { return equal(l, r); });
}

bool equal(const std::optional<Found>& left, const std::optional<Found>& right) {
  if (!left || !right) return left.has_value() == right.has_value();
  return left->size == right->size && left->fibers == right->fibers &&
         equal(left->schedule, right->schedule);
}

bool equal(const Failure& left, const Failure& right) {
  const auto violation = [](const Violation& v) {
    return std::tuple(v.rule, v.severity, v.message, v.step);
  };
  const auto rest = [](const Failure& f) {
    return std::tuple(f.scenario, f.parameters, f.profile, f.alternatives, f.limits.steps_max,
                      f.limits.stack_bytes, f.limits.heap_bytes_max, f.place, f.label, f.fibers,
                      f.steps, f.hash, f.provenance.strategy, f.provenance.seed,
                      f.provenance.execution, f.provenance.version, f.size, f.proof, f.no_return);
  };
  return violation(left.violation) == violation(right.violation) && rest(left) == rest(right) &&
         equal(left.schedule, right.schedule) && equal(left.found, right.found);
}

std::string file(const std::string& path) {
  std::ifstream stream(std::string(NMRCHECK_SOURCE_DIR) + "/" + path, std::ios::binary);
  EXPECT_TRUE(stream.good()) << path;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

nlohmann::json the_schema() {
  const auto schema = nlohmann::json::parse(file("sim/explore/failure.schema.json"));
  return test::resolved(schema, schema);
}

// What minimization says, as it stands in the file.
constexpr const char* kMinimalText =
    R"(
  "minimal": {"preemptions":1,"deviations":0,)"
    R"("proof":{"complete":true,"questions":false,"executions":12}},
  "point_of_no_return": {"step":9,"continuations":64,"exact":true},
  "found": {
    "steps": 31,
    "preemptions": 4,
    "deviations": 0,
    "fibers": ["main","notifier"],
    "schedule": [
      {"step":3,"run":"notifier","of":["main","notifier"]}
    ]
  },
  "provenance")";

Failure minimized_example() {
  Failure failure = example();
  failure.size = Size{16, 1, 0};
  failure.proof = Proof{true, false, 12};
  failure.no_return = NoReturn{9, 64, true};
  failure.found = Found{{31, 4, 0}, failure.fibers, {failure.schedule[0]}};
  return failure;
}

TEST(FailureTest, WhatMinimizationSaidIsPartOfTheText) {
  const std::string text = to_json(minimized_example());
  EXPECT_NE(text.find(kMinimalText), std::string::npos) << text;
  EXPECT_EQ(test::misfit(the_schema(), nlohmann::json::parse(text)), "");
  EXPECT_TRUE(equal(std::get<Failure>(parse_failure(text)), minimized_example()));
  EXPECT_EQ(refusal(std::string(text).replace(text.find("\"exact\":true"), 12, "\"exact\":1   ")),
            "$.point_of_no_return.exact should be true or false, but is an integer");
}

TEST(FailureTest, WordsForWhatMinimizationSaid) {
  Failure failure = minimized_example();
  EXPECT_EQ(describe_size(failure),
            "minimized from 31 to 16 steps, 4 to 1 preemptions; proved: none with 0");
  EXPECT_EQ(describe_no_return(*failure.no_return),
            "from here on every continuation tried (64) fails");
  failure.size = Size{16, 3, 1};
  failure.proof = Proof{true, true, 5};
  EXPECT_EQ(describe_size(failure),
            "minimized from 31 to 16 steps, 4 to 3 preemptions; proved: none with 2 or fewer and "
            "at most 1 unusual answer");
  failure.proof = Proof{false, false, 20'000};
  failure.found.reset();
  EXPECT_EQ(describe_size(failure),
            "16 steps, 3 preemptions, 1 unusual answer; not proven that fewer preemptions are too "
            "few: the budget of 20000 executions was used up");
  failure.size = Size{1, 0, 0};
  failure.proof = Proof{true, false, 0};
  failure.no_return = NoReturn{0, 64, true};
  EXPECT_EQ(describe_size(failure),
            "1 step, 0 preemptions; no schedule has fewer; so fails every execution tried (64)");
  EXPECT_EQ(describe_size(example()), "");
}

TEST(FailureTest, TheTextIsFixed) {
  EXPECT_EQ(to_json(example()), kExampleText);
  const auto parsed = parse_failure(kExampleText);
  ASSERT_TRUE(std::holds_alternative<Failure>(parsed)) << refusal(kExampleText);
  EXPECT_TRUE(equal(std::get<Failure>(parsed), example()));
}

TEST(FailureTest, ChangesOfTheProfileStandBehindItWhenThereAreAny) {
  Failure failure = example();
  EXPECT_EQ(to_json(failure).find("alternatives"), std::string::npos);
  failure.alternatives = {{"CP-12", "ab"}, {"CP-01", "b"}};
  EXPECT_NE(to_json(failure).find("  \"profile\": \"documented\",\n"
                                  "  \"alternatives\": {\"CP-01\":\"b\",\"CP-12\":\"ab\"},\n"
                                  "  \"limits\": "),
            std::string::npos)
      << to_json(failure);
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
  for (auto i = *rc::gen::inRange(0, 3); i > 0; --i) failure.alternatives[any_text()] = any_text();
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
  if (*rc::gen::arbitrary<bool>()) {
    const auto any = [] { return *rc::gen::arbitrary<std::uint32_t>(); };
    failure.size = Size{failure.steps, any(), any()};
    failure.proof = Proof{*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(), any()};
    failure.no_return = NoReturn{any(), any(), *rc::gen::arbitrary<bool>()};
    failure.found = Found{{any(), any(), any()}, failure.fibers, failure.schedule};
  }
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
  const auto schema = the_schema();
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
  static const auto schema = the_schema();
  Failure failure = any_failure();
  failure.label = "fragility";
  RC_ASSERT(test::misfit(schema, nlohmann::json::parse(to_json(failure))) == "");
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
