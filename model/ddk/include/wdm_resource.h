// Executive resources: locks for one writer or several readers, which their owner may acquire
// again.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "wdm_lock.h"

EXTERN_C_START

typedef ULONG_PTR ERESOURCE_THREAD, *PERESOURCE_THREAD;

typedef struct _OWNER_ENTRY {
  ERESOURCE_THREAD OwnerThread;
  union {
    ULONG OwnerCount;
    ULONG TableSize;
  };
} OWNER_ENTRY, *POWNER_ENTRY;

// Offsets as on x64.
typedef struct _ERESOURCE {
  LIST_ENTRY SystemResourcesList;
  POWNER_ENTRY OwnerTable;
  SHORT ActiveCount;
  USHORT Flag;
  PVOID SharedWaiters;
  PVOID ExclusiveWaiters;
  OWNER_ENTRY OwnerEntry;
  ULONG ActiveEntries;
  ULONG ContentionCount;
  ULONG NumberOfSharedWaiters;
  ULONG NumberOfExclusiveWaiters;
  PVOID Reserved2;
  union {
    PVOID Address;
    ULONG_PTR CreatorBackTraceIndex;
  };
  KSPIN_LOCK SpinLock;
} ERESOURCE, *PERESOURCE;

NTSTATUS ExInitializeResourceLite(_Out_ PERESOURCE Resource);
NTSTATUS ExReinitializeResourceLite(_Inout_ PERESOURCE Resource);
NTSTATUS ExDeleteResourceLite(_Inout_ PERESOURCE Resource);
// These return FALSE only if Wait is FALSE and the resource cannot be had at once.
BOOLEAN ExAcquireResourceExclusiveLite(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);
BOOLEAN ExAcquireResourceSharedLite(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);
BOOLEAN ExAcquireSharedStarveExclusive(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);
BOOLEAN ExAcquireSharedWaitForExclusive(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);
VOID ExReleaseResourceLite(_Inout_ PERESOURCE Resource);
VOID ExConvertExclusiveToSharedLite(_Inout_ PERESOURCE Resource);
BOOLEAN ExIsResourceAcquiredExclusiveLite(_In_ PERESOURCE Resource);
// Returns how many times the calling thread has it, in either mode.
ULONG ExIsResourceAcquiredSharedLite(_In_ PERESOURCE Resource);
PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(_Inout_ PERESOURCE Resource);
PVOID ExEnterCriticalRegionAndAcquireResourceShared(_Inout_ PERESOURCE Resource);
VOID ExReleaseResourceAndLeaveCriticalRegion(_Inout_ PERESOURCE Resource);

EXTERN_C_END

#define ExIsResourceAcquiredLite(Resource) ExIsResourceAcquiredSharedLite(Resource)
#define ExReleaseResource(Resource) ExReleaseResourceLite(Resource)

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define ExInitializeResourceLite(...) NMRCHECK_AT(ExInitializeResourceLite(__VA_ARGS__))
#define ExReinitializeResourceLite(...) NMRCHECK_AT(ExReinitializeResourceLite(__VA_ARGS__))
#define ExDeleteResourceLite(...) NMRCHECK_AT(ExDeleteResourceLite(__VA_ARGS__))
#define ExAcquireResourceExclusiveLite(...) NMRCHECK_AT(ExAcquireResourceExclusiveLite(__VA_ARGS__))
#define ExAcquireResourceSharedLite(...) NMRCHECK_AT(ExAcquireResourceSharedLite(__VA_ARGS__))
#define ExAcquireSharedStarveExclusive(...) NMRCHECK_AT(ExAcquireSharedStarveExclusive(__VA_ARGS__))
#define ExAcquireSharedWaitForExclusive(...) \
  NMRCHECK_AT(ExAcquireSharedWaitForExclusive(__VA_ARGS__))
#define ExReleaseResourceLite(...) NMRCHECK_AT(ExReleaseResourceLite(__VA_ARGS__))
#define ExConvertExclusiveToSharedLite(...) NMRCHECK_AT(ExConvertExclusiveToSharedLite(__VA_ARGS__))
#define ExIsResourceAcquiredExclusiveLite(...) \
  NMRCHECK_AT(ExIsResourceAcquiredExclusiveLite(__VA_ARGS__))
#define ExIsResourceAcquiredSharedLite(...) NMRCHECK_AT(ExIsResourceAcquiredSharedLite(__VA_ARGS__))
#define ExEnterCriticalRegionAndAcquireResourceExclusive(...) \
  NMRCHECK_AT(ExEnterCriticalRegionAndAcquireResourceExclusive(__VA_ARGS__))
#define ExEnterCriticalRegionAndAcquireResourceShared(...) \
  NMRCHECK_AT(ExEnterCriticalRegionAndAcquireResourceShared(__VA_ARGS__))
#define ExReleaseResourceAndLeaveCriticalRegion(...) \
  NMRCHECK_AT(ExReleaseResourceAndLeaveCriticalRegion(__VA_ARGS__))
#endif
