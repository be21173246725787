// What the documentation leaves open, and what each profile makes of it.
#include "model/nmr/choices.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/model/hand_made.h"

namespace nmrcheck::model {
namespace {

struct Row {
  const char* alternatives;  // all that are modelled
  const char* documented;
  const char* windows;
  const char* paranoid;
  char usual;  // the default
};

// The whole table, by number. What only the paranoid profile allows is excluded by sample code or
// by necessity, and never by the text: such findings are notes on robustness, not bugs.
const std::map<std::uint32_t, Row> kTable = {
    {1, {"ab", "ab", "a", "ab", 'a'}},       {2, {"abcdef", "abcdef", "abcdef", "abcdef", 'b'}},
    {3, {"ab", "a", "a", "ab", 'a'}},        {4, {"abc", "abc", "abc", "abc", 'a'}},
    {5, {"abc", "abc", "ab", "abc", 'a'}},   {6, {"abc", "a", "a", "abc", 'a'}},
    {7, {"a", "a", "a", "a", 'a'}},          {8, {"a", "a", "a", "a", 'a'}},
    {9, {"a", "a", "a", "a", 'a'}},          {10, {"ab", "ab", "b", "ab", 'b'}},
    {11, {"ab", "ab", "a", "ab", 'a'}},      {12, {"abcde", "abcde", "abcde", "abcde", 'a'}},
    {13, {"a", "a", "a", "a", 'a'}},         {14, {"ab", "ab", "ab", "ab", 'a'}},
    {15, {"abc", "abc", "abc", "abc", 'a'}}, {16, {"abc", "abc", "a", "abc", 'a'}},
    {17, {"ab", "ab", "a", "ab", 'a'}},      {18, {"abc", "ab", "ab", "abc", 'a'}},
    {19, {"ab", "a", "a", "ab", 'a'}},       {20, {"abc", "abc", "b", "abc", 'b'}},
    {21, {"ab", "ab", "ab", "ab", 'a'}},     {22, {"abc", "abc", "abc", "abc", 'a'}},
    {23, {"a", "a", "a", "a", 'a'}},         {24, {"a", "a", "a", "a", 'a'}},
    {25, {"ab", "ab", "ab", "ab", 'b'}},     {26, {"abc", "abc", "ab", "abc", 'a'}},
    {27, {"abc", "ab", "a", "abc", 'a'}},    {28, {"ab", "ab", "ab", "ab", 'a'}},
    {29, {"a", "a", "a", "a", 'a'}},         {30, {"ab", "a", "a", "ab", 'a'}},
    {31, {"a", "a", "a", "a", 'a'}},         {32, {"a", "a", "a", "a", 'a'}},
    {33, {"ab", "ab", "b", "ab", 'b'}},      {34, {"a", "a", "a", "a", 'a'}},
    {35, {"a", "a", "a", "a", 'a'}},         {36, {"a", "a", "a", "a", 'a'}},
    {37, {"a", "a", "a", "a", 'a'}},         {38, {"a", "a", "a", "a", 'a'}},
};

TEST(ChoicesTest, ProfilesAllowExactlyTheAlternativesOfTheTable) {
  EXPECT_EQ(choice_points().size(), kTable.size());
  for (const ChoicePointInfo& info : choice_points()) {
    ASSERT_TRUE(kTable.contains(info.number)) << info.question;
    const Row& row = kTable.at(info.number);
    EXPECT_EQ(letters_of(info.all()), row.alternatives) << info.question;
    EXPECT_EQ(letters_of(info.documented), row.documented) << info.question;
    EXPECT_EQ(letters_of(info.windows), row.windows) << info.question;
    EXPECT_EQ(letters_of(info.paranoid), row.paranoid) << info.question;
    EXPECT_EQ('a' + info.default_alternative, row.usual) << info.question;
  }
}

TEST(ChoicesTest, WindowsIsDocumentedAndTheDocumentedIsParanoid) {
  for (const ChoicePointInfo& info : choice_points()) {
    EXPECT_EQ(letters_of(info.windows & ~info.documented), "") << info.question;
    EXPECT_EQ(letters_of(info.documented & ~info.paranoid), "") << info.question;
    EXPECT_EQ(info.paranoid, info.all()) << info.question << ": an alternative nobody takes";
  }
}

TEST(ChoicesTest, TheUsualAnswerIsAllowedInEveryProfile) {
  for (const ChoicePointInfo& info : choice_points()) {
    for (const Profile& profile : profiles()) {
      EXPECT_TRUE(profile.allowed[info.number] >> info.default_alternative & 1)
          << info.question << " in " << profile.name;
    }
  }
}

TEST(ChoicesTest, NumbersAscendAndQuestionsBeginWithThem) {
  std::uint32_t last = 0;
  for (const ChoicePointInfo& info : choice_points()) {
    EXPECT_LT(last, info.number);
    EXPECT_LT(info.number, kChoicePointsMax);
    last = info.number;
    const std::string number = std::to_string(info.number);
    const std::string id = "CP-" + std::string(2 - std::min<std::size_t>(2, number.size()), '0');
    EXPECT_TRUE(std::string(info.question).starts_with(id + number + " ")) << info.question;
    EXPECT_FALSE(info.evidence.empty()) << info.question;
    EXPECT_EQ(&choice_point(info.number), &info);
  }
}

TEST(ProfileTest, ThereAreThreeAndTheyAreFoundByName) {
  const std::vector<std::string_view> names{"documented", "windows", "paranoid"};
  ASSERT_EQ(profiles().size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(profiles()[i].name, names[i]);
    EXPECT_FALSE(profiles()[i].summary.empty());
    EXPECT_EQ(find_profile(names[i]), &profiles()[i]);
  }
  EXPECT_EQ(find_profile("Documented"), nullptr);
  EXPECT_EQ(find_profile(""), nullptr);
}

TEST(ProfileTest, AllowsTheColumnOfItsNameAndNothingElse) {
  for (std::uint32_t number = 0; number < kChoicePointsMax; ++number) {
    const auto row = kTable.find(number);
    const bool known = row != kTable.end();
    const char* columns[] = {known ? row->second.documented : "", known ? row->second.windows : "",
                             known ? row->second.paranoid : ""};
    for (std::size_t i = 0; i < profiles().size(); ++i) {
      EXPECT_EQ(letters_of(profiles()[i].allowed[number]), columns[i])
          << "CP-" << number << " in " << profiles()[i].name;
    }
  }
}

// --- How the registrar asks ---

// Registers a client and a provider of one NPI; the client declines.
void register_pair(World& world) {
  world.kernel().push({FrameKind::kModuleCode, world.kernel().load("both.sys")});
  for (const Side side : {Side::kClient, Side::kProvider}) {
    void* handle = nullptr;
    world.registrar().register_module(side, {}, NpiId{1}, &handle);
    EXPECT_NE(handle, nullptr);
  }
}

std::vector<std::string> questions_under(std::string_view profile) {
  std::vector<std::string> questions;
  for (const sim::ChoiceRecord& record : test::trace_of(register_pair, profile).choices) {
    if (record.choice.kind != sim::ChoiceKind::kValue) continue;
    questions.push_back(record.question.substr(0, 5) + " of " +
                        std::to_string(record.choice.offered));
    EXPECT_EQ(record.choice.picked, 0u) << "the default is offered first";
  }
  return questions;
}

TEST(ProfileTest, QuestionsWithOneAnswerAreNotAsked) {
  // One module has both sides; without an offer nothing is asked.
  const std::vector<std::string> asked{"CP-28 of 2", "CP-20 of 2", "CP-02 of 2", "CP-01 of 2"};
  EXPECT_EQ(questions_under("documented"), asked);
  EXPECT_EQ(questions_under("paranoid"),
            (std::vector<std::string>{"CP-28 of 2", "CP-20 of 2", "CP-02 of 2", "CP-01 of 2",
                                      "CP-03 of 2"}));
  EXPECT_EQ(questions_under("windows"), (std::vector<std::string>{"CP-28 of 2", "CP-02 of 2"}));
}

TEST(ChoicesTest, AreFoundByTheirIds) {
  for (const ChoicePointInfo& info : choice_points()) {
    EXPECT_EQ(find_choice_point(id_of(info)), &info);
  }
  for (const char* name : {"", "CP-00", "CP-39", "CP-1", "cp-12", "CP-12 "}) {
    EXPECT_EQ(find_choice_point(name), nullptr) << name;
  }
  EXPECT_EQ(letters_of(0), "");
  EXPECT_EQ(letters_of(kA | kC | kF), "acf");
}

}  // namespace
}  // namespace nmrcheck::model
