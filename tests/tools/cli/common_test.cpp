// Suggestions, patterns, durations, numbers and files of the command line.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <limits>

#include "tools/cli/commands.h"

namespace nmrcheck::cli {
namespace {

constexpr std::string_view kNames[] = {"nmr/raw-client-pointer", "nmr/raw-client-pointer-fixed",
                                       "nmr/wait-first", "harness/poll"};

TEST(SuggestionTest, NamesTheNearest) {
  EXPECT_EQ(suggestion("nmr/raw-client-pionter", kNames), " Did you mean nmr/raw-client-pointer?");
  EXPECT_EQ(suggestion("harness/pol", kNames), " Did you mean harness/poll?");
  EXPECT_EQ(suggestion("harness/pull", kNames), " Did you mean harness/poll?");
}

TEST(SuggestionTest, NamesAllThatContainTheWord) {
  EXPECT_EQ(suggestion("raw-client", kNames),
            " Did you mean nmr/raw-client-pointer or nmr/raw-client-pointer-fixed?");
}

TEST(SuggestionTest, TakesUpperAndLowerCaseForTheSame) {
  EXPECT_EQ(suggestion("NMR/Wait-First", kNames), " Did you mean nmr/wait-first?");
}

TEST(SuggestionTest, IsEmptyWhenNothingIsNear) {
  EXPECT_EQ(suggestion("zzzzzzzz", kNames), "");
  EXPECT_EQ(suggestion("", kNames), "");
  EXPECT_EQ(suggestion("nmr", {}), "");
}

TEST(SuggestionTest, ShowsThreeAtMost) {
  constexpr std::string_view kAlike[] = {"a1", "a2", "a3", "a4"};
  EXPECT_EQ(suggestion("a", kAlike), " Did you mean a1 or a2 or a3?");
}

TEST(MatchesTest, StarStandsForAnythingAndQuestionMarkForOne) {
  EXPECT_TRUE(matches("nmr/*", "nmr/wait-first"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("**", "x"));
  EXPECT_TRUE(matches("*-fixed", "a-fixed-fixed"));
  EXPECT_TRUE(matches("n?r/*t", "nmr/t"));
  EXPECT_TRUE(matches("a*b*c", "a1b2b3c"));
  EXPECT_FALSE(matches("nmr/*", "harness/nmr/"));
  EXPECT_FALSE(matches("a?", "a"));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_FALSE(matches("a*b*c", "a1c2b"));
}

TEST(MatchesTest, APatternWithoutSignsMatchesItselfAlone) {
  for (const std::string_view pattern : kNames) {
    for (const std::string_view name : kNames) EXPECT_EQ(matches(pattern, name), pattern == name);
  }
}

RC_GTEST_PROP(MatchesTest, CuttingAPieceOutForAStarMatches, (const std::string& name)) {
  const auto begin = *rc::gen::inRange<std::size_t>(0, name.size() + 1);
  const auto end = *rc::gen::inRange<std::size_t>(begin, name.size() + 1);
  RC_PRE(name.find_first_of("*?") == std::string::npos);
  RC_ASSERT(matches(name.substr(0, begin) + "*" + name.substr(end), name));
}

TEST(DurationTest, ReadsEachUnit) {
  EXPECT_EQ(parse_duration("500ms"), 0.5);
  EXPECT_EQ(parse_duration("30s"), 30);
  EXPECT_EQ(parse_duration("2m"), 120);
  EXPECT_EQ(parse_duration("1h"), 3600);
  EXPECT_EQ(parse_duration("1.5m"), 90);
}

TEST(DurationTest, RefusesTheRest) {
  for (const char* text : {"", "30", "s", "30 s", " 30s", "30sec", "30S", "0s", "-1s", "+1s",
                           "1,5s", "infs", "nans", "1e400s", "1e308h", "0x10s", "2d"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(NumberTest, ReadsDecimalAndHexadecimal) {
  EXPECT_EQ(parse_number("0"), 0u);
  EXPECT_EQ(parse_number("0xfF"), 255u);
  EXPECT_EQ(parse_number("0X10"), 16u);
  EXPECT_EQ(parse_number("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  for (const char* text : {"", "0x", "-1", "+1", " 1", "1 ", "ff", "1.5", "18446744073709551616"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

TEST(NumberTest, ReadsIntegersOfEitherSign) {
  EXPECT_EQ(parse_integer("-0"), 0);
  EXPECT_EQ(parse_integer("-0x10"), -16);
  EXPECT_EQ(parse_integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  for (const char* text : {"", "-", "--1", "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
  }
}

RC_GTEST_PROP(NumberTest, EveryIntegerIsReadBack, (std::int64_t number)) {
  RC_ASSERT(parse_integer(std::to_string(number)) == number);
}

TEST(WordsTest, TimesAreForPeople) {
  EXPECT_EQ(seconds_text(0.0123), "12 ms");
  EXPECT_EQ(seconds_text(29.34), "29.3 s");
  EXPECT_EQ(seconds_text(600), "10 min");
  EXPECT_EQ(severity_name(sim::Severity::kS3), "S3");
}

TEST(FilesTest, WhatIsWrittenIsRead) {
  const std::string folder = testing::TempDir() + "nmrcheck_common_test";
  std::filesystem::remove_all(folder);
  const std::string text("a\0b\r\n\xff", 6);
  EXPECT_EQ(write_file(folder + "/deep/er/file", text), std::nullopt);
  std::string error;
  EXPECT_EQ(read_file(folder + "/deep/er/file", error), text);
  EXPECT_EQ(write_file(folder + "/deep/er/file/more", text),
            "the folder " + folder + "/deep/er/file cannot be made: Not a directory");
  EXPECT_EQ(write_file(folder + "/deep", text), folder + "/deep cannot be written: Is a directory");
  EXPECT_EQ(read_file(folder + "/deep", error), std::nullopt);
  EXPECT_EQ(error, folder + "/deep is a folder; expected a failure file");
  EXPECT_EQ(read_file(folder + "/none", error), std::nullopt);
  EXPECT_EQ(error, folder + "/none cannot be read: No such file or directory");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace nmrcheck::cli
