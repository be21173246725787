// What the benchmark of instrumented accesses runs: loads and stores to memory that fibers share.
#include <ntddk.h>

static volatile ULONG Slots[64];

// Makes `Count` accesses, a read and a write in turn, to slots of the fiber's own and to shared
// ones. Returns what it read.
ULONG AccessesMake(ULONG Fiber, ULONG Count) {
  ULONG i;
  ULONG sum = 0;
  for (i = 0; i < Count / 2; ++i) {
    sum += Slots[(Fiber + i) % 64];
    Slots[(Fiber * 16 + i) % 64] = sum;
  }
  return sum;
}

// The same in a block that nobody else knows yet.
ULONG AccessesMakePrivate(ULONG Fiber, ULONG Count) {
  ULONG i;
  ULONG sum = Fiber;
  volatile ULONG* slots = (volatile ULONG*)ExAllocatePoolZero(NonPagedPoolNx, 256, 'hcnB');
  if (slots == NULL) {
    return 0;
  }
  for (i = 0; i < Count / 2; ++i) {
    sum += slots[i % 64];
    slots[(i + 7) % 64] = sum;
  }
  ExFreePoolWithTag((PVOID)slots, 'hcnB');
  return sum;
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(DriverObject);
  UNREFERENCED_PARAMETER(RegistryPath);
  return STATUS_SUCCESS;
}
