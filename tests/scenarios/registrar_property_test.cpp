// Generated sequences of register, attach, call, deregister, wait and unload over correct modules:
// the registrar keeps its obligations, and no rule fires, under any of many schedules.
//
// rapidcheck shrinks the commands, the explorer then minimizes the schedule, and a failing case is
// left as a failure file that `nmrcheck replay` accepts.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"
#include "sim/explore/failure.h"

namespace nmrcheck {
namespace {

constexpr std::uint64_t kSchedules = 32;  // for each sequence and profile; always the same seeds
constexpr std::size_t kCommandsMax = 10;

using Commands = std::vector<std::uint32_t>;

ParameterValues parameters(const Commands& commands, bool faulty) {
  std::int64_t packed = 0;
  for (std::size_t i = 0; i < commands.size() && i < kCommandsMax; ++i) {
    packed |= static_cast<std::int64_t>(commands[i]) << (4 * i);
  }
  return {{"commands", packed}, {"fault", faulty ? 1 : 0}};
}

sim::ProgramFactory factory(const ParameterValues& values, const char* profile) {
  return [values, with = model::find_profile(profile)] {
    return find_scenario("nmr/generated")->make(values, *with);
  };
}

// The first violation among the fixed schedules: a pure function of its arguments, so that
// shrinking can rely on it.
std::optional<sim::Finding> first_finding(const ParameterValues& values, const char* profile,
                                          bool minimize = false) {
  const sim::Report report = sim::explore(
      factory(values, profile),
      {.strategy = "random", .budget = {.executions_max = kSchedules}, .minimize = minimize});
  EXPECT_EQ(report.error, "");
  if (report.findings.empty()) return std::nullopt;
  return report.findings[0];
}

// Writes the minimized failure where a person finds it. Returns its path.
std::string write_failure(const ParameterValues& values, const char* profile) {
  const sim::Finding finding = *first_finding(values, profile, true);
  sim::Trace trace;
  sim::replay(factory(values, profile), finding.schedule, {}, &trace);
  sim::Failure failure;
  failure.scenario = "nmr/generated";
  for (const auto& [name, value] : values) failure.parameters[name] = std::to_string(value);
  failure.profile = profile;
  failure.violation = finding.violation;
  failure.place = sim::to_string(finding.violation.place);
  failure.fibers = sim::fiber_names(trace);
  failure.schedule = sim::named_choices(trace);
  failure.steps = finding.steps;
  failure.hash = finding.hash;
  failure.provenance = {finding.strategy, sim::Seed{1}, finding.execution, "test"};
  const auto path = std::filesystem::temp_directory_path() /
                    ("nmr.generated." + std::to_string(values.at("commands")) + ".json");
  std::ofstream(path) << sim::to_json(failure);
  return path.string();
}

// Up to ten commands. Registrations come often: without a pair of them nothing else does anything.
rc::Gen<Commands> some_commands() {
  const auto range = [](std::uint32_t first, std::uint32_t behind) {
    return rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint32_t>(first, behind));
  };
  return rc::gen::resize(
      kCommandsMax,
      rc::gen::container<Commands>(rc::gen::weightedOneOf<std::uint32_t>({{9, range(1, 5)},
                                                                          {6, range(5, 9)},
                                                                          {3, range(9, 13)},
                                                                          {4, range(13, 15)},
                                                                          {1, range(15, 16)}})));
}

void require_silence(const Commands& commands) {
  for (const char* profile : {"documented", "windows"}) {
    const ParameterValues values = parameters(commands, false);
    const std::optional<sim::Finding> finding = first_finding(values, profile);
    if (!finding) continue;
    RC_FAIL(finding->violation.rule + ": " + finding->violation.message +
            "\n  tools/nmrcheck replay " + write_failure(values, profile));
  }
}

RC_GTEST_PROP(RegistrarPropertyTest, CorrectModulesBreakNoRule, ()) {
  require_silence(*some_commands());
}

TEST(RegistrarPropertySlowTest, CorrectModulesBreakNoRule) {
  rc::detail::TestParams params;
  params.seed = 2026;
  params.maxSuccess = 500;
  params.maxSize = 100;
  rc::detail::TestMetadata metadata;
  metadata.id = "correct modules";
  struct Silent final : rc::detail::TestListener {
    void onTestCaseFinished(const rc::detail::CaseDescription&) override {}
    void onShrinkTried(const rc::detail::CaseDescription&, bool) override {}
    void onTestFinished(const rc::detail::TestMetadata&, const rc::detail::TestResult&) override {}
  } listener;
  const auto result =
      rc::detail::checkTestable([] { require_silence(*some_commands()); }, metadata, params,
                                listener, std::unordered_map<std::string, rc::detail::Reproduce>{});
  EXPECT_TRUE(result.is<rc::detail::SuccessResult>()) << testing::PrintToString(result);
}

// The property can fail: with a planted fault it does, and what it leaves behind replays.
TEST(RegistrarPropertyTest, APlantedFaultIsFoundShrunkAndReplayable) {
  Commands smallest;
  rc::detail::TestParams params;
  params.seed = 7;
  rc::detail::TestMetadata metadata;
  metadata.id = "planted fault";
  struct Silent final : rc::detail::TestListener {
    void onTestCaseFinished(const rc::detail::CaseDescription&) override {}
    void onShrinkTried(const rc::detail::CaseDescription&, bool) override {}
    void onTestFinished(const rc::detail::TestMetadata&, const rc::detail::TestResult&) override {}
  } listener;
  const auto result = rc::detail::checkTestable(
      [&] {
        const Commands commands = *some_commands();
        if (!first_finding(parameters(commands, true), "documented")) return;
        smallest = commands;  // the last failing case that shrinking keeps is the smallest
        RC_FAIL("found");
      },
      metadata, params, listener, std::unordered_map<std::string, rc::detail::Reproduce>{});
  ASSERT_TRUE(result.is<rc::detail::FailureResult>());
  EXPECT_LE(smallest.size(), 4u);  // two registrations, a call, a departure

  const std::string path = write_failure(parameters(smallest, true), "documented");
  std::ifstream stream(path);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  std::filesystem::remove(path);
  const auto parsed = sim::parse_failure(text);
  ASSERT_TRUE(std::holds_alternative<sim::Failure>(parsed));
  const auto& failure = std::get<sim::Failure>(parsed);
  const sim::Replayed again = sim::replay(factory(parameters(smallest, true), "documented"),
                                          failure.plain_schedule(), failure.limits);
  EXPECT_FALSE(again.divergence.has_value());
  ASSERT_TRUE(again.outcome.violation.has_value());
  EXPECT_EQ(again.outcome.violation->rule, failure.violation.rule);
  EXPECT_EQ(again.outcome.hash, failure.hash);
}

}  // namespace
}  // namespace nmrcheck
