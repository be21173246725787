// Executions inside executions, and exceptions that belong to fibers.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

TEST(NestedTest, AnExecutionMayRunInsideAFiberOfAnother) {
  const Outcome expected = test::run_random(test::twostage(), Seed{9});
  const Outcome outer = test::run_random(test::program([&expected](Execution& x) {
                                           test::do_op(x, x.create("v"), Op::kRead);
                                           const Outcome inner =
                                               test::run_random(test::twostage(), Seed{9});
                                           EXPECT_EQ(inner.hash, expected.hash);
                                           test::do_op(x, x.create("v"), Op::kRead);
                                         }),
                                         Seed{0});
  EXPECT_EQ(outer.ending, Ending::kComplete);
  EXPECT_EQ(outer.steps, 2u);
}

TEST(NestedTest, ExceptionsBelongToFibers) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    std::string log;
    const auto body = [&log](Execution& x) {
      for (const char* name : {"left", "right"}) {
        x.spawn(name, [&x, &log, name] {
          try {
            throw std::runtime_error(name);
          } catch (const std::runtime_error&) {
            x.step({}, "inside the handler");
            x.step({}, "inside the handler");
            try {
              throw;
            } catch (const std::runtime_error& again) {
              log += std::string(again.what()) == name ? "+" : "-";
            }
          }
        });
      }
    };
    EXPECT_EQ(test::run_random(test::program(body), Seed{i}).ending, Ending::kComplete);
    EXPECT_EQ(log, "++");
  }
}

}  // namespace
}  // namespace nmrcheck::sim
