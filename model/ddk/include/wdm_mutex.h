// Mutexes: dispatcher objects that a thread owns, and may acquire again while it does.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "wdm_event.h"

EXTERN_C_START

// Offsets as on x64.
typedef struct _KMUTANT {
  DISPATCHER_HEADER Header;
  LIST_ENTRY MutantListEntry;
  struct _KTHREAD* OwnerThread;
  BOOLEAN Abandoned;
  UCHAR ApcDisable;
} KMUTANT, *PKMUTANT, *PRKMUTANT, KMUTEX, *PKMUTEX, *PRKMUTEX;

// Acquired with KeWaitForSingleObject. Its owner runs in a critical region.
VOID KeInitializeMutex(_Out_ PRKMUTEX Mutex, _In_ ULONG Level);
// Returns 0 if that was the owner's last release.
LONG KeReleaseMutex(_Inout_ PRKMUTEX Mutex, _In_ BOOLEAN Wait);
// Returns 1 if nobody owns it.
LONG KeReadStateMutex(_In_ PRKMUTEX Mutex);

EXTERN_C_END

#define KeWaitForMutexObject KeWaitForSingleObject

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define KeInitializeMutex(...) NMRCHECK_AT(KeInitializeMutex(__VA_ARGS__))
#define KeReleaseMutex(...) NMRCHECK_AT(KeReleaseMutex(__VA_ARGS__))
#define KeReadStateMutex(...) NMRCHECK_AT(KeReadStateMutex(__VA_ARGS__))
#endif
