// Whole drivers in C: what is found in the faulty ones, and where; nothing in the correct ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/profile.h"
#include "scenarios/scenario.h"
#include "sim/explore/explorer.h"

namespace nmrcheck {
namespace {

sim::Report search(std::string_view name, std::string_view strategy, std::uint64_t executions,
                   bool keep_going = false) {
  const Scenario& scenario = *find_scenario(name);
  ParameterValues values;
  for (const Parameter& parameter : scenario.parameters) {
    values[std::string(parameter.name)] = parameter.default_value;
  }
  sim::SearchOptions options;
  options.strategy = strategy;
  options.budget.executions_max = executions;
  options.keep_going = keep_going;
  options.minimize = false;
  return sim::explore([&] { return scenario.make(values, *model::find_profile("documented")); },
                      options);
}

// What a search for the first violation must come to.
struct Expected {
  std::string_view scenario;
  std::string_view rule;
  std::string_view file;  // of the place, without its folder
  int first_line = 0, last_line = 0;
  std::vector<std::string_view> functions;  // of the call stack
};

void PrintTo(const Expected& expected, std::ostream* out) { *out << expected.scenario; }

std::string camel_case(std::string_view text) {
  std::string name;
  bool upper = true;
  for (const char letter : text.substr(text.find('/') + 1)) {
    if (letter != '-') name += upper ? static_cast<char>(letter - 'a' + 'A') : letter;
    upper = letter == '-';
  }
  return name;
}

class FaultyDriverTest : public testing::TestWithParam<Expected> {};

TEST_P(FaultyDriverTest, IsFoundWithItsLineAndItsFunctions) {
  const Expected& expected = GetParam();
  const sim::Report report = search(expected.scenario, "auto", 20'000);
  ASSERT_EQ(report.findings.size(), 1u) << report.scope << report.error;
  const sim::Violation& violation = report.findings[0].violation;
  EXPECT_EQ(violation.rule, expected.rule) << violation.message;
  const std::string_view path = violation.place.file == nullptr ? "" : violation.place.file;
  EXPECT_EQ(path.substr(path.rfind('/') + 1), expected.file) << violation.message;
  EXPECT_GE(violation.place.line, expected.first_line) << violation.message;
  EXPECT_LE(violation.place.line, expected.last_line) << violation.message;
  std::size_t from = 0;
  for (const std::string_view function : expected.functions) {
    from = violation.message.find(std::string(function) + " (", from);
    EXPECT_NE(from, std::string::npos) << function << " is not in order in " << violation.message;
    if (from == std::string::npos) break;
  }
}

// Line ranges are those of the function that the place lies in.
INSTANTIATE_TEST_SUITE_P(
    Drivers, FaultyDriverTest,
    testing::Values(
        Expected{"driver/echo-work-item-unpinned",
                 "NMR-UNL-03",
                 "provider.c",
                 125,
                 131,
                 {"in EchoProviderUnload", "work item is in EchoProviderDrainWorker"}},
        Expected{"driver/asker-count-unguarded",
                 "KRN-RACE-01",
                 "asker.c",
                 98,
                 110,
                 {"in AskerBeginCall", "AskerThread", "in AskerDetachProvider"}},
        Expected{
            "driver/ticker-cancel-unheeded", "NMR-MEM-08", "ticker.c", 47, 84, {"in TickerDpc"}},
        Expected{"driver/ticker-dpc-not-flushed",
                 "NMR-UNL-03",
                 "ticker.c",
                 158,
                 167,
                 {"in TickerUnload", "timer is in TickerDpc"}},
        Expected{"driver/listener-freed-in-detach",
                 "NMR-CLN-01",
                 "listener.c",
                 70,
                 85,
                 {"in ListenerDetachProvider"}},
        Expected{"driver/port-registered-early",
                 "KRN-RACE-01",
                 "port.c",
                 34,
                 48,
                 {"in PortInitialize", "DriverEntry", "in PortSnapshot", "PortQueryObject"}},
        Expected{"driver/port-count-unguarded",
                 "KRN-RACE-01",
                 "port.c",
                 116,
                 129,
                 {"in PortSetStatus", "in PortSetStatus"}},
        Expected{"driver/relay-touch-after-complete",
                 "NMR-MEM-08",
                 "relay.c",
                 35,
                 49,
                 {"in RelayDereferenceLower", "RelayEcho", "EchoClientSend",
                  "EchoClientSendAtDispatch"}}),
    [](const auto& test) { return camel_case(test.param.scenario); });

std::vector<const Scenario*> drivers_that_are(bool faulty) {
  std::vector<const Scenario*> list;
  for (const Scenario& scenario : scenarios()) {
    const bool driver = scenario.name.starts_with("driver/");
    if (driver && scenario.expected.empty() != faulty) list.push_back(&scenario);
  }
  return list;
}

TEST(DriversSlowTest, EachFaultyDriverBreaksAllTheRulesThatItIsSaidToAndNoOther) {
  for (const Scenario* scenario : drivers_that_are(true)) {
    std::set<std::string_view> expected(scenario->expected.begin(), scenario->expected.end());
    std::set<std::string> found;
    for (const char* strategy : {"dpor", "pos"}) {
      const sim::Report report = search(scenario->name, strategy, 20'000, true);
      EXPECT_EQ(report.error, "") << scenario->name;
      for (const sim::Finding& finding : report.findings) found.insert(finding.violation.rule);
    }
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), found.begin(), found.end()))
        << scenario->name << " breaks " << testing::PrintToString(found);
  }
}

TEST(DriversTest, NothingIsFoundInCorrectDrivers) {
  for (const Scenario* scenario : drivers_that_are(false)) {
    for (const char* strategy : {"dpor", "random"}) {
      const sim::Report report = search(scenario->name, strategy, 2'000);
      EXPECT_LE(report.verdict, sim::Verdict::kClean)
          << scenario->name << " " << strategy << " " << report.error
          << (report.findings.empty() ? "" : report.findings[0].violation.message);
      EXPECT_TRUE(report.exhausted || report.executions == 2'000) << scenario->name;
    }
  }
}

}  // namespace
}  // namespace nmrcheck
