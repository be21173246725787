// Compiles the WDK headers as C: layouts, every function once, and a trial driver.
// Nothing here is executed; the file passes when it compiles without a warning.

// Ordinary names that a driver may have made macros of before it includes us.
#define list driver_list
#define min(a, b) ((a) < (b) ? (a) : (b))

#include <ntddk.h>

// <ntddk.h> first, then again in another order.
#include <initguid.h>
#include <netioddk.h>
#include <nmrcheck.h>
#include <ntifs.h>
#include <wdm.h>
#include <wsk.h>

#define max(a, b) ((a) > (b) ? (a) : (b))

C_ASSERT(sizeof(CHAR) == 1 && sizeof(WCHAR) == 2 && sizeof(LONG) == 4 && sizeof(ULONG) == 4);
C_ASSERT(sizeof(LONGLONG) == 8 && sizeof(ULONG_PTR) == 8 && sizeof(NTSTATUS) == 4);
C_ASSERT(sizeof(GUID) == 16 && sizeof(LUID) == 8 && sizeof(LARGE_INTEGER) == 8);
C_ASSERT(sizeof(KEVENT) == 24 && FIELD_OFFSET(KEVENT, Header.SignalState) == 4);
C_ASSERT(sizeof(KSPIN_LOCK) == 8 && sizeof(KLOCK_QUEUE_HANDLE) == 24);
C_ASSERT(sizeof(EX_PUSH_LOCK) == 8 && sizeof(EX_RUNDOWN_REF) == 8 && sizeof(EX_SPIN_LOCK) == 4);
C_ASSERT(sizeof(WORK_QUEUE_ITEM) == 32 && sizeof(UNICODE_STRING) == 16);
C_ASSERT(sizeof(DRIVER_OBJECT) == 336 && FIELD_OFFSET(DRIVER_OBJECT, DriverUnload) == 104);
C_ASSERT(sizeof(DEVICE_OBJECT) == 336 && FIELD_OFFSET(DEVICE_OBJECT, DeviceExtension) == 64);
C_ASSERT(sizeof(NPI_MODULEID) == 24 && sizeof(NPI_REGISTRATION_INSTANCE) == 40);
C_ASSERT(sizeof(NPI_CLIENT_CHARACTERISTICS) == 72 && sizeof(NPI_PROVIDER_CHARACTERISTICS) == 72);
C_ASSERT(STATUS_PENDING == 0x103 && NT_SUCCESS(STATUS_PENDING) &&
         !NT_SUCCESS(STATUS_TIMEOUT - 999));

typedef struct DECLSPEC_CACHEALIGN _ALIGNED_COUNTER {
  LONG Value;
} ALIGNED_COUNTER;
C_ASSERT(sizeof(ALIGNED_COUNTER) == 64);

typedef struct __declspec(align(16)) _ALIGNED_PAIR {
  PVOID Value;
} ALIGNED_PAIR;
C_ASSERT(sizeof(ALIGNED_PAIR) == 16);

DEFINE_GUID(TEST_NPIID, 0x227f2aa6, 0x1b0c, 0x4ab3, 0x9d, 0x0b, 0x61, 0x42, 0x03, 0x04, 0x05, 0x06);
const GUID DECLSPEC_SELECTANY other_npiid = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
extern __declspec(noreturn) void driver_give_up(ULONG code);
void driver_give_up(ULONG code) { KeBugCheckEx(code, 1, 2, 3, 4); }
__declspec(noreturn) void driver_bug_check(void);
void driver_bug_check(void) { KeBugCheck(NMR_INVALID_STATE); }
void driver_fail_fast(void);
void driver_fail_fast(void) { RtlFailFast(FAST_FAIL_INVALID_ARG); }

