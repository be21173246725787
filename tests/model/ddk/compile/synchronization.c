// Locks, events, work items and atomic accesses: what the WDK's headers declare, with their types.
#include <wdm.h>

#include "has.h"

HAS(VOID, ExInitializeRundownProtection, (PEX_RUNDOWN_REF));
HAS(VOID, ExReInitializeRundownProtection, (PEX_RUNDOWN_REF));
HAS(BOOLEAN, ExAcquireRundownProtection, (PEX_RUNDOWN_REF));
HAS(BOOLEAN, ExAcquireRundownProtectionEx, (PEX_RUNDOWN_REF, ULONG));
HAS(VOID, ExReleaseRundownProtection, (PEX_RUNDOWN_REF));
HAS(VOID, ExReleaseRundownProtectionEx, (PEX_RUNDOWN_REF, ULONG));
HAS(VOID, ExWaitForRundownProtectionRelease, (PEX_RUNDOWN_REF));
HAS(VOID, ExRundownCompleted, (PEX_RUNDOWN_REF));
HAS(VOID, ExInitializePushLock, (PEX_PUSH_LOCK));
HAS(VOID, KeEnterCriticalRegion, (VOID));
HAS(VOID, KeLeaveCriticalRegion, (VOID));
HAS(VOID, KeEnterGuardedRegion, (VOID));
HAS(VOID, KeLeaveGuardedRegion, (VOID));
HAS(BOOLEAN, KeAreApcsDisabled, (VOID));
HAS(BOOLEAN, KeAreAllApcsDisabled, (VOID));
HAS(VOID, KeInitializeSpinLock, (PKSPIN_LOCK));
HAS(VOID, KeReleaseSpinLock, (PKSPIN_LOCK, KIRQL));
HAS(VOID, KeAcquireSpinLockAtDpcLevel, (PKSPIN_LOCK));
HAS(VOID, KeReleaseSpinLockFromDpcLevel, (PKSPIN_LOCK));
HAS(KIRQL, KeGetCurrentIrql, (VOID));
HAS(VOID, KeLowerIrql, (KIRQL));
HAS(KIRQL, ExAcquireSpinLockShared, (PEX_SPIN_LOCK));
HAS(VOID, ExReleaseSpinLockShared, (PEX_SPIN_LOCK, KIRQL));
HAS(KIRQL, ExAcquireSpinLockExclusive, (PEX_SPIN_LOCK));
HAS(VOID, ExReleaseSpinLockExclusive, (PEX_SPIN_LOCK, KIRQL));

HAS(VOID, KeInitializeEvent, (PRKEVENT, EVENT_TYPE, BOOLEAN));
HAS(LONG, KeSetEvent, (PRKEVENT, KPRIORITY, BOOLEAN));
HAS(LONG, KeResetEvent, (PRKEVENT));
HAS(VOID, KeClearEvent, (PRKEVENT));
HAS(LONG, KePulseEvent, (PRKEVENT, KPRIORITY, BOOLEAN));
HAS(LONG, KeReadStateEvent, (PRKEVENT));
HAS(NTSTATUS, KeWaitForSingleObject,
    (PVOID, KWAIT_REASON, KPROCESSOR_MODE, BOOLEAN, PLARGE_INTEGER));
HAS(NTSTATUS, KeDelayExecutionThread, (KPROCESSOR_MODE, BOOLEAN, PLARGE_INTEGER));

HAS(PIO_WORKITEM, IoAllocateWorkItem, (PDEVICE_OBJECT));
HAS(VOID, IoFreeWorkItem, (PIO_WORKITEM));
HAS(VOID, IoQueueWorkItem, (PIO_WORKITEM, PIO_WORKITEM_ROUTINE, WORK_QUEUE_TYPE, PVOID));
HAS(VOID, IoQueueWorkItemEx, (PIO_WORKITEM, PIO_WORKITEM_ROUTINE_EX, WORK_QUEUE_TYPE, PVOID));
HAS(VOID, IoInitializeWorkItem, (PVOID, PIO_WORKITEM));
HAS(VOID, IoUninitializeWorkItem, (PIO_WORKITEM));
HAS(ULONG, IoSizeofWorkItem, (VOID));
HAS(VOID, ExQueueWorkItem, (PWORK_QUEUE_ITEM, WORK_QUEUE_TYPE));

