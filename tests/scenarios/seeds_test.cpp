// Every failure file in tests/seeds replays: the same rule, the same steps, the same hash.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"
#include "sim/explore/failure.h"

namespace nmrcheck {
namespace {

std::vector<std::filesystem::path> seed_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(NMRCHECK_SOURCE_DIR "/tests/seeds")) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

class SeedTest : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(SeedTest, Replays) {
  const std::string text = read(GetParam());
  const auto parsed = sim::parse_failure(text);
  const auto* error = std::get_if<sim::FailureFileError>(&parsed);
  ASSERT_EQ(error, nullptr) << error->message;
  const auto& failure = std::get<sim::Failure>(parsed);
  EXPECT_EQ(sim::to_json(failure), text);

  const Scenario* scenario = find_scenario(failure.scenario);
  ASSERT_NE(scenario, nullptr) << failure.scenario;
  const model::Profile* profile = model::find_profile(failure.profile);
  ASSERT_NE(profile, nullptr) << failure.profile;
  ParameterValues values;
  for (const auto& [name, value] : failure.parameters) values[name] = std::stoll(value);

  const sim::Replayed replayed = sim::replay([&] { return scenario->make(values, *profile); },
                                             failure.plain_schedule(), failure.limits);
  ASSERT_FALSE(replayed.divergence.has_value()) << "at choice " << replayed.divergence->choice;
  ASSERT_TRUE(replayed.outcome.violation.has_value());
  EXPECT_EQ(replayed.outcome.violation->rule, failure.violation.rule);
  EXPECT_EQ(replayed.outcome.steps, failure.steps);
  EXPECT_EQ(replayed.outcome.hash, failure.hash);
  const auto& expected = scenario->expected;
  EXPECT_NE(std::find(expected.begin(), expected.end(), failure.violation.rule), expected.end());
}

INSTANTIATE_TEST_SUITE_P(Seeds, SeedTest, testing::ValuesIn(seed_files()), [](const auto& param) {
  std::string name = param.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '0');
  return name;
});

}  // namespace
}  // namespace nmrcheck
