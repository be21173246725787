// Singly linked lists that need no lock, and lookaside lists.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "wdm_lock.h"
#include "wdm_pool.h"

EXTERN_C_START

typedef struct DECLSPEC_ALIGN(16) _SLIST_ENTRY {
  struct _SLIST_ENTRY* Next;
} SLIST_ENTRY, *PSLIST_ENTRY;

typedef union DECLSPEC_ALIGN(16) _SLIST_HEADER {
  __extension__ struct {
    ULONGLONG Alignment;
    ULONGLONG Region;
  };
  struct {
    ULONGLONG Depth : 16;
    ULONGLONG Sequence : 48;
    ULONGLONG Reserved : 4;
    ULONGLONG NextEntry : 60;  // The address without its low 4 bits, which are 0.
  } HeaderX64;
} SLIST_HEADER, *PSLIST_HEADER;

VOID InitializeSListHead(_Out_ PSLIST_HEADER SListHead);
// Return what was first before, or NULL.
PSLIST_ENTRY InterlockedPushEntrySList(_Inout_ PSLIST_HEADER ListHead,
                                       _Inout_ PSLIST_ENTRY ListEntry);
PSLIST_ENTRY InterlockedPopEntrySList(_Inout_ PSLIST_HEADER ListHead);
PSLIST_ENTRY InterlockedFlushSList(_Inout_ PSLIST_HEADER ListHead);
USHORT ExQueryDepthSList(_In_ PSLIST_HEADER SListHead);

typedef PVOID(NTAPI ALLOCATE_FUNCTION)(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                       _In_ ULONG Tag);
typedef ALLOCATE_FUNCTION* PALLOCATE_FUNCTION;
typedef VOID(NTAPI FREE_FUNCTION)(_In_ PVOID Buffer);
typedef FREE_FUNCTION* PFREE_FUNCTION;

typedef struct _LOOKASIDE_LIST_EX* PLOOKASIDE_LIST_EX;
typedef PVOID(NTAPI ALLOCATE_FUNCTION_EX)(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                          _In_ ULONG Tag, _Inout_ PLOOKASIDE_LIST_EX Lookaside);
typedef ALLOCATE_FUNCTION_EX* PALLOCATE_FUNCTION_EX;
typedef VOID(NTAPI FREE_FUNCTION_EX)(_In_ PVOID Buffer, _Inout_ PLOOKASIDE_LIST_EX Lookaside);
typedef FREE_FUNCTION_EX* PFREE_FUNCTION_EX;

// Offsets as on x64.
#define NMRCHECK_GENERAL_LOOKASIDE_MEMBERS \
  SLIST_HEADER ListHead;                   \
  USHORT Depth;                            \
  USHORT MaximumDepth;                     \
  ULONG TotalAllocates;                    \
  ULONG AllocateMisses;                    \
  ULONG TotalFrees;                        \
  ULONG FreeMisses;                        \
  POOL_TYPE Type;                          \
  ULONG Tag;                               \
  ULONG Size;                              \
  union {                                  \
    PALLOCATE_FUNCTION Allocate;           \
    PALLOCATE_FUNCTION_EX AllocateEx;      \
  };                                       \
  union {                                  \
    PFREE_FUNCTION Free;                   \
    PFREE_FUNCTION_EX FreeEx;              \
  };                                       \
  LIST_ENTRY ListEntry;                    \
  ULONG LastTotalAllocates;                \
  ULONG LastAllocateMisses;                \
  ULONG Future[2];

typedef struct DECLSPEC_CACHEALIGN _GENERAL_LOOKASIDE {
  NMRCHECK_GENERAL_LOOKASIDE_MEMBERS
} GENERAL_LOOKASIDE, *PGENERAL_LOOKASIDE;
typedef struct _GENERAL_LOOKASIDE_POOL {
  NMRCHECK_GENERAL_LOOKASIDE_MEMBERS
} GENERAL_LOOKASIDE_POOL, *PGENERAL_LOOKASIDE_POOL;
typedef struct DECLSPEC_CACHEALIGN _NPAGED_LOOKASIDE_LIST {
  GENERAL_LOOKASIDE L;
} NPAGED_LOOKASIDE_LIST, *PNPAGED_LOOKASIDE_LIST;
typedef struct DECLSPEC_CACHEALIGN _PAGED_LOOKASIDE_LIST {
  GENERAL_LOOKASIDE L;
} PAGED_LOOKASIDE_LIST, *PPAGED_LOOKASIDE_LIST;
typedef struct _LOOKASIDE_LIST_EX {
  GENERAL_LOOKASIDE_POOL L;
} LOOKASIDE_LIST_EX;

// A list keeps no memory back: each allocation is one from the pool, and each free one to it.
VOID ExInitializeNPagedLookasideList(_Out_ PNPAGED_LOOKASIDE_LIST Lookaside,
                                     _In_opt_ PALLOCATE_FUNCTION Allocate,
                                     _In_opt_ PFREE_FUNCTION Free, _In_ ULONG Flags,
                                     _In_ SIZE_T Size, _In_ ULONG Tag, _In_ USHORT Depth);