void call_pool(void);
void call_pool(void) {
  PVOID volatile block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 0x4e6d7263);
  block = ExAllocatePoolWithTag(NonPagedPoolNx, 16, 0x4e6d7263);
  block = ExAllocatePoolZero(PagedPool, 16, 0x4e6d7263);
  block = ExAllocatePoolUninitialized(NonPagedPoolNx, max(16, min(3, 4)), 0x4e6d7263);
  ExFreePool(block);
  ExFreePoolWithTag(block, 0x4e6d7263);
  RtlCopyMemory(block, "abc", 4);
  RtlMoveMemory(block, "abc", 4);
  RtlZeroMemory(block, 4);
  RtlFillMemory(block, 4, 0xff);
  RtlSecureZeroMemory(block, 4);
  ASSERT(RtlCompareMemory(block, "abc", 4) == 4 || RtlEqualMemory(block, "abc", 4));
}

void call_lists(LIST_ENTRY* head, LIST_ENTRY* entry, SINGLE_LIST_ENTRY* stack);
void call_lists(LIST_ENTRY* head, LIST_ENTRY* entry, SINGLE_LIST_ENTRY* stack) {
  SINGLE_LIST_ENTRY element = {NULL};
  InitializeListHead(head);
  InsertHeadList(head, entry);
  InsertTailList(head, entry);
  AppendTailList(head, entry);
  while (!IsListEmpty(head)) {
    RemoveHeadList(head);
    RemoveTailList(head);
    RemoveEntryList(entry);
  }
  PushEntryList(stack, &element);
  PopEntryList(stack);
}

void call_spin_locks(KSPIN_LOCK* lock, EX_SPIN_LOCK* shared);
void call_spin_locks(KSPIN_LOCK* lock, EX_SPIN_LOCK* shared) {
  KLOCK_QUEUE_HANDLE handle;
  KIRQL irql;
  KeInitializeSpinLock(lock);
  KeAcquireSpinLock(lock, &irql);
  KeReleaseSpinLock(lock, irql);
  KeAcquireSpinLockAtDpcLevel(lock);
  KeReleaseSpinLockFromDpcLevel(lock);
  KeAcquireInStackQueuedSpinLock(lock, &handle);
  KeReleaseInStackQueuedSpinLock(&handle);
  KeAcquireInStackQueuedSpinLockAtDpcLevel(lock, &handle);
  KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
  irql = ExAcquireSpinLockShared(shared);
  ExReleaseSpinLockShared(shared, irql);
  irql = ExAcquireSpinLockExclusive(shared);
  ExReleaseSpinLockExclusive(shared, irql);
  ExAcquireSpinLockSharedAtDpcLevel(shared);
  ExReleaseSpinLockSharedFromDpcLevel(shared);
  ExAcquireSpinLockExclusiveAtDpcLevel(shared);
  ExReleaseSpinLockExclusiveFromDpcLevel(shared);
  KeRaiseIrql(DISPATCH_LEVEL, &irql);
  KeLowerIrql(irql);
  irql = KeRaiseIrqlToDpcLevel();
  ASSERT(KeGetCurrentIrql() == DISPATCH_LEVEL);
}

// How several drivers spell it.
#define LOCK_ACQUIRE(lock, mode)   \
  do {                             \
    KeEnterCriticalRegion();       \
    ExAcquirePushLock##mode(lock); \
  } while (0)
#define LOCK_RELEASE(lock, mode)   \
  do {                             \
    ExReleasePushLock##mode(lock); \
    KeLeaveCriticalRegion();       \
  } while (0)

