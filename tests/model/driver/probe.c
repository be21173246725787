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

// How a driver ends.
static ULONG Checked(ULONG Value) {
  NT_ASSERT(Counter == Value);
  return Counter;
}
ULONG ProbeAssert(ULONG Value) { return Checked(Value) + 1; }

static VOID FailFast(ULONG Code) { __fastfail(Code); }
VOID ProbeFailFast(ULONG Code) {
  FailFast(Code);
  ++Counter;
}

static VOID BugCheck(ULONG Code) { KeBugCheckEx(Code, 1, 2, 3, 4); }
VOID ProbeBugCheck(ULONG Code) {
  BugCheck(Code);
  ++Counter;
}

typedef struct _PROBE_DISPATCH {
  ULONG (*Call)(ULONG Value);
} PROBE_DISPATCH, *PPROBE_DISPATCH;
static PROBE_DISPATCH Dispatch;

static ULONG CallThrough(PPROBE_DISPATCH Table) { return Table->Call(7) + 1; }
ULONG ProbeCallNull(void) { return CallThrough(&Dispatch) + 1; }
ULONG ProbeCallFreed(void) {
  PPROBE_DISPATCH table =
      (PPROBE_DISPATCH)ExAllocatePoolZero(NonPagedPoolNx, sizeof(*table), PROBE_TAG);
  table->Call = ProbeAssert;
  ExFreePoolWithTag(table, PROBE_TAG);
  return CallThrough(table) + 1;
}

// A constant, and a function that reads the one it is given.
static const ULONG Constants[2] = {17, 4};
PVOID ProbeConstants(void) { return (PVOID)Constants; }
ULONG ProbeReadConstant(const ULONG* Constant) { return *Constant; }

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
