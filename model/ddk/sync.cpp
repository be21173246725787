// Events, locks, rundown, IRQL: thunks to the simulated kernel.
#define NMRCHECK_DDK_IMPLEMENTATION
#include <wdm.h>

#include <optional>

#include "model/ddk/clock.h"
#include "model/ddk/driver_program.h"
#include "model/ddk/threads.h"

using nmrcheck::model::current_kernel;
using nmrcheck::model::LockKind;
using nmrcheck::model::Region;

namespace {

KIRQL acquire_raising(void* lock, LockKind kind) {
  const KIRQL before = current_kernel().irql();
  current_kernel().acquire_lock(lock, kind, true);
  return before;
}

// Relative times are negative, in units of 100 ns; absolute ones are those of KeQuerySystemTime.
std::optional<std::uint64_t> timeout_of(const LARGE_INTEGER* timeout) {
  if (timeout == nullptr) return std::nullopt;
  if (timeout->QuadPart <= 0) return static_cast<std::uint64_t>(-timeout->QuadPart);
  const auto deadline = static_cast<std::uint64_t>(timeout->QuadPart);
  const std::uint64_t now = nmrcheck::model::system_time();
  return deadline > now ? deadline - now : 0;
}

}  // namespace

extern "C" {

VOID KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State) {
  current_kernel().initialize_event(Event, Type == SynchronizationEvent, State != FALSE);
}
LONG KeSetEvent(PRKEVENT Event, KPRIORITY, BOOLEAN) { return current_kernel().set_event(Event); }
LONG KeResetEvent(PRKEVENT Event) { return current_kernel().reset_event(Event); }
VOID KeClearEvent(PRKEVENT Event) { current_kernel().reset_event(Event); }
// A pulse reaches only those who run between its two halves: the documentation calls it unreliable.
LONG KePulseEvent(PRKEVENT Event, KPRIORITY, BOOLEAN) {
  const LONG before = current_kernel().set_event(Event);
  current_kernel().reset_event(Event);
  return before;
}
LONG KeReadStateEvent(PRKEVENT Event) { return current_kernel().read_event(Event); }

NTSTATUS KeWaitForSingleObject(PVOID Object, KWAIT_REASON, KPROCESSOR_MODE, BOOLEAN,
                               PLARGE_INTEGER Timeout) {
  if (const auto thread = nmrcheck::model::thread_of_object(Object)) {
    current_kernel().join_thread(*thread);
    return STATUS_SUCCESS;
  }
  return static_cast<NTSTATUS>(current_kernel().wait(Object, timeout_of(Timeout)));
}
NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE, BOOLEAN, PLARGE_INTEGER Interval) {
  current_kernel().sleep(timeout_of(Interval).value_or(0));
  return STATUS_SUCCESS;
}

KIRQL KeGetCurrentIrql(VOID) { return current_kernel().settled_irql(); }
KIRQL KfRaiseIrql(KIRQL NewIrql) { return current_kernel().raise_irql(NewIrql); }
VOID KeLowerIrql(KIRQL NewIrql) { current_kernel().lower_irql(NewIrql); }

VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock) {
  current_kernel().initialize_lock(SpinLock);
  *SpinLock = 0;
}
KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock) {
  return acquire_raising(SpinLock, LockKind::kSpin);
}
VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql) {
  current_kernel().release_lock(SpinLock, LockKind::kSpin, NewIrql);
}
VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
  current_kernel().acquire_lock(SpinLock, LockKind::kSpin, false);
}
VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock) {
  current_kernel().release_lock(SpinLock, LockKind::kSpin, std::nullopt);
}
VOID KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle) {
  LockHandle->OldIrql = acquire_raising(SpinLock, LockKind::kSpin);
  LockHandle->LockQueue.Lock = SpinLock;
}
VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle) {
  current_kernel().release_lock(const_cast<PKSPIN_LOCK>(LockHandle->LockQueue.Lock),
                                LockKind::kSpin, LockHandle->OldIrql);
}
VOID KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock,
                                              PKLOCK_QUEUE_HANDLE LockHandle) {
  current_kernel().acquire_lock(SpinLock, LockKind::kSpin, false);
  LockHandle->LockQueue.Lock = SpinLock;
}
VOID KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle) {
  current_kernel().release_lock(const_cast<PKSPIN_LOCK>(LockHandle->LockQueue.Lock),
                                LockKind::kSpin, std::nullopt);
}

