// An IRQL that is asked for only when something depends on it.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "tests/model/hand_made.h"

namespace nmrcheck::model {
namespace {

// Answers from a list of questions that raise; keeps what it was asked.
class Decider final : public IrqlDecider {
 public:
  explicit Decider(std::vector<std::uint32_t> raising) : raising_(std::move(raising)) {}

  bool decide_raised(std::uint32_t question) override {
    asked.push_back(question);
    return std::find(raising_.begin(), raising_.end(), question) != raising_.end();
  }

  std::vector<std::uint32_t> asked;

 private:
  std::vector<std::uint32_t> raising_;
};

using Asked = std::vector<std::uint32_t>;

// Runs `code`, returns the rule that it breaks, and expects these questions.
std::string run(const Asked& raising, const Asked& expected,
                const std::function<void(Kernel&)>& code) {
  Decider decider(raising);
  const std::string rule = test::verdict_of([&](World& world) {
    world.kernel().set_irql_decider(decider);
    world.kernel().push({FrameKind::kModuleCode, world.kernel().load("driver.sys")});
    code(world.kernel());
  });
  EXPECT_EQ(decider.asked, expected);
  return rule;
}

TEST(OpenIrqlTest, IsNotAskedWhereNothingDependsOnIt) {
  for (const Asked& raising : {Asked{}, Asked{17}}) {
    EXPECT_EQ(run(raising, {},
                  [](Kernel& kernel) {
                    kernel.open_irql(17);
                    kernel.require_irql_at_most(kDispatchLevel, "anything");
                    kernel.set_irql(kDispatchLevel);  // a spin lock
                    kernel.require_dispatch_level("nested");
                    kernel.set_irql(kPassiveLevel);
                    kernel.close_irql();
                    EXPECT_EQ(kernel.settled_irql(), kPassiveLevel);
                  }),
              "");
  }
}

TEST(OpenIrqlTest, IsAskedOnceAndKeepsItsAnswer) {
  const auto code = [](std::uint8_t expected) {
    return [expected](Kernel& kernel) {
      kernel.open_irql(17);
      EXPECT_EQ(kernel.settled_irql(), expected);
      EXPECT_EQ(kernel.settled_irql(), expected);
      EXPECT_EQ(kernel.irql(), expected);
      kernel.close_irql();
      EXPECT_EQ(kernel.irql(), kPassiveLevel);
    };
  };
  EXPECT_EQ(run({}, {17}, code(kPassiveLevel)), "");
  EXPECT_EQ(run({17}, {17}, code(kDispatchLevel)), "");
}

TEST(OpenIrqlTest, WhatNeedsALowIrqlAsks) {
  const auto wait = [](Kernel& kernel) {
    kernel.open_irql(17);
    kernel.sleep(1);
    kernel.close_irql();
  };
  EXPECT_EQ(run({}, {17}, wait), "");
  EXPECT_EQ(run({17}, {17}, wait), "KRN-IRQL-01");
}

TEST(OpenIrqlTest, WhatNeedsAHighIrqlAsks) {
  const auto at_dispatch = [](Kernel& kernel) {
    kernel.open_irql(17);
    kernel.require_dispatch_level("KeAcquireSpinLockAtDpcLevel");
    kernel.close_irql();
  };
  EXPECT_EQ(run({}, {17}, at_dispatch), "KRN-IRQL-01");
  EXPECT_EQ(run({17}, {17}, at_dispatch), "");
}

// A cleanup (16) inside a detach callback (17): the inner question first, then that of its caller.
TEST(OpenIrqlTest, NestsFromTheInsideOut) {
  const auto nested = [](std::uint8_t inside, std::uint8_t outside) {
    return [=](Kernel& kernel) {
      kernel.open_irql(17);
      kernel.open_irql(16);
      EXPECT_EQ(kernel.settled_irql(), inside);
      kernel.close_irql();
      EXPECT_EQ(kernel.irql(), outside);
      kernel.close_irql();
      EXPECT_EQ(kernel.irql(), kPassiveLevel);
    };
  };
  EXPECT_EQ(run({}, {16, 17}, nested(kPassiveLevel, kPassiveLevel)), "");
  EXPECT_EQ(run({16}, {16}, nested(kDispatchLevel, kPassiveLevel)), "");
  EXPECT_EQ(run({17}, {16, 17}, nested(kDispatchLevel, kDispatchLevel)), "");
}

TEST(OpenIrqlTest, IsSettledWhereTheCallerIsHighAlready) {
  EXPECT_EQ(run({}, {},
                [](Kernel& kernel) {
                  kernel.set_irql(kDispatchLevel);
                  kernel.open_irql(17);
                  EXPECT_EQ(kernel.settled_irql(), kDispatchLevel);
                  kernel.close_irql();
                  EXPECT_EQ(kernel.irql(), kDispatchLevel);
                }),
            "");
}

}  // namespace
}  // namespace nmrcheck::model