void call_blocking(EX_PUSH_LOCK* lock, EX_RUNDOWN_REF* rundown, KEVENT* event);
void call_blocking(EX_PUSH_LOCK* lock, EX_RUNDOWN_REF* rundown, KEVENT* event) {
  LARGE_INTEGER timeout = {.QuadPart = -10000};
  PAGED_CODE();
  ExInitializePushLock(lock);
  LOCK_ACQUIRE(lock, Exclusive);
  LOCK_RELEASE(lock, Exclusive);
  LOCK_ACQUIRE(lock, Shared);
  LOCK_RELEASE(lock, Shared);
  ExInitializeRundownProtection(rundown);
  if (ExAcquireRundownProtection(rundown) && ExAcquireRundownProtectionEx(rundown, 2)) {
    ExReleaseRundownProtectionEx(rundown, 2);
    ExReleaseRundownProtection(rundown);
  }
  ExWaitForRundownProtectionRelease(rundown);
  ExRundownCompleted(rundown);
  ExReInitializeRundownProtection(rundown);
  KeInitializeEvent(event, NotificationEvent, FALSE);
  KeSetEvent(event, IO_NO_INCREMENT, FALSE);
  KePulseEvent(event, IO_NO_INCREMENT, FALSE);
  KeResetEvent(event);
  KeClearEvent(event);
  NT_VERIFY(KeReadStateEvent(event) == 0);
  (void)(KeWaitForSingleObject)(event, Executive, KernelMode, FALSE, &timeout);
  KeDelayExecutionThread(KernelMode, FALSE, &timeout);
}

void call_interlocked(LONG* value, LONG64* wide, SHORT* narrow, CHAR* byte, PVOID* pointer);
void call_interlocked(LONG* value, LONG64* wide, SHORT* narrow, CHAR* byte, PVOID* pointer) {
  static volatile long host_long;
  static volatile long long host_long_long;
  volatile int32_t plain = InterlockedIncrement(value);
  InterlockedDecrement(&plain);
  InterlockedIncrement(&host_long);
  InterlockedIncrement64(&host_long_long);
  InterlockedCompareExchange64(wide, 1, InterlockedExchange64(wide, InterlockedAdd64(wide, 2)));
  InterlockedOr(value, InterlockedAnd(value, InterlockedXor(value, 1)));
  InterlockedExchangeAdd(value, InterlockedExchange(value, InterlockedAdd(&host_long, 1) != 0));
  InterlockedCompareExchange(&host_long, 1, 0);
  InterlockedIncrement16(narrow);
  InterlockedOr8(byte, InterlockedExchange8(byte, 1));
  InterlockedIncrementNoFence(value);
  InterlockedDecrementRelease64(wide);
  InterlockedExchangePointer(pointer, InterlockedCompareExchangePointer(pointer, byte, NULL));
  InterlockedBitTestAndSet(value, 3);
  InterlockedBitTestAndReset(value, 3);
  WriteNoFence(value, ReadNoFence(value));
  WriteRelease(&host_long, ReadAcquire(&host_long));
  WriteRelease64(wide, ReadNoFence64(wide));
  WritePointerRelease(pointer, ReadPointerNoFence(pointer));
  WriteBooleanRelease((BOOLEAN*)byte, ReadBooleanNoFence((BOOLEAN*)byte));
  WriteULongNoFence((ULONG*)value, ReadULongAcquire((ULONG*)value));
  KeMemoryBarrier();
  MemoryBarrier();
  YieldProcessor();
}

static KSTART_ROUTINE thread_start;
static VOID thread_start(PVOID context) {
  DbgPrint("thread %p\n", context);
  DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL, "thread\n");
  KdPrint(("thread %p\n", context));
  PsTerminateSystemThread(STATUS_SUCCESS);
}

NTSTATUS call_thread(void);
NTSTATUS call_thread(void) {
  HANDLE handle;
  PKTHREAD thread;
  OBJECT_ATTRIBUTES attributes;
  NTSTATUS status;
  InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
  status =
      PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, NULL, NULL, thread_start, NULL);
  if (!NT_SUCCESS(status)) return status;
  status = ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode,
                                     (PVOID*)&thread, NULL);
  ZwClose(handle);
  ObReferenceObject(thread);
  ObDereferenceObject(thread);
  return KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
}