PVOID ExAllocateFromNPagedLookasideList(_Inout_ PNPAGED_LOOKASIDE_LIST Lookaside);
VOID ExFreeToNPagedLookasideList(_Inout_ PNPAGED_LOOKASIDE_LIST Lookaside, _In_ PVOID Entry);
VOID ExDeleteNPagedLookasideList(_Inout_ PNPAGED_LOOKASIDE_LIST Lookaside);
VOID ExInitializePagedLookasideList(_Out_ PPAGED_LOOKASIDE_LIST Lookaside,
                                    _In_opt_ PALLOCATE_FUNCTION Allocate,
                                    _In_opt_ PFREE_FUNCTION Free, _In_ ULONG Flags,
                                    _In_ SIZE_T Size, _In_ ULONG Tag, _In_ USHORT Depth);
PVOID ExAllocateFromPagedLookasideList(_Inout_ PPAGED_LOOKASIDE_LIST Lookaside);
VOID ExFreeToPagedLookasideList(_Inout_ PPAGED_LOOKASIDE_LIST Lookaside, _In_ PVOID Entry);
VOID ExDeletePagedLookasideList(_Inout_ PPAGED_LOOKASIDE_LIST Lookaside);
NTSTATUS ExInitializeLookasideListEx(_Out_ PLOOKASIDE_LIST_EX Lookaside,
                                     _In_opt_ PALLOCATE_FUNCTION_EX Allocate,
                                     _In_opt_ PFREE_FUNCTION_EX Free, _In_ POOL_TYPE PoolType,
                                     _In_ ULONG Flags, _In_ SIZE_T Size, _In_ ULONG Tag,
                                     _In_ USHORT Depth);
PVOID ExAllocateFromLookasideListEx(_Inout_ PLOOKASIDE_LIST_EX Lookaside);
VOID ExFreeToLookasideListEx(_Inout_ PLOOKASIDE_LIST_EX Lookaside, _In_ PVOID Entry);
VOID ExDeleteLookasideListEx(_Inout_ PLOOKASIDE_LIST_EX Lookaside);

EXTERN_C_END

#define ExInitializeSListHead InitializeSListHead
#define ExInterlockedPushEntrySList(ListHead, ListEntry, Lock) \
  ((void)(Lock), InterlockedPushEntrySList(ListHead, ListEntry))
#define ExInterlockedPopEntrySList(ListHead, Lock) \
  ((void)(Lock), InterlockedPopEntrySList(ListHead))
#define ExInterlockedFlushSList InterlockedFlushSList
#define QueryDepthSList ExQueryDepthSList

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define InitializeSListHead(...) NMRCHECK_AT(InitializeSListHead(__VA_ARGS__))
#define InterlockedPushEntrySList(...) NMRCHECK_AT(InterlockedPushEntrySList(__VA_ARGS__))
#define InterlockedPopEntrySList(...) NMRCHECK_AT(InterlockedPopEntrySList(__VA_ARGS__))
#define InterlockedFlushSList(...) NMRCHECK_AT(InterlockedFlushSList(__VA_ARGS__))
#define ExQueryDepthSList(...) NMRCHECK_AT(ExQueryDepthSList(__VA_ARGS__))
#define ExInitializeNPagedLookasideList(...) \
  NMRCHECK_AT(ExInitializeNPagedLookasideList(__VA_ARGS__))
#define ExAllocateFromNPagedLookasideList(...) \
  NMRCHECK_AT(ExAllocateFromNPagedLookasideList(__VA_ARGS__))
#define ExFreeToNPagedLookasideList(...) NMRCHECK_AT(ExFreeToNPagedLookasideList(__VA_ARGS__))
#define ExDeleteNPagedLookasideList(...) NMRCHECK_AT(ExDeleteNPagedLookasideList(__VA_ARGS__))
#define ExInitializePagedLookasideList(...) NMRCHECK_AT(ExInitializePagedLookasideList(__VA_ARGS__))
#define ExAllocateFromPagedLookasideList(...) \
  NMRCHECK_AT(ExAllocateFromPagedLookasideList(__VA_ARGS__))
#define ExFreeToPagedLookasideList(...) NMRCHECK_AT(ExFreeToPagedLookasideList(__VA_ARGS__))
#define ExDeletePagedLookasideList(...) NMRCHECK_AT(ExDeletePagedLookasideList(__VA_ARGS__))
#define ExInitializeLookasideListEx(...) NMRCHECK_AT(ExInitializeLookasideListEx(__VA_ARGS__))
#define ExAllocateFromLookasideListEx(...) NMRCHECK_AT(ExAllocateFromLookasideListEx(__VA_ARGS__))
#define ExFreeToLookasideListEx(...) NMRCHECK_AT(ExFreeToLookasideListEx(__VA_ARGS__))
#define ExDeleteLookasideListEx(...) NMRCHECK_AT(ExDeleteLookasideListEx(__VA_ARGS__))
#endif
