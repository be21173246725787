// A client of the echo NPI with a thread of its own, which sleeps on an event until a provider is
// there, asks it once, and ends. Calls in progress are counted, so that a detach can wait for them.
#include "echo.h"

typedef struct _ASKER {
  HANDLE NmrClientHandle;
  HANDLE NmrBindingHandle;
  PKTHREAD Thread;
  KEVENT WakeUp;  // a provider has come, or the driver is being unloaded

  KSPIN_LOCK Lock;  // protects what follows
  const ECHO_PROVIDER_DISPATCH* Provider;
  PVOID ProviderContext;
  ULONG CallsInProgress;
  BOOLEAN DetachPending;
} ASKER, *PASKER;

static ASKER Asker;

static BOOLEAN AskerBeginCall(_In_ PASKER This, _Out_ const ECHO_PROVIDER_DISPATCH** Provider,
                              _Out_ PVOID* Context) {
  KIRQL oldIrql;

  KeAcquireSpinLock(&This->Lock, &oldIrql);
  *Provider = This->Provider;
  *Context = This->ProviderContext;
#ifndef UNGUARDED_COUNT
  if (This->Provider != NULL) {
    ++This->CallsInProgress;
  }
#endif
  KeReleaseSpinLock(&This->Lock, oldIrql);
#ifdef UNGUARDED_COUNT
  // The bug: the lock guards the pointer, and not the count. A detach can see zero calls between
  // the two, and additions on two processors can be lost. (xdp-for-windows, xdpapi.h before its
  // rundown protection: InProgressCallCount++.)
  if (*Provider != NULL) {
    ++This->CallsInProgress;
  }
#endif
  return (BOOLEAN)(*Provider != NULL);
}

static VOID AskerEndCall(_In_ PASKER This) {
  BOOLEAN complete;
  KIRQL oldIrql;

  KeAcquireSpinLock(&This->Lock, &oldIrql);
  --This->CallsInProgress;
  complete = (BOOLEAN)(This->CallsInProgress == 0 && This->DetachPending);
  KeReleaseSpinLock(&This->Lock, oldIrql);
  if (complete) {
    NmrClientDetachProviderComplete(This->NmrBindingHandle);
  }
}

static KSTART_ROUTINE AskerThread;

_Use_decl_annotations_ static VOID NTAPI AskerThread(PVOID StartContext) {
  PASKER this = (PASKER)StartContext;
  const ECHO_PROVIDER_DISPATCH* provider;
  PVOID context;
  ULONG answer;

  KeWaitForSingleObject(&this->WakeUp, Executive, KernelMode, FALSE, NULL);
  if (AskerBeginCall(this, &provider, &context)) {
    (VOID) provider->Echo(context, 42, &answer);
    AskerEndCall(this);
  }
  PsTerminateSystemThread(STATUS_SUCCESS);
}

static const ECHO_CLIENT_DISPATCH AskerDispatch = {ECHO_NPI_VERSION, sizeof(ECHO_CLIENT_DISPATCH)};

static NTSTATUS NTAPI
AskerAttachProvider(_In_ HANDLE NmrBindingHandle, _In_ PVOID ClientContext,
                    _In_ PNPI_REGISTRATION_INSTANCE ProviderRegistrationInstance) {
  PASKER this = (PASKER)ClientContext;
  PVOID context;
  const VOID* dispatch;
  KIRQL oldIrql;
  NTSTATUS status;

  UNREFERENCED_PARAMETER(ProviderRegistrationInstance);
  this->NmrBindingHandle = NmrBindingHandle;
  status = NmrClientAttachProvider(NmrBindingHandle, this, &AskerDispatch, &context, &dispatch);
  if (!NT_SUCCESS(status)) {
    return status;
  }
  KeAcquireSpinLock(&this->Lock, &oldIrql);
  this->ProviderContext = context;
  this->Provider = (const ECHO_PROVIDER_DISPATCH*)dispatch;
  KeReleaseSpinLock(&this->Lock, oldIrql);
  KeSetEvent(&this->WakeUp, IO_NO_INCREMENT, FALSE);
  return STATUS_SUCCESS;
}

static NTSTATUS NTAPI AskerDetachProvider(_In_ PVOID ClientBindingContext) {
  PASKER this = (PASKER)ClientBindingContext;
  BOOLEAN pending;
  KIRQL oldIrql;

  KeAcquireSpinLock(&this->Lock, &oldIrql);
  this->Provider = NULL;
  pending = (BOOLEAN)(this->CallsInProgress != 0);
  this->DetachPending = pending;
  KeReleaseSpinLock(&this->Lock, oldIrql);
  return pending ? STATUS_PENDING : STATUS_SUCCESS;
}

static const NPI_MODULEID AskerModuleId = {
    sizeof(NPI_MODULEID),
    MIT_GUID,
    {{0x41c7e0b8, 0x2d96, 0x4b3e, {0x85, 0x70, 0xee, 0x13, 0x9a, 0x4c, 0x27, 0x61}}}};

static const NPI_CLIENT_CHARACTERISTICS AskerCharacteristics = {
    0,
    sizeof(NPI_CLIENT_CHARACTERISTICS),
    AskerAttachProvider,
    AskerDetachProvider,
    NULL,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &ECHO_NPI_ID, &AskerModuleId, 0, NULL}};

// Returns when no thread runs code of this driver any more.
static VOID AskerStop(_In_ PASKER This) {
  KeSetEvent(&This->WakeUp, IO_NO_INCREMENT, FALSE);
  KeWaitForSingleObject(This->Thread, Executive, KernelMode, FALSE, NULL);
  ObDereferenceObject(This->Thread);
}

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD AskerUnload;

_Use_decl_annotations_ static VOID NTAPI AskerUnload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  PAGED_CODE();
  AskerStop(&Asker);
  if (NmrDeregisterClient(Asker.NmrClientHandle) == STATUS_PENDING) {
    NmrWaitForClientDeregisterComplete(Asker.NmrClientHandle);
  }
}

_Use_decl_annotations_ NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject,
                                                  PUNICODE_STRING RegistryPath) {
  HANDLE thread;
  NTSTATUS status;

  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = AskerUnload;
  KeInitializeSpinLock(&Asker.Lock);
  KeInitializeEvent(&Asker.WakeUp, NotificationEvent, FALSE);

  status = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, AskerThread, &Asker);
  if (!NT_SUCCESS(status)) {
    return status;
  }
  status = ObReferenceObjectByHandle(thread, SYNCHRONIZE, *PsThreadType, KernelMode,
                                     (PVOID*)&Asker.Thread, NULL);
  NT_ASSERT(NT_SUCCESS(status));
  ZwClose(thread);

  status = NmrRegisterClient(&AskerCharacteristics, &Asker, &Asker.NmrClientHandle);
  if (!NT_SUCCESS(status)) {
    AskerStop(&Asker);
  }
  return status;
}
