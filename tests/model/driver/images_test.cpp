// A driver compiled from C: what is seen of it, what is found, and what is left alone.
#include "model/driver/images.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "scenarios/driver.h"
#include "scenarios/kit.h"
#include "sim/explore/explorer.h"
#include "sim/strategy/dfs.h"
#include "sim/strategy/dpor.h"
#include "tests/sim/random_programs.h"
#include "tests/sim/traces.h"

namespace nmrcheck {
namespace {

using Body = std::function<void(kit::Driver&)>;

class ProbeProgram final : public model::DriverProgram {
 public:
  explicit ProbeProgram(Body body)
      : DriverProgram(*model::find_profile("documented")), body_(std::move(body)) {}

 private:
  void drive(model::World&) override {
    kit::Driver probe(NMRCHECK_DRIVER(probe), "probe.sys");
    probe.enter();
    body_(probe);
  }
  Body body_;
};

// Explores the program that loads the probe and does `body`.
sim::Report explore(const Body& body, std::string_view strategy = "dpor", bool keep_going = false) {
  sim::SearchOptions options;
  options.strategy = strategy;
  options.keep_going = keep_going;
  options.minimize = false;
  return sim::explore([&] { return std::make_unique<ProbeProgram>(body); }, options);
}

// Runs `body` as code of the driver.
Body as_driver(const std::function<void(kit::Driver&)>& body) {
  return [=](kit::Driver& probe) { kit::in_driver(probe.module(), "test", [&] { body(probe); }); };
}

template <class... Arguments>
Body calling(const char* function, Arguments... arguments) {
  return as_driver(
      [=](kit::Driver& probe) { (void)probe.find<ULONG(Arguments...)>(function)(arguments...); });
}

// Two threads of the driver, which call one function each.
Body threads(const char* first, const char* second) {
  return [=](kit::Driver& probe) {
    for (const char* function : {first, second}) {
      VOID (*call)() = probe.find<VOID()>(function);
      kit::start_thread(probe.module(), "thread", call);
    }
  };
}

const sim::Violation& only(const sim::Report& report) {
  static const sim::Violation none;
  EXPECT_EQ(report.error, "");
  EXPECT_EQ(report.findings.size(), 1u);
  return report.findings.empty() ? none : report.findings.front().violation;
}

// Expects one violation, at the line of probe.c that holds `line`, in these functions.
void expect(const sim::Report& report, std::string_view rule, const std::string& stack) {
  const sim::Violation& violation = only(report);
  EXPECT_EQ(violation.rule, rule);
  EXPECT_NE(violation.message.find(stack), std::string::npos) << violation.message;
  ASSERT_NE(violation.place.file, nullptr) << violation.message;
  EXPECT_TRUE(std::string_view(violation.place.file).ends_with("probe.c")) << violation.place.file;
}

TEST(ImagesTest, DataIsAsNewInEachExecution) {
  const sim::Report report = explore([](kit::Driver& probe) {
    kit::in_driver(probe.module(), "test", [&] {
      sim::Execution& execution = model::current_kernel().execution();
      execution.choose("a second execution", 2);
      EXPECT_EQ(probe.find<ULONG()>("ProbeCount")(), 42u);
      EXPECT_EQ(probe.find<ULONG()>("ProbeCount")(), 44u);
    });
  });
  EXPECT_EQ(report.error, "");
  EXPECT_EQ(report.verdict, sim::Verdict::kVerified);
  EXPECT_EQ(report.executions, 2u);
}

TEST(ImagesTest, FreedMemoryIsNotRead) {
  const sim::Report report = explore(calling("ProbeUseAfterFree"));
  expect(report, "KRN-POOL-01", "in ReadFirst (probe.c:24) ← ProbeUseAfterFree (probe.c:29)");
  EXPECT_NE(only(report).message.find(
                "allocated by main at tests/model/driver/probe.c:27, freed in step"),
            std::string::npos)
      << only(report).message;
}

TEST(ImagesTest, AccessesStayInsideTheirBlock) {
  EXPECT_EQ(explore(calling("ProbeOverrun", ULONG{7})).verdict, sim::Verdict::kVerified);
  expect(explore(calling("ProbeOverrun", ULONG{8})), "KRN-POOL-07",
         "reads 1 bytes at offset 16 of 16 bytes of probe.sys");
  EXPECT_EQ(explore(calling("ProbeCopy", ULONG{16})).verdict, sim::Verdict::kVerified);
  expect(explore(calling("ProbeCopy", ULONG{17})), "KRN-POOL-07", "writes 17 bytes at offset 0");
}

TEST(ImagesTest, CrashesAreVerdictsWithTheDriversLine) {
  expect(explore(calling("ProbeNull")), sim::kCrash,
         "reads at NULL + 0x0; in ReadFirst (probe.c:24) ← ProbeNull");
  expect(explore(calling("ProbeDivide", ULONG{0})), sim::kCrash, "in ProbeDivide (probe.c:52)");
  EXPECT_EQ(explore(calling("ProbeDivide", ULONG{5})).verdict, sim::Verdict::kVerified);
  expect(explore(calling("ProbeRecurse", ULONG{0})), sim::kStackOverflow,
         " ← ProbeRecurse (probe.c:57) ← ProbeRecurse (probe.c:57)");
}

TEST(ImagesTest, WhatTheDriverAsksForIsToldWithItsCalls) {
  const sim::Report assertion = explore(calling("ProbeAssert", ULONG{3}));
  expect(assertion, "KRN-ASSERT-01", "Counter == Value; in Checked (probe.c:84) ← ProbeAssert (");
  EXPECT_EQ(only(assertion).place.line, 84);
  EXPECT_EQ(explore(calling("ProbeAssert", ULONG{41})).verdict, sim::Verdict::kVerified);
  expect(explore(calling("ProbeFailFast", ULONG{14})), "KRN-ASSERT-01",
         "fails fast with code 14; in FailFast (probe.c:89) ← ProbeFailFast (probe.c:91)");
  expect(explore(calling("ProbeBugCheck", ULONG{0xE2})), "KRN-ASSERT-01",
         "bug check 0xE2 (0x1, 0x2, 0x3, 0x4); in BugCheck (probe.c:95) ← ProbeBugCheck "
         "(probe.c:97)");
}

TEST(ImagesTest, CallsOfWhatIsNoCodeAreToldWhereTheyAre) {
  const sim::Report null = explore(calling("ProbeCallNull"));
  expect(null, sim::kCrash, "called a function at NULL");
  expect(null, sim::kCrash, "in CallThrough (probe.c:106) ← ProbeCallNull (probe.c:107)");
  expect(explore(calling("ProbeCallFreed")), "KRN-POOL-01",
         "in CallThrough (probe.c:106) ← ProbeCallFreed (probe.c:113)");
}

TEST(ImagesTest, MemoryIsWrittenBeforeItIsRead) {
  const sim::Report report = explore(calling("ProbeUninitialized"));
  EXPECT_EQ(report.verdict, sim::Verdict::kVerified);
  ASSERT_EQ(report.hints.size(), 1u);
  const sim::Violation& hint = report.hints.front().violation;
  EXPECT_EQ(hint.rule, "KRN-POOL-06");
  EXPECT_NE(hint.message.find("main reads 4 bytes that nobody has written, of 16 bytes"),
            std::string::npos)
      << hint.message;
  EXPECT_NE(hint.message.find("in ReadFirst (probe.c:24)"), std::string::npos) << hint.message;
  EXPECT_EQ(explore(calling("ProbeCount")).hints.size(), 0u);
}

TEST(ImagesTest, RacesAreToldWithBothStacks) {
  const sim::Report report = explore(threads("ProbeRaiseFlag", "ProbeSeesFlag"));
  const sim::Violation& race = only(report);
  EXPECT_EQ(race.rule, "KRN-RACE-01");
  EXPECT_NE(race.message.find("in ProbeRaiseFlag (probe.c:"), std::string::npos) << race.message;
  EXPECT_NE(race.message.find("in ProbeSeesFlag (probe.c:"), std::string::npos) << race.message;
}

TEST(ImagesTest, WhatIsOrderedOrAtomicDoesNotRace) {
  for (const auto& [first, second] :
       {std::pair{"ProbeRaiseVolatileFlag", "ProbeSeesVolatileFlag"},
        std::pair{"ProbeLockedIncrement", "ProbeLockedIncrement"},
        std::pair{"ProbeInterlockedIncrement", "ProbeInterlockedIncrement"},
        std::pair{"ProbeSeesFlag", "ProbeSeesFlag"}}) {
    const sim::Report report = explore(threads(first, second));
    EXPECT_EQ(report.verdict, sim::Verdict::kVerified) << first;
    EXPECT_EQ(report.error, "");
  }
  EXPECT_EQ(only(explore(threads("ProbeLockedIncrement", "ProbeUnlockedIncrement"))).rule,
            "KRN-RACE-01");
  EXPECT_EQ(only(explore(threads("ProbeInterlockedIncrement", "ProbeUnlockedIncrement"))).rule,
            "KRN-RACE-01");
}

// Two increments of one variable: a read and a write each. Whole executions, in every order.
TEST(ImagesTest, EveryAccessIsAStep) {
  EXPECT_EQ(explore(threads("ProbeRaiseVolatileFlag", "ProbeSeesVolatileFlag")).executions, 2u);
  EXPECT_EQ(explore(threads("ProbeLockedIncrement", "ProbeLockedIncrement")).executions, 2u);
  EXPECT_EQ(explore(threads("ProbeCounter", "ProbeCounter")).executions, 1u);
}

TEST(ImagesTest, AnUnloadedImageIsDead) {
  const sim::Report late_call = explore([](kit::Driver& probe) {
    const model::ModuleId other = model::current_kernel().load("other.sys");
    ULONG (*count)() = probe.find<ULONG()>("ProbeCount");
    probe.unload();
    kit::in_driver(other, "test", [&] { count(); });
  });
  expect(late_call, "KRN-IMAGE-02", "runs code of probe.sys, which is unloaded; in ProbeCount");
  const sim::Report thread_left = explore([](kit::Driver& probe) {
    kit::in_driver(probe.module(), "test", [&] { probe.find<VOID()>("ProbeStartThread")(); });
    probe.unload();
  });
  EXPECT_EQ(only(thread_left).rule, "NMR-UNL-03");
}

// A driver keeps a pointer to a constant of another one, which is unloaded at any time.
TEST(ImagesTest, ConstantsOfAnUnloadedImageAreDead) {
  const auto reading = [](bool waits) {
    return [waits](kit::Driver& probe) {
      kit::Driver peer(NMRCHECK_DRIVER(probe_peer), "peer.sys");
      peer.enter();
      auto* constant = static_cast<const ULONG*>(peer.find<PVOID()>("ProbeConstants")());
      auto* read = probe.find<ULONG(const ULONG*)>("ProbeReadConstant");
      const sim::FiberId reader = kit::start_thread(
          probe.module(), "reader", [read, constant] { EXPECT_EQ(read(constant), 17u); });
      if (waits) kit::join(reader);
      peer.unload();
    };
  };
  expect(explore(reading(false)), "KRN-IMAGE-01",
         "touches a constant of peer.sys, which is unloaded; in ProbeReadConstant (probe.c:");
  EXPECT_EQ(explore(reading(true)).verdict, sim::Verdict::kVerified);
}

// --- Partial-order reduction against exhaustive search, on what a driver's code does ---

using Calls = std::vector<std::vector<const char*>>;  // by thread

Calls random_calls(sim::Rng& rng) {
  static constexpr std::array kFunctions{"ProbeRaiseVolatileFlag", "ProbeSeesVolatileFlag",
                                         "ProbeLockedIncrement",   "ProbeInterlockedIncrement",
                                         "ProbeCounter",           "ProbeRaiseFlag",
                                         "ProbeSeesFlag"};
  Calls calls(2 + rng.below(2));
  for (std::vector<const char*>& thread : calls) {
    const std::uint32_t count = 1 + rng.below(2);
    for (std::uint32_t i = 0; i < count; ++i) {
      thread.push_back(kFunctions[rng.below(kFunctions.size())]);
    }
  }
  return calls;
}

sim::ProgramFactory program_of(const Calls& calls) {
  const Body body = [calls](kit::Driver& probe) {
    for (const std::vector<const char*>& thread : calls) {
      std::vector<VOID (*)()> functions;
      for (const char* name : thread) functions.push_back(probe.find<VOID()>(name));
      kit::start_thread(probe.module(), "thread", [functions] {
        for (VOID (*function)() : functions) function();
      });
    }
  };
  return [body] { return std::make_unique<ProbeProgram>(body); };
}

// Compares on programs first, first + 1, …
void compare_searches(std::uint64_t first, std::uint64_t programs) {
  constexpr std::uint64_t kExecutionsMax = 4'000;
  std::uint64_t compared = 0;
  std::uint64_t failures = 0;
  for (std::uint64_t i = first; i < first + programs; ++i) {
    sim::Rng rng(sim::fork(sim::Seed{3}, i));
    const sim::ProgramFactory factory = program_of(random_calls(rng));
    sim::DfsStrategy dfs;
    const sim::test::Traces all = sim::test::traces_of(factory, dfs, kExecutionsMax);
    if (!all.exhausted) continue;  // too large to compare
    sim::DporStrategy dpor;
    const sim::test::Traces reduced = sim::test::traces_of(factory, dpor, kExecutionsMax);
    ASSERT_TRUE(reduced.exhausted) << "program " << i;
    const auto same = [](const auto& left, const auto& right) {
      return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                        [](const auto& a, const auto& b) { return a.first == b.first; });
    };
    ASSERT_TRUE(same(all.executions, reduced.executions)) << "program " << i;
    ASSERT_TRUE(same(all.failures, reduced.failures)) << "program " << i;
    compared += reduced.total;
    failures += reduced.failures.size();
  }
  EXPECT_GT(compared, programs);
  EXPECT_GT(failures, programs / 10);
}

TEST(ImagesTest, ReductionComesToWhatExhaustiveSearchComesTo) {
  compare_searches(0, sim::test::in_this_build(80));
}
TEST(ImagesSlowTest, ReductionComesToWhatExhaustiveSearchComesToOnManyPrograms) {
  compare_searches(80, sim::test::in_this_build(4'000));
}

TEST(ImagesTest, WhatIsMissingIsNamed) {
  const sim::Report no_file = sim::explore(
      [] {
        struct Missing final : model::DriverProgram {
          Missing() : DriverProgram(*model::find_profile("documented")) {}
          void drive(model::World&) override { kit::Driver("/nowhere/none.so", "none.sys"); }
        };
        return std::make_unique<Missing>();
      },
      {.strategy = "dfs"});
  EXPECT_NE(only(no_file).message.find("driver image /nowhere/none.so cannot be read"),
            std::string::npos);
  const sim::Report no_export = explore(calling("ProbeMissing"));
  EXPECT_NE(only(no_export).message.find("the driver exports no ProbeMissing"), std::string::npos);
}

}  // namespace
}  // namespace nmrcheck
