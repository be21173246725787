// The WDK's functions as a driver calls them: what they return and leave behind.
#include <gtest/gtest.h>
#include <ntintsafe.h>
#include <ntstrsafe.h>
#include <wdm.h>

#include <algorithm>
#include <string>

#include "model/ddk/driver_program.h"
#include "sim/strategy/dfs.h"

extern "C" NTSTATUS make_wide_text(WCHAR* target, SIZE_T size, ULONG number);

namespace nmrcheck::model {
namespace {

using DriverCode = void (*)();

class DriverOnMain final : public DriverProgram {
 public:
  explicit DriverOnMain(DriverCode code)
      : DriverProgram(*find_profile("documented")), code_(code) {}

 private:
  void drive(World& world) override {
    world.kernel().push({FrameKind::kModuleCode, world.kernel().load("driver.sys")});
    code_();
    world.kernel().pop();
  }

  DriverCode code_;
};

// The rule that the first schedule breaks, "" for none.
std::string verdict(DriverCode code) {
  sim::Execution execution;
  sim::DfsStrategy first;
  first.begin_execution(sim::Seed{0});
  DriverOnMain program(code);
  const sim::Outcome& outcome = execution.run(program, first);
  return outcome.violation ? outcome.violation->rule : "";
}

std::string narrow(const WCHAR* text) {
  std::string result;
  for (; *text != 0; ++text) result += static_cast<char>(*text);
  return result;
}

template <class... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
  char text[64];
  EXPECT_EQ(RtlStringCbPrintfA(text, sizeof text, format, arguments...), STATUS_SUCCESS) << format;
  return text;
}

TEST(FormatTest, NumbersHaveTheSizesOfWindows) {
  EXPECT_EQ(verdict([] {
              EXPECT_EQ(formatted("%d %ld %u %lu", LONG{-1}, LONG{-2}, ULONG{4294967295u}, 3u),
                        "-1 -2 4294967295 3");
              EXPECT_EQ(formatted("%I64d %llu", LONGLONG{-5'000'000'000}, 6'000'000'000ull),
                        "-5000000000 6000000000");
              EXPECT_EQ(formatted("%x %X %#x %08x", 255u, 255u, 255u, 255u), "ff FF 0xff 000000ff");
              EXPECT_EQ(formatted("%5d|%-5d|%+d|%.3d|%05d", 42, 42, 42, 7, -42),
                        "   42|42   |+42|007|-0042");
              EXPECT_EQ(formatted("%hu %hhu %hd", 65537u, 257u, 65535), "1 1 -1");
              EXPECT_EQ(formatted("%p", reinterpret_cast<void*>(0xABCu)), "0000000000000ABC");
              EXPECT_EQ(formatted("%Iu %zu %*d", SIZE_T{7}, SIZE_T{8}, 3, 9), "7 8   9");
            }),
            "");
}

TEST(FormatTest, TextIsOfEitherWidth) {
  EXPECT_EQ(verdict([] {
              WCHAR wide[] = {'w', 'i', 'd', 'e', 0};
              UNICODE_STRING counted;
              RtlInitUnicodeString(&counted, wide);
              counted.Length = 4;  // "wi"
              const auto* null = static_cast<const char*>(nullptr);
              EXPECT_EQ(formatted("%s %S %ws %ls %wZ", "n", wide, wide, wide, &counted),
                        "n wide wide wide wi");
              EXPECT_EQ(formatted("%.2s|%5s|%-3s|%c%%|%s", "abc", "ab", "a", 'x', null),
                        "ab|   ab|a  |x%|(null)");
              const WCHAR format[] = {'%', 's', '-', '%', 'S', '-', '%', 'u', 0};
              WCHAR text[32];
              EXPECT_EQ(RtlStringCbPrintfW(text, sizeof text, format, wide, "narrow", 5u),
                        STATUS_SUCCESS);
              EXPECT_EQ(narrow(text), "wide-narrow-5");
            }),
            "");
}

TEST(FormatTest, TheWideTextOfADriverIsUnderstood) {
  EXPECT_EQ(verdict([] {
              WCHAR text[40];
              EXPECT_EQ(make_wide_text(text, sizeof text, 7), STATUS_SUCCESS);
              EXPECT_EQ(narrow(text), "\\Device\\Kettle-lid!-7-end");
              EXPECT_EQ(make_wide_text(text, 10, 7), STATUS_BUFFER_OVERFLOW);
              EXPECT_EQ(narrow(text), "\\Dev");
            }),
            "");
}

TEST(FormatTest, SaysWhenTheTextIsCutOff) {
  EXPECT_EQ(verdict([] {
              char text[4];
              EXPECT_EQ(RtlStringCchPrintfA(text, 4, "%u", 123u), STATUS_SUCCESS);
              EXPECT_STREQ(text, "123");
              EXPECT_EQ(RtlStringCchPrintfA(text, 4, "%u", 1234u), STATUS_BUFFER_OVERFLOW);
              EXPECT_STREQ(text, "123");
              EXPECT_EQ(RtlStringCchPrintfA(text, 0, "%u", 1u), STATUS_INVALID_PARAMETER);
              WCHAR buffer[2];
              UNICODE_STRING counted;
              RtlInitEmptyUnicodeString(&counted, buffer, sizeof buffer);
              const WCHAR format[] = {'%', 'u', 0};
              EXPECT_EQ(RtlUnicodeStringPrintf(&counted, format, 12u), STATUS_SUCCESS);
              EXPECT_EQ(counted.Length, 4);
              EXPECT_EQ(RtlUnicodeStringPrintf(&counted, format, 345u), STATUS_BUFFER_OVERFLOW);
              EXPECT_EQ(counted.Length, 4);
              EXPECT_EQ(buffer[1], '4');
            }),
            "");
}

TEST(StringTest, CopiesAndConcatenatesWithinBounds) {
  char text[6];
  EXPECT_EQ(RtlStringCbCopyA(text, sizeof text, "abc"), STATUS_SUCCESS);
  EXPECT_EQ(RtlStringCbCatA(text, sizeof text, "de"), STATUS_SUCCESS);
  EXPECT_STREQ(text, "abcde");
  EXPECT_EQ(RtlStringCbCatA(text, sizeof text, "f"), STATUS_BUFFER_OVERFLOW);
  EXPECT_STREQ(text, "abcde");
  EXPECT_EQ(RtlStringCbCopyA(text, sizeof text, "abcdefg"), STATUS_BUFFER_OVERFLOW);
  EXPECT_STREQ(text, "abcde");
  EXPECT_EQ(RtlStringCbCopyNA(text, sizeof text, "xyz", 2), STATUS_SUCCESS);
  EXPECT_STREQ(text, "xy");
  EXPECT_EQ(RtlStringCbCopyA(text, 0, "a"), STATUS_INVALID_PARAMETER);
  size_t length = 9;
  EXPECT_EQ(RtlStringCbLengthA(text, sizeof text, &length), STATUS_SUCCESS);
  EXPECT_EQ(length, 2u);
  EXPECT_EQ(RtlStringCchLengthA(text, 2, &length), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(length, 0u);
  std::fill_n(text, sizeof text, 'x');
  EXPECT_EQ(RtlStringCbCatA(text, sizeof text, "a"), STATUS_INVALID_PARAMETER);
}

TEST(StringTest, CountedOnesAreAppendedWholeOrNotAtAll) {
  WCHAR buffer[4] = {};
  WCHAR two[] = {'a', 'B', 0};
  UNICODE_STRING text;
  UNICODE_STRING source;
  RtlInitEmptyUnicodeString(&text, buffer, sizeof buffer);
  RtlInitUnicodeString(&source, two);
  EXPECT_EQ(source.Length, 4);
  EXPECT_EQ(source.MaximumLength, 6);
  EXPECT_EQ(RtlAppendUnicodeStringToString(&text, &source), STATUS_SUCCESS);
  EXPECT_EQ(RtlAppendUnicodeToString(&text, two), STATUS_SUCCESS);
  EXPECT_EQ(RtlAppendUnicodeToString(&text, two), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(text.Length, 8);
  RtlCopyUnicodeString(&text, &source);
  EXPECT_EQ(text.Length, 4);
  WCHAR upper[] = {'A', 'B', 0};
  UNICODE_STRING other;
  RtlInitUnicodeString(&other, upper);
  EXPECT_TRUE(RtlEqualUnicodeString(&text, &other, TRUE));
  EXPECT_FALSE(RtlEqualUnicodeString(&text, &other, FALSE));
}

TEST(IntegerTest, SayWhenTheResultDoesNotFit) {
  ULONG sum = 0;
  EXPECT_EQ(RtlULongAdd(1, 2, &sum), STATUS_SUCCESS);
  EXPECT_EQ(sum, 3u);
  EXPECT_EQ(RtlULongAdd(MAXULONG, 1, &sum), STATUS_INTEGER_OVERFLOW);
  EXPECT_EQ(sum, MAXULONG);
  EXPECT_EQ(RtlULongSub(1, 2, &sum), STATUS_INTEGER_OVERFLOW);
  SIZE_T product = 0;
  EXPECT_EQ(RtlSizeTMult(MAXSIZE_T / 2, 2, &product), STATUS_SUCCESS);
  EXPECT_EQ(product, MAXSIZE_T - 1);
  EXPECT_EQ(RtlSizeTMult(MAXSIZE_T, 2, &product), STATUS_INTEGER_OVERFLOW);
  USHORT narrow_value = 0;
  EXPECT_EQ(RtlULongToUShort(65535, &narrow_value), STATUS_SUCCESS);
  EXPECT_EQ(RtlULongToUShort(65536, &narrow_value), STATUS_INTEGER_OVERFLOW);
  ULONG unsigned_value = 0;
  EXPECT_EQ(RtlLongToULong(-1, &unsigned_value), STATUS_INTEGER_OVERFLOW);
  LONG signed_value = 0;
  EXPECT_EQ(RtlULongToLong(0x80000000u, &signed_value), STATUS_INTEGER_OVERFLOW);
  EXPECT_EQ(signed_value, -1);
}

TEST(RegistryTest, ValuesThatAreMissingHaveTheirDefaults) {
  EXPECT_EQ(verdict([] {
              WCHAR name[] = {'D', 0};
              ULONG value = 1;
              ULONG standard = 7;
              RTL_QUERY_REGISTRY_TABLE table[2] = {};
              table[0] = {nullptr, RTL_QUERY_REGISTRY_DIRECT, name, &value, REG_DWORD, &standard,
                          4};
              EXPECT_EQ(RtlQueryRegistryValues(0, name, table, nullptr, nullptr), STATUS_SUCCESS);
              EXPECT_EQ(value, 7u);
              table[0].DefaultType = REG_NONE;
              value = 1;
              EXPECT_EQ(RtlQueryRegistryValues(0, name, table, nullptr, nullptr), STATUS_SUCCESS);
              EXPECT_EQ(value, 1u);
              table[0].Flags |= RTL_QUERY_REGISTRY_REQUIRED;
              EXPECT_EQ(RtlQueryRegistryValues(0, name, table, nullptr, nullptr),
                        STATUS_OBJECT_NAME_NOT_FOUND);
            }),
            "");
}

TEST(SListTest, IsLastInFirstOut) {
  EXPECT_EQ(verdict([] {
              alignas(16) SLIST_HEADER head;
              alignas(16) SLIST_ENTRY entries[2];
              InitializeSListHead(&head);
              EXPECT_EQ(InterlockedPopEntrySList(&head), nullptr);
              EXPECT_EQ(InterlockedPushEntrySList(&head, &entries[0]), nullptr);
              EXPECT_EQ(InterlockedPushEntrySList(&head, &entries[1]), &entries[0]);
              EXPECT_EQ(ExQueryDepthSList(&head), 2);
              EXPECT_EQ(InterlockedPopEntrySList(&head), &entries[1]);
              EXPECT_EQ(InterlockedFlushSList(&head), &entries[0]);
              EXPECT_EQ(ExQueryDepthSList(&head), 0);
            }),
            "");
}

TEST(DeviceTest, LivesUntilItIsDeleted) {
  EXPECT_EQ(verdict([] {
              DRIVER_OBJECT driver = {};
              PDEVICE_OBJECT first = nullptr;
              PDEVICE_OBJECT second = nullptr;
              IoCreateDevice(&driver, 8, nullptr, FILE_DEVICE_NETWORK, 0, FALSE, &first);
              IoCreateDevice(&driver, 0, nullptr, FILE_DEVICE_NETWORK, 0, FALSE, &second);
              EXPECT_EQ(driver.DeviceObject, second);
              EXPECT_EQ(second->NextDevice, first);
              EXPECT_EQ(second->DeviceExtension, nullptr);
              EXPECT_EQ(first->DeviceExtension, first + 1);
              EXPECT_EQ(*static_cast<std::uint64_t*>(first->DeviceExtension), 0u);
              IoDeleteDevice(first);
              EXPECT_EQ(second->NextDevice, nullptr);
              IoDeleteDevice(second);
              EXPECT_EQ(driver.DeviceObject, nullptr);
              IoDeleteDevice(second);
            }),
            "KRN-POOL-01");
}

TEST(LookasideTest, AllocatesFromThePoolOrAsTheDriverSays) {
  EXPECT_EQ(verdict([] {
              NPAGED_LOOKASIDE_LIST list;
              ExInitializeNPagedLookasideList(&list, nullptr, nullptr, 0, 24, 0x41, 0);
              PVOID entry = ExAllocateFromNPagedLookasideList(&list);
              ExFreeToNPagedLookasideList(&list, entry);
              ExDeleteNPagedLookasideList(&list);
              const auto allocate = [](POOL_TYPE, SIZE_T size, ULONG tag) -> PVOID {
                EXPECT_EQ(size, 24u);
                return ExAllocatePool2(POOL_FLAG_NON_PAGED, size, tag);
              };
              ExInitializeNPagedLookasideList(&list, allocate, nullptr, 0, 24, 0x41, 0);
              entry = ExAllocateFromNPagedLookasideList(&list);
              ExFreePoolWithTag(entry, 0x41);
              ExFreeToNPagedLookasideList(&list, entry);
            }),
            "KRN-POOL-02");
}

TEST(RundownTest, TheCacheAwareKindWorksAsThePlainOne) {
  EXPECT_EQ(verdict([] {
              const PEX_RUNDOWN_REF_CACHE_AWARE users =
                  ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, 0x41);
              EXPECT_TRUE(ExAcquireRundownProtectionCacheAware(users));
              ExReleaseRundownProtectionCacheAware(users);
              ExWaitForRundownProtectionReleaseCacheAware(users);
              EXPECT_FALSE(ExAcquireRundownProtectionCacheAware(users));
              ExReInitializeRundownProtectionCacheAware(users);
              EXPECT_TRUE(ExAcquireRundownProtectionCacheAwareEx(users, 2));
              ExReleaseRundownProtectionCacheAwareEx(users, 2);
              ExFreeCacheAwareRundownProtection(users);
              ExAcquireRundownProtectionCacheAware(users);
            }),
            "KRN-POOL-01");
}

TEST(ClockTest, TimeoutsMayNameAPointInTime) {
  EXPECT_EQ(verdict([] {
              KEVENT event;
              KeInitializeEvent(&event, NotificationEvent, FALSE);
              LARGE_INTEGER before;
              LARGE_INTEGER after;
              KeQuerySystemTime(&before);
              LARGE_INTEGER until{.QuadPart = before.QuadPart + 500};
              EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &until),
                        STATUS_TIMEOUT);
              KeQuerySystemTime(&after);
              EXPECT_EQ(after.QuadPart - before.QuadPart, 500);
              EXPECT_EQ(KeQueryPerformanceCounter(nullptr).QuadPart, 500);
            }),
            "");
}

}  // namespace
}  // namespace nmrcheck::model
