// Pool memory.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"

EXTERN_C_START

typedef enum _POOL_TYPE {
  NonPagedPool = 0,
  NonPagedPoolExecute = 0,
  PagedPool = 1,
  NonPagedPoolMustSucceed = 2,
  DontUseThisType = 3,
  NonPagedPoolCacheAligned = 4,
  PagedPoolCacheAligned = 5,
  NonPagedPoolCacheAlignedMustS = 6,
  MaxPoolType = 7,
  NonPagedPoolNx = 512,
  NonPagedPoolNxCacheAligned = 516,
  NonPagedPoolSession = 32,
  PagedPoolSession = 33
} POOL_TYPE;

#define POOL_RAISE_IF_ALLOCATION_FAILURE 16
#define POOL_QUOTA_FAIL_INSTEAD_OF_RAISE 8
#define POOL_NX_OPTIN 1
#define POOL_NX_ALLOCATION 512
#define POOL_ZERO_ALLOCATION 1024
#define ExInitializeDriverRuntime(RuntimeFlags) ((void)(RuntimeFlags))
#define DrvRtPoolNxOptIn 0x00000001

typedef ULONG64 POOL_FLAGS;
#define POOL_FLAG_USE_QUOTA 0x0000000000000001ULL
#define POOL_FLAG_UNINITIALIZED 0x0000000000000002ULL
#define POOL_FLAG_SESSION 0x0000000000000004ULL
#define POOL_FLAG_CACHE_ALIGNED 0x0000000000000008ULL
#define POOL_FLAG_RAISE_ON_FAILURE 0x0000000000000020ULL
#define POOL_FLAG_NON_PAGED 0x0000000000000040ULL
#define POOL_FLAG_NON_PAGED_EXECUTE 0x0000000000000080ULL
#define POOL_FLAG_PAGED 0x0000000000000100ULL

// All return NULL when there is no memory. ExAllocatePool2 (unless told otherwise by its flags) and
// ExAllocatePoolZero return zeroed memory.
PVOID ExAllocatePool2(_In_ POOL_FLAGS Flags, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag);
PVOID ExAllocatePoolWithTag(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag);
PVOID ExAllocatePoolZero(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag);
PVOID ExAllocatePoolUninitialized(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                  _In_ ULONG Tag);
// Names from before Windows 10. With quota, a failure raises an exception: it ends the execution.
PVOID ExAllocatePool(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes);
PVOID ExAllocatePoolWithQuotaTag(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                 _In_ ULONG Tag);
VOID ExFreePool(_In_ PVOID P);
VOID ExFreePoolWithTag(_In_ PVOID P, _In_ ULONG Tag);

EXTERN_C_END

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define ExAllocatePool2(...) NMRCHECK_AT(ExAllocatePool2(__VA_ARGS__))
#define ExAllocatePoolWithTag(...) NMRCHECK_AT(ExAllocatePoolWithTag(__VA_ARGS__))
#define ExAllocatePoolZero(...) NMRCHECK_AT(ExAllocatePoolZero(__VA_ARGS__))
#define ExAllocatePoolUninitialized(...) NMRCHECK_AT(ExAllocatePoolUninitialized(__VA_ARGS__))
#define ExAllocatePool(...) NMRCHECK_AT(ExAllocatePool(__VA_ARGS__))
#define ExAllocatePoolWithQuotaTag(...) NMRCHECK_AT(ExAllocatePoolWithQuotaTag(__VA_ARGS__))
#define ExFreePool(...) NMRCHECK_AT(ExFreePool(__VA_ARGS__))
#define ExFreePoolWithTag(...) NMRCHECK_AT(ExFreePoolWithTag(__VA_ARGS__))
#endif
