// Layouts, status values and inline functions of the WDK headers, seen from C++.
#include <gtest/gtest.h>
#include <initguid.h>
#include <netioddk.h>
#include <nmrcheck.h>
#include <ntddk.h>
#include <wsk.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <type_traits>
#include <vector>

// Stands in where no simulator is linked.
extern "C" __attribute__((weak)) void nmrcheck_fast_fail(unsigned code) {
  std::fprintf(stderr, "fast fail %u\n", code);
  std::abort();
}

DEFINE_GUID(kFirst, 0x227f2aa6, 0x1b0c, 0x4ab3, 0x9d, 0x0b, 0x61, 0x42, 0x03, 0x04, 0x05, 0x06);
DEFINE_GUID(kSecond, 0x227f2aa6, 0x1b0c, 0x4ab3, 0x9d, 0x0b, 0x61, 0x42, 0x03, 0x04, 0x05, 0x07);

namespace {

TEST(HeadersTest, BaseTypesHaveTheSizesOfWindows) {
  EXPECT_EQ(sizeof(CHAR), 1u);
  EXPECT_EQ(sizeof(BOOLEAN), 1u);
  EXPECT_EQ(sizeof(WCHAR), 2u);
  EXPECT_EQ(sizeof(USHORT), 2u);
  EXPECT_EQ(sizeof(LONG), 4u);
  EXPECT_EQ(sizeof(ULONG), 4u);
  EXPECT_EQ(sizeof(NTSTATUS), 4u);
  EXPECT_EQ(sizeof(LONGLONG), 8u);
  EXPECT_EQ(sizeof(HANDLE), 8u);
  EXPECT_EQ(sizeof(GUID), 16u);
  EXPECT_EQ(sizeof(LUID), 8u);
  EXPECT_EQ(alignof(LUID), 4u);
  EXPECT_EQ(sizeof(LARGE_INTEGER), 8u);
  EXPECT_EQ(sizeof(UNICODE_STRING), 16u);
  EXPECT_EQ(offsetof(UNICODE_STRING, Buffer), 8u);
  EXPECT_EQ(sizeof(OBJECT_ATTRIBUTES), 48u);
  EXPECT_TRUE((std::is_same_v<SIZE_T, std::size_t>));
  EXPECT_TRUE((std::is_same_v<ULONG64, std::uint64_t>));
}

TEST(HeadersTest, KernelObjectsHaveTheirSizes) {
  EXPECT_EQ(sizeof(KEVENT), 24u);
  EXPECT_EQ(offsetof(KEVENT, Header.WaitListHead), 8u);
  EXPECT_EQ(sizeof(KDPC), 64u);
  EXPECT_EQ(offsetof(KDPC, DeferredRoutine), 24u);
  EXPECT_EQ(sizeof(KTIMER), 64u);
  EXPECT_EQ(offsetof(KTIMER, Dpc), 48u);
  EXPECT_EQ(sizeof(KSPIN_LOCK), 8u);
  EXPECT_EQ(sizeof(KLOCK_QUEUE_HANDLE), 24u);
  EXPECT_EQ(sizeof(EX_SPIN_LOCK), 4u);
  EXPECT_EQ(sizeof(EX_PUSH_LOCK), 8u);
  EXPECT_EQ(sizeof(EX_RUNDOWN_REF), 8u);
  EXPECT_EQ(sizeof(WORK_QUEUE_ITEM), 32u);
  EXPECT_EQ(sizeof(DRIVER_OBJECT), 336u);
  EXPECT_EQ(offsetof(DRIVER_OBJECT, DriverUnload), 104u);
  EXPECT_EQ(sizeof(DEVICE_OBJECT), 336u);
}

TEST(HeadersTest, ModuleIdLayout) {
  EXPECT_EQ(sizeof(NPI_MODULEID), 24u);
  EXPECT_EQ(offsetof(NPI_MODULEID, Length), 0u);
  EXPECT_EQ(offsetof(NPI_MODULEID, Type), 4u);
  EXPECT_EQ(offsetof(NPI_MODULEID, Guid), 8u);
  EXPECT_EQ(offsetof(NPI_MODULEID, IfLuid), 8u);
  EXPECT_EQ(MIT_GUID, 1);
  EXPECT_EQ(MIT_IF_LUID, 2);
}

TEST(HeadersTest, RegistrationInstanceLayout) {
  EXPECT_EQ(sizeof(NPI_REGISTRATION_INSTANCE), 40u);
  EXPECT_EQ(offsetof(NPI_REGISTRATION_INSTANCE, Version), 0u);
  EXPECT_EQ(offsetof(NPI_REGISTRATION_INSTANCE, Size), 2u);
  EXPECT_EQ(offsetof(NPI_REGISTRATION_INSTANCE, NpiId), 8u);
  EXPECT_EQ(offsetof(NPI_REGISTRATION_INSTANCE, ModuleId), 16u);
  EXPECT_EQ(offsetof(NPI_REGISTRATION_INSTANCE, Number), 24u);
  EXPECT_EQ(offsetof(NPI_REGISTRATION_INSTANCE, NpiSpecificCharacteristics), 32u);
}

TEST(HeadersTest, ClientCharacteristicsLayout) {
  EXPECT_EQ(sizeof(NPI_CLIENT_CHARACTERISTICS), 72u);
  EXPECT_EQ(offsetof(NPI_CLIENT_CHARACTERISTICS, Version), 0u);
  EXPECT_EQ(offsetof(NPI_CLIENT_CHARACTERISTICS, Length), 2u);
  EXPECT_EQ(offsetof(NPI_CLIENT_CHARACTERISTICS, ClientAttachProvider), 8u);
  EXPECT_EQ(offsetof(NPI_CLIENT_CHARACTERISTICS, ClientDetachProvider), 16u);
  EXPECT_EQ(offsetof(NPI_CLIENT_CHARACTERISTICS, ClientCleanupBindingContext), 24u);
  EXPECT_EQ(offsetof(NPI_CLIENT_CHARACTERISTICS, ClientRegistrationInstance), 32u);
}

TEST(HeadersTest, ProviderCharacteristicsLayout) {
  EXPECT_EQ(sizeof(NPI_PROVIDER_CHARACTERISTICS), 72u);
  EXPECT_EQ(offsetof(NPI_PROVIDER_CHARACTERISTICS, Version), 0u);
  EXPECT_EQ(offsetof(NPI_PROVIDER_CHARACTERISTICS, Length), 2u);
  EXPECT_EQ(offsetof(NPI_PROVIDER_CHARACTERISTICS, ProviderAttachClient), 8u);
  EXPECT_EQ(offsetof(NPI_PROVIDER_CHARACTERISTICS, ProviderDetachClient), 16u);
  EXPECT_EQ(offsetof(NPI_PROVIDER_CHARACTERISTICS, ProviderCleanupBindingContext), 24u);
  EXPECT_EQ(offsetof(NPI_PROVIDER_CHARACTERISTICS, ProviderRegistrationInstance), 32u);
}

TEST(HeadersTest, WskLayout) {
  EXPECT_EQ(sizeof(WSK_REGISTRATION), 24u);
  EXPECT_EQ(offsetof(WSK_CLIENT_DISPATCH, WskClientEvent), 8u);
  EXPECT_EQ(offsetof(WSK_PROVIDER_DISPATCH, WskSocket), 8u);
  EXPECT_EQ(offsetof(WSK_PROVIDER_DISPATCH, WskControlClient), 24u);
  EXPECT_EQ(sizeof(WSK_PROVIDER_CHARACTERISTICS), 4u);
  EXPECT_EQ(offsetof(IO_STATUS_BLOCK, Information), 8u);
  EXPECT_EQ(MAKE_WSK_VERSION(1, 2), 0x102);
  EXPECT_EQ(WSK_MAJOR_VERSION(0x102), 1);
  EXPECT_EQ(WSK_MINOR_VERSION(0x102), 2);
  EXPECT_EQ(WSK_INFINITE_WAIT, 0xffffffffu);
}

TEST(HeadersTest, StatusValues) {
  const std::vector<std::pair<NTSTATUS, std::uint32_t>> statuses = {
      {STATUS_SUCCESS, 0x00000000},           {STATUS_TIMEOUT, 0x00000102},
      {STATUS_PENDING, 0x00000103},           {STATUS_UNSUCCESSFUL, 0xC0000001},
      {STATUS_NOT_IMPLEMENTED, 0xC0000002},   {STATUS_INVALID_HANDLE, 0xC0000008},
      {STATUS_INVALID_PARAMETER, 0xC000000D}, {STATUS_NO_MEMORY, 0xC0000017},
      {STATUS_ACCESS_DENIED, 0xC0000022},     {STATUS_DELETE_PENDING, 0xC0000056},
      {STATUS_DEVICE_NOT_READY, 0xC00000A3},  {STATUS_INSUFFICIENT_RESOURCES, 0xC000009A},
      {STATUS_NOT_SUPPORTED, 0xC00000BB},     {STATUS_INVALID_DEVICE_STATE, 0xC0000184},
      {STATUS_NOT_FOUND, 0xC0000225},         {STATUS_NOINTERFACE, 0xC00002B9},
  };
  for (const auto& [status, value] : statuses) {
    EXPECT_EQ(static_cast<std::uint32_t>(status), value);
    EXPECT_EQ(NT_SUCCESS(status), value < 0x80000000);
  }
  EXPECT_EQ(NMR_INVALID_STATE, 0x125);
}

TEST(HeadersTest, EqualModuleIdsAgreeInTypeAndInTheArmItSelects) {
  NPI_MODULEID first = {};
  first.Length = sizeof(first);
  first.Type = MIT_GUID;
  first.Guid = kFirst;
  NPI_MODULEID second = first;
  second.Length = 0;
  EXPECT_TRUE(NmrIsEqualNpiModuleId(&first, &second));
  second.Guid = kSecond;
  EXPECT_FALSE(NmrIsEqualNpiModuleId(&first, &second));

  // The last byte of the GUIDs is no part of a LUID, which has 8 bytes.
  first.Type = second.Type = MIT_IF_LUID;
  EXPECT_TRUE(NmrIsEqualNpiModuleId(&first, &second));
  second.IfLuid.HighPart ^= 1;
  EXPECT_FALSE(NmrIsEqualNpiModuleId(&first, &second));
  second = first;
  second.Type = MIT_GUID;
  EXPECT_FALSE(NmrIsEqualNpiModuleId(&first, &second));
}

TEST(HeadersTest, ModuleIdsOfUnknownTypeAreNeverEqual) {
  NPI_MODULEID id = {};
  id.Type = static_cast<NPI_MODULEID_TYPE>(3);
  EXPECT_FALSE(NmrIsEqualNpiModuleId(&id, &id));
}

TEST(HeadersTest, GuidsCompareByValue) {
  const GUID copy = kFirst;
  EXPECT_TRUE(IsEqualGUID(copy, kFirst));
  EXPECT_TRUE(copy == kFirst);
  EXPECT_TRUE(copy != kSecond);
}

struct Node {
  int before;
  LIST_ENTRY link;
  int value;
};

std::vector<int> values_of(LIST_ENTRY& head) {
  std::vector<int> values;
  for (LIST_ENTRY* entry = head.Flink; entry != &head; entry = entry->Flink) {
    EXPECT_EQ(entry->Flink->Blink, entry);
    values.push_back(CONTAINING_RECORD(entry, Node, link)->value);
  }
  return values;
}

class ListTest : public testing::Test {
 protected:
  ListTest() { InitializeListHead(&head_); }

