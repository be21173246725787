// Searches divided into small parts execute what the undivided ones do: no trace is lost between
// parts, and none is explored by two of them.
#include "sim/strategy/division.h"

#include <gtest/gtest.h>

#include "sim/strategy/dfs_division.h"
#include "sim/strategy/dpor_division.h"
#include "tests/sim/programs.h"
#include "tests/sim/random_programs.h"
#include "tests/sim/traces.h"

namespace nmrcheck::sim {
namespace {

constexpr std::uint64_t kExecutionsMax = 30'000;

// What the parts of a search came to that stand, and how many parts there were.
struct Pieces {
  test::Traces traces;
  std::uint64_t parts = 0;
  std::uint64_t left_out = 0;  // parts that did not stand
};

void add(const std::map<std::string, std::uint64_t>& from,
         std::map<std::string, std::uint64_t>& to) {
  for (const auto& [name, count] : from) to[name] += count;
}

// Explores the parts of each round one after another, and merges them when all are done.
Pieces one_after_another(const ProgramFactory& factory, Division& division) {
  Pieces pieces;
  test::Traces& sum = pieces.traces;
  while (sum.total < kExecutionsMax) {
    const std::vector<std::unique_ptr<Part>> round = division.next_round();
    sum.exhausted = round.empty();
    if (round.empty()) break;
    std::vector<std::unique_ptr<Strategy>> strategies;
    std::vector<test::Traces> made;
    for (const std::unique_ptr<Part>& part : round) {
      strategies.push_back(part->start());
      made.push_back(test::traces_of(factory, *strategies.back(), part->executions_max));
      sum.diverged |= made.back().diverged;
    }
    if (sum.diverged) break;
    for (std::size_t i = 0; i < round.size(); ++i) {
      ++pieces.parts;
      if (!division.stands(*round[i], *strategies[i])) {
        ++pieces.left_out;
        continue;
      }
      division.merge(*round[i], *strategies[i]);
      add(made[i].executions, sum.executions);
      add(made[i].failures, sum.failures);
      add(made[i].violations, sum.violations);
      sum.total += made[i].total;
      sum.covered += made[i].covered;
    }
  }
  return pieces;
}

// Empty if both executed the same traces, each as often.
std::string difference(const ProgramFactory& factory, Strategy& whole, Division& division,
                       std::uint64_t& parts) {
  const test::Traces all = test::traces_of(factory, whole, kExecutionsMax);
  if (!all.exhausted) return {};  // too large to compare
  const Pieces divided = one_after_another(factory, division);
  const test::Traces& pieces = divided.traces;
  parts += divided.parts;
  if (divided.left_out != 0 && all.failures.empty()) return "a part was left out";
  if (pieces.diverged) return "diverged";
  if (!pieces.exhausted) return "did not end";
  // Behind failures, which ones are given up depends on the order.
  if (pieces.covered != all.covered && all.failures.empty()) {
    return std::to_string(pieces.covered) + " given up";
  }
  for (const auto& [trace, count] : all.executions) {
    const auto found = pieces.executions.find(trace);
    if (found == pieces.executions.end()) return "missed: " + trace;
    if (found->second != count) return std::to_string(found->second) + " times: " + trace;
  }
  if (pieces.executions.size() != all.executions.size()) return "executed what is none";
  for (const auto& [past, count] : all.failures) {
    if (!pieces.failures.contains(past)) return "missed failure: " + past;
  }
  if (pieces.failures.size() != all.failures.size()) return "other failures";
  if (*division.explored_fraction() < 0.999'999) return "not all counts as explored";
  return {};
}

// Compares on random programs first, first + 1, …; returns the number of parts.
template <class Whole, class Divided>
std::uint64_t compare(std::uint64_t first, std::uint64_t programs, std::uint32_t steps_max,
                      test::Code (*make)(Rng&, std::uint32_t) = test::random_code) {
  std::uint64_t parts = 0;
  for (std::uint64_t i = first; i < first + programs; ++i) {
    Rng rng(fork(Seed{7}, i));
    const test::Code code = make(rng, steps_max);
    DivisionSizes sizes;
    sizes.parts_max = 1 + rng.below(8);
    sizes.part_executions = 1 + rng.below(5);
    sizes.first_executions = 1 + rng.below(5);
    Whole whole;
    Divided division(sizes);
    const std::string text = difference(test::program_of(code), whole, division, parts);
    EXPECT_EQ(text, "") << "program " << i << ", rounds of " << sizes.parts_max << " parts of "
                        << sizes.part_executions << ", the first one of " << sizes.first_executions
                        << ": " << test::to_string(code);
    if (!text.empty()) break;
  }
  return parts;
}

TEST(DivisionTest, DfsPartsAreTheWhole) {
  EXPECT_GT((compare<DfsStrategy, DfsDivision>(0, 60, 6)), 600u);
}
TEST(DivisionTest, DporLeasesAreTheWhole) {
  EXPECT_GT((compare<DporStrategy, DporDivision>(0, 500, 9)), 1'000u);
}
TEST(DivisionTest, DporLeasesAreTheWholeWherePowerFails) {
  EXPECT_GT((compare<DporStrategy, DporDivision>(0, 300, 7, test::crashing_code)), 500u);
}

TEST(DivisionTest, DporLeasesComeToAllFailures) {
  EXPECT_GT((compare<DporStrategy, DporDivision>(0, 500, 7, test::faulty_code)), 1'000u);
}
TEST(DivisionTest, DporLeasesComeToAllFailuresWherePowerFails) {
  EXPECT_GT((compare<DporStrategy, DporDivision>(0, 300, 6, test::faulty_crashing_code)), 1'000u);
}
TEST(DivisionSlowTest, DporLeasesComeToAllFailuresOfManyProgramsWherePowerFails) {
  EXPECT_GT((compare<DporStrategy, DporDivision>(500, test::in_this_build(20'000), 7,
                                                 test::faulty_crashing_code)),
            test::in_this_build(100'000));
}
TEST(DivisionSlowTest, DporLeasesComeToAllFailuresOfManyPrograms) {
  EXPECT_GT((compare<DporStrategy, DporDivision>(500, test::in_this_build(15'000), 10,
                                                 test::faulty_code)),
            test::in_this_build(50'000));
}
TEST(DivisionSlowTest, DporLeasesAreTheWholeOfManyPrograms) {
  EXPECT_GT((compare<DporStrategy, DporDivision>(500, test::in_this_build(15'000), 12)),
            test::in_this_build(50'000));
}

}  // namespace
}  // namespace nmrcheck::sim
