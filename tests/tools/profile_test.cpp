// Profiles, choice points, labels and deviations on the command line.
#include <gtest/gtest.h>

#include "model/choice_points.h"
#include "tests/tools/run_program.h"

namespace nmrcheck::test {
namespace {

class ProfileTest : public ProgramTest {
 protected:
  static std::string profile(const std::string& base, const std::string& allowed) {
    return R"({"format": "nmrcheck-profile", "format_version": 1, "name": "mine", "base": ")" +
           base + R"(", "allowed": {)" + allowed + "}}\n";
  }
};

TEST_F(ProfileTest, ListShowsWhatEachPermits) {
  const Json list = json_of({"list", "profiles"}, 0);
  ASSERT_EQ(list.size(), 7u);
  for (const Json& one : list) {
    EXPECT_EQ(keys(one), (std::vector<std::string>{"name", "summary", "choice_points"}));
    ASSERT_EQ(one["choice_points"].size(), 69u);
    const model::Profile& known = *model::find_profile(one["name"].get<std::string>());
    for (std::size_t i = 0; i < 69; ++i) {
      const Json& point = one["choice_points"][i];
      const model::ChoicePointInfo& info = model::choice_points()[i];
      EXPECT_EQ(point["id"], model::id_of(info));
      EXPECT_EQ(point["allowed"], model::letters_of(known.allowed[info.number])) << point;
      EXPECT_EQ(keys(point["alternatives"]).size(), point["allowed"].get<std::string>().size());
    }
  }
  EXPECT_EQ(list[1]["choice_points"][11].dump(),
            R"({"id":"CP-12","question":"order of the two detach callbacks","allowed":"abcde",)"
            R"("default":"a","alternatives":{"a":"client first","b":"provider first",)"
            R"("c":"both at once","d":"client first, provider when the client is done",)"
            R"("e":"provider first, client when the provider is done"}})");
  EXPECT_EQ(list[5]["choice_points"][38 + 9].dump(),
            R"({"id":"U10","question":"callbacks and NdisIfDeregisterInterface","allowed":"b",)"
            R"("default":"a","alternatives":{"b":"after its return none enters, and those inside )"
            R"(run on"}})");
  const std::string text = run({"list", "profiles"}).out;
  EXPECT_NE(text.find("CP-17 IRQL of a detach callback\n"
                      "  (a) that of the thread that caused it                          "
                      "all; default\n"
                      "  (b) DISPATCH_LEVEL                                             "
                      "documented, paranoid, strong, entered, none\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("U01 header with another Type\n"
                      "  (a) INVALID_PARAMETER                                          "
                      "all; default\n"
                      "  (b) NOT_SUPPORTED                                              "
                      "all but canonical\n"),
            std::string::npos)
      << text;
}

