// What the documentation leaves to the registry of NDIS interface providers, and what each profile
// makes of it.
#include "model/ndisif/choices.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace nmrcheck::model {
namespace {

struct Row {
  const char* alternatives;  // all that are modelled
  const char* documented;
  const char* windows;
  const char* paranoid;
  const char* canonical;
  const char* strong;
  const char* entered;
  const char* none;
};

// The whole table, by the number of Unn.
const std::map<std::uint32_t, Row> kTable = {
    {1, {"abc", "abc", "abc", "abc", "a", "abc", "abc", "abc"}},
    {2, {"abcdefg", "abcdeg", "abcdeg", "abcdefg", "ace", "abcdeg", "abcdeg", "abcdeg"}},
    {3, {"abcdef", "abcdef", "abcdef", "abcdef", "ace", "abcdef", "abcdef", "abcdef"}},
    {4, {"abc", "abc", "abc", "abc", "a", "abc", "abc", "abc"}},
    {5, {"ab", "a", "a", "ab", "a", "a", "a", "a"}},
    {6, {"ab", "a", "a", "ab", "a", "a", "a", "a"}},
    {7, {"ab", "ab", "a", "ab", "a", "ab", "ab", "ab"}},
    {8, {"abc", "abc", "abc", "abc", "a", "abc", "abc", "abc"}},
    {9, {"abc", "abc", "abc", "abc", "a", "abc", "abc", "abc"}},
    {10, {"abc", "a", "a", "abc", "a", "a", "b", "c"}},
    {11, {"abc", "abc", "abc", "abc", "a", "abc", "abc", "abc"}},
    {12, {"ab", "a", "a", "ab", "a", "a", "a", "a"}},
    {13, {"ab", "ab", "ab", "ab", "a", "ab", "ab", "ab"}},
    {14, {"abc", "abc", "abc", "abc", "a", "abc", "abc", "abc"}},
    {15, {"ab", "ab", "ab", "ab", "a", "ab", "ab", "ab"}},
    {16, {"ab", "ab", "ab", "ab", "a", "ab", "ab", "ab"}},
    {17, {"abcd", "abc", "abc", "abcd", "a", "abc", "abc", "abc"}},
    {18, {"ab", "ab", "ab", "ab", "a", "ab", "ab", "ab"}},
    {19, {"abcd", "abcd", "abcd", "abcd", "ac", "abcd", "abcd", "abcd"}},
    {20, {"ab", "ab", "ab", "ab", "a", "ab", "ab", "ab"}},
    {21, {"ab", "ab", "ab", "ab", "a", "ab", "ab", "ab"}},
    {22, {"ab", "ab", "ab", "ab", "a", "ab", "ab", "ab"}},
    {23, {"ab", "ab", "ab", "ab", "a", "ab", "ab", "ab"}},
    {24, {"a", "a", "a", "a", "a", "a", "a", "a"}},
    {25, {"a", "a", "a", "a", "a", "a", "a", "a"}},
    {26, {"ab", "ab", "ab", "ab", "a", "ab", "ab", "ab"}},
    {27, {"ab", "ab", "ab", "ab", "a", "ab", "ab", "ab"}},
    {28, {"ab", "ab", "ab", "ab", "a", "ab", "ab", "ab"}},
    {29, {"a", "a", "a", "a", "a", "a", "a", "a"}},
    {30, {"a", "a", "a", "a", "a", "a", "a", "a"}},
    {31, {"ab", "ab", "ab", "ab", "a", "ab", "ab", "ab"}},
};

TEST(InterfaceChoicesTest, TheTableIsExactlyThis) {
  EXPECT_EQ(interface_choice_points().size(), kTable.size());
  for (const auto& [nn, row] : kTable) {
    const ChoicePointInfo& info = choice_point(interface_choice(nn));
    EXPECT_EQ(letters_of(info.all()), row.alternatives) << info.question;
    EXPECT_EQ(info.default_alternative, 0u) << info.question;
  }
}

TEST(InterfaceChoicesTest, EveryProfileAllowsItsColumnAndNothingElse) {
  const std::map<std::string_view, const char * Row::*> columns{{"documented", &Row::documented},
                                                                {"windows", &Row::windows},
                                                                {"paranoid", &Row::paranoid},
                                                                {"canonical", &Row::canonical},
                                                                {"strong", &Row::strong},
                                                                {"entered", &Row::entered},
                                                                {"none", &Row::none}};
  ASSERT_EQ(profiles().size(), columns.size());
  for (const Profile& profile : profiles()) {
    for (const auto& [nn, row] : kTable) {
      EXPECT_EQ(letters_of(profile.allowed[interface_choice(nn)]), row.*columns.at(profile.name))
          << "U" << nn << " in " << profile.name;
    }
  }
}

TEST(InterfaceChoicesTest, QuestionsBeginWithTheirNumbers) {
  EXPECT_EQ(interface_choice(1), 65u);
  EXPECT_EQ(interface_choice(31), kChoicePointsMax - 1);
  for (const auto& [nn, row] : kTable) {
    const std::string id = (nn < 10 ? "U0" : "U") + std::to_string(nn);
    EXPECT_EQ(id_of(choice_point(interface_choice(nn))), id);
  }
}

}  // namespace
}  // namespace nmrcheck::model
