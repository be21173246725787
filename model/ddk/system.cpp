// Devices, processors, clocks and the registry.
#define NMRCHECK_DDK_IMPLEMENTATION
#include <wdm.h>

#include <cstring>

#include "model/ddk/clock.h"
#include "model/ddk/driver_program.h"
#include "model/ddk/pool.h"

using nmrcheck::model::current_kernel;
using nmrcheck::model::kPassiveLevel;

namespace {

static_assert(NMRCHECK_PROCESSORS == nmrcheck::model::Kernel::kProcessors);

constexpr ULONG kDeviceTag = 0x69766544;   // 'Devi'
constexpr CSHORT kDeviceType = 3;          // IO_TYPE_DEVICE
constexpr ULONG kTimeIncrement = 156'250;  // of 100 ns: a tick
constexpr ULONG kCounterFrequency = 10'000'000;
constexpr std::uint32_t kTableRowsMax = 1'024;  // of a query table that does not end

bool all_groups(USHORT group) { return group == 0 || group == ALL_PROCESSOR_GROUPS; }

// What a row of the table gets when there is no value.
NTSTATUS use_default(const RTL_QUERY_REGISTRY_TABLE& row, PVOID context) {
  if ((row.Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0) return STATUS_OBJECT_NAME_NOT_FOUND;
  const ULONG type = row.DefaultType & ((1u << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) - 1);
  if (type == REG_NONE) return STATUS_SUCCESS;
  if ((row.Flags & RTL_QUERY_REGISTRY_DIRECT) == 0) {
    if (row.QueryRoutine == nullptr) return STATUS_SUCCESS;
    return row.QueryRoutine(row.Name, type, row.DefaultData, row.DefaultLength, context,
                            row.EntryContext);
  }
  if (type == REG_DWORD) {
    std::memcpy(row.EntryContext, row.DefaultData, sizeof(ULONG));
  } else if (type == REG_QWORD) {
    std::memcpy(row.EntryContext, row.DefaultData, sizeof(ULONGLONG));
  } else if (type == REG_SZ || type == REG_EXPAND_SZ) {
    UNICODE_STRING text;
    RtlInitUnicodeString(&text, static_cast<PCWSTR>(row.DefaultData));
    const auto target = static_cast<PUNICODE_STRING>(row.EntryContext);
    if (target->Buffer == nullptr) return STATUS_NOT_IMPLEMENTED;  // would have to be allocated
    if (target->MaximumLength < text.MaximumLength) return STATUS_BUFFER_TOO_SMALL;
    RtlCopyUnicodeString(target, &text);
  } else {
    std::memcpy(row.EntryContext, row.DefaultData, row.DefaultLength);
  }
  return STATUS_SUCCESS;
}

}  // namespace

extern "C" {

NTSTATUS IoCreateDevice(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize, PUNICODE_STRING,
                        DEVICE_TYPE DeviceType, ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                        PDEVICE_OBJECT* DeviceObject) {
  current_kernel().require_irql_at_most(nmrcheck::model::kApcLevel, "IoCreateDevice");
  const SIZE_T bytes = sizeof(DEVICE_OBJECT) + DeviceExtensionSize;
  *DeviceObject = nullptr;
  void* memory = nmrcheck::model::allocate_pool(NonPagedPoolNx, bytes, kDeviceTag);
  if (memory == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  std::memset(memory, 0, bytes);
  const auto device = static_cast<PDEVICE_OBJECT>(memory);
  device->Type = kDeviceType;
  device->Size = static_cast<USHORT>(bytes);
  device->ReferenceCount = 1;
  device->DriverObject = DriverObject;
  device->DeviceType = DeviceType;
  device->Characteristics = DeviceCharacteristics;
  device->Flags = DO_DEVICE_INITIALIZING | (Exclusive != FALSE ? DO_EXCLUSIVE : 0);
  device->StackSize = 1;
  device->DeviceExtension = DeviceExtensionSize > 0 ? device + 1 : nullptr;
  current_kernel().access(&DriverObject->DeviceObject, true, "IoCreateDevice");
  device->NextDevice = DriverObject->DeviceObject;
  DriverObject->DeviceObject = device;
  *DeviceObject = device;
  return STATUS_SUCCESS;
}
VOID IoDeleteDevice(PDEVICE_OBJECT DeviceObject) {
  constexpr const char* kFunction = "IoDeleteDevice";
  current_kernel().require_irql_at_most(nmrcheck::model::kApcLevel, kFunction);
  current_kernel().touch(DeviceObject, kFunction);
  PDRIVER_OBJECT driver = DeviceObject->DriverObject;
  current_kernel().access(&driver->DeviceObject, true, kFunction);
  PDEVICE_OBJECT* link = &driver->DeviceObject;
  while (*link != nullptr && *link != DeviceObject) link = &(*link)->NextDevice;
  if (*link != nullptr) *link = DeviceObject->NextDevice;
  current_kernel().free(DeviceObject, kFunction);
}
NTSTATUS IoCreateSymbolicLink(PUNICODE_STRING, PUNICODE_STRING) {
  current_kernel().require_irql_at_most(kPassiveLevel, "IoCreateSymbolicLink");
  return STATUS_SUCCESS;
}
NTSTATUS IoDeleteSymbolicLink(PUNICODE_STRING) {
  current_kernel().require_irql_at_most(kPassiveLevel, "IoDeleteSymbolicLink");
  return STATUS_SUCCESS;
}

ULONG KeQueryMaximumProcessorCount(VOID) { return NMRCHECK_PROCESSORS; }
ULONG KeQueryMaximumProcessorCountEx(USHORT GroupNumber) {
  return all_groups(GroupNumber) ? NMRCHECK_PROCESSORS : 0;
}
ULONG KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors) {
  if (ActiveProcessors != nullptr) *ActiveProcessors = (KAFFINITY{1} << NMRCHECK_PROCESSORS) - 1;
  return NMRCHECK_PROCESSORS;
}
ULONG KeQueryActiveProcessorCountEx(USHORT GroupNumber) {
  return KeQueryMaximumProcessorCountEx(GroupNumber);
}
USHORT KeQueryActiveGroupCount(VOID) { return 1; }
ULONG KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber) {
  const ULONG number = current_kernel().processor();
  if (ProcNumber != nullptr) *ProcNumber = {0, static_cast<UCHAR>(number), 0};
  return number;
}
NTSTATUS KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber) {
  if (ProcIndex >= NMRCHECK_PROCESSORS) return STATUS_INVALID_PARAMETER;
  *ProcNumber = {0, static_cast<UCHAR>(ProcIndex), 0};
  return STATUS_SUCCESS;
}
ULONG KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber) {
  const bool known = ProcNumber->Group == 0 && ProcNumber->Number < NMRCHECK_PROCESSORS;
  return known ? ProcNumber->Number : MAXULONG;  // INVALID_PROCESSOR_INDEX
}

LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency) {
  if (PerformanceFrequency != nullptr) PerformanceFrequency->QuadPart = kCounterFrequency;
  LARGE_INTEGER counter;
  counter.QuadPart = static_cast<LONGLONG>(current_kernel().execution().now());
  return counter;
}
ULONGLONG KeQueryInterruptTime(VOID) { return current_kernel().execution().now(); }
VOID KeQuerySystemTime(PLARGE_INTEGER CurrentTime) {
  CurrentTime->QuadPart = static_cast<LONGLONG>(nmrcheck::model::system_time());
}
ULONG KeQueryTimeIncrement(VOID) { return kTimeIncrement; }
VOID KeQueryTickCount(PLARGE_INTEGER CurrentCount) {
  CurrentCount->QuadPart =
      static_cast<LONGLONG>(current_kernel().execution().now() / kTimeIncrement);
}

NTSTATUS RtlQueryRegistryValues(ULONG, PCWSTR, PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context,
                                PVOID) {
  current_kernel().require_irql_at_most(kPassiveLevel, "RtlQueryRegistryValues");
  for (std::uint32_t i = 0; i < kTableRowsMax; ++i) {
    const RTL_QUERY_REGISTRY_TABLE& row = QueryTable[i];
    if (row.QueryRoutine == nullptr && row.Name == nullptr) return STATUS_SUCCESS;
    const NTSTATUS status = use_default(row, Context);
    if (!NT_SUCCESS(status)) return status;
  }
  return STATUS_INVALID_PARAMETER;
}

}  // extern "C"
