// Crashes of the checked program are verdicts, and the machine goes on afterwards.
#if !defined(_WIN32)

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <cstring>
#include <thread>

#include "sim/run/crash.h"
#include "tests/sim/programs.h"
#include "tests/sim/random_programs.h"

// The faults are what is tested: the sanitizers are not to find them first.
#define NMRCHECK_FAULTY __attribute__((noinline, no_sanitize("address", "undefined")))

namespace nmrcheck::sim {
namespace {

volatile int result = 0;  // keeps the compiler from leaving faults out

NMRCHECK_FAULTY void read_from(std::uintptr_t address) {
  result = *reinterpret_cast<volatile int*>(address);
}

NMRCHECK_FAULTY void divide(int left) {
  volatile int zero = 0;
  result = left / zero;
}

NMRCHECK_FAULTY int descend(int depth) {
  volatile char frame[1024];
  frame[depth % 1024] = static_cast<char>(depth);
  return depth < 0 ? 0 : descend(depth + 1) + frame[depth % 1024];
}

NMRCHECK_FAULTY void loop() {
  volatile bool ends = false;
  while (!ends) {
  }
}

// One step, then `fault`, in a fiber whose name is too long for the small-string buffer.
Outcome run_into(const std::function<void()>& fault) {
  return test::run_random(test::program([&fault](Execution& x) {
                            const ObjectId v = x.create("v");
                            x.spawn("a fiber with a long name", [&] {
                              x.step({{v, Op::kRead}}, "read", {"driver.c", 12});
                              fault();
                            });
                            x.step({{x.create("event"), Op::kWait}}, "wait");
                          }),
                          Seed{0});
}

void expect_verdict(const Outcome& outcome, const char* rule, const std::string& what) {
  ASSERT_TRUE(outcome.violation.has_value());
  EXPECT_EQ(outcome.violation->rule, rule);
  EXPECT_EQ(outcome.violation->message,
            "fiber a fiber with a long name " + what + ", after its step read");
  EXPECT_EQ(outcome.violation->step, 1u);
  EXPECT_EQ(outcome.violation->place.line, 12);
}

TEST(CrashTest, NullPointer) {
  expect_verdict(run_into([] { read_from(0); }), kCrash, "dereferenced a NULL pointer");
  expect_verdict(run_into([] { read_from(64); }), kCrash, "dereferenced a NULL pointer");
}

TEST(CrashTest, WildPointers) {
  expect_verdict(run_into([] { read_from(0x10000); }), kCrash,
                 "touched an address that is not mapped");
  expect_verdict(run_into([] { read_from(0xddddddddddddddddu); }), kCrash,
                 "used a pointer that is no address (read from freed or fresh memory?)");
}

TEST(CrashTest, DivisionByZero) {
  expect_verdict(run_into([] { divide(100); }), kCrash, "divided by zero");
}

TEST(CrashTest, IllegalInstruction) {
  expect_verdict(run_into([] { raise(SIGILL); }), kCrash, "ran an illegal instruction");
}

TEST(CrashTest, StackOverflow) {
  expect_verdict(run_into([] { descend(0); }), kStackOverflow, "overflowed its stack");
}

TEST(CrashTest, BeforeTheFirstStepTheMessageSaysSo) {
  const Outcome outcome =
      test::run_random(test::program([](Execution&) { read_from(0); }), Seed{0});
  EXPECT_EQ(outcome.violation->message, "fiber main dereferenced a NULL pointer, after its step 0");
}

TEST(CrashTest, AMachineSurvivesManyCrashes) {
  Execution execution;
  const auto crashes = test::parallel([](Execution& x) {
    const ObjectId v = x.create("v");
    return test::Bodies(2, [&x, v] {
      test::do_op(x, v, Op::kAdd, 1);
      if (x.state(v).a == 2) descend(0);
    });
  });
  const test::Tree tree = test::explore_all(crashes);
  EXPECT_EQ(tree.executions, 2u);
  EXPECT_EQ(tree.violations.at(kStackOverflow), 2u);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(run_into([] { read_from(0); }).violation->rule, kCrash);
    EXPECT_FALSE(test::run_random(test::bare_steps(2, 2), Seed{0}).violation.has_value());
  }
}

TEST(CrashTest, AnotherThreadHasItsOwnGuard) {
  std::thread other(
      [] { expect_verdict(run_into([] { descend(0); }), kStackOverflow, "overflowed its stack"); });
  other.join();
  expect_verdict(run_into([] { read_from(0); }), kCrash, "dereferenced a NULL pointer");
}

TEST(CrashTest, TheOuterExecutionIsGuardedAgainAfterAnInnerOne) {
  expect_verdict(run_into([] {
                   EXPECT_FALSE(test::run_random(test::bare_steps(1, 1), Seed{0}).violation);
                   read_from(0);
                 }),
                 kCrash, "dereferenced a NULL pointer");
}

TEST(CrashSlowTest, AStepWithoutEnd) {
  expect_verdict(run_into([] { loop(); }), kEndlessStep,
                 "ran for more than a second without announcing a step");
}

// The C library's allocator takes locks as soon as there is a second OS thread: a step that is left
// while it holds one would hang whoever allocates next.
TEST(CrashSlowTest, AStepThatAllocatesWithoutEnd) {
  // Theirs locks for longer than the watchdog is patient.
  if (test::in_this_build(10) < 10) GTEST_SKIP() << "a sanitizer's allocator";
  std::thread([] {}).join();
  const auto allocate = [](std::size_t bytes) {
    void* volatile memory = std::malloc(bytes);
    std::free(memory);
  };
  expect_verdict(run_into([&] {
                   for (std::size_t i = 0;; ++i) allocate(2000 + i % 100'000);
                 }),
                 kEndlessStep, "ran for more than a second without announcing a step");
  for (std::size_t i = 0; i < 200'000; ++i) allocate(2000 + i % 100'000);
}

}  // namespace
}  // namespace nmrcheck::sim

#endif
