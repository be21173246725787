// Profiles of the user's own: what they allow, and what is refused.
#include "model/own_profile.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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
  EXPECT_EQ(error_of({{"U32", "a"}}),
            "there is no choice point \"U32\"; there are CP-01 to CP-38 and U01 to U31");
  EXPECT_EQ(error_of({{"U10", "d"}}), "U10 has no alternative \"d\"; it has \"abc\"");
  EXPECT_EQ(error_of({{"U02", "gg"}}), "U02 has the alternative \"g\" twice");
  EXPECT_EQ(error_of({{"U02", "bdf"}, {"U10", "bc"}}), "");
}

TEST(OwnProfileTest, TakesLettersOfBothRegistrars) {
  const AllowedLetters changes{{"CP-17", "b"}, {"U02", "bdf"}, {"U10", "bc"}};
  const auto changed = std::get<Profile>(changed_profile(built_in("canonical"), changes));
  EXPECT_EQ(changed.allowed[17], kB);
  EXPECT_EQ(changed.allowed[64 + 2], kB | kD | kF);
  EXPECT_EQ(changed.allowed[64 + 10], kB | kC);
  EXPECT_EQ(changes_of(changed, built_in("canonical")), changes);
  EXPECT_EQ(changes_of(built_in("none"), built_in("strong")), (AllowedLetters{{"U10", "c"}}));
}

// Which of the built-in profiles lie within which: rows within columns, in the order of profiles().
TEST(OwnProfileTest, SomeBuiltInProfilesLieWithinOthers) {
  const std::vector<std::string> within_of{
      "1010100",  // documented: paranoid, and strong, which is the same but for its name
      "1110100",  // windows
      "0010000",  // paranoid
      "1111100",  // canonical: windows too, which is wider
      "1010100",  // strong
      "0010010",  // entered
      "0010001",  // none
  };
  for (std::size_t i = 0; i < profiles().size(); ++i) {
    std::string row;
    for (const Profile& wider : profiles()) row += within(profiles()[i], wider) ? '1' : '0';
    EXPECT_EQ(row, within_of[i]) << profiles()[i].name;
  }
}

}  // namespace
}  // namespace nmrcheck::model
