// A provider whose detach pends: rundown protection counts the calls in progress, and a work item
// waits for them, because a detach callback must not.
#include "echo.h"

#define ECHO_TAG 'ohcE'

typedef struct _ECHO_BINDING {
  HANDLE NmrBindingHandle;
  EX_RUNDOWN_REF Calls;
#ifdef UNPINNED_WORK_ITEM
  WORK_QUEUE_ITEM DrainWorkItem;
#else
  PIO_WORKITEM DrainWorkItem;
#endif
} ECHO_BINDING, *PECHO_BINDING;

static PDEVICE_OBJECT DeviceObject;
static HANDLE NmrProviderHandle;

_IRQL_requires_max_(DISPATCH_LEVEL) static NTSTATUS NTAPI
    EchoProviderEcho(_In_ PVOID ProviderBindingContext, _In_ ULONG Value, _Out_ PULONG Answer) {
  PECHO_BINDING binding = (PECHO_BINDING)ProviderBindingContext;

  *Answer = 0;
  if (!ExAcquireRundownProtection(&binding->Calls)) {
    return STATUS_DELETE_PENDING;
  }
  *Answer = Value;
  ExReleaseRundownProtection(&binding->Calls);
  return STATUS_SUCCESS;
}

static const ECHO_PROVIDER_DISPATCH EchoProviderDispatch = {
    ECHO_NPI_VERSION, sizeof(ECHO_PROVIDER_DISPATCH), EchoProviderEcho};

static NTSTATUS NTAPI
EchoProviderAttachClient(_In_ HANDLE NmrBindingHandle, _In_ PVOID ProviderContext,
                         _In_ PNPI_REGISTRATION_INSTANCE ClientRegistrationInstance,
                         _In_ PVOID ClientBindingContext, _In_ CONST VOID* ClientDispatch,
                         _Out_ PVOID* ProviderBindingContext, _Out_ CONST VOID** ProviderDispatch) {
  PECHO_BINDING binding;

  UNREFERENCED_PARAMETER(ProviderContext);
  UNREFERENCED_PARAMETER(ClientRegistrationInstance);
  UNREFERENCED_PARAMETER(ClientBindingContext);
  UNREFERENCED_PARAMETER(ClientDispatch);

  binding = (PECHO_BINDING)ExAllocatePoolZero(NonPagedPoolNx, sizeof(*binding), ECHO_TAG);
  if (binding == NULL) {
    return STATUS_INSUFFICIENT_RESOURCES;
  }
#ifndef UNPINNED_WORK_ITEM
  // Here and not in the detach callback, which could not report that there is no memory.
  binding->DrainWorkItem = IoAllocateWorkItem(DeviceObject);
  if (binding->DrainWorkItem == NULL) {
    ExFreePoolWithTag(binding, ECHO_TAG);
    return STATUS_INSUFFICIENT_RESOURCES;
  }
#endif
  binding->NmrBindingHandle = NmrBindingHandle;
  ExInitializeRundownProtection(&binding->Calls);
  *ProviderBindingContext = binding;
  *ProviderDispatch = &EchoProviderDispatch;
  return STATUS_SUCCESS;
}

static VOID EchoProviderDrain(_In_ PECHO_BINDING Binding) {
  ExWaitForRundownProtectionRelease(&Binding->Calls);
  NmrProviderDetachClientComplete(Binding->NmrBindingHandle);
  // The binding may be freed by now.
}

#ifdef UNPINNED_WORK_ITEM
// The bug: nothing keeps the driver loaded while a work item of ExQueueWorkItem runs. As soon as
// the detach is complete the unload routine's wait may return, and the image may be gone before
// this routine has returned. (xdp-for-windows, pull request 321.)
static VOID NTAPI EchoProviderDrainWorker(_In_ PVOID Parameter) {
  EchoProviderDrain((PECHO_BINDING)Parameter);
}
#else
// IoQueueWorkItem holds a reference to the device object until the routine has returned.
static VOID NTAPI EchoProviderDrainWorker(_In_ PDEVICE_OBJECT Device, _In_opt_ PVOID Context) {
  UNREFERENCED_PARAMETER(Device);
  EchoProviderDrain((PECHO_BINDING)Context);
}
#endif

static NTSTATUS NTAPI EchoProviderDetachClient(_In_ PVOID ProviderBindingContext) {
  PECHO_BINDING binding = (PECHO_BINDING)ProviderBindingContext;

#ifdef UNPINNED_WORK_ITEM
  ExInitializeWorkItem(&binding->DrainWorkItem, EchoProviderDrainWorker, binding);
  ExQueueWorkItem(&binding->DrainWorkItem, DelayedWorkQueue);
#else
  IoQueueWorkItem(binding->DrainWorkItem, EchoProviderDrainWorker, DelayedWorkQueue, binding);
#endif
  return STATUS_PENDING;
}

static VOID NTAPI EchoProviderCleanupBindingContext(_In_ PVOID ProviderBindingContext) {
  PECHO_BINDING binding = (PECHO_BINDING)ProviderBindingContext;

#ifndef UNPINNED_WORK_ITEM
  IoFreeWorkItem(binding->DrainWorkItem);
#endif
  ExFreePoolWithTag(binding, ECHO_TAG);
}

static const NPI_MODULEID EchoProviderModuleId = {
    sizeof(NPI_MODULEID),
    MIT_GUID,
    {{0x3c0a77d4, 0x51b2, 0x4f6a, {0xb0, 0x2e, 0x11, 0x9f, 0x6d, 0x7a, 0x54, 0x08}}}};

static const NPI_PROVIDER_CHARACTERISTICS EchoProviderCharacteristics = {
    0,
    sizeof(NPI_PROVIDER_CHARACTERISTICS),
    EchoProviderAttachClient,
    EchoProviderDetachClient,
    EchoProviderCleanupBindingContext,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &ECHO_NPI_ID, &EchoProviderModuleId, 0, NULL}};

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD EchoProviderUnload;

_Use_decl_annotations_ static VOID NTAPI EchoProviderUnload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  PAGED_CODE();
  if (NmrDeregisterProvider(NmrProviderHandle) == STATUS_PENDING) {
    NmrWaitForProviderDeregisterComplete(NmrProviderHandle);
  }
}

_Use_decl_annotations_ NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject,
                                                  PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = EchoProviderUnload;
  DeviceObject = DriverObject->DeviceObject;
  return NmrRegisterProvider(&EchoProviderCharacteristics, NULL, &NmrProviderHandle);
}