  LIST_ENTRY head_;
  Node one_{0, {}, 1};
  Node two_{0, {}, 2};
  Node three_{0, {}, 3};
};

TEST_F(ListTest, InsertsAtBothEnds) {
  EXPECT_TRUE(IsListEmpty(&head_));
  InsertTailList(&head_, &two_.link);
  InsertTailList(&head_, &three_.link);
  InsertHeadList(&head_, &one_.link);
  EXPECT_EQ(values_of(head_), (std::vector{1, 2, 3}));
  EXPECT_FALSE(IsListEmpty(&head_));
}

TEST_F(ListTest, RemoveEntrySaysWhetherTheListIsNowEmpty) {
  InsertTailList(&head_, &one_.link);
  InsertTailList(&head_, &two_.link);
  EXPECT_FALSE(RemoveEntryList(&one_.link));
  EXPECT_EQ(values_of(head_), (std::vector{2}));
  EXPECT_TRUE(RemoveEntryList(&two_.link));
  EXPECT_TRUE(IsListEmpty(&head_));
}

TEST_F(ListTest, RemovesFromBothEnds) {
  InsertTailList(&head_, &one_.link);
  InsertTailList(&head_, &two_.link);
  InsertTailList(&head_, &three_.link);
  EXPECT_EQ(RemoveHeadList(&head_), &one_.link);
  EXPECT_EQ(RemoveTailList(&head_), &three_.link);
  EXPECT_EQ(values_of(head_), (std::vector{2}));
}

TEST_F(ListTest, RemovingFromAnEmptyListReturnsItsHead) {
  EXPECT_EQ(RemoveHeadList(&head_), &head_);
  EXPECT_EQ(RemoveTailList(&head_), &head_);
}

TEST_F(ListTest, AppendsEntriesThatHaveNoHead) {
  InsertTailList(&head_, &one_.link);
  InitializeListHead(&two_.link);
  InsertTailList(&two_.link, &three_.link);
  AppendTailList(&head_, &two_.link);
  EXPECT_EQ(values_of(head_), (std::vector{1, 2, 3}));
}

TEST(SingleListTest, IsAStack) {
  SINGLE_LIST_ENTRY head = {};
  SINGLE_LIST_ENTRY first = {};
  SINGLE_LIST_ENTRY second = {};
  PushEntryList(&head, &first);
  PushEntryList(&head, &second);
  EXPECT_EQ(PopEntryList(&head), &second);
  EXPECT_EQ(PopEntryList(&head), &first);
  EXPECT_EQ(PopEntryList(&head), nullptr);
}

TEST(HeadersTest, CompareMemoryCountsEqualBytes) {
  EXPECT_EQ(RtlCompareMemory("abcd", "abxd", 4), 2u);
  EXPECT_EQ(RtlCompareMemory("abcd", "abcd", 4), 4u);
  EXPECT_TRUE(RtlEqualMemory("abcd", "abcd", 4));
}

TEST(HeadersTest, UnicodeStringLengthIsInBytes) {
  const WCHAR text[] = {'a', 'b', 0};
  UNICODE_STRING string = {};
  RtlInitUnicodeString(&string, text);
  EXPECT_EQ(string.Length, 4);
  EXPECT_EQ(string.MaximumLength, 6);
  EXPECT_EQ(string.Buffer, text);
  RtlInitUnicodeString(&string, nullptr);
  EXPECT_EQ(string.MaximumLength, 0);
}

}  // namespace
