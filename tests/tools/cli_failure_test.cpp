// Failure files from outside: replayed, minimized, and refused with a reason.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/tools/run_program.h"

namespace nmrcheck::test {
namespace {

class FailureFileTest : public ProgramTest {
 protected:
  // Both commands that read failure files refuse this one.
  void expect_file_refused(const std::string& text, const std::string& reason) const {
    write("bad.json", text);
    for (const char* command : {"replay", "minimize"}) {
      expect_refused({command, "bad.json"}, "bad.json: " + reason);
    }
    EXPECT_EQ(read("bad.json"), text);
  }

  // Both commands fail to repeat what this file records.
  void expect_not_repeated(const std::string& text, const std::string& reason) const {
    write("changed.json", text);
    for (const char* command : {"replay", "minimize"}) {
      const Ran ran = run({command, "changed.json"});
      EXPECT_EQ(ran.status, 3);
      EXPECT_EQ(ran.out, "");
      EXPECT_EQ(ran.err, "nmrcheck: changed.json: " + reason + "\n");
    }
    EXPECT_EQ(read("changed.json"), text);
  }
};

// A failure file of the tests' own, which shows columns, preemptions and notes.
const std::string kSeed = "nmr.raw-client-pointer.NMR-MEM-08";
const std::string kSeedFile = NMRCHECK_SOURCE_DIR "/tests/seeds/" + kSeed + ".json";
const std::string kDeadlock =
    NMRCHECK_SOURCE_DIR "/tests/seeds/harness.crossed-locks.harness.deadlock.json";

TEST_F(FailureFileTest, MissingOrAFolder) {
  for (const char* command : {"replay", "minimize"}) {
    expect_refused({command, "none.json"}, "none.json cannot be read: No such file or directory");
    expect_refused({command, "."}, ". is a folder; expected a failure file");
  }
}

TEST_F(FailureFileTest, EmptyMalformedForeign) {
  expect_file_refused("", "the file is empty");
  expect_file_refused(
      "hello", "this is not JSON, or it is cut short: line 1, column 1 (of 5 bytes, at byte 1)");
  for (const char* foreign : {"{\"tests\": 12}", "[1, 2]", "\"nmrcheck-failure\""}) {
    expect_file_refused(
        foreign, "this is JSON, but no failure file: it has no \"format\": \"nmrcheck-failure\"");
  }
  expect_file_refused(replaced(read_text(kDeadlock), "nmrcheck-failure", "coverage"),
                      "$.format should be \"nmrcheck-failure\", but is \"coverage\"");
}

TEST_F(FailureFileTest, Truncated) {
  const std::string whole = read_text(kDeadlock);
  // `{`, newline, and two spaces: what should follow is missing at byte 5, in line 2, column 3.
  expect_file_refused(
      whole.substr(0, 4),
      "this is not JSON, or it is cut short: line 2, column 3 (of 4 bytes, at byte 5)");
}

TEST_F(FailureFileTest, OfANewerFormat) {
  expect_file_refused(
      replaced(read_text(kDeadlock), "\"format_version\": 1", "\"format_version\": 9"),
      "the file has format version 9, and this program reads versions up to 1; please use the "
      "program that wrote it, or a newer one");
}

TEST_F(FailureFileTest, OfAScenarioOrProfileThatIsNotThere) {
  const std::string whole = read_text(kDeadlock);
  expect_file_refused(
      replaced(whole, "\"harness/crossed-locks\"", "\"harness/cross-locks\""),
      "this program has no scenario \"harness/cross-locks\". Did you mean harness/crossed-locks?");
  expect_file_refused(replaced(whole, "\"documented\"", "\"document\""),
                      "there is no profile \"document\"; there are documented, windows, paranoid, "
                      "canonical, strong, entered, none. Did you "
                      "mean documented?");
}

TEST_F(FailureFileTest, WithOtherParameters) {
  const std::string whole = read_text(kDeadlock);
  expect_file_refused(replaced(whole, "\"parameters\": {}", "\"parameters\": {\"n\":\"1\"}"),
                      "the file gives a parameter \"n\" that scenario harness/crossed-locks does "
                      "not have");
  const std::string generated = replaced(whole, "harness/crossed-locks", "nmr/generated");
  expect_file_refused(generated,
                      "the scenario has a parameter \"commands\" that the file does not give");
  for (const std::string fault : {"2", "-1", "18446744073709551616", "x", ""}) {
    expect_file_refused(
        replaced(generated, "\"parameters\": {}",
                 "\"parameters\": {\"commands\":\"0\",\"fault\":\"" + fault + "\"}"),
        "parameter fault should be from 0 to 1, but is \"" + fault + "\"");
  }
}

TEST_F(FailureFileTest, OfAScenarioThatChanged) {
  // The schedule of one scenario under the name of another stands for a scenario that was edited.
  const std::string whole = read_text(kDeadlock);
  expect_not_repeated(
      replaced(whole, "\"harness/crossed-locks\"", "\"harness/crossed-locks-fixed\""),
      "the schedule does not fit at choice 2 of 2, after step 8: recorded is a choice among left, "
      "right, the program offers nothing: the execution ended. Was the scenario or its driver "
      "changed since version 0.1.0 wrote the file?");
}

TEST_F(FailureFileTest, OfAScenarioThatWasCorrected) {
  EXPECT_EQ(run({"explore", "harness/poll", "--out", "."}).status, 1);
  expect_not_repeated(replaced(read("harness.poll.harness.livelock.json"), "\"harness/poll\"",
                               "\"harness/poll-fixed\""),
                      "the schedule runs to its end and breaks no rule; recorded is "
                      "harness.livelock. Was the scenario or its driver corrected?");
}

TEST_F(FailureFileTest, OfAScenarioThatBreaksAnotherRule) {
  const std::string changed =
      replaced(read_text(kDeadlock), "\"rule\":\"harness.deadlock\"", "\"rule\":\"NMR-DET-03\"");
  const std::string message = Json::parse(changed)["violation"]["message"];
  expect_not_repeated(changed, "the schedule breaks harness.deadlock (" + message +
                                   "); recorded is NMR-DET-03. Was the scenario or its driver "
                                   "changed?");
}

TEST_F(FailureFileTest, ThatDiffersInADetailIsReplayedAndSaysSo) {
  const std::string whole = read_text(kDeadlock);
  const std::string hash = Json::parse(whole)["hash"];
  write("changed.json", replaced(whole, hash, "0x1f"));
  const Ran ran = run({"replay", "changed.json"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err, "");
  EXPECT_TRUE(ran.out.ends_with(
      "\nThe rule is the same, but a detail differs from the record (hash " + hash.substr(2) +
      ", recorded 1f): the scenario or its driver was changed.\n"))
      << ran.out;
  EXPECT_EQ(json_of({"replay", "changed.json"}, 1)["reproduced"], false);
}

TEST_F(FailureFileTest, BreakAtAStepThatIsNotThere) {
  // The execution has 2 steps: each side takes its first lock.
  for (const std::string step : {"0", "3", "4294967297", "-1", "x", "3.5"}) {
    expect_refused({"replay", kDeadlock, "--break-at=" + step},
                   "--break-at should be a step from 1 to 2, the last of " + kDeadlock +
                       ", but is \"" + step + "\"");
  }
}

TEST_F(FailureFileTest, BreakAtWithoutADebuggerSaysHow) {
  const std::filesystem::path program = std::filesystem::canonical(NMRCHECK_BINARY);
  const auto script = program.parent_path().parent_path() / "share/nmrcheck/nmrcheck-gdb.py";
  EXPECT_TRUE(std::filesystem::exists(script)) << script;
  expect_refused({"replay", kDeadlock, "--break-at", "2"},
                 "--break-at needs a debugger. Under gdb:\n  gdb -x " + script.string() +
                     " --args " + program.string() + " replay " + kDeadlock +
                     " --break-at 2\nthen `run`");
}

TEST_F(FailureFileTest, ReplaysTheSameTwice) {
  const Ran first = run({"replay", kSeedFile});
  const Ran second = run({"replay", kSeedFile});
  EXPECT_EQ(first.status, 1);
  EXPECT_EQ(second.status, 1);
  EXPECT_EQ(first.out, second.out);
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(second.err, "");
}

TEST_F(FailureFileTest, ThePictureIsTheGoldenOne) {
  const std::string golden = "tests/tools/golden/" + kSeed + ".txt";
  const Ran ran = run({"replay", kSeedFile});
  EXPECT_EQ(ran.out, read_text(NMRCHECK_SOURCE_DIR "/" + golden))
      << "If the change is meant: tools/nmrcheck replay tests/seeds/" << kSeed << ".json > "
      << golden;
}

TEST_F(FailureFileTest, JsonOfReplayHasTheDocumentedKeys) {
  const Json json = json_of({"replay", kDeadlock}, 1);
  EXPECT_EQ(keys(json), (std::vector<std::string>{"failure", "verdict", "rule", "step", "steps",
                                                  "message", "reproduced"}));
  EXPECT_EQ(json["failure"], kDeadlock);
  EXPECT_EQ(json["verdict"], "violation");
  EXPECT_EQ(json["rule"], "harness.deadlock");
  EXPECT_EQ(json["reproduced"], true);
}

TEST_F(FailureFileTest, APathThatIsNoUtf8IsNoReasonToDie) {
  write("\xff.json", read_text(kDeadlock));
  const Ran ran = run({"replay", "\xff.json", "--format", "json"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(Json::parse(ran.out)["failure"], "\uFFFD.json");
}

TEST_F(FailureFileTest, MinimizedToAnotherFile) {
  const std::string whole = read_text(kSeedFile);
  write("long.json", whole);
  const Ran ran = run({"minimize", "long.json", "--out", "deep/er/short.json"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out.rfind("NMR-MEM-08: 22 steps, 20 choices → ", 0), 0u) << ran.out;
  EXPECT_TRUE(ran.out.ends_with("\nwritten to deep/er/short.json\n")) << ran.out;
  EXPECT_EQ(read("long.json"), whole);
  const Json before = json_of({"replay", "long.json"}, 1);
  const Json after = json_of({"replay", "deep/er/short.json"}, 1);
  EXPECT_EQ(after["rule"], before["rule"]);
  EXPECT_EQ(after["reproduced"], true);
  EXPECT_LE(after["steps"], before["steps"]);
}

TEST_F(FailureFileTest, MinimizedInPlace) {
  write("long.json", read_text(kSeedFile));
  EXPECT_EQ(run({"minimize", "long.json"}).status, 1);
  EXPECT_EQ(json_of({"replay", "long.json"}, 1)["reproduced"], true);
  const std::string smallest = read("long.json");
  EXPECT_EQ(run({"minimize", "long.json"}).status, 1);
  EXPECT_EQ(read("long.json"), smallest);
}

TEST_F(FailureFileTest, MinimizedToWhereNothingCanBeWritten) {
  write("file", "");
  expect_refused({"minimize", kDeadlock, "--out", "file/short.json"},
                 "the folder file cannot be made: Not a directory");
  expect_refused({"minimize", kDeadlock, "--out", "."}, ". cannot be written: Is a directory");
}

}  // namespace
}  // namespace nmrcheck::test
