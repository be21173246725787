// What the documentation leaves to the Network Module Registrar, and what each profile makes of it.
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

TEST(NmrChoicesTest, TheTableIsExactlyThis) {
  EXPECT_EQ(choice_points_01_to_19().size() + choice_points_20_to_38().size(), kTable.size());
  for (const auto& [number, row] : kTable) {
    const ChoicePointInfo& info = choice_point(number);
    EXPECT_EQ(letters_of(info.all()), row.alternatives) << info.question;
    EXPECT_EQ(letters_of(info.documented), row.documented) << info.question;
    EXPECT_EQ(letters_of(info.windows), row.windows) << info.question;
    EXPECT_EQ(letters_of(info.paranoid), row.paranoid) << info.question;
    EXPECT_EQ('a' + info.default_alternative, row.usual) << info.question;
  }
}

// The profiles that are about interface providers are one of the others here.
TEST(NmrChoicesTest, EveryProfileAllowsAColumnAndNothingElse) {
  const std::map<std::string_view, const char * Row::*> columns{
      {"documented", &Row::documented}, {"windows", &Row::windows},   {"paranoid", &Row::paranoid},
      {"canonical", &Row::windows},     {"strong", &Row::documented}, {"entered", &Row::documented},
      {"none", &Row::documented}};
  ASSERT_EQ(profiles().size(), columns.size());
  for (const Profile& profile : profiles()) {
    EXPECT_EQ(profile.allowed[0], 0u);
    for (const auto& [number, row] : kTable) {
      EXPECT_EQ(letters_of(profile.allowed[number]), row.*columns.at(profile.name))
          << "CP-" << number << " in " << profile.name;
    }
    for (std::uint32_t number = 39; number <= 64; ++number) {
      EXPECT_EQ(profile.allowed[number], 0u) << number << " in " << profile.name;
    }
  }
}

TEST(NmrChoicesTest, QuestionsBeginWithTheirNumbers) {
  for (const auto& [number, row] : kTable) {
    const std::string id = (number < 10 ? "CP-0" : "CP-") + std::to_string(number);
    EXPECT_EQ(id_of(choice_point(number)), id);
    EXPECT_EQ(choice_point(number).canonical, 0u) << id << ": canonical is windows";
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

TEST(NmrChoicesTest, QuestionsWithOneAnswerAreNotAsked) {
  // One module has both sides; without an offer nothing is asked.
  const std::vector<std::string> asked{"CP-28 of 2", "CP-20 of 2", "CP-02 of 2", "CP-01 of 2"};
  EXPECT_EQ(questions_under("documented"), asked);
  EXPECT_EQ(questions_under("paranoid"),
            (std::vector<std::string>{"CP-28 of 2", "CP-20 of 2", "CP-02 of 2", "CP-01 of 2",
                                      "CP-03 of 2"}));
  EXPECT_EQ(questions_under("windows"), (std::vector<std::string>{"CP-28 of 2", "CP-02 of 2"}));
}

}  // namespace
}  // namespace nmrcheck::model