TEST_F(ProfileTest, ExplainTellsAChoicePoint) {
  const Ran ran = run({"explain", "CP-17"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out,
            "CP-17\n"
            "asks        IRQL of a detach callback\n"
            "a           that of the thread that caused it (default)\n"
            "b           DISPATCH_LEVEL\n"
            "documented  ab\n"
            "windows     a\n"
            "paranoid    ab\n"
            "canonical   a\n"
            "strong      ab\n"
            "entered     ab\n"
            "none        ab\n"
            "evidence    called at any IRQL up to DISPATCH_LEVEL; on Windows callbacks that wait "
            "survive when\n"
            "            their peers deregister at PASSIVE_LEVEL\n"
            "note        asked when the callback first does what depends on it; APC_LEVEL forbids "
            "less than\n"
            "            DISPATCH_LEVEL does\n");

  expect_refused(
      {"explain", "CP-00"},
      "there is no rule or choice point \"CP-00\". Did you mean CP-01 or CP-02 or CP-03? "
      "`nmrcheck list rules` and `nmrcheck list profiles` list all.");
}

TEST_F(ProfileTest, ExplainTellsWhichRulesNoDocumentationStates) {
  const std::string label = "label       fragility: no documentation forbids it\n";
  EXPECT_NE(run({"explain", "NDISIF-REG-03"}).out.find(label), std::string::npos);
  EXPECT_EQ(run({"explain", "NDISIF-REG-04"}).out.find("label"), std::string::npos);
}

TEST_F(ProfileTest, ExplainTellsAChoicePointOfInterfaceProviders) {
  EXPECT_EQ(
      run({"explain", "U07"}).out,
      "U07\n"
      "asks        second provider of one driver\n"
      "a           SUCCESS with another handle (default)\n"
      "b           INVALID_PARAMETER\n"
      "documented  ab\n"
      "windows     a\n"
      "paranoid    ab\n"
      "canonical   a\n"
      "strong      ab\n"
      "entered     ab\n"
      "none        ab\n"
      "evidence    documentation expects one call; the debugger's page shows two of ndis.sys\n"
      "note        asked when a driver registers again\n");
  EXPECT_NE(run({"explain", "U10"}).out.find("entered     b\nnone        c\n"), std::string::npos);
  expect_refused({"explain", "U32"},
                 "there is no rule or choice point \"U32\". Did you mean U02 or U12 or U22? "
                 "`nmrcheck list rules` and `nmrcheck list profiles` list all.");
}

// A profile's name is all that a failure file holds of it.
TEST_F(ProfileTest, TheProfilesAboutInterfaceProvidersAreBuiltIn) {
  for (const char* name : {"canonical", "strong", "entered", "none"}) {
    const Json report =
        json_of({"explore", "nmr/wait-in-detach", "--profile", name, "--out", name}, 1);
    EXPECT_EQ(report[0]["profile"], name);
    const std::string file = report[0]["violations"][0]["failure"];
    const Json failure = Json::parse(read(file));
    EXPECT_EQ(failure["profile"], name);
    EXPECT_FALSE(failure.contains("alternatives"));
    EXPECT_EQ(json_of({"replay", file}, 1)["reproduced"], true);
  }
  write("late.json", profile("entered", R"("U10": "bc", "CP-17": "a")"));
  const Json report = json_of({"explore", "nmr/wait-in-detach", "--profile", "late.json"}, 1);
  const Json failure = Json::parse(read(report[0]["violations"][0]["failure"]));
  EXPECT_EQ(failure["profile"], "entered");
  EXPECT_EQ(failure["alternatives"].dump(), R"({"CP-17":"a","U10":"bc"})");
}

TEST_F(ProfileTest, AnOwnProfileDecidesWhatIsFound) {
  write("low.json", profile("documented", R"("CP-17": "a")"));
  write("high.json", profile("windows", R"("CP-17": "b")"));
  const auto rules = [&](const char* file) {
    const Json report = json_of(
        {"explore", "nmr/wait-in-detach", "--strategy", "dpor", "--keep-going", "--profile", file},
        1);
    EXPECT_EQ(report[0]["profile"], "mine");
    std::string found;
    for (const Json& violation : report[0]["violations"]) {
      found +=
          violation["rule"].get<std::string>() + " " + violation["label"].get<std::string>() + ";";
    }
    return found;
  };
  EXPECT_EQ(rules("low.json"), "NMR-LIVE-01 reachable-on-windows;");
  EXPECT_EQ(rules("high.json"), "NMR-IRQL-02 bug;");
}

TEST_F(ProfileTest, AFailureFoundWithAnOwnProfileReplaysAlone) {
  write("high.json", profile("windows", R"("CP-17": "b", "CP-11": "b")"));
  const Json report =
      json_of({"explore", "nmr/wait-in-detach", "--profile", "high.json", "--out", "found"}, 1);
  const std::string file = report[0]["violations"][0]["failure"];
  const Json failure = Json::parse(read(file));
  EXPECT_EQ(failure["profile"], "windows");
  EXPECT_EQ(failure["alternatives"].dump(), R"({"CP-11":"b","CP-17":"b"})");
  EXPECT_EQ(failure["label"], "bug");
  write("high.json", "");  // the file is all that is needed
  const Json again = json_of({"replay", file}, 1);
  EXPECT_EQ(again["rule"], "NMR-IRQL-02");
  EXPECT_EQ(again["reproduced"], true);
  EXPECT_EQ(run({"replay", file}).out.substr(0, 72),
            "nmr/wait-in-detach, profile windows with CP-11 b, CP-17 b, " +
                std::to_string(failure["steps"].get<int>()) + " steps\n\n    ");
  EXPECT_EQ(run({"minimize", file, "--out", "smaller.json"}).status, 1);
  EXPECT_EQ(Json::parse(read("smaller.json"))["alternatives"], failure["alternatives"]);
  write("other.json", replaced(read(file), R"("CP-17":"b")", R"("CP-17":"z")"));
  expect_refused({"replay", "other.json"},
                 "other.json: CP-17 has no alternative \"z\"; it has \"ab\"");
}

TEST_F(ProfileTest, BuiltInProfilesLeaveNoAlternativesInTheFile) {
  const Json report = json_of({"explore", "nmr/wait-in-detach", "--out", "found"}, 1);
  const Json failure = Json::parse(read(report[0]["violations"][0]["failure"]));
  EXPECT_EQ(failure["profile"], "documented");
  EXPECT_FALSE(failure.contains("alternatives"));
  EXPECT_EQ(failure["label"], "reachable-on-windows");
}

TEST_F(ProfileTest, WhatIsNoProfileIsRefused) {
  write("empty.json", profile("windows", R"("CP-12": "")"));
  write("unknown.json", profile("windows", R"("CP-77": "a")"));
  write("wrong.json", profile("none", R"("U10": "d")"));
  write("cut.json", profile("windows", R"("CP-12": "a")").substr(0, 40));
  const auto refused = [&](const char* file, const char* message) {
    expect_refused({"explore", "nmr/wait-in-detach", "--profile", file}, message);
  };
  refused("empty.json", "empty.json: CP-12 allows nothing; it has the alternatives \"abcde\"");
  refused(
      "unknown.json",
      "unknown.json: there is no choice point \"CP-77\"; there are CP-01 to CP-38 and U01 to U31");
  refused("wrong.json", "wrong.json: U10 has no alternative \"d\"; it has \"abc\"");
  refused("cut.json", "cut.json: this is not JSON, or it is cut short (at byte 41 of 40)");
  refused("none.json", "none.json cannot be read: No such file or directory");
}

TEST_F(ProfileTest, DeviationsBoundTheRegistrarsChoices) {
  const auto explored = [&](const char* bound) {
    return json_of(
        {"explore", "nmr/unload-without-wait-fixed", "--strategy", "dpor", "--deviations", bound},
        0)[0];
  };
  const Json none = explored("0");
  EXPECT_EQ(none["deviations"], 0);
  EXPECT_EQ(none["executions_by_deviations"].dump(), "[1]");
  EXPECT_EQ(none["verdict"], "clean");
  EXPECT_EQ(none["exhausted"], true);
  const Json all = explored("20");
  EXPECT_EQ(all["verdict"], "verified");
  std::uint64_t sum = 0;
  for (const Json& count : all["executions_by_deviations"]) sum += count.get<std::uint64_t>();
  EXPECT_EQ(sum, all["executions"].get<std::uint64_t>());
  EXPECT_FALSE(all.contains("deviations_complete"));
  EXPECT_EQ(none["deviations_complete"], 0);
  const Ran text =
      run({"explore", "nmr/unload-without-wait-fixed", "--strategy", "dpor", "--deviations", "0"});
  EXPECT_NE(text.out.find("complete up to 0 deviations: the only"), std::string::npos);
  EXPECT_NE(text.out.find("executions with 0, 1, … deviations: 1\n"), std::string::npos);
  for (const char* bound : {"x", "", "-1", "4294967295"}) {
    if (*bound == '\0') continue;
    expect_refused(
        {"explore", "nmr/wait-in-detach", "--deviations=" + std::string(bound)},
        "--deviations should be a number from 0 on, but is \"" + std::string(bound) + "\"");
  }
}

}  // namespace
}  // namespace nmrcheck::test
