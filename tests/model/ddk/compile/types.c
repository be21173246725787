// Types, macros and status values, and their layouts on x64.
#include <ntddk.h>
#include <ntintsafe.h>
#include <windef.h>

C_ASSERT(sizeof(LONG) == 4 && sizeof(ULONG) == 4 && sizeof(UINT32) == 4 && sizeof(INT) == 4);
C_ASSERT(sizeof(USHORT) == 2 && sizeof(BOOLEAN) == 1 && sizeof(WCHAR) == 2);
C_ASSERT(sizeof(PVOID) == 8 && sizeof(ULONG_PTR) == 8 && sizeof(SIZE_T) == 8);
C_ASSERT(sizeof(LONGLONG) == 8 && sizeof(ULONG64) == 8 && sizeof(LARGE_INTEGER) == 8);
C_ASSERT(sizeof(NTSTATUS) == 4 && sizeof(HANDLE) == 8 && sizeof(DWORD) == 4 && sizeof(BOOL) == 4);
C_ASSERT((NTSTATUS)-1 < 0 && (ULONG)-1 > 0);
C_ASSERT(sizeof(UNICODE_STRING) == 16 && FIELD_OFFSET(UNICODE_STRING, Buffer) == 8);
C_ASSERT(sizeof(GUID) == 16 && FIELD_OFFSET(GUID, Data4) == 8);
C_ASSERT(sizeof(LIST_ENTRY) == 16 && sizeof(CLIENT_ID) == 16);
C_ASSERT(sizeof(OBJECT_ATTRIBUTES) == 48 && FIELD_OFFSET(OBJECT_ATTRIBUTES, ObjectName) == 16);

C_ASSERT(sizeof(KEVENT) == 24 && sizeof(KMUTEX) == 56);
C_ASSERT(FIELD_OFFSET(KMUTANT, OwnerThread) == 40 && FIELD_OFFSET(KMUTANT, ApcDisable) == 49);
C_ASSERT(sizeof(KDPC) == 64 && FIELD_OFFSET(KDPC, DeferredContext) == 32);
C_ASSERT(sizeof(KTIMER) == 64 && FIELD_OFFSET(KTIMER, Period) == 60);
C_ASSERT(sizeof(ERESOURCE) == 104 && FIELD_OFFSET(ERESOURCE, SharedWaiters) == 32);
C_ASSERT(FIELD_OFFSET(ERESOURCE, OwnerEntry) == 48 && FIELD_OFFSET(ERESOURCE, SpinLock) == 96);
C_ASSERT(sizeof(SLIST_HEADER) == 16 && sizeof(SLIST_ENTRY) == 16);
C_ASSERT(sizeof(GENERAL_LOOKASIDE) == 128 && FIELD_OFFSET(GENERAL_LOOKASIDE, Allocate) == 48);
C_ASSERT(sizeof(NPAGED_LOOKASIDE_LIST) == 128 && sizeof(PAGED_LOOKASIDE_LIST) == 128);
C_ASSERT(sizeof(LOOKASIDE_LIST_EX) == 96 && sizeof(PROCESSOR_NUMBER) == 4);
C_ASSERT(sizeof(GROUP_AFFINITY) == 16 && sizeof(RTL_QUERY_REGISTRY_TABLE) == 56);
C_ASSERT(sizeof(DEVICE_OBJECT) == 336 && FIELD_OFFSET(DEVICE_OBJECT, DeviceExtension) == 64);
C_ASSERT(sizeof(DRIVER_OBJECT) == 336 && FIELD_OFFSET(DRIVER_OBJECT, MajorFunction) == 112);
C_ASSERT(sizeof(EX_RUNDOWN_REF) == 8 && sizeof(EX_PUSH_LOCK) == 8 && sizeof(EX_SPIN_LOCK) == 4);
C_ASSERT(sizeof(KSPIN_LOCK) == 8 && sizeof(WORK_QUEUE_ITEM) == 32);

C_ASSERT(STATUS_SUCCESS == 0 && STATUS_PENDING == 0x103 && STATUS_TIMEOUT == 0x102);
C_ASSERT(STATUS_UNSUCCESSFUL == (NTSTATUS)0xC0000001 &&
         STATUS_INVALID_HANDLE == (NTSTATUS)0xC0000008);
