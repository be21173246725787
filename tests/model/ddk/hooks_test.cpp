// The hooks that the WDK headers call, recorded instead of simulated. Not linked with a simulator.
#include "hooks_test.h"

#include <gtest/gtest.h>
#include <nmrcheck.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// What the hooks saw since the test began, in order.
std::vector<std::string> g_log;
int g_line = 0;
std::string g_file;

struct AssertFailed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class T>
std::int64_t modify(volatile void* address, nmrcheck_atomic_op op, std::int64_t operand,
                    std::int64_t comparand) {
  auto& object = *static_cast<volatile T*>(address);
  const T old = object;
  switch (op) {
    case NMRCHECK_ATOMIC_EXCHANGE:
      object = static_cast<T>(operand);
      break;
    case NMRCHECK_ATOMIC_ADD:
      object =
          static_cast<T>(static_cast<std::uint64_t>(old) + static_cast<std::uint64_t>(operand));
      break;
    case NMRCHECK_ATOMIC_AND:
      object = static_cast<T>(old & operand);
      break;
    case NMRCHECK_ATOMIC_OR:
      object = static_cast<T>(old | operand);
      break;
    case NMRCHECK_ATOMIC_XOR:
      object = static_cast<T>(old ^ operand);
      break;
    case NMRCHECK_ATOMIC_COMPARE_EXCHANGE:
      if (old == static_cast<T>(comparand)) object = static_cast<T>(operand);
      break;
  }
  return old;
}

}  // namespace

extern "C" {

int64_t nmrcheck_atomic(volatile void* address, unsigned size, nmrcheck_atomic_op op,
                        int64_t operand, int64_t comparand, nmrcheck_memory_order order) {
  g_log.push_back("atomic " + std::to_string(size) + " order " + std::to_string(order));
  switch (size) {
    case 1:
      return modify<std::int8_t>(address, op, operand, comparand);
    case 2:
      return modify<std::int16_t>(address, op, operand, comparand);
    case 4:
      return modify<std::int32_t>(address, op, operand, comparand);
    default:
      return modify<std::int64_t>(address, op, operand, comparand);
  }
}

uint64_t nmrcheck_load(const volatile void* address, unsigned size, nmrcheck_memory_order order) {
  g_log.push_back("load " + std::to_string(size) + " order " + std::to_string(order));
  std::uint64_t value = 0;
  std::memcpy(&value, const_cast<const void*>(address), size);
  return value;
}

void nmrcheck_store(volatile void* address, unsigned size, uint64_t value,
                    nmrcheck_memory_order order) {
  g_log.push_back("store " + std::to_string(size) + " order " + std::to_string(order));
  std::memcpy(const_cast<void*>(address), &value, size);
}

void nmrcheck_fence(nmrcheck_memory_order) { g_log.push_back("fence"); }
void nmrcheck_yield(void) { g_log.push_back("yield"); }
void nmrcheck_place(const char* file, int line) {
  g_file = file;
  g_line = line;
}
void nmrcheck_assert_failed(const char* expression, const char*, int) {
  throw AssertFailed(expression);
}
void nmrcheck_bug_check(uint32_t code, uintptr_t parameter1, uintptr_t, uintptr_t, uintptr_t) {
  throw std::runtime_error("bug check " + std::to_string(code) + " " + std::to_string(parameter1));
}
void nmrcheck_fast_fail(unsigned code) {
  throw std::runtime_error("fast fail " + std::to_string(code));
}
void nmrcheck_plain_read(const volatile void*, unsigned size, const char*) {
  g_log.push_back("read " + std::to_string(size));
}
void nmrcheck_plain_write(volatile void*, unsigned size, const char*) {
  g_log.push_back("write " + std::to_string(size));
}
void nmrcheck_reached(const char* name) { g_log.push_back(std::string("reached ") + name); }
void nmrcheck_record_commit(const char* identity, const void*) {
  g_log.push_back(std::string("commit ") + identity + " in line " + std::to_string(g_line));
}
int nmrcheck_record_read(const char* identity, void* record) {
  static_cast<NMRCHECK_RECORD*>(record)->IfIndex = 3;
  return std::string(identity) == "there";
}
void nmrcheck_record_erase(const char* identity) {
  g_log.push_back(std::string("erase ") + identity);
}
void nmrcheck_touch(const volatile void*) { g_log.push_back("touch"); }
void nmrcheck_call_begin(const void*, const void*, const char* name) {
  g_log.push_back(std::string("begin ") + name);
}
void nmrcheck_call_end(void) { g_log.push_back("end"); }

LONG(KeSetEvent)(PRKEVENT, KPRIORITY, BOOLEAN) { return g_line; }
KIRQL(KeAcquireSpinLockRaiseToDpc)(PKSPIN_LOCK) { return APC_LEVEL; }
void(ExAcquirePushLockExclusiveEx)(PEX_PUSH_LOCK, ULONG) {
  g_log.push_back("push lock " + std::to_string(g_line));
}

}  // extern "C"