KIRQL ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock) {
  return acquire_raising(const_cast<LONG*>(SpinLock), LockKind::kSpinShared);
}
VOID ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql) {
  current_kernel().release_lock(const_cast<LONG*>(SpinLock), LockKind::kSpinShared, OldIrql);
}
VOID ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  current_kernel().acquire_lock(const_cast<LONG*>(SpinLock), LockKind::kSpinShared, false);
}
VOID ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock) {
  current_kernel().release_lock(const_cast<LONG*>(SpinLock), LockKind::kSpinShared, std::nullopt);
}
KIRQL ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock) {
  return acquire_raising(const_cast<LONG*>(SpinLock), LockKind::kSpin);
}
VOID ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql) {
  current_kernel().release_lock(const_cast<LONG*>(SpinLock), LockKind::kSpin, OldIrql);
}
VOID ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  current_kernel().acquire_lock(const_cast<LONG*>(SpinLock), LockKind::kSpin, false);
}
VOID ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock) {
  current_kernel().release_lock(const_cast<LONG*>(SpinLock), LockKind::kSpin, std::nullopt);
}

VOID KeEnterCriticalRegion(VOID) { current_kernel().enter_region(Region::kCritical); }
VOID KeLeaveCriticalRegion(VOID) { current_kernel().leave_region(Region::kCritical); }
VOID KeEnterGuardedRegion(VOID) { current_kernel().enter_region(Region::kGuarded); }
VOID KeLeaveGuardedRegion(VOID) { current_kernel().leave_region(Region::kGuarded); }
BOOLEAN KeAreApcsDisabled(VOID) { return current_kernel().apcs_disabled() ? TRUE : FALSE; }
BOOLEAN KeAreAllApcsDisabled(VOID) {
  return current_kernel().in_region(Region::kGuarded) ||
                 current_kernel().settled_irql() >= nmrcheck::model::kApcLevel
             ? TRUE
             : FALSE;
}

VOID ExInitializePushLock(PEX_PUSH_LOCK PushLock) {
  current_kernel().initialize_lock(PushLock);
  *PushLock = 0;
}
VOID ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG) {
  current_kernel().acquire_lock(PushLock, LockKind::kPush, false);
}
VOID ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG) {
  current_kernel().release_lock(PushLock, LockKind::kPush, std::nullopt);
}
VOID ExAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG) {
  current_kernel().acquire_lock(PushLock, LockKind::kPushShared, false);
}
VOID ExReleasePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG) {
  current_kernel().release_lock(PushLock, LockKind::kPushShared, std::nullopt);
}

VOID ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef) {
  current_kernel().initialize_rundown(RunRef);
  RunRef->Count = 0;
}
VOID ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef) {
  current_kernel().reinitialize_rundown(RunRef);
  RunRef->Count = 0;
}
BOOLEAN ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef) {
  return current_kernel().acquire_rundown(RunRef) ? TRUE : FALSE;
}
BOOLEAN ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count) {
  return current_kernel().acquire_rundown(RunRef, Count) ? TRUE : FALSE;
}
VOID ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef) {
  current_kernel().release_rundown(RunRef);
}
VOID ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count) {
  current_kernel().release_rundown(RunRef, Count);
}
VOID ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef) {
  current_kernel().wait_for_rundown(RunRef);
}
VOID ExRundownCompleted(PEX_RUNDOWN_REF RunRef) { current_kernel().complete_rundown(RunRef); }

}  // extern "C"