static WORKER_THREAD_ROUTINE worker;
static VOID worker(PVOID parameter) { UNREFERENCED_PARAMETER(parameter); }
static IO_WORKITEM_ROUTINE_EX worker_ex;
static VOID worker_ex(PVOID object, PVOID context, PIO_WORKITEM item) {
  UNREFERENCED_PARAMETER(object);
  UNREFERENCED_PARAMETER(context);
  IoUninitializeWorkItem(item);
}

void call_work_items(PDEVICE_OBJECT device, WORK_QUEUE_ITEM* item);
void call_work_items(PDEVICE_OBJECT device, WORK_QUEUE_ITEM* item) {
  PIO_WORKITEM own = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), 0x4e6d7263);
  IoInitializeWorkItem(device, own);
  IoQueueWorkItemEx(own, worker_ex, DelayedWorkQueue, NULL);
  ExInitializeWorkItem(item, worker, NULL);
  ExQueueWorkItem(item, CriticalWorkQueue);
}

static KDEFERRED_ROUTINE deferred;
static VOID deferred(PKDPC dpc, PVOID context, PVOID first, PVOID second) {
  UNREFERENCED_PARAMETER(context);
  UNREFERENCED_PARAMETER(first);
  KeInsertQueueDpc(dpc, NULL, second);
}

void call_timers(KTIMER* timer, KDPC* dpc);
void call_timers(KTIMER* timer, KDPC* dpc) {
  LARGE_INTEGER due = {.QuadPart = -10000};
  KeInitializeTimer(timer);
  KeInitializeDpc(dpc, deferred, NULL);
  if (!KeSetTimer(timer, due, dpc) && !KeCancelTimer(timer)) KeFlushQueuedDpcs();
  (void)KeRemoveQueueDpc(dpc);
}

NTSTATUS call_nmr_client(const NPI_CLIENT_CHARACTERISTICS* characteristics, HANDLE binding);
NTSTATUS call_nmr_client(const NPI_CLIENT_CHARACTERISTICS* characteristics, HANDLE binding) {
  const NPI_MODULEID module = {sizeof(module), MIT_IF_LUID, {.IfLuid = {1, 2}}};
  HANDLE handle = NULL;
  PVOID provider_context;
  const void* provider_dispatch;
  NTSTATUS status = NmrRegisterClient(characteristics, NULL, &handle);
  status = NmrClientAttachProvider(binding, NULL, NULL, &provider_context, &provider_dispatch);
  NmrClientDetachProviderComplete(binding);
  ASSERT(!NmrIsEqualNpiModuleId(characteristics->ClientRegistrationInstance.ModuleId, &module));
  status = NmrDeregisterClient(handle);
  return NT_SUCCESS(status) ? NmrWaitForClientDeregisterComplete(handle) : status;
}

// A simulated function is still a function: its address is that of the WDK's name.
LONG (*const set_event)(PRKEVENT, KPRIORITY, BOOLEAN) = KeSetEvent;

typedef struct _TEST_DISPATCH {
  NTSTATUS (*Invoke)(_In_ const void* context, ULONG first, PVOID second);
  ULONG (*Count)(const void* context);
  void (*Stop)(const void* context);
} TEST_DISPATCH;

ULONG call_annotations(TEST_DISPATCH** slot, PVOID* context);
ULONG call_annotations(TEST_DISPATCH** slot, PVOID* context) {
  TEST_DISPATCH* table = NMRCHECK_READ(*slot);
  NMRCHECK_WRITE(*context, NMRCHECK_READ(*(PVOID*)NMRCHECK_READ(*context)));
  NMRCHECK_TOUCH(table);
  NMRCHECK_CALL_VOID(NMRCHECK_READ(*slot), Stop, NMRCHECK_READ(*context));
  if (!NT_SUCCESS(NMRCHECK_CALL(table, Invoke, *context, 3, NULL))) return 0;
  return NMRCHECK_CALL(table, Count, *context);
}

#include "trial_driver.h"
