// Driver and device objects, and work items.
#pragma once

#include "nmrcheck_hooks.h"
#include "ntdef.h"

EXTERN_C_START

struct _DEVICE_OBJECT;
struct _DRIVER_OBJECT;
struct _IRP;

typedef ULONG DEVICE_TYPE;
#define IRP_MJ_CREATE 0x00
#define IRP_MJ_CLOSE 0x02
#define IRP_MJ_DEVICE_CONTROL 0x0e
#define IRP_MJ_CLEANUP 0x12
#define IRP_MJ_MAXIMUM_FUNCTION 0x1b

typedef NTSTATUS(NTAPI DRIVER_INITIALIZE)(_In_ struct _DRIVER_OBJECT* DriverObject,
                                          _In_ PUNICODE_STRING RegistryPath);
typedef DRIVER_INITIALIZE* PDRIVER_INITIALIZE;
typedef VOID(NTAPI DRIVER_UNLOAD)(_In_ struct _DRIVER_OBJECT* DriverObject);
typedef DRIVER_UNLOAD* PDRIVER_UNLOAD;
typedef NTSTATUS(NTAPI DRIVER_DISPATCH)(_In_ struct _DEVICE_OBJECT* DeviceObject,
                                        _Inout_ struct _IRP* Irp);
typedef DRIVER_DISPATCH* PDRIVER_DISPATCH;
typedef VOID(NTAPI DRIVER_STARTIO)(_Inout_ struct _DEVICE_OBJECT* DeviceObject,
                                   _Inout_ struct _IRP* Irp);
typedef DRIVER_STARTIO* PDRIVER_STARTIO;

// Offsets as on x64 up to StackSize; what follows is not for drivers of this kind.
typedef struct DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) _DEVICE_OBJECT {
  CSHORT Type;
  USHORT Size;
  LONG ReferenceCount;
  struct _DRIVER_OBJECT* DriverObject;
  struct _DEVICE_OBJECT* NextDevice;
  struct _DEVICE_OBJECT* AttachedDevice;
  struct _IRP* CurrentIrp;
  PVOID Timer;
  ULONG Flags;
  ULONG Characteristics;
  PVOID Vpb;
  PVOID DeviceExtension;
  DEVICE_TYPE DeviceType;
  CCHAR StackSize;
  ULONG_PTR Opaque[32];
} DEVICE_OBJECT, *PDEVICE_OBJECT;

typedef struct _DRIVER_OBJECT {
  CSHORT Type;
  CSHORT Size;
  PDEVICE_OBJECT DeviceObject;
  ULONG Flags;
  PVOID DriverStart;
  ULONG DriverSize;
  PVOID DriverSection;
  PVOID DriverExtension;
  UNICODE_STRING DriverName;
  PUNICODE_STRING HardwareDatabase;
  PVOID FastIoDispatch;
  PDRIVER_INITIALIZE DriverInit;
  PDRIVER_STARTIO DriverStartIo;
  PDRIVER_UNLOAD DriverUnload;
  PDRIVER_DISPATCH MajorFunction[IRP_MJ_MAXIMUM_FUNCTION + 1];
} DRIVER_OBJECT, *PDRIVER_OBJECT;

typedef enum _WORK_QUEUE_TYPE {
  CriticalWorkQueue,
  DelayedWorkQueue,
  HyperCriticalWorkQueue,
  NormalWorkQueue,
  BackgroundWorkQueue,
  RealTimeWorkQueue,
  SuperCriticalWorkQueue,
  MaximumWorkQueue,
  CustomPriorityWorkQueue = 32
} WORK_QUEUE_TYPE;

typedef struct _IO_WORKITEM IO_WORKITEM, *PIO_WORKITEM;
typedef VOID(NTAPI IO_WORKITEM_ROUTINE)(_In_ PDEVICE_OBJECT DeviceObject, _In_opt_ PVOID Context);
typedef IO_WORKITEM_ROUTINE* PIO_WORKITEM_ROUTINE;
typedef VOID(NTAPI IO_WORKITEM_ROUTINE_EX)(_In_ PVOID IoObject, _In_opt_ PVOID Context,
                                           _In_ PIO_WORKITEM IoWorkItem);
typedef IO_WORKITEM_ROUTINE_EX* PIO_WORKITEM_ROUTINE_EX;

