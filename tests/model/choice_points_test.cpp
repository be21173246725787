// The choice points of all registrars, and the built-in profiles.
#include "model/choice_points.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace nmrcheck::model {
namespace {

TEST(ChoicePointsTest, AreThoseOfBothRegistrarsInAscendingOrder) {
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t number = 1; number <= 38; ++number) numbers.push_back(number);
  for (std::uint32_t number = 65; number <= 95; ++number) numbers.push_back(number);
  ASSERT_EQ(choice_points().size(), 69u);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const ChoicePointInfo& info = choice_points()[i];
    EXPECT_EQ(info.number, numbers[i]) << info.question;
    EXPECT_LT(info.number, kChoicePointsMax) << info.question;
    EXPECT_EQ(&choice_point(info.number), &info) << info.question;
  }
}

TEST(ChoicePointsTest, HaveAnIdAQuestionAlternativesAndEvidence) {
  for (const ChoicePointInfo& info : choice_points()) {
    EXPECT_GT(std::string_view(info.question).size(), id_of(info).size() + 1) << info.question;
    EXPECT_FALSE(info.evidence.empty()) << info.question;
    const auto end = std::find(info.alternatives.begin(), info.alternatives.end(), "");
    EXPECT_NE(end, info.alternatives.begin()) << info.question;
    for (auto rest = end; rest != info.alternatives.end(); ++rest) EXPECT_EQ(*rest, "");
  }
}

// What only the paranoid profile allows is excluded by sample code or by necessity, and never by
// the text: such findings are notes on robustness, not bugs.
TEST(ChoicePointsTest, WindowsIsDocumentedAndTheDocumentedIsParanoid) {
  for (const ChoicePointInfo& info : choice_points()) {
    EXPECT_EQ(letters_of(info.canonical & ~info.windows), "") << info.question;
    EXPECT_EQ(letters_of(info.windows & ~info.documented), "") << info.question;
    EXPECT_EQ(letters_of(info.documented & ~info.paranoid), "") << info.question;
    EXPECT_EQ(info.paranoid, info.all()) << info.question << ": an alternative nobody takes";
  }
}

// Profiles entered and none are there to allow another one than the usual.
TEST(ChoicePointsTest, TheUsualAnswerIsAllowedInEveryProfile) {
  for (const ChoicePointInfo& info : choice_points()) {
    for (const Profile& profile : profiles()) {
      const bool changed =
          id_of(info) == "U10" && (profile.name == "entered" || profile.name == "none");
      EXPECT_EQ(profile.allowed[info.number] >> info.default_alternative & 1, changed ? 0u : 1u)
          << info.question << " in " << profile.name;
    }
  }
}

TEST(ChoicePointsTest, AreFoundByTheirIds) {
  for (const ChoicePointInfo& info : choice_points()) {
    EXPECT_EQ(find_choice_point(id_of(info)), &info);
  }
  EXPECT_EQ(find_choice_point("CP-12")->number, 12u);
  EXPECT_EQ(find_choice_point("U10")->number, 74u);
  for (const char* name :
       {"", "CP-00", "CP-39", "CP-1", "cp-12", "CP-12 ", "U00", "U1", "U32", "u10", "U-10"}) {
    EXPECT_EQ(find_choice_point(name), nullptr) << name;
  }
  EXPECT_EQ(choice_point_ranges(), "CP-01 to CP-38 and U01 to U31");
}

TEST(ChoicePointsTest, LettersNameASet) {
  EXPECT_EQ(letters_of(0), "");
  EXPECT_EQ(letters_of(kA | kC | kF), "acf");
  EXPECT_EQ(letters_of(kB | kD | kE | kG), "bdeg");
}

TEST(ProfilesTest, ThereAreSevenAndTheyAreFoundByName) {
  const std::vector<std::string_view> names{"documented", "windows", "paranoid", "canonical",
                                            "strong",     "entered", "none"};
  ASSERT_EQ(profiles().size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(profiles()[i].name, names[i]);
    EXPECT_FALSE(profiles()[i].summary.empty());
    EXPECT_EQ(profiles()[i].questions, nullptr);
    EXPECT_EQ(find_profile(names[i]), &profiles()[i]);
  }
  EXPECT_EQ(find_profile("Documented"), nullptr);
  EXPECT_EQ(find_profile(""), nullptr);
}

}  // namespace
}  // namespace nmrcheck::model
