// Deferred procedure calls and timers.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "wdm_event.h"
#include "wdm_processor.h"

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
// A threaded DPC runs at PASSIVE_LEVEL, or at DISPATCH_LEVEL where threaded DPCs are switched off.
VOID KeInitializeThreadedDpc(_Out_ PRKDPC Dpc, _In_ PKDEFERRED_ROUTINE DeferredRoutine,
                             _In_opt_ PVOID DeferredContext);
BOOLEAN KeInsertQueueDpc(_Inout_ PRKDPC Dpc, _In_opt_ PVOID SystemArgument1,
                         _In_opt_ PVOID SystemArgument2);
BOOLEAN KeRemoveQueueDpc(_Inout_ PRKDPC Dpc);
VOID KeFlushQueuedDpcs(VOID);

typedef enum _KDPC_IMPORTANCE {
  LowImportance,
  MediumImportance,
  HighImportance,
  MediumHighImportance
} KDPC_IMPORTANCE;

VOID KeSetImportanceDpc(_Inout_ PRKDPC Dpc, _In_ KDPC_IMPORTANCE Importance);
// From now on the DPC runs on that processor. Requires: it is not queued.
VOID KeSetTargetProcessorDpc(_Inout_ PRKDPC Dpc, _In_ CCHAR Number);
// Returns STATUS_INVALID_PARAMETER if there is no such processor.
NTSTATUS KeSetTargetProcessorDpcEx(_Inout_ PKDPC Dpc, _In_ PPROCESSOR_NUMBER ProcNumber);

typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;

// A timer that is set goes off at any moment: once, or with a period (in milliseconds) again and
// again, of which the first two times are simulated. KeWaitForSingleObject waits for it.
VOID KeInitializeTimer(_Out_ PKTIMER Timer);
VOID KeInitializeTimerEx(_Out_ PKTIMER Timer, _In_ TIMER_TYPE Type);
BOOLEAN KeReadStateTimer(_In_ PKTIMER Timer);
BOOLEAN KeSetTimerEx(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_ LONG Period,
                     _In_opt_ PKDPC Dpc);
// As KeSetTimerEx; the delay that is tolerated means nothing where any delay may happen.
BOOLEAN KeSetCoalescableTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_ ULONG Period,
                              _In_ ULONG TolerableDelay, _In_opt_ PKDPC Dpc);
BOOLEAN KeSetTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_opt_ PKDPC Dpc);
BOOLEAN KeCancelTimer(_Inout_ PKTIMER Timer);

EXTERN_C_END

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define KeInitializeDpc(...) NMRCHECK_AT(KeInitializeDpc(__VA_ARGS__))
#define KeInsertQueueDpc(...) NMRCHECK_AT(KeInsertQueueDpc(__VA_ARGS__))
#define KeRemoveQueueDpc(...) NMRCHECK_AT(KeRemoveQueueDpc(__VA_ARGS__))
#define KeFlushQueuedDpcs(...) NMRCHECK_AT(KeFlushQueuedDpcs(__VA_ARGS__))
#define KeInitializeTimer(...) NMRCHECK_AT(KeInitializeTimer(__VA_ARGS__))
#define KeInitializeThreadedDpc(...) NMRCHECK_AT(KeInitializeThreadedDpc(__VA_ARGS__))
#define KeSetImportanceDpc(...) NMRCHECK_AT(KeSetImportanceDpc(__VA_ARGS__))
#define KeSetTargetProcessorDpc(...) NMRCHECK_AT(KeSetTargetProcessorDpc(__VA_ARGS__))
#define KeSetTargetProcessorDpcEx(...) NMRCHECK_AT(KeSetTargetProcessorDpcEx(__VA_ARGS__))
#define KeInitializeTimerEx(...) NMRCHECK_AT(KeInitializeTimerEx(__VA_ARGS__))
#define KeReadStateTimer(...) NMRCHECK_AT(KeReadStateTimer(__VA_ARGS__))
#define KeSetTimerEx(...) NMRCHECK_AT(KeSetTimerEx(__VA_ARGS__))
#define KeSetCoalescableTimer(...) NMRCHECK_AT(KeSetCoalescableTimer(__VA_ARGS__))
#define KeSetTimer(...) NMRCHECK_AT(KeSetTimer(__VA_ARGS__))
#define KeCancelTimer(...) NMRCHECK_AT(KeCancelTimer(__VA_ARGS__))
#endif
