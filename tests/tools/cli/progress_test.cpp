// The line that tells how far a search is, and the one about samplers.
#include <gtest/gtest.h>

#include "tools/cli/commands.h"

namespace nmrcheck::cli {
namespace {

TEST(ProgressTest, AnExhaustiveSearchTellsTheExploredMass) {
  EXPECT_EQ(progress_text("nmr/raw", {12'345, 0.5, 48, 0.031, {}, "dpor"}),
            "nmr/raw: dpor 12 345 executions, 24 690/s, 48 steps deep, about 3.1 % of the tree");
}

TEST(ProgressTest, ASamplingOneTellsTheUnseenMass) {
  EXPECT_EQ(progress_text("nmr/raw", {1'000, 2, 7, {}, 0.04, "portfolio"}),
            "nmr/raw: portfolio 1 000 executions, 500/s, 7 steps deep, unseen mass about 4 %");
}

TEST(ProgressTest, AStartIsNoDivisionByZero) {
  EXPECT_EQ(progress_text("a", {1, 0, 2, {}, {}, "random"}),
            "a: random 1 executions, 0/s, 2 steps deep");
}

TEST(ProgressTest, SamplersAreToldApart) {
  EXPECT_EQ(samplers_text({}), "");
  EXPECT_EQ(samplers_text({{"random", 2'026, 812, 0.12}, {"pct", 1'994, 97, 0}}),
            "traces (of executions, unseen): random 812 of 2 026, about 12 %; pct 97 of 1 994, "
            "less than 0.01 %");
}

}  // namespace
}  // namespace nmrcheck::cli