HAS(LONG, InterlockedIncrement, (LONG volatile*));
HAS(LONG, InterlockedDecrement, (LONG volatile*));
HAS(LONG, InterlockedExchange, (LONG volatile*, LONG));
HAS(LONG, InterlockedCompareExchange, (LONG volatile*, LONG, LONG));
HAS(LONG64, InterlockedIncrement64, (LONG64 volatile*));
HAS(SHORT, InterlockedIncrement16, (SHORT volatile*));
HAS(CHAR, InterlockedOr8, (CHAR volatile*, CHAR));
HAS(CHAR, InterlockedExchange8, (CHAR volatile*, CHAR));
HAS(PVOID, InterlockedExchangePointer, (PVOID volatile*, PVOID));
HAS(PVOID, InterlockedCompareExchangePointer, (PVOID volatile*, PVOID, PVOID));
HAS(LONG, ReadNoFence, (LONG const volatile*));
HAS(LONG, ReadAcquire, (LONG const volatile*));
HAS(VOID, WriteNoFence, (LONG volatile*, LONG));
HAS(VOID, WriteRelease, (LONG volatile*, LONG));
HAS(LONG64, ReadAcquire64, (LONG64 const volatile*));
HAS(VOID, WriteRelease64, (LONG64 volatile*, LONG64));
HAS(PVOID, ReadPointerAcquire, (PVOID const volatile*));
HAS(VOID, WritePointerRelease, (PVOID volatile*, PVOID));

// How a lock is spelled in most drivers of this kind: the mode is pasted to the name.
#define ACQUIRE(lock, mode)        \
  do {                             \
    KeEnterCriticalRegion();       \
    ExAcquirePushLock##mode(lock); \
  } while (0)
#define RELEASE(lock, mode)        \
  do {                             \
    ExReleasePushLock##mode(lock); \
    KeLeaveCriticalRegion();       \
  } while (0)

static EX_RUNDOWN_REF started_off = {{EX_RUNDOWN_ACTIVE}};

_Acquires_exclusive_lock_(*lock) VOID check_locks(EX_PUSH_LOCK* lock, KSPIN_LOCK* spin);
VOID check_locks(EX_PUSH_LOCK* lock, KSPIN_LOCK* spin) {
  KIRQL irql;
  ACQUIRE(lock, Exclusive);
  RELEASE(lock, Exclusive);
  ACQUIRE(lock, Shared);
  RELEASE(lock, Shared);
  KeAcquireSpinLock(spin, &irql);
  KeReleaseSpinLock(spin, irql);
  KeRaiseIrql(DISPATCH_LEVEL, &irql);
  KeLowerIrql(irql);
  if (ExAcquireRundownProtection(&started_off)) {
    ExReleaseRundownProtection(&started_off);
  }
}

static volatile long counter;  // `long` has 64 bits here
VOID check_counts(VOID);
VOID check_counts(VOID) {
  InterlockedIncrement(&counter);
  if (InterlockedCompareExchange(&counter, 2, 1) == 1) {
    InterlockedDecrement(&counter);
  }
  InterlockedExchange(&counter, 3);
}

VOID check_old_work_item(WORK_QUEUE_ITEM* item, PWORKER_THREAD_ROUTINE routine);
VOID check_old_work_item(WORK_QUEUE_ITEM* item, PWORKER_THREAD_ROUTINE routine) {
  ExInitializeWorkItem(item, routine, item);
  ExQueueWorkItem(item, DelayedWorkQueue);
}
