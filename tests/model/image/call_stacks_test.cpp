// The depot of call stacks.
#include "model/image/call_stacks.h"

#include <gtest/gtest.h>

#include <map>

#include "sim/core/rng.h"

namespace nmrcheck::model {
namespace {

using Frames = std::vector<std::uintptr_t>;

TEST(CallStacksTest, GivesEqualStacksEqualNumbers) {
  CallStacks stacks;
  const StackId outer = stacks.enter(kNoStack, 100);
  const StackId inner = stacks.enter(outer, 200);
  EXPECT_EQ(stacks.enter(kNoStack, 100), outer);
  EXPECT_EQ(stacks.enter(outer, 200), inner);
  EXPECT_NE(stacks.enter(kNoStack, 200), inner);
  EXPECT_EQ(stacks.size(), 3u);
  EXPECT_EQ(stacks.parent(inner), outer);
  EXPECT_EQ(stacks.parent(outer), kNoStack);
  EXPECT_EQ(stacks.frames(inner), (Frames{200, 100}));
  EXPECT_EQ(stacks.frames(kNoStack), Frames{});
}

TEST(CallStacksTest, AgreesWithAMapOnRandomTrees) {
  sim::Rng rng(sim::Seed{1});
  CallStacks stacks;
  for (int round = 0; round < 3; ++round) {
    std::map<Frames, StackId> expected{{Frames{}, kNoStack}};
    std::vector<Frames> known{Frames{}};
    for (int i = 0; i < 20'000; ++i) {
      const Frames parent = known[rng.below(static_cast<std::uint32_t>(known.size()))];
      Frames child{rng.below(8)};
      child.insert(child.end(), parent.begin(), parent.end());
      const StackId stack = stacks.enter(expected[parent], child.front());
      const auto [place, is_new] = expected.try_emplace(child, stack);
      ASSERT_EQ(place->second, stack);
      if (is_new) {
        ASSERT_EQ(index(stack), expected.size() - 1);  // numbered in the order of entry
        known.push_back(child);
      }
    }
    ASSERT_GT(known.size(), 5'000u);  // the table has grown
    EXPECT_EQ(stacks.size(), known.size() - 1);
    for (const auto& [frames, stack] : expected) ASSERT_EQ(stacks.frames(stack), frames);
    stacks.reset();
    EXPECT_EQ(stacks.size(), 0u);
  }
}

TEST(CallStacksTest, CutsStacksOffWhenFull) {
  CallStacks stacks(2);
  const StackId one = stacks.enter(kNoStack, 1);
  const StackId two = stacks.enter(one, 2);
  EXPECT_FALSE(stacks.full());
  EXPECT_EQ(stacks.enter(two, 3), two);
  EXPECT_TRUE(stacks.full());
  EXPECT_EQ(stacks.enter(kNoStack, 4), kNoStack);
  EXPECT_EQ(stacks.enter(one, 2), two);  // what is known stays known
  stacks.reset();
  EXPECT_FALSE(stacks.full());
  EXPECT_EQ(stacks.frames(stacks.enter(kNoStack, 4)), Frames{4});
}

}  // namespace
}  // namespace nmrcheck::model
