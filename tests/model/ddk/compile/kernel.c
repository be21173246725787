// Timers, DPCs, mutexes, resources, threads, processors, the registry, devices and strings.
#include <ntddk.h>
#include <ntstrsafe.h>

#include "has.h"

HAS(VOID, KeInitializeDpc, (PRKDPC, PKDEFERRED_ROUTINE, PVOID));
HAS(VOID, KeInitializeThreadedDpc, (PRKDPC, PKDEFERRED_ROUTINE, PVOID));
HAS(BOOLEAN, KeInsertQueueDpc, (PRKDPC, PVOID, PVOID));
HAS(BOOLEAN, KeRemoveQueueDpc, (PRKDPC));
HAS(VOID, KeFlushQueuedDpcs, (VOID));
HAS(VOID, KeSetTargetProcessorDpc, (PRKDPC, CCHAR));
HAS(NTSTATUS, KeSetTargetProcessorDpcEx, (PKDPC, PPROCESSOR_NUMBER));
HAS(VOID, KeSetImportanceDpc, (PRKDPC, KDPC_IMPORTANCE));
HAS(VOID, KeInitializeTimer, (PKTIMER));
HAS(VOID, KeInitializeTimerEx, (PKTIMER, TIMER_TYPE));
HAS(BOOLEAN, KeSetTimer, (PKTIMER, LARGE_INTEGER, PKDPC));
HAS(BOOLEAN, KeSetTimerEx, (PKTIMER, LARGE_INTEGER, LONG, PKDPC));
HAS(BOOLEAN, KeCancelTimer, (PKTIMER));
HAS(BOOLEAN, KeReadStateTimer, (PKTIMER));
HAS(ULONG, KeQueryMaximumProcessorCount, (VOID));
HAS(ULONG, KeQueryMaximumProcessorCountEx, (USHORT));
HAS(ULONG, KeQueryActiveProcessorCount, (PKAFFINITY));
HAS(ULONG, KeQueryActiveProcessorCountEx, (USHORT));
HAS(ULONG, KeGetCurrentProcessorNumberEx, (PPROCESSOR_NUMBER));
HAS(NTSTATUS, KeGetProcessorNumberFromIndex, (ULONG, PPROCESSOR_NUMBER));
HAS(LARGE_INTEGER, KeQueryPerformanceCounter, (PLARGE_INTEGER));
HAS(ULONGLONG, KeQueryInterruptTime, (VOID));
HAS(VOID, KeInitializeMutex, (PRKMUTEX, ULONG));
HAS(LONG, KeReleaseMutex, (PRKMUTEX, BOOLEAN));
HAS(LONG, KeReadStateMutex, (PRKMUTEX));
HAS(NTSTATUS, ExInitializeResourceLite, (PERESOURCE));
HAS(NTSTATUS, ExReinitializeResourceLite, (PERESOURCE));
HAS(NTSTATUS, ExDeleteResourceLite, (PERESOURCE));
HAS(BOOLEAN, ExAcquireResourceExclusiveLite, (PERESOURCE, BOOLEAN));
HAS(BOOLEAN, ExAcquireResourceSharedLite, (PERESOURCE, BOOLEAN));
HAS(VOID, ExReleaseResourceLite, (PERESOURCE));
HAS(VOID, ExConvertExclusiveToSharedLite, (PERESOURCE));
HAS(BOOLEAN, ExIsResourceAcquiredExclusiveLite, (PERESOURCE));
HAS(ULONG, ExIsResourceAcquiredSharedLite, (PERESOURCE));
HAS(PVOID, ExEnterCriticalRegionAndAcquireResourceExclusive, (PERESOURCE));
HAS(PVOID, ExEnterCriticalRegionAndAcquireResourceShared, (PERESOURCE));
HAS(VOID, ExReleaseResourceAndLeaveCriticalRegion, (PERESOURCE));
HAS(PEX_RUNDOWN_REF_CACHE_AWARE, ExAllocateCacheAwareRundownProtection, (POOL_TYPE, ULONG));
HAS(VOID, ExFreeCacheAwareRundownProtection, (PEX_RUNDOWN_REF_CACHE_AWARE));
HAS(SIZE_T, ExSizeOfRundownProtectionCacheAware, (VOID));
HAS(VOID, ExInitializeRundownProtectionCacheAware, (PEX_RUNDOWN_REF_CACHE_AWARE, SIZE_T));
HAS(BOOLEAN, ExAcquireRundownProtectionCacheAware, (PEX_RUNDOWN_REF_CACHE_AWARE));
HAS(BOOLEAN, ExAcquireRundownProtectionCacheAwareEx, (PEX_RUNDOWN_REF_CACHE_AWARE, ULONG));
HAS(VOID, ExReleaseRundownProtectionCacheAware, (PEX_RUNDOWN_REF_CACHE_AWARE));
HAS(VOID, ExReleaseRundownProtectionCacheAwareEx, (PEX_RUNDOWN_REF_CACHE_AWARE, ULONG));
HAS(VOID, ExWaitForRundownProtectionReleaseCacheAware, (PEX_RUNDOWN_REF_CACHE_AWARE));
HAS(VOID, ExReInitializeRundownProtectionCacheAware, (PEX_RUNDOWN_REF_CACHE_AWARE));
HAS(VOID, ExRundownCompletedCacheAware, (PEX_RUNDOWN_REF_CACHE_AWARE));
HAS(NTSTATUS, PsCreateSystemThread,
    (PHANDLE, ULONG, POBJECT_ATTRIBUTES, HANDLE, PCLIENT_ID, PKSTART_ROUTINE, PVOID));
