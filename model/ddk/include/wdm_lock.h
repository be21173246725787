// Interrupt levels, spin locks, push locks, critical regions and rundown protection.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"

EXTERN_C_START

#define PASSIVE_LEVEL 0
#define LOW_LEVEL 0
#define APC_LEVEL 1
#define DISPATCH_LEVEL 2
#define HIGH_LEVEL 15
#define LOW_REALTIME_PRIORITY 16

KIRQL KeGetCurrentIrql(VOID);
KIRQL KfRaiseIrql(_In_ KIRQL NewIrql);
VOID KeLowerIrql(_In_ KIRQL NewIrql);

typedef ULONG_PTR KSPIN_LOCK, *PKSPIN_LOCK;

typedef struct _KSPIN_LOCK_QUEUE {
  struct _KSPIN_LOCK_QUEUE* volatile Next;
  PKSPIN_LOCK volatile Lock;
} KSPIN_LOCK_QUEUE, *PKSPIN_LOCK_QUEUE;

typedef struct _KLOCK_QUEUE_HANDLE {
  KSPIN_LOCK_QUEUE LockQueue;
  KIRQL OldIrql;
} KLOCK_QUEUE_HANDLE, *PKLOCK_QUEUE_HANDLE;

VOID KeInitializeSpinLock(_Out_ PKSPIN_LOCK SpinLock);
KIRQL KeAcquireSpinLockRaiseToDpc(_Inout_ PKSPIN_LOCK SpinLock);
VOID KeReleaseSpinLock(_Inout_ PKSPIN_LOCK SpinLock, _In_ KIRQL NewIrql);
VOID KeAcquireSpinLockAtDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);
VOID KeReleaseSpinLockFromDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);
VOID KeAcquireInStackQueuedSpinLock(_Inout_ PKSPIN_LOCK SpinLock,
                                    _Out_ PKLOCK_QUEUE_HANDLE LockHandle);
VOID KeReleaseInStackQueuedSpinLock(_In_ PKLOCK_QUEUE_HANDLE LockHandle);
VOID KeAcquireInStackQueuedSpinLockAtDpcLevel(_Inout_ PKSPIN_LOCK SpinLock,
                                              _Out_ PKLOCK_QUEUE_HANDLE LockHandle);
VOID KeReleaseInStackQueuedSpinLockFromDpcLevel(_In_ PKLOCK_QUEUE_HANDLE LockHandle);

typedef volatile LONG EX_SPIN_LOCK, *PEX_SPIN_LOCK;

KIRQL ExAcquireSpinLockShared(_Inout_ PEX_SPIN_LOCK SpinLock);
VOID ExReleaseSpinLockShared(_Inout_ PEX_SPIN_LOCK SpinLock, _In_ KIRQL OldIrql);
VOID ExAcquireSpinLockSharedAtDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
VOID ExReleaseSpinLockSharedFromDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
KIRQL ExAcquireSpinLockExclusive(_Inout_ PEX_SPIN_LOCK SpinLock);
VOID ExReleaseSpinLockExclusive(_Inout_ PEX_SPIN_LOCK SpinLock, _In_ KIRQL OldIrql);
VOID ExAcquireSpinLockExclusiveAtDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
VOID ExReleaseSpinLockExclusiveFromDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);

VOID KeEnterCriticalRegion(VOID);
VOID KeLeaveCriticalRegion(VOID);
VOID KeEnterGuardedRegion(VOID);
VOID KeLeaveGuardedRegion(VOID);
// TRUE in a critical or guarded region, or from APC_LEVEL on.
BOOLEAN KeAreApcsDisabled(VOID);
// TRUE in a guarded region, or from APC_LEVEL on.
BOOLEAN KeAreAllApcsDisabled(VOID);

typedef ULONG_PTR EX_PUSH_LOCK, *PEX_PUSH_LOCK;
#define EX_DEFAULT_PUSH_LOCK_FLAGS 0

