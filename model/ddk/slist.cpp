// Lock-free lists and lookaside lists: each operation is one step.
#define NMRCHECK_DDK_IMPLEMENTATION
#include <wdm.h>

#include <type_traits>

#include "model/ddk/driver_program.h"
#include "model/ddk/pool.h"

using nmrcheck::model::current_kernel;

namespace {

constexpr unsigned kEntryShift = 4;  // entries are aligned to 16 bytes

PSLIST_ENTRY first_of(const SLIST_HEADER& head) {
  return reinterpret_cast<PSLIST_ENTRY>(static_cast<ULONG_PTR>(head.HeaderX64.NextEntry)
                                        << kEntryShift);
}

// The header packs both into bit fields.
void set(SLIST_HEADER& head, PSLIST_ENTRY first, std::uint64_t depth) {
  head.HeaderX64.NextEntry = reinterpret_cast<ULONG_PTR>(first) >> kEntryShift;
  head.HeaderX64.Depth = depth;
  head.HeaderX64.Sequence = head.HeaderX64.Sequence + 1;
}

// All three kinds of lists.
template <class List, class Allocate, class Free>
void initialize(List* list, Allocate allocate, Free free, POOL_TYPE type, SIZE_T size, ULONG tag) {
  current_kernel().initialize_lookaside(list);
  list->L = {};
  list->L.Type = type;
  list->L.Tag = tag;
  list->L.Size = static_cast<ULONG>(size);
  if constexpr (std::is_same_v<Allocate, PALLOCATE_FUNCTION_EX>) {
    list->L.AllocateEx = allocate;
    list->L.FreeEx = free;
  } else {
    list->L.Allocate = allocate;
    list->L.Free = free;
  }
}

template <class List>
PVOID allocate_from(List* list, const char* function) {
  current_kernel().use_lookaside(list, function);
  if (list->L.Allocate != nullptr) {
    return list->L.Allocate(list->L.Type, list->L.Size, list->L.Tag);
  }
  return nmrcheck::model::allocate_pool(list->L.Type, list->L.Size, list->L.Tag);
}

template <class List>
void free_to(List* list, PVOID entry, const char* function) {
  current_kernel().use_lookaside(list, function);
  if (list->L.Free != nullptr) return list->L.Free(entry);
  current_kernel().free(entry, function);
}

}  // namespace

extern "C" {

VOID InitializeSListHead(PSLIST_HEADER SListHead) {
  current_kernel().access(SListHead, true, "InitializeSListHead");
  *SListHead = {};
}
PSLIST_ENTRY InterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry) {
  current_kernel().access(ListHead, true, "InterlockedPushEntrySList");
  const PSLIST_ENTRY before = first_of(*ListHead);
  ListEntry->Next = before;
  set(*ListHead, ListEntry, ListHead->HeaderX64.Depth + 1);
  return before;
}
PSLIST_ENTRY InterlockedPopEntrySList(PSLIST_HEADER ListHead) {
  current_kernel().access(ListHead, true, "InterlockedPopEntrySList");
  const PSLIST_ENTRY first = first_of(*ListHead);
  if (first != nullptr) set(*ListHead, first->Next, ListHead->HeaderX64.Depth - 1);
  return first;
}
PSLIST_ENTRY InterlockedFlushSList(PSLIST_HEADER ListHead) {
  current_kernel().access(ListHead, true, "InterlockedFlushSList");
  const PSLIST_ENTRY first = first_of(*ListHead);
  set(*ListHead, nullptr, 0);
  return first;
}
USHORT ExQueryDepthSList(PSLIST_HEADER SListHead) {
  current_kernel().access(SListHead, false, "ExQueryDepthSList");
  return static_cast<USHORT>(SListHead->HeaderX64.Depth);
}

VOID ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                     PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag,
                                     USHORT) {
  const POOL_TYPE type = (Flags & POOL_NX_ALLOCATION) != 0 ? NonPagedPoolNx : NonPagedPool;
  initialize(Lookaside, Allocate, Free, type, Size, Tag);
}
PVOID ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside) {
  return allocate_from(Lookaside, "ExAllocateFromNPagedLookasideList");
}
VOID ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry) {
  free_to(Lookaside, Entry, "ExFreeToNPagedLookasideList");
}
VOID ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside) {
  current_kernel().delete_lookaside(Lookaside);
}

VOID ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                    PFREE_FUNCTION Free, ULONG, SIZE_T Size, ULONG Tag, USHORT) {
  initialize(Lookaside, Allocate, Free, PagedPool, Size, Tag);
}
PVOID ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside) {
  return allocate_from(Lookaside, "ExAllocateFromPagedLookasideList");
}
VOID ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry) {
  free_to(Lookaside, Entry, "ExFreeToPagedLookasideList");
}
VOID ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside) {
  current_kernel().delete_lookaside(Lookaside);
}

NTSTATUS ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PALLOCATE_FUNCTION_EX Allocate,
                                     PFREE_FUNCTION_EX Free, POOL_TYPE PoolType, ULONG, SIZE_T Size,
                                     ULONG Tag, USHORT) {
  initialize(Lookaside, Allocate, Free, PoolType, Size, Tag);
  return STATUS_SUCCESS;
}
PVOID ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX Lookaside) {
  current_kernel().use_lookaside(Lookaside, "ExAllocateFromLookasideListEx");
  const GENERAL_LOOKASIDE_POOL& list = Lookaside->L;
  if (list.AllocateEx != nullptr) return list.AllocateEx(list.Type, list.Size, list.Tag, Lookaside);
  return nmrcheck::model::allocate_pool(list.Type, list.Size, list.Tag);
}
VOID ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PVOID Entry) {
  current_kernel().use_lookaside(Lookaside, "ExFreeToLookasideListEx");
  if (Lookaside->L.FreeEx != nullptr) return Lookaside->L.FreeEx(Entry, Lookaside);
  current_kernel().free(Entry, "ExFreeToLookasideListEx");
}
VOID ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside) {
  current_kernel().delete_lookaside(Lookaside);
}

}  // extern "C"
