// Doubly and singly linked lists: plain code on the caller's memory, with the kernel's checks.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "wdm_debug.h"

EXTERN_C_START

FORCEINLINE VOID InitializeListHead(_Out_ PLIST_ENTRY ListHead) {
  ListHead->Flink = ListHead->Blink = ListHead;
}

FORCEINLINE BOOLEAN IsListEmpty(_In_ const LIST_ENTRY* ListHead) {
  return (BOOLEAN)(ListHead->Flink == ListHead);
}

// Fails fast if the neighbours of an entry do not point back at it.
FORCEINLINE VOID RtlpCheckListEntry(_In_ PLIST_ENTRY Entry) {
  if (Entry->Flink->Blink != Entry || Entry->Blink->Flink != Entry) {
    nmrcheck_fast_fail(FAST_FAIL_CORRUPT_LIST_ENTRY);
  }
}

// Returns whether the list is now empty. The links of the removed entry stay as they were.
FORCEINLINE BOOLEAN RemoveEntryList(_In_ PLIST_ENTRY Entry) {
  PLIST_ENTRY next = Entry->Flink;
  PLIST_ENTRY previous = Entry->Blink;
  if (next->Blink != Entry || previous->Flink != Entry) {
    nmrcheck_fast_fail(FAST_FAIL_CORRUPT_LIST_ENTRY);
  }
  previous->Flink = next;
  next->Blink = previous;
  return (BOOLEAN)(next == previous);
}

// Returns the list head itself if the list is empty.
FORCEINLINE PLIST_ENTRY RemoveHeadList(_Inout_ PLIST_ENTRY ListHead) {
  PLIST_ENTRY entry = ListHead->Flink;
  PLIST_ENTRY next = entry->Flink;
  if (entry->Blink != ListHead || next->Blink != entry) {
    nmrcheck_fast_fail(FAST_FAIL_CORRUPT_LIST_ENTRY);
  }
  ListHead->Flink = next;
  next->Blink = ListHead;
  return entry;
}

// Returns the list head itself if the list is empty.
FORCEINLINE PLIST_ENTRY RemoveTailList(_Inout_ PLIST_ENTRY ListHead) {
  PLIST_ENTRY entry = ListHead->Blink;
  PLIST_ENTRY previous = entry->Blink;
  if (entry->Flink != ListHead || previous->Flink != entry) {
    nmrcheck_fast_fail(FAST_FAIL_CORRUPT_LIST_ENTRY);
  }
  ListHead->Blink = previous;
  previous->Flink = ListHead;
  return entry;
}

FORCEINLINE VOID InsertHeadList(_Inout_ PLIST_ENTRY ListHead, _Out_ PLIST_ENTRY Entry) {
  PLIST_ENTRY next = ListHead->Flink;
  if (next->Blink != ListHead) {
    nmrcheck_fast_fail(FAST_FAIL_CORRUPT_LIST_ENTRY);
  }
  Entry->Flink = next;
  Entry->Blink = ListHead;
  next->Blink = Entry;
  ListHead->Flink = Entry;
}

FORCEINLINE VOID InsertTailList(_Inout_ PLIST_ENTRY ListHead, _Out_ PLIST_ENTRY Entry) {
  PLIST_ENTRY previous = ListHead->Blink;
  if (previous->Flink != ListHead) {
    nmrcheck_fast_fail(FAST_FAIL_CORRUPT_LIST_ENTRY);
  }
  Entry->Flink = ListHead;
  Entry->Blink = previous;
  previous->Flink = Entry;
  ListHead->Blink = Entry;
}

// Appends a list that has no head of its own.
FORCEINLINE VOID AppendTailList(_Inout_ PLIST_ENTRY ListHead, _Inout_ PLIST_ENTRY ListToAppend) {
  PLIST_ENTRY end = ListHead->Blink;
  RtlpCheckListEntry(ListHead);
  RtlpCheckListEntry(ListToAppend);
  ListHead->Blink->Flink = ListToAppend;
  ListHead->Blink = ListToAppend->Blink;
  ListToAppend->Blink->Flink = ListHead;
  ListToAppend->Blink = end;
}

// Returns NULL if the list is empty.
FORCEINLINE PSINGLE_LIST_ENTRY PopEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead) {
  PSINGLE_LIST_ENTRY first = ListHead->Next;
  if (first != NULL) {
    ListHead->Next = first->Next;
  }
  return first;
}

FORCEINLINE VOID PushEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead,
                               _Inout_ PSINGLE_LIST_ENTRY Entry) {
  Entry->Next = ListHead->Next;
  ListHead->Next = Entry;
}

EXTERN_C_END