VOID ExInitializePushLock(_Out_ PEX_PUSH_LOCK PushLock);
VOID ExAcquirePushLockExclusiveEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);
VOID ExReleasePushLockExclusiveEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);
VOID ExAcquirePushLockSharedEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);
VOID ExReleasePushLockSharedEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);

typedef struct _EX_RUNDOWN_REF {
  union {
    ULONG_PTR Count;
    PVOID Ptr;
  };
} EX_RUNDOWN_REF, *PEX_RUNDOWN_REF;
#define EX_RUNDOWN_ACTIVE 0x1
#define EX_RUNDOWN_COUNT_SHIFT 0x1
#define EX_RUNDOWN_COUNT_INC (1 << EX_RUNDOWN_COUNT_SHIFT)

VOID ExInitializeRundownProtection(_Out_ PEX_RUNDOWN_REF RunRef);
VOID ExReInitializeRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);
BOOLEAN ExAcquireRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);
BOOLEAN ExAcquireRundownProtectionEx(_Inout_ PEX_RUNDOWN_REF RunRef, _In_ ULONG Count);
VOID ExReleaseRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);
VOID ExReleaseRundownProtectionEx(_Inout_ PEX_RUNDOWN_REF RunRef, _In_ ULONG Count);
VOID ExWaitForRundownProtectionRelease(_Inout_ PEX_RUNDOWN_REF RunRef);
VOID ExRundownCompleted(_Inout_ PEX_RUNDOWN_REF RunRef);

EXTERN_C_END

// Macros in the WDK too: the old level is stored by the caller's own code.
#define KeRaiseIrql(NewIrql, OldIrql) ((void)(*(OldIrql) = KfRaiseIrql(NewIrql)))
#define KeRaiseIrqlToDpcLevel() KfRaiseIrql(DISPATCH_LEVEL)
#define KeAcquireSpinLock(SpinLock, OldIrql) \
  ((void)(*(OldIrql) = KeAcquireSpinLockRaiseToDpc(SpinLock)))
