// The generator gives the same numbers everywhere, and uniform ones.
#include "sim/core/rng.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace nmrcheck::sim {
namespace {

TEST(RngTest, MixIsSplitMix64) {
  // First outputs of SplitMix64 from state 0 and from state 0x9e37…15, in the public reference.
  EXPECT_EQ(mix64(0), 0xe220a8397b1dcdafu);
  EXPECT_EQ(mix64(0x9e3779b97f4a7c15u), 0x6e789e6aa1b965f4u);
}

TEST(RngTest, EqualSeedsGiveEqualStreams) {
  Rng left(Seed{5});
  Rng right(Seed{5});
  Rng other(Seed{6});
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t number = left.next();
    EXPECT_EQ(number, right.next());
    differs |= number != other.next();
  }
  EXPECT_TRUE(differs);
}

TEST(RngTest, ForksOfNearbySeedsDiffer) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (std::uint64_t i = 0; i < 100; ++i) {
      seeds.insert(static_cast<std::uint64_t>(fork(Seed{seed}, i)));
    }
  }
  EXPECT_EQ(seeds.size(), 10'000u);
}

TEST(RngTest, BelowIsUniform) {
  constexpr std::uint32_t kBuckets = 10;
  constexpr std::uint32_t kDraws = 100'000;
  std::array<std::uint32_t, kBuckets> counts{};
  Rng rng(Seed{1});
  for (std::uint32_t i = 0; i < kDraws; ++i) ++counts[rng.below(kBuckets)];
  double chi_square = 0;
  for (const std::uint32_t count : counts) {
    const double difference = count - double{kDraws} / kBuckets;
    chi_square += difference * difference / (double{kDraws} / kBuckets);
  }
  EXPECT_LT(chi_square, 44.8);  // 9 degrees of freedom, exceeded by chance once in 1 000 000
  EXPECT_EQ(rng.below(1), 0u);
}

}  // namespace
}  // namespace nmrcheck::sim
