// Operations on shared objects, and the dependence between steps.
#include "sim/core/operation.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "sim/core/footprint.h"

namespace nmrcheck::sim {
namespace {

constexpr ObjectId kObject{0};
constexpr FiberId kFiber{3};

constexpr auto kOpCount = static_cast<std::uint32_t>(Op::kChanged) + 1;

struct Row {
  Op op;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  ObjectState before;
  bool enabled = true;
  std::uint64_t result = 0;
  Access access = Access::kWrite;
  ObjectState after;
};

// Every operation in the states that matter to it.
const std::vector<Row> kRows{
    {Op::kRead, 0, 0, {7, 0}, true, 7, Access::kRead, {7, 0}},
    {Op::kWrite, 9, 0, {7, 0}, true, 7, Access::kWrite, {9, 0}},
    {Op::kAdd, 2, 0, {7, 0}, true, 7, Access::kWrite, {9, 0}},
    {Op::kExchange, 2, 0, {7, 0}, true, 7, Access::kWrite, {2, 0}},
    {Op::kCompareExchange, 7, 1, {7, 0}, true, 7, Access::kWrite, {1, 0}},
    {Op::kCompareExchange, 6, 1, {7, 0}, true, 7, Access::kRead, {7, 0}},
    {Op::kAwait, 7, 0, {7, 0}, true, 7, Access::kRead, {7, 0}},
    {Op::kAwait, 7, 0, {6, 0}, false, 0, Access::kRead, {6, 0}},
    {Op::kUpdate, 0, 0, {7, 0}, true, 0, Access::kWrite, {7, 1}},
    {Op::kLock, 0, 0, {0, 0}, true, 1, Access::kWrite, {4, 0}},
    {Op::kLock, 0, 0, {4, 0}, false, 0, Access::kWrite, {4, 0}},
    {Op::kLock, 0, 0, {0, 1}, false, 0, Access::kWrite, {0, 1}},
    {Op::kUnlock, 0, 0, {4, 0}, true, 0, Access::kWrite, {0, 0}},
    {Op::kTryLock, 0, 0, {0, 0}, true, 1, Access::kWrite, {4, 0}},
    {Op::kTryLock, 0, 0, {2, 0}, true, 0, Access::kRead, {2, 0}},
    {Op::kTryLock, 0, 0, {0, 2}, true, 0, Access::kRead, {0, 2}},
    {Op::kLockShared, 0, 0, {0, 1}, true, 1, Access::kWrite, {0, 2}},
    {Op::kLockShared, 0, 0, {4, 0}, false, 0, Access::kWrite, {4, 0}},
    {Op::kUnlockShared, 0, 0, {0, 2}, true, 0, Access::kWrite, {0, 1}},
    {Op::kTryLockShared, 0, 0, {0, 2}, true, 1, Access::kWrite, {0, 3}},
    {Op::kTryLockShared, 0, 0, {4, 0}, true, 0, Access::kRead, {4, 0}},
    {Op::kSet, 0, 0, {0, 0}, true, 0, Access::kWrite, {1, 0}},
    {Op::kSet, 0, 0, {1, 0}, true, 1, Access::kWrite, {1, 0}},
    {Op::kClear, 0, 0, {1, 0}, true, 1, Access::kWrite, {0, 0}},
    {Op::kWait, 0, 0, {1, 0}, true, 1, Access::kRead, {1, 0}},
    {Op::kWait, 0, 0, {0, 0}, false, 0, Access::kRead, {0, 0}},
    {Op::kWaitConsume, 0, 0, {1, 0}, true, 1, Access::kWrite, {0, 0}},
    {Op::kWaitConsume, 0, 0, {0, 0}, false, 0, Access::kWrite, {0, 0}},
    {Op::kTryWait, 0, 0, {1, 0}, true, 1, Access::kRead, {1, 0}},
    {Op::kTryWaitConsume, 0, 0, {1, 0}, true, 1, Access::kWrite, {0, 0}},
    {Op::kTryWaitConsume, 0, 0, {0, 0}, true, 0, Access::kRead, {0, 0}},
    {Op::kAcquire, 0, 0, {1, 0}, true, 1, Access::kWrite, {2, 0}},
    {Op::kAcquire, 0, 0, {1, 1}, true, 0, Access::kRead, {1, 1}},
    {Op::kRelease, 0, 0, {2, 1}, true, 2, Access::kWrite, {1, 1}},
    {Op::kRelease, 0, 0, {0, 0}, true, 0, Access::kWrite, {0, 0}},
    {Op::kBeginDrain, 0, 0, {2, 0}, true, 2, Access::kWrite, {2, 1}},
    {Op::kDrain, 0, 0, {0, 1}, true, 0, Access::kRead, {0, 1}},
    {Op::kDrain, 0, 0, {1, 1}, false, 0, Access::kRead, {1, 1}},
    {Op::kReopen, 0, 0, {0, 1}, true, 0, Access::kWrite, {0, 0}},
    {Op::kPush, 0, 0, {1, 0}, true, 2, Access::kWrite, {2, 0}},
    {Op::kPop, 0, 0, {2, 0}, true, 1, Access::kWrite, {1, 0}},
    {Op::kPop, 0, 0, {0, 0}, false, 0, Access::kWrite, {0, 0}},
    {Op::kExit, 0, 0, {0, 0}, true, 0, Access::kWrite, {1, 0}},
    {Op::kJoin, 0, 0, {1, 0}, true, 0, Access::kRead, {1, 0}},
    {Op::kJoin, 0, 0, {0, 0}, false, 0, Access::kRead, {0, 0}},
    {Op::kSleep, 0, 0, {0, 0}, false, 0, Access::kNone, {0, 0}},
    {Op::kChanged, 5, 1, {5, 1}, false, 0, Access::kRead, {5, 1}},
    {Op::kChanged, 5, 1, {5, 2}, true, 5, Access::kRead, {5, 2}},
    {Op::kChanged, 5, 1, {4, 1}, true, 4, Access::kRead, {4, 1}},
};

TEST(OperationTest, EveryRowOfTheTableHolds) {
  for (const Row& row : kRows) {
    const Operation operation{kObject, row.op, row.a, row.b};
    SCOPED_TRACE(std::string(to_string(row.op)) + " at " + std::to_string(row.before.a) + ", " +
                 std::to_string(row.before.b));
    EXPECT_EQ(enabled(operation, row.before), row.enabled);
    if (!row.enabled) {
      EXPECT_TRUE(may_block(row.op));
      continue;
    }
    ObjectState state = row.before;
    const Effect effect = apply(operation, state, kFiber);
    EXPECT_EQ(effect.result, row.result);
    EXPECT_EQ(effect.access, row.access);
    EXPECT_EQ(state.a, row.after.a);
    EXPECT_EQ(state.b, row.after.b);
  }
}

TEST(OperationTest, TheTableNamesEveryOperation) {
  for (std::uint32_t op = 0; op < kOpCount; ++op) {
    EXPECT_TRUE(std::any_of(kRows.begin(), kRows.end(), [op](const Row& row) {
      return row.op == static_cast<Op>(op);
    })) << op;
  }
}

Operation any_operation() {
  return {ObjectId{*rc::gen::inRange(0u, 2u)}, static_cast<Op>(*rc::gen::inRange(0u, kOpCount)),
          *rc::gen::inRange<std::uint64_t>(0, 3), *rc::gen::inRange<std::uint64_t>(0, 3)};
}

ObjectState any_state() {
  return {*rc::gen::inRange<std::uint64_t>(0, 3), *rc::gen::inRange<std::uint64_t>(0, 3)};
}

bool same(const ObjectState& left, const ObjectState& right) {
  return left.a == right.a && left.b == right.b;
}

RC_GTEST_PROP(OperationTest, ReadsChangeNothingAndNoAccessExceedsItsBound, ()) {
  const Operation operation = any_operation();
  const ObjectState before = any_state();
  if (!enabled(operation, before)) {
    RC_ASSERT(may_block(operation.op));
    return;
  }
  ObjectState after = before;
  const Effect effect = apply(operation, after, kFiber);
  if (effect.access != Access::kWrite) RC_ASSERT(same(before, after));
  RC_ASSERT(effect.access <= access_bound(operation.op));
}

// The contract that partial-order reduction rests on.
RC_GTEST_PROP(OperationTest, StepsThatDoNotConflictCommute, ()) {
  const Operation left = any_operation();
  const Operation right = any_operation();
  if (conflicts(Footprint{left}, Footprint{right})) return;
  std::vector<ObjectState> states{any_state(), any_state()};
  const auto at = [&](std::vector<ObjectState>& in, const Operation& op) -> ObjectState& {
    return in[index(op.object)];
  };
  if (!enabled(left, at(states, left)) || !enabled(right, at(states, right))) return;
  std::vector<ObjectState> first = states;
  std::vector<ObjectState> second = states;
  const std::uint64_t left_first = apply(left, at(first, left), FiberId{1}).result;
  RC_ASSERT(enabled(right, at(first, right)));
  const std::uint64_t right_second = apply(right, at(first, right), FiberId{2}).result;
  const std::uint64_t right_first = apply(right, at(second, right), FiberId{2}).result;
  RC_ASSERT(enabled(left, at(second, left)));
  const std::uint64_t left_second = apply(left, at(second, left), FiberId{1}).result;
  RC_ASSERT(left_first == left_second);
  RC_ASSERT(right_first == right_second);
  RC_ASSERT(same(first[0], second[0]) && same(first[1], second[1]));
}

TEST(FootprintTest, ConflictNeedsACommonObjectAndAWriter) {
  const ObjectId other{1};
  const Footprint reads{{kObject, Op::kRead}};
  const Footprint writes{{kObject, Op::kWrite}};
  const Footprint elsewhere{{other, Op::kWrite}};
  EXPECT_FALSE(conflicts(reads, reads));
  EXPECT_TRUE(conflicts(reads, writes));
  EXPECT_TRUE(conflicts(writes, reads));
  EXPECT_TRUE(conflicts(writes, writes));
  EXPECT_FALSE(conflicts(writes, elsewhere));
  EXPECT_FALSE(conflicts({}, writes));
  EXPECT_TRUE(conflicts({{other, Op::kRead}, {kObject, Op::kRead}}, writes));
}

}  // namespace
}  // namespace nmrcheck::sim
