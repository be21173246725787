// A provider whose detach pends while calls are in progress: rundown protection counts them, and a
// work item drains it.
#include "echo.h"

typedef struct _ECHO_BINDING {
  HANDLE NmrBindingHandle;
  EX_RUNDOWN_REF Calls;
  PIO_WORKITEM DrainWorkItem;
  volatile LONG CallsMade;
  ULONG LastValue;
  KSPIN_LOCK Lock;
} ECHO_BINDING, *PECHO_BINDING;

static PDEVICE_OBJECT DeviceObject;
static HANDLE NmrProviderHandle;
static ULONG BindingsMade;

static NTSTATUS EchoProviderEcho(PVOID ProviderBindingContext, ULONG Value, ULONG* Answer) {
  PECHO_BINDING binding = (PECHO_BINDING)ProviderBindingContext;
  KIRQL oldIrql;

  if (!ExAcquireRundownProtection(&binding->Calls)) {
    return STATUS_DELETE_PENDING;
  }
  InterlockedIncrement(&binding->CallsMade);
  KeAcquireSpinLock(&binding->Lock, &oldIrql);
  binding->LastValue = Value;
  *Answer = binding->LastValue;
  KeReleaseSpinLock(&binding->Lock, oldIrql);
  ExReleaseRundownProtection(&binding->Calls);
  return STATUS_SUCCESS;
}

static const ECHO_PROVIDER_DISPATCH EchoDispatch = {
    ECHO_NPI_VERSION, sizeof(ECHO_PROVIDER_DISPATCH), EchoProviderEcho};

static NTSTATUS EchoProviderAttachClient(HANDLE NmrBindingHandle, PVOID ProviderContext,
                                         PNPI_REGISTRATION_INSTANCE ClientRegistrationInstance,
                                         PVOID ClientBindingContext, CONST VOID* ClientDispatch,
                                         PVOID* ProviderBindingContext,
                                         CONST VOID** ProviderDispatch) {
  PECHO_BINDING binding;

  UNREFERENCED_PARAMETER(ProviderContext);
  UNREFERENCED_PARAMETER(ClientRegistrationInstance);
  UNREFERENCED_PARAMETER(ClientBindingContext);
  UNREFERENCED_PARAMETER(ClientDispatch);

  binding = (PECHO_BINDING)ExAllocatePoolZero(NonPagedPoolNx, sizeof(*binding), ECHO_TAG);
  if (binding == NULL) {
    return STATUS_NO_MEMORY;
  }
  binding->NmrBindingHandle = NmrBindingHandle;
  ExInitializeRundownProtection(&binding->Calls);
  KeInitializeSpinLock(&binding->Lock);
  ++BindingsMade;
  *ProviderBindingContext = binding;
  *ProviderDispatch = &EchoDispatch;
  return STATUS_SUCCESS;
}

static VOID EchoProviderDrain(PDEVICE_OBJECT Device, PVOID Context) {
  PECHO_BINDING binding = (PECHO_BINDING)Context;
  PIO_WORKITEM workItem = binding->DrainWorkItem;
  HANDLE handle = binding->NmrBindingHandle;

  UNREFERENCED_PARAMETER(Device);
#ifndef FREE_BEFORE_DRAIN
  ExWaitForRundownProtectionRelease(&binding->Calls);
#else
  ExRundownCompleted(&binding->Calls);
#endif
  NmrProviderDetachClientComplete(handle);
  IoFreeWorkItem(workItem);
}

static NTSTATUS EchoProviderDetachClient(PVOID ProviderBindingContext) {
  PECHO_BINDING binding = (PECHO_BINDING)ProviderBindingContext;

  binding->DrainWorkItem = IoAllocateWorkItem(DeviceObject);
  if (binding->DrainWorkItem == NULL) {
    ExWaitForRundownProtectionRelease(&binding->Calls);
    return STATUS_SUCCESS;
  }
  IoQueueWorkItem(binding->DrainWorkItem, EchoProviderDrain, DelayedWorkQueue, binding);
  return STATUS_PENDING;
}

static VOID EchoProviderCleanup(PVOID ProviderBindingContext) {
  ExFreePoolWithTag(ProviderBindingContext, ECHO_TAG);
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
    EchoProviderCleanup,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &ECHO_NPI_ID, &EchoProviderModuleId, 0, NULL}};

static VOID EchoProviderUnload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  if (NmrDeregisterProvider(NmrProviderHandle) == STATUS_PENDING) {
    NmrWaitForProviderDeregisterComplete(NmrProviderHandle);
  }
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = EchoProviderUnload;
  DeviceObject = DriverObject->DeviceObject;
  return NmrRegisterProvider(&EchoProviderCharacteristics, NULL, &NmrProviderHandle);
}