namespace {

using Log = std::vector<std::string>;

LONG add(const VOID* context, LONG value) {
  g_log.push_back("add");
  return *static_cast<const LONG*>(context) + value;
}
VOID stop(const VOID*) { g_log.push_back("stop"); }
constexpr PAIR_DISPATCH kDispatch = {add, stop};

class HooksTest : public testing::Test {
 protected:
  HooksTest() { g_log.clear(); }

  LONG seven_ = 7;
  SHARED shared_ = {21, &seven_, &kDispatch};
};

TEST_F(HooksTest, InterlockedFunctionsReturnWhatTheWdkSays) {
  LONG value = 5;
  EXPECT_EQ(InterlockedIncrement(&value), 6);
  EXPECT_EQ(InterlockedDecrement(&value), 5);
  EXPECT_EQ(InterlockedAdd(&value, 10), 15);
  EXPECT_EQ(InterlockedExchangeAdd(&value, 1), 15);
  EXPECT_EQ(InterlockedExchange(&value, 3), 16);
  EXPECT_EQ(InterlockedOr(&value, 4), 3);
  EXPECT_EQ(InterlockedAnd(&value, 6), 7);
  EXPECT_EQ(InterlockedXor(&value, 2), 6);
  EXPECT_EQ(InterlockedCompareExchange(&value, 9, 8), 4);
  EXPECT_EQ(InterlockedCompareExchange(&value, 9, 4), 4);
  EXPECT_EQ(value, 9);
  EXPECT_EQ(g_log, Log(10, "atomic 4 order 3"));
}

TEST_F(HooksTest, CountersWrapAround) {
  LONG value = std::numeric_limits<LONG>::max();
  EXPECT_EQ(InterlockedIncrement(&value), std::numeric_limits<LONG>::min());
  LONG64 wide = std::numeric_limits<LONG64>::max();
  EXPECT_EQ(InterlockedIncrement64(&wide), std::numeric_limits<LONG64>::min());
}

TEST_F(HooksTest, EachWidthIsAccessedAsSuch) {
  CHAR byte = 1;
  SHORT narrow = 1;
  LONG64 wide = 1;
  PVOID pointer = &byte;
  EXPECT_EQ(InterlockedOr8(&byte, 2), 1);
  EXPECT_EQ(InterlockedIncrement16(&narrow), 2);
  EXPECT_EQ(InterlockedCompareExchange64(&wide, 2, 1), 1);
  EXPECT_EQ(InterlockedExchangePointer(&pointer, &wide), &byte);
  EXPECT_EQ(InterlockedCompareExchangePointer(&pointer, nullptr, &wide), &wide);
  EXPECT_EQ(pointer, nullptr);
  EXPECT_EQ(g_log, (Log{"atomic 1 order 3", "atomic 2 order 3", "atomic 8 order 3",
                        "atomic 8 order 3", "atomic 8 order 3"}));
}

TEST_F(HooksTest, OrdersReachTheHook) {
  LONG value = 0;
  PVOID pointer = nullptr;
  InterlockedIncrementNoFence(&value);
  InterlockedDecrementRelease(&value);
  WriteRelease(&value, -4);
  EXPECT_EQ(ReadAcquire(&value), -4);
  WritePointerNoFence(&pointer, &value);
  EXPECT_EQ(ReadPointerAcquire(&pointer), &value);
  KeMemoryBarrier();
  YieldProcessor();
  EXPECT_EQ(g_log, (Log{"atomic 4 order 0", "atomic 4 order 2", "store 4 order 2", "load 4 order 1",
                        "store 8 order 0", "load 8 order 1", "fence", "yield"}));
}

TEST_F(HooksTest, BitTestSetsOneBit) {
  LONG bits[2] = {0, 0};
  EXPECT_FALSE(InterlockedBitTestAndSet(bits, 33));
  EXPECT_TRUE(InterlockedBitTestAndSet(bits, 33));
  EXPECT_EQ(bits[1], 2);
  EXPECT_TRUE(InterlockedBitTestAndReset(bits, 33));
  EXPECT_EQ(bits[1], 0);
}

TEST_F(HooksTest, CallsTellTheirPlace) {
  KEVENT event = {};
  EXPECT_EQ(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), __LINE__);
  EXPECT_NE(g_file.find("hooks_test.cpp"), std::string::npos);
  const int line = g_line;
  EXPECT_EQ((KeSetEvent)(&event, IO_NO_INCREMENT, FALSE), line);
}

TEST_F(HooksTest, WdkMacrosTellThePlaceOfTheirUse) {
  KSPIN_LOCK spin_lock = 0;
  EX_PUSH_LOCK push_lock = 0;
  KIRQL irql = PASSIVE_LEVEL;
  KeAcquireSpinLock(&spin_lock, &irql);
  EXPECT_EQ(irql, APC_LEVEL);
  ExAcquirePushLockExclusive(&push_lock);
  const int line = __LINE__ - 1;
  EXPECT_EQ(g_log, Log{"push lock " + std::to_string(line)});
}