C_ASSERT(STATUS_INVALID_PARAMETER == (NTSTATUS)0xC000000D &&
         STATUS_NO_MEMORY == (NTSTATUS)0xC0000017);
C_ASSERT(STATUS_ACCESS_DENIED == (NTSTATUS)0xC0000022 &&
         STATUS_DELETE_PENDING == (NTSTATUS)0xC0000056);
C_ASSERT(STATUS_INSUFFICIENT_RESOURCES == (NTSTATUS)0xC000009A);
C_ASSERT(STATUS_DEVICE_NOT_READY == (NTSTATUS)0xC00000A3 &&
         STATUS_NOT_SUPPORTED == (NTSTATUS)0xC00000BB);
C_ASSERT(STATUS_INVALID_DEVICE_STATE == (NTSTATUS)0xC0000184 &&
         STATUS_NOT_FOUND == (NTSTATUS)0xC0000225);
C_ASSERT(STATUS_NOINTERFACE == (NTSTATUS)0xC00002B9 &&
         STATUS_INTEGER_OVERFLOW == (NTSTATUS)0xC0000095);

typedef struct DECLSPEC_CACHEALIGN _LANE {
  LONG Value;
} LANE;
C_ASSERT(sizeof(LANE) == 64);

EXTERN_C const GUID DECLSPEC_SELECTANY lane_guid;
const GUID lane_guid = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};

typedef struct _OWNER {
  LONG Number;
  LIST_ENTRY Link;
} OWNER;

static __forceinline OWNER* owner_of(_In_ LIST_ENTRY* link) {
  return CONTAINING_RECORD(link, OWNER, Link);
}

_Must_inspect_result_ _IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS
check_types(_In_ LIST_ENTRY* link, _In_reads_(size) const UCHAR* bytes, SIZE_T size,
            _In_ const GUID* guid, _Out_ PLARGE_INTEGER out);
NTSTATUS check_types(_In_ LIST_ENTRY* link, _In_reads_(size) const UCHAR* bytes, SIZE_T size,
                     _In_ const GUID* guid, _Out_ PLARGE_INTEGER out) {
  UCHAR copy[16];
  VOID* target = copy;
  _Analysis_assume_(size <= sizeof(copy));
  PAGED_CODE();
  ASSERT(link != NULL);
  NT_ASSERT(bytes != NULL);
  ASSERTMSG("size", size <= sizeof(copy));
  memset(copy, 0, sizeof(copy));
  memcpy(target, bytes, size);
  RtlCopyMemory(copy, bytes, size);
  RtlZeroMemory(copy, sizeof(copy));
  KdPrint(("%u bytes\n", (ULONG)size));
  UNREFERENCED_PARAMETER(guid);
  out->QuadPart = owner_of(link)->Number;
  if (memcmp(copy, bytes, size) != 0) {
    RtlFailFast(FAST_FAIL_INVALID_ARG);
  }
  if (!NT_VERIFY(size > 0)) {
    __fastfail(FAST_FAIL_FATAL_APP_EXIT);
  }
#ifdef __cplusplus
  return IsEqualGUID(*guid, lane_guid) ? STATUS_SUCCESS : STATUS_NOT_FOUND;
#else
  return IsEqualGUID(guid, &lane_guid) ? STATUS_SUCCESS : STATUS_NOT_FOUND;
#endif
}

BOOLEAN check_integers(ULONG count, SIZE_T size, _Out_ SIZE_T* total);
BOOLEAN check_integers(ULONG count, SIZE_T size, _Out_ SIZE_T* total) {
  ULONG sum;
  USHORT narrow;
  return NT_SUCCESS(RtlSizeTMult(count, size, total)) && NT_SUCCESS(RtlULongAdd(count, 1, &sum)) &&
                 NT_SUCCESS(RtlSizeTToULong(*total, &sum)) &&
                 NT_SUCCESS(RtlULongToUShort(sum, &narrow)) &&
                 NT_SUCCESS(RtlULongSub(sum, 1, &sum)) && NT_SUCCESS(RtlSizeTAdd(size, 1, total))
             ? TRUE
             : FALSE;
}
