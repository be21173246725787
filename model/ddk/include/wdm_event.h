// Dispatcher objects: events, waits and delays.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "ntstatus.h"

EXTERN_C_START

typedef LONG KPRIORITY;
#define IO_NO_INCREMENT 0
#define IO_NETWORK_INCREMENT 2
#define EVENT_INCREMENT 1

typedef CCHAR KPROCESSOR_MODE;
typedef enum _MODE { KernelMode, UserMode, MaximumMode } MODE;
typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;

typedef enum _KWAIT_REASON {
  Executive,
  FreePage,
  PageIn,
  PoolAllocation,
  DelayExecution,
  Suspended,
  UserRequest,
  WrExecutive
} KWAIT_REASON;

typedef struct _DISPATCHER_HEADER {
  union {
    volatile LONG Lock;
    UCHAR Type;
  };
  volatile LONG SignalState;
  LIST_ENTRY WaitListHead;
} DISPATCHER_HEADER, *PDISPATCHER_HEADER;

typedef struct _KEVENT {
  DISPATCHER_HEADER Header;
} KEVENT, *PKEVENT, *PRKEVENT;

VOID KeInitializeEvent(_Out_ PRKEVENT Event, _In_ EVENT_TYPE Type, _In_ BOOLEAN State);
LONG KeSetEvent(_Inout_ PRKEVENT Event, _In_ KPRIORITY Increment, _In_ BOOLEAN Wait);
LONG KeResetEvent(_Inout_ PRKEVENT Event);
VOID KeClearEvent(_Inout_ PRKEVENT Event);
LONG KePulseEvent(_Inout_ PRKEVENT Event, _In_ KPRIORITY Increment, _In_ BOOLEAN Wait);
LONG KeReadStateEvent(_In_ PRKEVENT Event);

// A negative Timeout is relative, in units of 100 ns; NULL waits for ever.
NTSTATUS KeWaitForSingleObject(_In_ PVOID Object, _In_ KWAIT_REASON WaitReason,
                               _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                               _In_opt_ PLARGE_INTEGER Timeout);
NTSTATUS KeDelayExecutionThread(_In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                _In_ PLARGE_INTEGER Interval);

EXTERN_C_END

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define KeInitializeEvent(...) NMRCHECK_AT(KeInitializeEvent(__VA_ARGS__))
#define KeSetEvent(...) NMRCHECK_AT(KeSetEvent(__VA_ARGS__))
#define KeResetEvent(...) NMRCHECK_AT(KeResetEvent(__VA_ARGS__))
#define KeClearEvent(...) NMRCHECK_AT(KeClearEvent(__VA_ARGS__))
#define KePulseEvent(...) NMRCHECK_AT(KePulseEvent(__VA_ARGS__))
#define KeReadStateEvent(...) NMRCHECK_AT(KeReadStateEvent(__VA_ARGS__))
#define KeWaitForSingleObject(...) NMRCHECK_AT(KeWaitForSingleObject(__VA_ARGS__))
#define KeDelayExecutionThread(...) NMRCHECK_AT(KeDelayExecutionThread(__VA_ARGS__))
#endif
