// Mutexes, executive resources and cache-aware rundown protection: thunks to the simulated kernel.
#define NMRCHECK_DDK_IMPLEMENTATION
#include <wdm.h>

#include "model/ddk/driver_program.h"
#include "model/ddk/pool.h"

using nmrcheck::model::current_kernel;
using nmrcheck::model::Region;

// The simulated kernel has one count for all processors.
struct _EX_RUNDOWN_REF_CACHE_AWARE {
  EX_RUNDOWN_REF references;
};

namespace {

PEX_RUNDOWN_REF plain(PEX_RUNDOWN_REF_CACHE_AWARE aware) { return &aware->references; }

// Both in one: what the caller must undo in one too.
PVOID in_region(PERESOURCE resource, bool exclusive) {
  current_kernel().enter_region(Region::kCritical);
  current_kernel().acquire_resource(resource, exclusive, true);
  return nullptr;  // the thread's Win32 data, which system threads do not have
}

}  // namespace

extern "C" {

VOID KeInitializeMutex(PRKMUTEX Mutex, ULONG) { current_kernel().initialize_mutex(Mutex); }
LONG KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN) {
  return 1 - static_cast<LONG>(current_kernel().release_mutex(Mutex));
}
LONG KeReadStateMutex(PRKMUTEX Mutex) { return current_kernel().read_mutex(Mutex); }

NTSTATUS ExInitializeResourceLite(PERESOURCE Resource) {
  current_kernel().initialize_resource(Resource);
  return STATUS_SUCCESS;
}
NTSTATUS ExReinitializeResourceLite(PERESOURCE Resource) {
  current_kernel().delete_resource(Resource);
  current_kernel().initialize_resource(Resource);
  return STATUS_SUCCESS;
}
NTSTATUS ExDeleteResourceLite(PERESOURCE Resource) {
  current_kernel().delete_resource(Resource);
  return STATUS_SUCCESS;
}
BOOLEAN ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait) {
  return current_kernel().acquire_resource(Resource, true, Wait != FALSE) ? TRUE : FALSE;
}
BOOLEAN ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait) {
  return current_kernel().acquire_resource(Resource, false, Wait != FALSE) ? TRUE : FALSE;
}
BOOLEAN ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait) {
  return ExAcquireResourceSharedLite(Resource, Wait);
}
BOOLEAN ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait) {
  return ExAcquireResourceSharedLite(Resource, Wait);
}
VOID ExReleaseResourceLite(PERESOURCE Resource) { current_kernel().release_resource(Resource); }
VOID ExConvertExclusiveToSharedLite(PERESOURCE Resource) {
  current_kernel().share_resource(Resource);
}
BOOLEAN ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource) {
  return current_kernel().holds_resource(Resource, true) > 0 ? TRUE : FALSE;
}
ULONG ExIsResourceAcquiredSharedLite(PERESOURCE Resource) {
  return current_kernel().holds_resource(Resource, false);
}
PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource) {
  return in_region(Resource, true);
}
PVOID ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource) {
  return in_region(Resource, false);
}
VOID ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource) {
  current_kernel().release_resource(Resource);
  current_kernel().leave_region(Region::kCritical);
}

SIZE_T ExSizeOfRundownProtectionCacheAware(VOID) { return sizeof(_EX_RUNDOWN_REF_CACHE_AWARE); }
VOID ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, SIZE_T) {
  ExInitializeRundownProtection(plain(RunRefCacheAware));
}
PEX_RUNDOWN_REF_CACHE_AWARE ExAllocateCacheAwareRundownProtection(POOL_TYPE PoolType,
                                                                  ULONG PoolTag) {
  const auto made = static_cast<PEX_RUNDOWN_REF_CACHE_AWARE>(
      nmrcheck::model::allocate_pool(PoolType, sizeof(_EX_RUNDOWN_REF_CACHE_AWARE), PoolTag));
  if (made != nullptr) ExInitializeRundownProtection(plain(made));
  return made;
}
VOID ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  current_kernel().free(RunRefCacheAware, "ExFreeCacheAwareRundownProtection");
}
BOOLEAN ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  return ExAcquireRundownProtection(plain(RunRefCacheAware));
}
BOOLEAN ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                               ULONG Count) {
  return ExAcquireRundownProtectionEx(plain(RunRefCacheAware), Count);
}
VOID ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  ExReleaseRundownProtection(plain(RunRefCacheAware));
}
VOID ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRef, ULONG Count) {
  ExReleaseRundownProtectionEx(plain(RunRef), Count);
}
VOID ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRef) {
  ExWaitForRundownProtectionRelease(plain(RunRef));
}
VOID ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRef) {
  ExReInitializeRundownProtection(plain(RunRef));
}
VOID ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  ExRundownCompleted(plain(RunRefCacheAware));
}

}  // extern "C"