HAS(NTSTATUS, PsTerminateSystemThread, (NTSTATUS));
HAS(NTSTATUS, ObReferenceObjectByHandle,
    (HANDLE, ACCESS_MASK, POBJECT_TYPE, KPROCESSOR_MODE, PVOID*, POBJECT_HANDLE_INFORMATION));
HAS(NTSTATUS, ZwClose, (HANDLE));
HAS(PKTHREAD, KeGetCurrentThread, (VOID));
HAS(NTSTATUS, RtlQueryRegistryValues, (ULONG, PCWSTR, PRTL_QUERY_REGISTRY_TABLE, PVOID, PVOID));
HAS(NTSTATUS, IoCreateDevice,
    (PDRIVER_OBJECT, ULONG, PUNICODE_STRING, DEVICE_TYPE, ULONG, BOOLEAN, PDEVICE_OBJECT*));
HAS(VOID, IoDeleteDevice, (PDEVICE_OBJECT));
HAS(NTSTATUS, IoCreateSymbolicLink, (PUNICODE_STRING, PUNICODE_STRING));
HAS(NTSTATUS, IoDeleteSymbolicLink, (PUNICODE_STRING));
HAS(VOID, RtlInitUnicodeString, (PUNICODE_STRING, PCWSTR));
HAS(VOID, RtlCopyUnicodeString, (PUNICODE_STRING, PCUNICODE_STRING));
HAS(BOOLEAN, RtlEqualUnicodeString, (PCUNICODE_STRING, PCUNICODE_STRING, BOOLEAN));
HAS(NTSTATUS, RtlAppendUnicodeToString, (PUNICODE_STRING, PCWSTR));
HAS(NTSTATUS, RtlStringCbPrintfA, (char*, size_t, const char*, ...));
HAS(NTSTATUS, RtlStringCbCopyW, (WCHAR*, size_t, const WCHAR*));
HAS(NTSTATUS, RtlStringCbCatW, (WCHAR*, size_t, const WCHAR*));
HAS(NTSTATUS, RtlStringCchLengthW, (const WCHAR*, size_t, size_t*));
HAS(NTSTATUS, RtlUnicodeStringCopy, (PUNICODE_STRING, PCUNICODE_STRING));
HAS(NTSTATUS, RtlUnicodeStringPrintf, (PUNICODE_STRING, const WCHAR*, ...));
HAS(VOID, InitializeSListHead, (PSLIST_HEADER));
HAS(PSLIST_ENTRY, InterlockedPushEntrySList, (PSLIST_HEADER, PSLIST_ENTRY));
HAS(PSLIST_ENTRY, InterlockedPopEntrySList, (PSLIST_HEADER));
HAS(PSLIST_ENTRY, InterlockedFlushSList, (PSLIST_HEADER));
HAS(USHORT, ExQueryDepthSList, (PSLIST_HEADER));
HAS(VOID, ExInitializeNPagedLookasideList,
    (PNPAGED_LOOKASIDE_LIST, PALLOCATE_FUNCTION, PFREE_FUNCTION, ULONG, SIZE_T, ULONG, USHORT));
HAS(PVOID, ExAllocateFromNPagedLookasideList, (PNPAGED_LOOKASIDE_LIST));
HAS(VOID, ExFreeToNPagedLookasideList, (PNPAGED_LOOKASIDE_LIST, PVOID));
HAS(VOID, ExDeleteNPagedLookasideList, (PNPAGED_LOOKASIDE_LIST));

static DRIVER_UNLOAD kettle_unload;
DRIVER_INITIALIZE DriverEntry;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#endif

static UNICODE_STRING kettle_name = {28, 30, (PWCH)L"\\Device\\Kettle"};

_Function_class_(DRIVER_UNLOAD) static VOID kettle_unload(_In_ PDRIVER_OBJECT driver) {
  IoDeleteDevice(driver->DeviceObject);
}

NTSTATUS DriverEntry(_In_ PDRIVER_OBJECT driver, _In_ PUNICODE_STRING registry_path) {
  WCHAR path[64];
  ULONG depth = 0;
  ULONG least = 4;
  PDEVICE_OBJECT device = NULL;
  NTSTATUS status;
  RTL_QUERY_REGISTRY_TABLE table[2];
  LARGE_INTEGER now;
  RtlZeroMemory(table, sizeof(table));
  table[0].Flags = RTL_QUERY_REGISTRY_DIRECT;
  table[0].Name = (PWSTR)L"Depth";
  table[0].EntryContext = &depth;
  table[0].DefaultType = REG_DWORD;
  table[0].DefaultData = &least;
  table[0].DefaultLength = sizeof(least);
  status = RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, registry_path->Buffer, table, NULL, NULL);
  if (!NT_SUCCESS(status)) {
    return status;
  }
  KeQuerySystemTime(&now);
  KeQueryTickCount(&now);
  status = RtlStringCbPrintfW(path, sizeof(path), L"%wZ-%u", &kettle_name, depth);
  if (!NT_SUCCESS(status)) {
    return status;
  }
  driver->DriverUnload = kettle_unload;
  return IoCreateDevice(driver, sizeof(KMUTEX), &kettle_name, FILE_DEVICE_NETWORK,
                        FILE_DEVICE_SECURE_OPEN, FALSE, &device);
}

VOID check_objects(PVOID object);
VOID check_objects(PVOID object) {
  ULONG number = KeGetCurrentProcessorNumber();
  ObReferenceObject(object);
  ObDereferenceObject(object);
  DbgPrint("%u\n", number);
}
