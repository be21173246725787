// Cache-aware rundown protection: as the plain kind, in memory of its own.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "wdm_lock.h"
#include "wdm_pool.h"

EXTERN_C_START

typedef struct _EX_RUNDOWN_REF_CACHE_AWARE* PEX_RUNDOWN_REF_CACHE_AWARE;

// Returns NULL when there is no memory.
PEX_RUNDOWN_REF_CACHE_AWARE ExAllocateCacheAwareRundownProtection(_In_ POOL_TYPE PoolType,
                                                                  _In_ ULONG PoolTag);
VOID ExFreeCacheAwareRundownProtection(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
SIZE_T ExSizeOfRundownProtectionCacheAware(VOID);
VOID ExInitializeRundownProtectionCacheAware(_Out_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                             _In_ SIZE_T RunRefSize);
BOOLEAN ExAcquireRundownProtectionCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
BOOLEAN ExAcquireRundownProtectionCacheAwareEx(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                               _In_ ULONG Count);
VOID ExReleaseRundownProtectionCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
VOID ExReleaseRundownProtectionCacheAwareEx(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRef,
                                            _In_ ULONG Count);
VOID ExWaitForRundownProtectionReleaseCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRef);
VOID ExReInitializeRundownProtectionCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRef);
VOID ExRundownCompletedCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);

EXTERN_C_END

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define ExAllocateCacheAwareRundownProtection(...) \
  NMRCHECK_AT(ExAllocateCacheAwareRundownProtection(__VA_ARGS__))
#define ExFreeCacheAwareRundownProtection(...) \
  NMRCHECK_AT(ExFreeCacheAwareRundownProtection(__VA_ARGS__))
#define ExSizeOfRundownProtectionCacheAware(...) \
  NMRCHECK_AT(ExSizeOfRundownProtectionCacheAware(__VA_ARGS__))
#define ExInitializeRundownProtectionCacheAware(...) \
  NMRCHECK_AT(ExInitializeRundownProtectionCacheAware(__VA_ARGS__))
#define ExAcquireRundownProtectionCacheAware(...) \
  NMRCHECK_AT(ExAcquireRundownProtectionCacheAware(__VA_ARGS__))
#define ExAcquireRundownProtectionCacheAwareEx(...) \
  NMRCHECK_AT(ExAcquireRundownProtectionCacheAwareEx(__VA_ARGS__))
#define ExReleaseRundownProtectionCacheAware(...) \
  NMRCHECK_AT(ExReleaseRundownProtectionCacheAware(__VA_ARGS__))
#define ExReleaseRundownProtectionCacheAwareEx(...) \
  NMRCHECK_AT(ExReleaseRundownProtectionCacheAwareEx(__VA_ARGS__))
#define ExWaitForRundownProtectionReleaseCacheAware(...) \
  NMRCHECK_AT(ExWaitForRundownProtectionReleaseCacheAware(__VA_ARGS__))
#define ExReInitializeRundownProtectionCacheAware(...) \
  NMRCHECK_AT(ExReInitializeRundownProtectionCacheAware(__VA_ARGS__))
#define ExRundownCompletedCacheAware(...) NMRCHECK_AT(ExRundownCompletedCacheAware(__VA_ARGS__))
#endif
