// I/O request packets, as far as a driver needs them that allocates its own: to be completed by
// another driver, with a completion routine.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "ntstatus.h"
#include "wdm_io.h"

EXTERN_C_START

typedef struct _IO_STATUS_BLOCK {
  union {
    NTSTATUS Status;
    PVOID Pointer;
  };
  ULONG_PTR Information;
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;

// Whoever allocated the packet returns STATUS_MORE_PROCESSING_REQUIRED: it is its own again.
typedef NTSTATUS(NTAPI IO_COMPLETION_ROUTINE)(_In_opt_ PDEVICE_OBJECT DeviceObject,
                                              _In_ struct _IRP* Irp, _In_opt_ PVOID Context);
typedef IO_COMPLETION_ROUTINE* PIO_COMPLETION_ROUTINE;

// One stack location, in the packet itself. The layout is not Windows' own.
typedef struct _IRP {
  IO_STATUS_BLOCK IoStatus;
  PIO_COMPLETION_ROUTINE CompletionRoutine;
  PVOID Context;
} IRP, *PIRP;

// Requires: one stack location. NULL when there is no memory.
PIRP IoAllocateIrp(_In_ CCHAR StackSize, _In_ BOOLEAN ChargeQuota);
VOID IoFreeIrp(_In_ PIRP Irp);
VOID IoReuseIrp(_Inout_ PIRP Irp, _In_ NTSTATUS Iostatus);
// Calls the completion routine. A packet must have one, which takes it back.
VOID IoCompleteRequest(_In_ PIRP Irp, _In_ CCHAR PriorityBoost);

#define IO_NO_INCREMENT 0

FORCEINLINE VOID IoSetCompletionRoutine(_In_ PIRP Irp, _In_opt_ PIO_COMPLETION_ROUTINE Routine,
                                        _In_opt_ PVOID Context, _In_ BOOLEAN InvokeOnSuccess,
                                        _In_ BOOLEAN InvokeOnError, _In_ BOOLEAN InvokeOnCancel) {
  (void)InvokeOnSuccess;
  (void)InvokeOnError;
  (void)InvokeOnCancel;
  Irp->CompletionRoutine = Routine;
  Irp->Context = Context;
}

EXTERN_C_END

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define IoAllocateIrp(...) NMRCHECK_AT(IoAllocateIrp(__VA_ARGS__))
#define IoFreeIrp(...) NMRCHECK_AT(IoFreeIrp(__VA_ARGS__))
#define IoReuseIrp(...) NMRCHECK_AT(IoReuseIrp(__VA_ARGS__))
#define IoCompleteRequest(...) NMRCHECK_AT(IoCompleteRequest(__VA_ARGS__))
#endif
