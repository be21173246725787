// A driver whose exported functions each do one thing, right or wrong.
#include <ntddk.h>

#ifndef MAXULONG
#define MAXULONG 0xffffffff
#endif
#define PROBE_TAG 'borP'

typedef struct _PROBE_BLOCK {
  ULONG First;
  ULONG Second;
  UCHAR Bytes[8];
} PROBE_BLOCK, *PPROBE_BLOCK;

static ULONG Counter = 41;
static ULONG Zeroed;
static volatile LONG Flag;
static BOOLEAN PlainFlag;
static KSPIN_LOCK Lock;
static PPROBE_BLOCK Shared;

ULONG ProbeCount(void) { return ++Counter + Zeroed++; }

static ULONG ReadFirst(PPROBE_BLOCK Block) { return Block->First; }

ULONG ProbeUseAfterFree(void) {
  PPROBE_BLOCK block = (PPROBE_BLOCK)ExAllocatePoolZero(NonPagedPoolNx, sizeof(*block), PROBE_TAG);
  ExFreePoolWithTag(block, PROBE_TAG);
  return ReadFirst(block);
}

ULONG ProbeOverrun(ULONG Index) {
  ULONG value;
  PPROBE_BLOCK block = (PPROBE_BLOCK)ExAllocatePoolZero(NonPagedPoolNx, sizeof(*block), PROBE_TAG);
  value = block->Bytes[Index];
  ExFreePoolWithTag(block, PROBE_TAG);
  return value;
}

ULONG ProbeUninitialized(void) {
  ULONG value;
  PPROBE_BLOCK block =
      (PPROBE_BLOCK)ExAllocatePoolUninitialized(NonPagedPoolNx, sizeof(*block), PROBE_TAG);
  Shared = block;
  value = ReadFirst(block);
  ExFreePoolWithTag(block, PROBE_TAG);
  return value;
}

ULONG ProbeNull(void) { return ReadFirst(NULL); }

ULONG ProbeDivide(ULONG Divisor) { return 100 / Divisor; }

ULONG ProbeRecurse(ULONG Depth) {
  volatile UCHAR frame[1024];
  frame[0] = (UCHAR)Depth;
  return Depth == MAXULONG ? 0 : ProbeRecurse(Depth + 1) + frame[0];
}

VOID ProbeCopy(ULONG Length) {
  UCHAR source[64] = {0};
  PPROBE_BLOCK block = (PPROBE_BLOCK)ExAllocatePoolZero(NonPagedPoolNx, sizeof(*block), PROBE_TAG);
  RtlCopyMemory(block, source, Length);
  ExFreePoolWithTag(block, PROBE_TAG);
}

// One of two fibers calls each.
VOID ProbeRaiseFlag(void) { PlainFlag = TRUE; }
BOOLEAN ProbeSeesFlag(void) { return PlainFlag; }
VOID ProbeRaiseVolatileFlag(void) { Flag = 1; }
BOOLEAN ProbeSeesVolatileFlag(void) { return (BOOLEAN)(Flag != 0); }
VOID ProbeLockedIncrement(void) {
  KIRQL oldIrql;
  KeAcquireSpinLock(&Lock, &oldIrql);
  ++Counter;
  KeReleaseSpinLock(&Lock, oldIrql);
}
VOID ProbeUnlockedIncrement(void) { ++Counter; }
VOID ProbeInterlockedIncrement(void) { InterlockedIncrement((volatile LONG*)&Counter); }
ULONG ProbeCounter(void) { return Counter; }

VOID ProbePublish(void) {
  Shared = (PPROBE_BLOCK)ExAllocatePoolZero(NonPagedPoolNx, sizeof(*Shared), PROBE_TAG);
}

KSTART_ROUTINE ProbeThread;
VOID ProbeThread(PVOID Context) {
  UNREFERENCED_PARAMETER(Context);
  ProbeLockedIncrement();
  ProbeLockedIncrement();
}

// Leaves a thread behind that nobody waits for.
VOID ProbeStartThread(void) {
  HANDLE thread;
  (void)PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, ProbeThread, NULL);
}

static VOID ProbeUnload(PDRIVER_OBJECT DriverObject) { UNREFERENCED_PARAMETER(DriverObject); }

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  KeInitializeSpinLock(&Lock);
  DriverObject->DriverUnload = ProbeUnload;
  return STATUS_SUCCESS;
}