#define FILE_DEVICE_NETWORK 0x00000012
#define FILE_DEVICE_UNKNOWN 0x00000022
#define FILE_DEVICE_SECURE_OPEN 0x00000100
#define DO_BUFFERED_IO 0x00000004
#define DO_DIRECT_IO 0x00000010
#define DO_EXCLUSIVE 0x00000008
#define DO_DEVICE_INITIALIZING 0x00000080
#define METHOD_BUFFERED 0
#define METHOD_IN_DIRECT 1
#define METHOD_OUT_DIRECT 2
#define METHOD_NEITHER 3
#define FILE_ANY_ACCESS 0
#define FILE_READ_ACCESS 0x0001
#define FILE_WRITE_ACCESS 0x0002
#define CTL_CODE(type, function, method, access) \
  (((type) << 16) | ((access) << 14) | ((function) << 2) | (method))

// The device, with its extension of zeroes, is memory of the driver: it lives until IoDeleteDevice.
NTSTATUS IoCreateDevice(_In_ PDRIVER_OBJECT DriverObject, _In_ ULONG DeviceExtensionSize,
                        _In_opt_ PUNICODE_STRING DeviceName, _In_ DEVICE_TYPE DeviceType,
                        _In_ ULONG DeviceCharacteristics, _In_ BOOLEAN Exclusive,
                        _Outptr_ PDEVICE_OBJECT* DeviceObject);
VOID IoDeleteDevice(_In_ PDEVICE_OBJECT DeviceObject);
// Names lead nowhere here: nothing opens a device.
NTSTATUS IoCreateSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName,
                              _In_ PUNICODE_STRING DeviceName);
NTSTATUS IoDeleteSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName);

PIO_WORKITEM IoAllocateWorkItem(_In_ PDEVICE_OBJECT DeviceObject);
VOID IoFreeWorkItem(_In_ PIO_WORKITEM IoWorkItem);
ULONG IoSizeofWorkItem(VOID);
VOID IoInitializeWorkItem(_In_ PVOID IoObject, _In_ PIO_WORKITEM IoWorkItem);
VOID IoUninitializeWorkItem(_In_ PIO_WORKITEM IoWorkItem);
VOID IoQueueWorkItem(_Inout_ PIO_WORKITEM IoWorkItem, _In_ PIO_WORKITEM_ROUTINE WorkerRoutine,
                     _In_ WORK_QUEUE_TYPE QueueType, _In_opt_ PVOID Context);
VOID IoQueueWorkItemEx(_Inout_ PIO_WORKITEM IoWorkItem, _In_ PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                       _In_ WORK_QUEUE_TYPE QueueType, _In_opt_ PVOID Context);

typedef VOID(NTAPI WORKER_THREAD_ROUTINE)(_In_ PVOID Parameter);
typedef WORKER_THREAD_ROUTINE* PWORKER_THREAD_ROUTINE;

typedef struct _WORK_QUEUE_ITEM {
  LIST_ENTRY List;
  PWORKER_THREAD_ROUTINE WorkerRoutine;
  PVOID Parameter;
} WORK_QUEUE_ITEM, *PWORK_QUEUE_ITEM;

#define ExInitializeWorkItem(Item, Routine, Context) \
  do {                                               \
    (Item)->WorkerRoutine = (Routine);               \
    (Item)->Parameter = (Context);                   \
    (Item)->List.Flink = NULL;                       \
  } while (0)
VOID ExQueueWorkItem(_Inout_ PWORK_QUEUE_ITEM WorkItem, _In_ WORK_QUEUE_TYPE QueueType);

EXTERN_C_END

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define IoCreateDevice(...) NMRCHECK_AT(IoCreateDevice(__VA_ARGS__))
#define IoDeleteDevice(...) NMRCHECK_AT(IoDeleteDevice(__VA_ARGS__))
#define IoCreateSymbolicLink(...) NMRCHECK_AT(IoCreateSymbolicLink(__VA_ARGS__))
#define IoDeleteSymbolicLink(...) NMRCHECK_AT(IoDeleteSymbolicLink(__VA_ARGS__))
#define IoAllocateWorkItem(...) NMRCHECK_AT(IoAllocateWorkItem(__VA_ARGS__))
#define IoFreeWorkItem(...) NMRCHECK_AT(IoFreeWorkItem(__VA_ARGS__))
#define IoSizeofWorkItem(...) NMRCHECK_AT(IoSizeofWorkItem(__VA_ARGS__))
#define IoInitializeWorkItem(...) NMRCHECK_AT(IoInitializeWorkItem(__VA_ARGS__))
#define IoUninitializeWorkItem(...) NMRCHECK_AT(IoUninitializeWorkItem(__VA_ARGS__))
#define IoQueueWorkItem(...) NMRCHECK_AT(IoQueueWorkItem(__VA_ARGS__))
#define IoQueueWorkItemEx(...) NMRCHECK_AT(IoQueueWorkItemEx(__VA_ARGS__))
#define ExQueueWorkItem(...) NMRCHECK_AT(ExQueueWorkItem(__VA_ARGS__))
#endif
