// Simulated memory: every address names at most one block, dead or alive.
#include "sim/run/heap.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace nmrcheck::sim {
namespace {

constexpr std::size_t kBytesMax = 4096;

TEST(HeapTest, BlocksAreAlignedFilledAndApart) {
  Heap heap(kBytesMax);
  const HeapBlock first = heap.block(*heap.allocate(5, 1, {}));
  const HeapBlock second = heap.block(*heap.allocate(16, 2, {}));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first.address) % Heap::kGranule, 0u);
  EXPECT_EQ(second.address - first.address, 32);  // 5 rounded up to 16, and a gap of 16
  EXPECT_TRUE(std::all_of(first.address, second.address, [](char byte) {
    return static_cast<unsigned char>(byte) == Heap::kFreshByte;
  }));
  EXPECT_EQ(second.key, 2u);
}

TEST(HeapTest, FindKnowsTheBoundsOfABlock) {
  Heap heap(kBytesMax);
  char outside = 0;
  EXPECT_FALSE(heap.find(&outside).has_value());
  const std::uint32_t made = *heap.allocate(5, 1, {});
  const char* address = heap.block(made).address;
  EXPECT_EQ(heap.find(address), made);
  EXPECT_EQ(heap.find(address + 4), made);
  EXPECT_FALSE(heap.find(address + 5).has_value());
  EXPECT_FALSE(heap.find(address + 16).has_value());
  EXPECT_FALSE(heap.find(address - 1).has_value());
  EXPECT_FALSE(heap.find(nullptr).has_value());
}

TEST(HeapTest, FreedBlocksStayKnownAndAreNeverUsedAgain) {
  Heap heap(kBytesMax);
  const std::uint32_t made = *heap.allocate(16, 1, {FiberId{0}, 1, {"a.c", 1}});
  char* address = heap.block(made).address;
  heap.free(made, {FiberId{2}, 9, {"b.c", 3}});
  EXPECT_FALSE(heap.block(made).live);
  EXPECT_EQ(heap.find(address), made);
  EXPECT_EQ(heap.block(made).freed.step, 9u);
  EXPECT_EQ(static_cast<unsigned char>(*address), Heap::kFreedByte);
  EXPECT_NE(heap.block(*heap.allocate(16, 2, {})).address, address);
  EXPECT_FALSE(heap.find_overwritten().has_value());
  address[15] = 0;
  EXPECT_EQ(heap.find_overwritten(), made);
}

TEST(HeapTest, AllocationFailsAtTheLimitAndNotBefore) {
  Heap heap(128);  // four blocks of 16 bytes with their gaps
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(heap.allocate(16, 0, {}).has_value());
  EXPECT_FALSE(heap.allocate(1, 0, {}).has_value());
  heap.reset();
  EXPECT_EQ(heap.size(), 0u);
  EXPECT_TRUE(heap.allocate(112, 0, {}).has_value());
  EXPECT_FALSE(heap.allocate(1, 0, {}).has_value());
  heap.reset();
  EXPECT_FALSE(heap.allocate(113, 0, {}).has_value());
  EXPECT_FALSE(heap.allocate(~std::size_t{0}, 0, {}).has_value());
  EXPECT_FALSE(heap.allocate(~std::size_t{0} - 15, 0, {}).has_value());
}

TEST(HeapTest, ABlockOfNoBytesHasOne) {
  Heap heap(kBytesMax);
  EXPECT_EQ(heap.block(*heap.allocate(0, 0, {})).bytes, 1u);
}

TEST(HeapTest, ResetForgetsAllBlocks) {
  Heap heap(kBytesMax);
  const char* address = heap.block(*heap.allocate(64, 0, {})).address;
  heap.reset();
  EXPECT_FALSE(heap.find(address).has_value());
  const std::uint32_t again = *heap.allocate(8, 0, {});
  EXPECT_EQ(heap.block(again).address, address);
  EXPECT_FALSE(heap.find(address + 8).has_value());
  EXPECT_FALSE(heap.find(address + 48).has_value());
}

RC_GTEST_PROP(HeapTest, FindAgreesWithALinearSearch, ()) {
  Heap heap(kBytesMax);
  const char* base = nullptr;
  for (int round = 0; round < 2; ++round) {
    heap.reset();
    const auto sizes =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 200));
    for (const std::size_t bytes : sizes) {
      const auto made = heap.allocate(bytes, 0, {});
      if (made && *made % 3 == 0) heap.free(*made, {});
      if (made && base == nullptr) base = heap.block(*made).address;
    }
    if (base == nullptr) continue;
    for (std::size_t i = 0; i < kBytesMax; ++i) {
      std::optional<std::uint32_t> expected;
      for (std::uint32_t b = 0; b < heap.size(); ++b) {
        if (heap.block(b).contains(base + i)) expected = b;
      }
      RC_ASSERT(heap.find(base + i) == expected);
    }
  }
}

}  // namespace
}  // namespace nmrcheck::sim
