// The command line from outside: what is asked for wrongly, what explore and list say.
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "tests/tools/run_program.h"

namespace nmrcheck::test {
namespace {

using Words = std::vector<std::string>;

class CliTest : public ProgramTest {};
class CliSlowTest : public ProgramTest {};

constexpr const char* kFaulty = "nmr/unload-without-wait";
constexpr const char* kTwin = "nmr/unload-without-wait-fixed";

// --- Requests that are refused ---

TEST_F(CliTest, UnknownCommand) {
  expect_refused({},
                 "a command is missing; there are list, explain, explore, replay, minimize. "
                 "`nmrcheck --help` says more.");
  expect_refused({"expolre", kFaulty},
                 "there is no command \"expolre\"; there are list, explain, explore, replay, "
                 "minimize. Did you mean explore?");
  expect_refused({"frobnicate"},
                 "there is no command \"frobnicate\"; there are list, explain, explore, replay, "
                 "minimize.");
}

TEST_F(CliTest, UnknownOption) {
  expect_refused({"explore", kFaulty, "--strtegy", "dfs"},
                 "explore has no option \"--strtegy\". Did you mean --strategy? "
                 "`nmrcheck explore --help` lists all.");
  expect_refused({"list", "rules", "--full"},
                 "list has no option \"--full\". `nmrcheck list --help` lists all.");
  expect_refused({"--fast"}, "nmrcheck has no option \"--fast\". `nmrcheck --help` lists all.");
}

TEST_F(CliTest, MissingOrSuperfluousArguments) {
  expect_refused({"explore"}, "explore: TARGET is required. `nmrcheck explore --help` says more.");
  expect_refused({"replay"}, "replay: FAILURE is required. `nmrcheck replay --help` says more.");
  expect_refused({"replay", "a.json", "b.json"}, "\"b.json\" is one argument too many for replay");
  // These sentences are the parser library's: only what they are about is ours.
  for (const Words& words : {Words{"explore", kFaulty, "--seed"},
                             Words{"explore", kFaulty, "--seed", "1", "--seed", "2"}}) {
    const Ran ran = run(words);
    EXPECT_EQ(ran.status, 2);
    EXPECT_EQ(ran.err.rfind("nmrcheck: explore: --seed: ", 0), 0u) << ran.err;
  }
}

TEST_F(CliTest, UnknownScenario) {
  expect_refused({"explore", "nmr/raw-client-pionter"},
                 "no scenario is called \"nmr/raw-client-pionter\". Did you mean "
                 "nmr/raw-client-pointer? `nmrcheck list scenarios` lists all.");
  expect_refused({"explore", kTwin, "zzzzzzzz"},
                 "no scenario is called \"zzzzzzzz\". `nmrcheck list scenarios` lists all.");
}

TEST_F(CliTest, UnknownStrategyProfileRuleListAndFormat) {
  const Ran strategy = run({"explore", kFaulty, "--strategy", "dsf"});
  EXPECT_EQ(strategy.status, 2);
  EXPECT_EQ(strategy.out, "");
  EXPECT_EQ(strategy.err.rfind("nmrcheck: there is no strategy \"dsf\"; there are auto, ", 0), 0u)
      << strategy.err;
  EXPECT_NE(strategy.err.find(". Did you mean dfs?\n"), std::string::npos) << strategy.err;
  expect_refused({"explore", kFaulty, "--profile", "window"},
                 "there is no profile \"window\"; there are documented, windows, paranoid, "
                 "canonical, strong, entered, none. Did you "
                 "mean windows?");
  expect_refused({"explain", "nmr-det-03"},
                 "there is no rule or choice point \"nmr-det-03\". Did you mean NMR-DET-03? "
                 "`nmrcheck list rules` and `nmrcheck list profiles` list all.");
  expect_refused({"list", "rule"},
                 "there is no list of \"rule\"; there are scenarios, rules, strategies, profiles. "
                 "Did you mean rules?");
  for (const Words& words :
       {Words{"list", "rules"}, Words{"explore", kFaulty}, Words{"replay", "none.json"}}) {
    Words arguments = words;
    arguments.insert(arguments.end(), {"--format", "yaml"});
    expect_refused(arguments, "--format should be text or json, but is \"yaml\"");
  }
}

TEST_F(CliTest, BadParameters) {
  const auto refused = [&](const char* parameter, const char* message) {
    expect_refused({"explore", "nmr/generated", "--param", parameter}, message);
  };
  refused("command=1",
          "nmr/generated has no parameter \"command\"; it has commands, fault. Did you mean "
          "commands?");
  refused("fault=2", "parameter fault of nmr/generated should be from 0 to 1, but is 2");
  refused("fault=-1", "parameter fault of nmr/generated should be from 0 to 1, but is -1");
  refused("fault", "--param should be NAME=NUMBER, but is \"fault\"");
  refused("fault=", "--param should be NAME=NUMBER, but is \"fault=\"");
  refused("fault=yes", "--param should be NAME=NUMBER, but is \"fault=yes\"");
  refused("fault=18446744073709551615",
          "--param should be NAME=NUMBER, but is \"fault=18446744073709551615\"");
  expect_refused({"explore", "nmr/generated", "--param", "fault=0", "--param", "fault=1"},
                 "--param fault is given twice");
  expect_refused({"explore", "harness/poll", "--param", "fault=0"},
                 "harness/poll has no parameter \"fault\"; it has none.");
}

TEST_F(CliTest, BadLimits) {
  for (const char* time : {"30", "30x", "-1s", "0s", "s", "1e400s"}) {
    expect_refused({"explore", kFaulty, "--time", time},
                   "--time should be like 500ms, 30s or 2m, but is \"" + std::string(time) + "\"");
  }
  for (const char* count : {"0", "-1", "many", "1.5", "18446744073709551616"}) {
    expect_refused(
        {"explore", kFaulty, "--executions", count},
        "--executions should be a number from 1 on, but is \"" + std::string(count) + "\"");
  }
  expect_refused({"explore", kFaulty, "--seed", "x"}, "--seed should be a number, but is \"x\"");
}

TEST_F(CliTest, LimitOfPreemptions) {
  for (const char* count : {"-1", "few", "4294967296"}) {
    expect_refused({"explore", kFaulty, "--strategy", "bounded", "--preemptions", count},
                   "--preemptions should be a number, but is \"" + std::string(count) + "\"");
  }
  for (const char* strategy : {"auto", "dfs", "random"}) {
    expect_refused({"explore", kFaulty, "--strategy", strategy, "--preemptions", "2"},
                   "--preemptions limits --strategy bounded; " + std::string(strategy) +
                       " does not go by preemptions");
  }
  const Ran ran = run({"explore", "engine/registrar", "--strategy", "bounded", "--preemptions", "2",
                       "--param", "n=3"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_TRUE(ran.out.find("clean\n") != std::string::npos) << ran.out;
  EXPECT_TRUE(ran.out.find("complete up to 2 preemptions: 24 traces with 0 preemptions, 414 more "
                           "with 1, 1 758 more with 2;") != std::string::npos)
      << ran.out;
}

TEST_F(CliTest, GoodDurationsAreTaken) {
  for (const char* time : {"30s", "2m", "1h"}) {
    EXPECT_EQ(run({"explore", "harness/poll-fixed", "--time", time}).status, 0) << time;
  }
}

// --- Where failure files go ---

TEST_F(CliTest, AFolderThatCannotBeMadeIsRefusedBeforeTheSearch) {
  write("file", "");
  expect_refused({"explore", kFaulty, "--out", "file/out"},
                 "the folder file/out cannot be made: Not a directory");
  expect_refused({"explore", kFaulty, "--out", "file"},
                 "the folder file cannot be made: Not a directory");
}

TEST_F(CliTest, WhatWasFoundIsShownEvenIfItCannotBeWritten) {
  // The folder exists, and a folder stands where the file should go.
  const std::string file = "harness.poll.harness.livelock.json";
  std::filesystem::create_directories(path("out/" + file));
  const Ran ran = run({"explore", "harness/poll", "--out", "out"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.err, "nmrcheck: out/" + file + " cannot be written: Is a directory\n");
  EXPECT_NE(ran.out.find("\nharness/poll                       violation harness.livelock"),
            std::string::npos)
      << ran.out;
  EXPECT_EQ(ran.out.find("tools/nmrcheck replay"), std::string::npos) << ran.out;
}

TEST_F(CliTest, OutputThatCannotBeWrittenIsNoSuccess) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  for (const Words& words : {Words{"list", "rules"}, Words{"list", "rules", "--format", "json"},
                             Words{"explore", "harness/poll-fixed"}}) {
    const Ran ran = run(words, "/dev/full");
    EXPECT_EQ(ran.status, 2);
    EXPECT_EQ(ran.err.rfind("nmrcheck: standard output cannot be written: ", 0), 0u) << ran.err;
  }
}

// --- Exploring ---

TEST_F(CliTest, AFaultyDesignIsOneAndItsTwinZero) {
  const Ran faulty = run({"explore", kFaulty});
  EXPECT_EQ(faulty.status, 1);
  EXPECT_EQ(faulty.err, "");
  EXPECT_NE(faulty.out.find("violation NMR-UNL-01, as expected"), std::string::npos) << faulty.out;
  EXPECT_TRUE(exists("nmrcheck-out/nmr.unload-without-wait.NMR-UNL-01.json"));

  const Ran twin = run({"explore", kTwin, "--executions", "500", "--out", "twin"});
  EXPECT_EQ(twin.status, 0) << twin.out;
  EXPECT_EQ(twin.err, "");
  EXPECT_TRUE(std::filesystem::is_empty(path("twin")));
}

TEST_F(CliTest, SituationsAreCountedWhenTheSearchDidNotEndAtAViolation) {
  const Words twin{"explore", "nmr/attach-veto-fixed", "--strategy", "dpor"};
  EXPECT_NE(run(twin).out.find("reached, in 30 executions: refused offer 14, late offer 6,\n"
                               "                                   deregister during an offer 4\n"),
            std::string::npos)
      << run(twin).out;
  EXPECT_EQ(run({"explore", kFaulty}).out.find("reached, in"), std::string::npos);
}

// Without faults no offer fails: what the design is about never occurs.
TEST_F(CliTest, ACompleteSearchWarnsOfASituationThatNeverCameUp) {
  const char* name = "nmr/rollback-of-wrong-field-fixed";
  const std::string warning = "warning: \"refused offer\" was expected";
  EXPECT_EQ(run({"explore", name, "--strategy", "dpor"}).out.find("warning"), std::string::npos);
  const Words without{"explore", name, "--strategy", "dpor", "--param", "faults=0"};
  EXPECT_NE(run(without).out.find(warning), std::string::npos) << run(without).out;
  const Json report = json_of({"explore", name, "--strategy", "dpor", "--param", "faults=0"}, 0);
  EXPECT_EQ(report[0]["verdict"], "verified");
  Words warned;
  for (const Json& situation : report[0]["situations"]) {
    if (situation["warning"] != "") warned.push_back(situation["name"]);
  }
  EXPECT_EQ(warned, Words{"refused offer"});
}

TEST_F(CliTest, APatternExploresEachOnce) {
  const Json reports = json_of({"explore", "harness/*-fixed", "harness/poll-fixed"}, 0);
  Words targets;
  for (const Json& report : reports) targets.push_back(report["target"]);
  EXPECT_EQ(targets, (Words{"harness/null-pointer-fixed", "harness/recursion-fixed",
                            "harness/exception-fixed", "harness/endless-loop-fixed",
                            "harness/crossed-locks-fixed", "harness/poll-fixed",
                            "harness/livelock-fixed", "harness/partial-deadlock-fixed",
                            "harness/lost-wakeup-fixed", "harness/step-limit-fixed"}));
  for (const Json& report : reports) EXPECT_EQ(report["verdict"], "verified");
}

TEST_F(CliTest, APatternThatMatchesNothingIsRefused) {
  expect_refused({"explore", "xyz/*"},
                 "no scenario matches \"xyz/*\". `nmrcheck list scenarios` lists all.");
}

TEST_F(CliTest, NoColorWhenNobodyWatches) {
  for (const Words& words : {Words{"explore", "harness/crossed-locks"},
                             Words{"explain", "NMR-DET-03"}, Words{"list", "scenarios"}}) {
    const Ran ran = run(words);
    EXPECT_EQ(ran.out.find('\x1b'), std::string::npos) << ran.out;
    EXPECT_EQ(ran.err, "");
    EXPECT_NE(ran.out, "");
  }
}

// --- Programs that crash, throw, recurse, or never end ---

struct Verdict {
  const char* scenario;
  const char* rule;
  const char* picture;  // from the violating step on
};

const Verdict kVerdicts[] = {
    {"harness/null-pointer", "harness.crash",
     "       main                              clear\n"
     "   1   │                                 clear pointer     verdicts.cpp:LINE\n"
     "       ┄┄ from here on every continuation tried (64) fails ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄\n"
     "   2 ✗ use pointer       verdicts.cpp:LINE │\n"
     "       ✗ harness.crash\n"
     "         fiber main dereferenced a NULL pointer, after its step use pointer\n"},
    {"harness/recursion", "harness.stack-overflow",
     "       main\n"
     "   1 ✗ recurse     verdicts.cpp:LINE\n"
     "       ✗ harness.stack-overflow\n"
     "         fiber main overflowed its stack, after its step recurse\n"},
    {"harness/exception", "harness.exception",
     "       main\n"
     "   1 ✗ throw     verdicts.cpp:LINE\n"
     "       ✗ harness.exception\n"
     "         an exception left fiber main: nobody expects it\n"},
};

const Verdict kEndless = {
    "harness/endless-loop", "harness.endless-step",
    "       main\n"
    "   1 ✗ loop     verdicts.cpp:LINE\n"
    "       ✗ harness.endless-step\n"
    "         fiber main ran for more than a second without announcing a step, after its step "
    "loop\n"};

std::string without_lines(const std::string& text) {
  return std::regex_replace(text, std::regex("verdicts\\.cpp:[0-9]+"), "verdicts.cpp:LINE");
}

// What a user sees of `ran`: the verdict and the place, and no dead process.
void expect_verdict(const Ran& ran, const Verdict& expected) {
  EXPECT_EQ(ran.status, 1) << ran.err;
  EXPECT_EQ(ran.err, "");
  const std::string text = without_lines(ran.out);
  EXPECT_NE(text.find(std::string("violation ") + expected.rule + ", as expected\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(expected.picture), std::string::npos) << text;
}

TEST_F(CliTest, CrashesAreVerdicts) {
  for (const Verdict& expected : kVerdicts) {
    expect_verdict(run({"explore", expected.scenario}), expected);
    std::string file = std::string(expected.scenario) + "." + expected.rule + ".json";
    file[file.find('/')] = '.';
    const Ran again = run({"replay", "nmrcheck-out/" + file});
    EXPECT_EQ(again.status, 1) << again.err;
    EXPECT_NE(without_lines(again.out).find(expected.picture), std::string::npos) << again.out;
  }
}

TEST_F(CliSlowTest, EndlessLoopsAreVerdicts) {
  expect_verdict(run({"explore", kEndless.scenario}), kEndless);
}

// --- JSON: tools/README.md lists the keys ---

TEST_F(CliTest, ListsHaveTheDocumentedKeys) {
  const std::pair<const char*, Words> lists[] = {
      {"scenarios", {"name", "summary", "expected", "twin", "source", "profile"}},
      {"rules", {"id", "severity", "party", "statement", "source"}},
      {"strategies", {"name", "summary"}},
      {"profiles", {"name", "summary", "choice_points"}}};
  for (const auto& [what, expected] : lists) {
    const Json list = json_of({"list", what}, 0);
    ASSERT_FALSE(list.empty()) << what;
    for (const Json& item : list) EXPECT_EQ(keys(item), expected) << item;
  }
}

TEST_F(CliTest, ReportsHaveTheDocumentedKeys) {
  const Words expected{"target",
                       "strategy",
                       "profile",
                       "seed",
                       "verdict",
                       "exhausted",
                       "executions",
                       "executions_blocked",
                       "steps",
                       "seconds",
                       "scope",
                       "situations",
                       "executions_by_deviations",
                       "violations",
                       "hints"};
  const Json found = json_of({"explore", "harness/crossed-locks", "--seed", "0x2a"}, 1);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(keys(found[0]), expected);
  EXPECT_EQ(found[0]["verdict"], "violation");
  EXPECT_EQ(found[0]["seed"], "0x2a");
  EXPECT_EQ(found[0]["exhausted"], false);
  const Json& violations = found[0]["violations"];
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(keys(violations[0]),
            (Words{"rule", "severity", "label", "strategy", "message", "step", "failure"}));
  EXPECT_EQ(violations[0]["rule"], "harness.deadlock");
  EXPECT_EQ(violations[0]["label"], "reachable-on-windows");
  EXPECT_TRUE(exists(violations[0]["failure"]));

  const Json twin = json_of({"explore", "harness/crossed-locks-fixed"}, 0);
  ASSERT_EQ(twin.size(), 1u);
  EXPECT_EQ(keys(twin[0]), expected);
  EXPECT_EQ(twin[0]["verdict"], "verified");
  EXPECT_EQ(twin[0]["exhausted"], true);
  EXPECT_EQ(twin[0]["violations"], Json::array());

  const Json limited = json_of({"explore", "nmr/wait-first-fixed", "--executions", "1"}, 0);
  EXPECT_EQ(limited[0]["verdict"], "clean");
  EXPECT_EQ(limited[0]["situations"][0],
            (Json{{"name", "late offer"}, {"executions", 0}, {"expected", true}, {"warning", ""}}));
}

}  // namespace
}  // namespace nmrcheck::test