TEST_F(HooksTest, AccessesAreAnnouncedInOrder) {
  NMRCHECK_WRITE(shared_.number, 2 * NMRCHECK_READ(shared_.number));
  EXPECT_EQ(shared_.number, 42);
  NMRCHECK_WRITE(shared_.pointer, NULL);
  EXPECT_EQ(NMRCHECK_READ(shared_.pointer), nullptr);
  NMRCHECK_TOUCH(&shared_);
  NMRCHECK_REACHED("late");
  EXPECT_EQ(g_log, (Log{"read 4", "write 4", "write 8", "read 8", "touch", "reached late"}));
}

TEST_F(HooksTest, RecordsHaveNamesAndPlaces) {
  NMRCHECK_RECORD record = {};
  NMRCHECK_RECORD_COMMIT("there", &record);
  const int line = __LINE__ - 1;
  EXPECT_EQ(NMRCHECK_RECORD_READ("there", &record), TRUE);
  EXPECT_EQ(record.IfIndex, 3u);
  EXPECT_EQ(NMRCHECK_RECORD_READ("elsewhere", &record), FALSE);
  NMRCHECK_RECORD_ERASE("there");
  EXPECT_EQ(g_log, (Log{"commit there in line " + std::to_string(line), "erase there"}));
}

TEST_F(HooksTest, SmallStructuresAreReadWhole) {
  LUID luid = {1, 2};
  NMRCHECK_WRITE(luid, LUID{3, 4});
  EXPECT_EQ(NMRCHECK_READ(luid).HighPart, 4);
  EXPECT_EQ(g_log, (Log{"write 8", "read 8"}));
}

TEST_F(HooksTest, AccessesAreAnnouncedInOrderInC) {
  EXPECT_EQ(c_doubles_number(&shared_), 42);
  EXPECT_EQ(g_log, (Log{"read 4", "write 4", "read 4"}));
}

TEST_F(HooksTest, DispatchCallsAreBracketed) {
  EXPECT_EQ(NMRCHECK_CALL(shared_.dispatch, Add, shared_.pointer, 5), 12);
  NMRCHECK_CALL_VOID(NMRCHECK_READ(shared_.dispatch), Stop, shared_.pointer);
  EXPECT_EQ(g_log, (Log{"begin Add", "add", "end", "read 8", "begin Stop", "stop", "end"}));
}

TEST_F(HooksTest, DispatchCallsAreBracketedInC) {
  EXPECT_EQ(c_calls_through_dispatch(&shared_), 12);
  EXPECT_EQ(g_log, (Log{"read 8", "begin Add", "add", "end", "begin Stop", "stop", "end"}));
}

TEST_F(HooksTest, DispatchCallsEndWhenUnwound) {
  constexpr PAIR_DISPATCH kThrows = {[](const VOID*, LONG) -> LONG { throw AssertFailed("add"); },
                                     nullptr};
  EXPECT_THROW(NMRCHECK_CALL(&kThrows, Add, nullptr, 1), AssertFailed);
  EXPECT_EQ(g_log, (Log{"begin Add", "end"}));
}

TEST_F(HooksTest, LongCountersKeepTheirWidthInC) {
  // 0x7fffffff + 1 + 1 - 1 does not wrap around in 64 bits.
  EXPECT_EQ(c_counts_in_long(), 0x80000000);
  EXPECT_EQ(g_log,
            (Log{"atomic 8 order 3", "atomic 8 order 3", "atomic 8 order 3", "load 8 order 1"}));
}

TEST_F(HooksTest, FailedAssertionsCarryTheirText) {
  try {
    NT_ASSERT(seven_ == 8);
    FAIL() << "the assertion should not hold";
  } catch (const AssertFailed& failure) {
    EXPECT_STREQ(failure.what(), "seven_ == 8");
  }
  EXPECT_TRUE(NT_VERIFY(seven_ == 7));
  EXPECT_EQ(c_verifies(1), 1);
  EXPECT_THROW(NT_FRE_ASSERT(seven_ == 8), AssertFailed);
}

TEST_F(HooksTest, FatalErrorsCarryTheirCode) {
  const auto text_of = [](auto action) -> std::string {
    try {
      action();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(text_of([] { KeBugCheckEx(NMR_INVALID_STATE, 2, 0, 0, 0); }), "bug check 293 2");
  EXPECT_EQ(text_of([] { RtlFailFast(FAST_FAIL_INVALID_ARG); }), "fast fail 5");
}

TEST_F(HooksTest, RemovingAnEntryTwiceFailsFast) {
  LIST_ENTRY head, one, two;
  InitializeListHead(&head);
  InsertTailList(&head, &one);
  InsertTailList(&head, &two);
  RemoveEntryList(&one);
  EXPECT_THROW(RemoveEntryList(&one), std::runtime_error);
}

}  // namespace
