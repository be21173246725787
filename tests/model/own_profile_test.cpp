// Profiles of the user's own: what they allow, and what is refused.
#include "model/own_profile.h"

#include <gtest/gtest.h>

#include "model/choice_points.h"

namespace nmrcheck::model {
namespace {

const Profile& built_in(const char* name) { return *find_profile(name); }

std::string error_of(const AllowedLetters& allowed) {
  const auto changed = changed_profile(built_in("documented"), allowed);
  const auto* error = std::get_if<ProfileError>(&changed);
  return error == nullptr ? "" : error->message;
}

TEST(OwnProfileTest, ChangesJustTheChoicePointsGiven) {
  const AllowedLetters changes{{"CP-01", "b"}, {"CP-12", "ace"}, {"CP-18", "abc"}};
  const auto changed = std::get<Profile>(changed_profile(built_in("windows"), changes));
  EXPECT_EQ(changed.allowed[1], kB);
  EXPECT_EQ(changed.allowed[12], kA | kC | kE);
  EXPECT_EQ(changed.allowed[18], kA | kB | kC);
  for (const ChoicePointInfo& info : choice_points()) {
    if (changes.contains(std::string(id_of(info)))) continue;
    EXPECT_EQ(changed.allowed[info.number], built_in("windows").allowed[info.number]);
  }
  EXPECT_EQ(changes_of(changed, built_in("windows")), changes);
}

TEST(OwnProfileTest, ChangesThatChangeNothingAreNone) {
  const auto same = std::get<Profile>(changed_profile(built_in("windows"), {{"CP-01", "a"}}));
  EXPECT_EQ(changes_of(same, built_in("windows")), AllowedLetters{});
}

TEST(OwnProfileTest, TheOrderOfLettersMeansNothing) {
  const auto changed = std::get<Profile>(changed_profile(built_in("windows"), {{"CP-12", "eca"}}));
  EXPECT_EQ(changed.allowed[12], kA | kC | kE);
}

TEST(OwnProfileTest, RefusesWhatIsNone) {
  EXPECT_EQ(error_of({{"CP-39", "a"}}),
            "there is no choice point \"CP-39\"; there are CP-01 to CP-38 and U01 to U31");
  EXPECT_EQ(error_of({{"CP-12", ""}}), "CP-12 allows nothing; it has the alternatives \"abcde\"");
  EXPECT_EQ(error_of({{"CP-12", "f"}}), "CP-12 has no alternative \"f\"; it has \"abcde\"");
  EXPECT_EQ(error_of({{"CP-12", "A"}}), "CP-12 has no alternative \"A\"; it has \"abcde\"");
  EXPECT_EQ(error_of({{"CP-12", "aba"}}), "CP-12 has the alternative \"a\" twice");
  EXPECT_EQ(error_of({{"CP-12", "ab"}}), "");
}

TEST(OwnProfileTest, WindowsIsWithinTheDocumentedIsWithinTheParanoid) {
  const char* names[] = {"windows", "documented", "paranoid"};
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 3; ++k) {
      EXPECT_EQ(within(built_in(names[i]), built_in(names[k])), i <= k) << names[i] << names[k];
    }
  }
}

}  // namespace
}  // namespace nmrcheck::model
