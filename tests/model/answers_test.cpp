// How a choice point is asked: among what, with what first, and what is answered under another
// profile's questions.
#include "model/answers.h"

#include <gtest/gtest.h>

#include <string>

#include "model/choice_points.h"
#include "model/ndisif/choices.h"
#include "sim/strategy/dfs.h"

namespace nmrcheck::model {
namespace {

// Asks once, and writes down the letter.
class Asking final : public sim::Program {
 public:
  Asking(const Profile& profile, std::uint32_t number, Alternatives possible, std::string& answers)
      : profile_(profile), number_(number), possible_(possible), answers_(answers) {}

  void run(sim::Execution& execution) override {
    const std::uint32_t answer = Answers(execution, profile_).ask(number_, possible_);
    answers_ += letters_of(Alternatives{1} << answer);
  }

 private:
  const Profile& profile_;
  std::uint32_t number_;
  Alternatives possible_;
  std::string& answers_;
};

// The answers in the order in which a search by depth comes to them: the default is first.
std::string answers_of(const Profile& profile, std::uint32_t number,
                       Alternatives possible = ~Alternatives{0}) {
  std::string answers;
  sim::Execution execution;
  sim::DfsStrategy dfs;
  while (dfs.begin_execution(sim::Seed{0})) {
    Asking program(profile, number, possible, answers);
    execution.run(program, dfs);
  }
  return answers;
}

std::string answers_of(std::string_view profile, std::uint32_t number,
                       Alternatives possible = ~Alternatives{0}) {
  return answers_of(*find_profile(profile), number, possible);
}

TEST(AnswersTest, AreThoseThatTheProfileAllowsWithTheDefaultFirst) {
  EXPECT_EQ(answers_of("documented", 2), "bacdef");
  EXPECT_EQ(answers_of("windows", 17), "a");
  EXPECT_EQ(answers_of("documented", 17), "ab");
  EXPECT_EQ(answers_of("paranoid", interface_choice(10)), "abc");
}

TEST(AnswersTest, AreAmongWhatIsPossible) {
  EXPECT_EQ(answers_of("documented", 2, kD | kE | kF), "def");
  EXPECT_EQ(answers_of("documented", 2, kA | kB), "ba");
  // The questions of one row: what each comes to, with all alternatives and with one each.
  EXPECT_EQ(answers_of("paranoid", interface_choice(2), kC | kD), "cd");
  EXPECT_EQ(answers_of("paranoid", interface_choice(2), kE | kF), "ef");
  EXPECT_EQ(answers_of("documented", interface_choice(2), kE | kF), "e");
  EXPECT_EQ(answers_of("canonical", interface_choice(2), kC | kD), "c");
  EXPECT_EQ(answers_of("canonical", interface_choice(2), kE | kG), "e");
  EXPECT_EQ(answers_of("canonical", interface_choice(19), kC | kD), "c");
}

TEST(AnswersTest, WhatIsNotAllowedIsAnsweredAllTheSameIfNothingElseIsPossible) {
  EXPECT_EQ(answers_of("documented", 18, kC), "c");
  Profile narrow = *find_profile("documented");
  narrow.allowed[2] = kF;
  EXPECT_EQ(answers_of(narrow, 2, kA | kB | kC), "b") << "the default, as it is possible";
  EXPECT_EQ(answers_of(narrow, 2, kC | kE), "ce") << "else whatever is";
}

TEST(AnswersTest, TheFirstLetterStandsForADefaultThatIsNotAllowed) {
  EXPECT_EQ(answers_of("entered", interface_choice(10)), "b");
  EXPECT_EQ(answers_of("none", interface_choice(10)), "c");
  Profile own = *find_profile("documented");
  own.allowed[interface_choice(10)] = kB | kC;
  EXPECT_EQ(answers_of(own, interface_choice(10)), "bc");
}

// A schedule of the wider profile is followed with the answers that the narrower one has.
TEST(AnswersTest, QuestionsOfAnotherProfileAreAnsweredFromThisOne) {
  Profile followed = *find_profile("windows");
  followed.questions = find_profile("paranoid");
  EXPECT_EQ(answers_of(followed, interface_choice(10)), "aaa");
  EXPECT_EQ(answers_of(followed, interface_choice(17)), "abca");
  EXPECT_EQ(answers_of(followed, interface_choice(7)), "aa");
}

TEST(AnswersTest, WhatMayBeTheAnswerAndWhatIsStrictest) {
  sim::Execution execution;
  Profile profile = *find_profile("windows");
  const Answers answers(execution, profile);
  EXPECT_TRUE(answers.may_answer(17, 0));
  EXPECT_FALSE(answers.may_answer(17, 1));
  EXPECT_TRUE(answers.may_answer(interface_choice(17), 2));
  EXPECT_FALSE(answers.may_answer(interface_choice(17), 3));
  EXPECT_EQ(answers.strictest(27), 0u);
  EXPECT_EQ(answers.strictest(interface_choice(17)), 2u);
  profile.questions = find_profile("paranoid");
  EXPECT_TRUE(answers.may_answer(17, 1));
  EXPECT_TRUE(answers.may_answer(interface_choice(17), 3));
  EXPECT_EQ(answers.strictest(interface_choice(17)), 2u) << "never beyond the profile itself";
}

}  // namespace
}  // namespace nmrcheck::model
