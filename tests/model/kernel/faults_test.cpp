// Calls that may fail: how many do, and that a search by footprints misses none.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "scenarios/kit.h"
#include "sim/explore/explorer.h"
#include "tests/model/kernel/driver.h"

namespace nmrcheck::model::test {
namespace {

TEST(FaultsTest, NothingFailsUnlessAllowed) {
  EXPECT_EQ(verdicts([](Kernel& kernel) {
              EXPECT_FALSE(kernel.may_fail("allocation"));
              EXPECT_EQ(kernel.execution().steps(), 0u);
            }),
            (Verdicts{{"", 1}}));
  EXPECT_EQ(verdicts([](Kernel& kernel) {
              kernel.allow_faults(0);
              EXPECT_FALSE(kernel.may_fail("allocation"));
            }),
            (Verdicts{{"", 1}}));
}

void fail_each(Kernel& kernel, std::uint32_t most) {
  kernel.allow_faults(most);
  const bool first = kernel.may_fail("allocation");
  const bool second = kernel.may_fail("allocation");
  if (first && second) kernel.broken("KRN-POOL-03", "both");
  if (first) kernel.broken("KRN-POOL-01", "the first");
  if (second) kernel.broken("KRN-POOL-02", "the second");
}

TEST(FaultsTest, AsManyFailAsAllowedOrFewer) {
  EXPECT_EQ(verdicts([](Kernel& kernel) { fail_each(kernel, 1); }),
            (Verdicts{{"", 1}, {"KRN-POOL-01", 1}, {"KRN-POOL-02", 1}}));
  EXPECT_EQ(verdicts([](Kernel& kernel) { fail_each(kernel, 2); }),
            (Verdicts{{"", 1}, {"KRN-POOL-01", 1}, {"KRN-POOL-02", 1}, {"KRN-POOL-03", 1}}));
}

// Two threads allocate; which of them failed is told by a rule.
struct Globals {
  LONG failed;
};

void allocate_each(World& world, const ParameterValues&) {
  const ModuleId driver = world.kernel().load("driver.sys");
  auto* globals = kit::globals<Globals>(driver);
  const auto thread = [globals](LONG bit) {
    return [globals, bit] {
      PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, 0);
      if (memory == nullptr) {
        InterlockedOr(&globals->failed, bit);
      } else {
        ExFreePool(memory);
      }
    };
  };
  const sim::FiberId first = kit::start_thread(driver, "first", thread(1));
  const sim::FiberId second = kit::start_thread(driver, "second", thread(2));
  kit::join(first);
  kit::join(second);
  constexpr const char* kRules[] = {nullptr, "KRN-POOL-01", "KRN-POOL-02", "KRN-POOL-03"};
  const LONG failed = globals->failed;
  if (failed != 0) world.kernel().broken(kRules[failed], "told by a rule");
  world.kernel().unload(driver, [] {});
}

struct Told {
  std::set<std::string> rules;
  sim::Verdict verdict;
};

Told explore(const char* strategy, std::int64_t faults) {
  const auto make = [faults] {
    return std::make_unique<kit::FunctionDriverProgram>(
        allocate_each, ParameterValues{{std::string(kit::kFaults.name), faults}},
        *find_profile("documented"));
  };
  const sim::Report report = sim::explore(make, {.strategy = strategy, .keep_going = true});
  Told told{{}, report.verdict};
  for (const sim::Finding& finding : report.findings) told.rules.insert(finding.violation.rule);
  return told;
}

TEST(FaultsTest, TheLimitHoldsForAllThreadsUnderEveryExhaustiveStrategy) {
  using Rules = std::set<std::string>;
  for (const char* strategy : {"dfs", "dpor"}) {
    EXPECT_EQ(explore(strategy, 0).verdict, sim::Verdict::kVerified) << strategy;
    EXPECT_EQ(explore(strategy, 1).rules, (Rules{"KRN-POOL-01", "KRN-POOL-02"})) << strategy;
    EXPECT_EQ(explore(strategy, 2).rules, (Rules{"KRN-POOL-01", "KRN-POOL-02", "KRN-POOL-03"}))
        << strategy;
  }
}

// What each function returns when it fails; the rule stands for the fact that all did.
void fail_in_order(World& world, const ParameterValues&) {
  const ModuleId driver = world.kernel().load("driver.sys");
  kit::in_driver(driver, "DriverEntry", [&] {
    HANDLE handle = nullptr;
    NPI_CLIENT_CHARACTERISTICS client = kit::client_characteristics(nullptr, nullptr, nullptr);
    const bool failed =
        ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, 0) == nullptr &&
        IoAllocateWorkItem(nullptr) == nullptr &&
        PsCreateSystemThread(&handle, 0, nullptr, nullptr, nullptr, nullptr, nullptr) ==
            STATUS_INSUFFICIENT_RESOURCES &&
        NmrRegisterClient(&client, nullptr, &handle) == STATUS_INSUFFICIENT_RESOURCES &&
        NmrClientAttachProvider(nullptr, nullptr, nullptr, nullptr, nullptr) ==
            STATUS_INSUFFICIENT_RESOURCES &&
        handle == nullptr;
    if (failed) world.kernel().broken("KRN-POOL-03", "all have failed");
  });
}

TEST(FaultsTest, AllocationsThreadsRegistrationsAndAttachmentsFail) {
  const auto make = [] {
    return std::make_unique<kit::FunctionDriverProgram>(
        fail_in_order, ParameterValues{{std::string(kit::kFaults.name), 5}},
        *find_profile("documented"));
  };
  sim::SearchOptions options{.strategy = "random", .keep_going = true};
  options.budget.executions_max = 2'000;
  const sim::Report report = sim::explore(make, options);
  const bool found = std::any_of(
      report.findings.begin(), report.findings.end(),
      [](const sim::Finding& finding) { return finding.violation.rule == "KRN-POOL-03"; });
  EXPECT_TRUE(found) << report.error;
}

}  // namespace
}  // namespace nmrcheck::model::test
