// Deferred procedure calls and timers.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "wdm_event.h"

EXTERN_C_START

struct _KDPC;
typedef VOID(NTAPI KDEFERRED_ROUTINE)(_In_ struct _KDPC* Dpc, _In_opt_ PVOID DeferredContext,
                                      _In_opt_ PVOID SystemArgument1,
                                      _In_opt_ PVOID SystemArgument2);
typedef KDEFERRED_ROUTINE* PKDEFERRED_ROUTINE;

// Offsets as on x64.
typedef struct _KDPC {
  ULONG TargetInfoAsUlong;
  PVOID DpcListEntry;
  ULONG_PTR ProcessorHistory;
  PKDEFERRED_ROUTINE DeferredRoutine;
  PVOID DeferredContext;
  PVOID SystemArgument1;
  PVOID SystemArgument2;
  PVOID DpcData;
} KDPC, *PKDPC, *PRKDPC;

typedef struct _KTIMER {
  DISPATCHER_HEADER Header;
  ULARGE_INTEGER DueTime;
  LIST_ENTRY TimerListEntry;
  struct _KDPC* Dpc;
  ULONG Processor;
  ULONG Period;
} KTIMER, *PKTIMER, *PRKTIMER;

VOID KeInitializeDpc(_Out_ PRKDPC Dpc, _In_ PKDEFERRED_ROUTINE DeferredRoutine,
                     _In_opt_ PVOID DeferredContext);
BOOLEAN KeInsertQueueDpc(_Inout_ PRKDPC Dpc, _In_opt_ PVOID SystemArgument1,
                         _In_opt_ PVOID SystemArgument2);
BOOLEAN KeRemoveQueueDpc(_Inout_ PRKDPC Dpc);
VOID KeFlushQueuedDpcs(VOID);

// A timer that is set goes off once, at any moment. It cannot be waited for.
VOID KeInitializeTimer(_Out_ PKTIMER Timer);
BOOLEAN KeSetTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_opt_ PKDPC Dpc);
BOOLEAN KeCancelTimer(_Inout_ PKTIMER Timer);

EXTERN_C_END

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define KeInitializeDpc(...) NMRCHECK_AT(KeInitializeDpc(__VA_ARGS__))
#define KeInsertQueueDpc(...) NMRCHECK_AT(KeInsertQueueDpc(__VA_ARGS__))
#define KeRemoveQueueDpc(...) NMRCHECK_AT(KeRemoveQueueDpc(__VA_ARGS__))
#define KeFlushQueuedDpcs(...) NMRCHECK_AT(KeFlushQueuedDpcs(__VA_ARGS__))
#define KeInitializeTimer(...) NMRCHECK_AT(KeInitializeTimer(__VA_ARGS__))
#define KeSetTimer(...) NMRCHECK_AT(KeSetTimer(__VA_ARGS__))
#define KeCancelTimer(...) NMRCHECK_AT(KeCancelTimer(__VA_ARGS__))
#endif