#define ExAcquirePushLockExclusive(PushLock) \
  ExAcquirePushLockExclusiveEx(PushLock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockExclusive(PushLock) \
  ExReleasePushLockExclusiveEx(PushLock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExAcquirePushLockShared(PushLock) \
  ExAcquirePushLockSharedEx(PushLock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockShared(PushLock) \
  ExReleasePushLockSharedEx(PushLock, EX_DEFAULT_PUSH_LOCK_FLAGS)

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define KeGetCurrentIrql(...) NMRCHECK_AT(KeGetCurrentIrql(__VA_ARGS__))
#define KfRaiseIrql(...) NMRCHECK_AT(KfRaiseIrql(__VA_ARGS__))
#define KeLowerIrql(...) NMRCHECK_AT(KeLowerIrql(__VA_ARGS__))
#define KeInitializeSpinLock(...) NMRCHECK_AT(KeInitializeSpinLock(__VA_ARGS__))
#define KeAcquireSpinLockRaiseToDpc(...) NMRCHECK_AT(KeAcquireSpinLockRaiseToDpc(__VA_ARGS__))
#define KeReleaseSpinLock(...) NMRCHECK_AT(KeReleaseSpinLock(__VA_ARGS__))
#define KeAcquireSpinLockAtDpcLevel(...) NMRCHECK_AT(KeAcquireSpinLockAtDpcLevel(__VA_ARGS__))
#define KeReleaseSpinLockFromDpcLevel(...) NMRCHECK_AT(KeReleaseSpinLockFromDpcLevel(__VA_ARGS__))
#define KeAcquireInStackQueuedSpinLock(...) NMRCHECK_AT(KeAcquireInStackQueuedSpinLock(__VA_ARGS__))
#define KeReleaseInStackQueuedSpinLock(...) NMRCHECK_AT(KeReleaseInStackQueuedSpinLock(__VA_ARGS__))
#define KeAcquireInStackQueuedSpinLockAtDpcLevel(...) \
  NMRCHECK_AT(KeAcquireInStackQueuedSpinLockAtDpcLevel(__VA_ARGS__))
#define KeReleaseInStackQueuedSpinLockFromDpcLevel(...) \
  NMRCHECK_AT(KeReleaseInStackQueuedSpinLockFromDpcLevel(__VA_ARGS__))
#define ExAcquireSpinLockShared(...) NMRCHECK_AT(ExAcquireSpinLockShared(__VA_ARGS__))
#define ExReleaseSpinLockShared(...) NMRCHECK_AT(ExReleaseSpinLockShared(__VA_ARGS__))
#define ExAcquireSpinLockSharedAtDpcLevel(...) \
  NMRCHECK_AT(ExAcquireSpinLockSharedAtDpcLevel(__VA_ARGS__))
#define ExReleaseSpinLockSharedFromDpcLevel(...) \
  NMRCHECK_AT(ExReleaseSpinLockSharedFromDpcLevel(__VA_ARGS__))
#define ExAcquireSpinLockExclusive(...) NMRCHECK_AT(ExAcquireSpinLockExclusive(__VA_ARGS__))
#define ExReleaseSpinLockExclusive(...) NMRCHECK_AT(ExReleaseSpinLockExclusive(__VA_ARGS__))
#define ExAcquireSpinLockExclusiveAtDpcLevel(...) \
  NMRCHECK_AT(ExAcquireSpinLockExclusiveAtDpcLevel(__VA_ARGS__))
#define ExReleaseSpinLockExclusiveFromDpcLevel(...) \
  NMRCHECK_AT(ExReleaseSpinLockExclusiveFromDpcLevel(__VA_ARGS__))
#define KeEnterCriticalRegion(...) NMRCHECK_AT(KeEnterCriticalRegion(__VA_ARGS__))
#define KeLeaveCriticalRegion(...) NMRCHECK_AT(KeLeaveCriticalRegion(__VA_ARGS__))
#define KeEnterGuardedRegion(...) NMRCHECK_AT(KeEnterGuardedRegion(__VA_ARGS__))
#define KeLeaveGuardedRegion(...) NMRCHECK_AT(KeLeaveGuardedRegion(__VA_ARGS__))
#define KeAreApcsDisabled(...) NMRCHECK_AT(KeAreApcsDisabled(__VA_ARGS__))
#define KeAreAllApcsDisabled(...) NMRCHECK_AT(KeAreAllApcsDisabled(__VA_ARGS__))
#define ExInitializePushLock(...) NMRCHECK_AT(ExInitializePushLock(__VA_ARGS__))
#define ExAcquirePushLockExclusiveEx(...) NMRCHECK_AT(ExAcquirePushLockExclusiveEx(__VA_ARGS__))
#define ExReleasePushLockExclusiveEx(...) NMRCHECK_AT(ExReleasePushLockExclusiveEx(__VA_ARGS__))
#define ExAcquirePushLockSharedEx(...) NMRCHECK_AT(ExAcquirePushLockSharedEx(__VA_ARGS__))
#define ExReleasePushLockSharedEx(...) NMRCHECK_AT(ExReleasePushLockSharedEx(__VA_ARGS__))
#define ExInitializeRundownProtection(...) NMRCHECK_AT(ExInitializeRundownProtection(__VA_ARGS__))
#define ExReInitializeRundownProtection(...) \
  NMRCHECK_AT(ExReInitializeRundownProtection(__VA_ARGS__))
#define ExAcquireRundownProtection(...) NMRCHECK_AT(ExAcquireRundownProtection(__VA_ARGS__))
#define ExAcquireRundownProtectionEx(...) NMRCHECK_AT(ExAcquireRundownProtectionEx(__VA_ARGS__))
#define ExReleaseRundownProtection(...) NMRCHECK_AT(ExReleaseRundownProtection(__VA_ARGS__))
#define ExReleaseRundownProtectionEx(...) NMRCHECK_AT(ExReleaseRundownProtectionEx(__VA_ARGS__))
#define ExWaitForRundownProtectionRelease(...) \
  NMRCHECK_AT(ExWaitForRundownProtectionRelease(__VA_ARGS__))
#define ExRundownCompleted(...) NMRCHECK_AT(ExRundownCompleted(__VA_ARGS__))
#endif
