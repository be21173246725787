// A client that is called back at DISPATCH_LEVEL. Its binding context belongs to the provider's
// calls until the cleanup callback.
#include "ticker.h"

#define LISTENER_TAG 'netL'

typedef struct _LISTENER_BINDING {
  HANDLE NmrBindingHandle;
  const TICKER_PROVIDER_DISPATCH* Provider;
  PVOID ProviderContext;
  volatile LONG TicksHeard;
} LISTENER_BINDING, *PLISTENER_BINDING;

static HANDLE NmrClientHandle;
static KSPIN_LOCK CurrentLock;
static PLISTENER_BINDING Current;  // protected by CurrentLock

static VOID NTAPI ListenerTick(_In_ PVOID ClientBindingContext, _In_ ULONG TicksLeft) {
  PLISTENER_BINDING binding = (PLISTENER_BINDING)ClientBindingContext;

  UNREFERENCED_PARAMETER(TicksLeft);
  InterlockedIncrement(&binding->TicksHeard);
}

static const TICKER_CLIENT_DISPATCH ListenerDispatch = {
    TICKER_NPI_VERSION, sizeof(TICKER_CLIENT_DISPATCH), ListenerTick};

// Starts the ticker, if there is one. IRQL <= DISPATCH_LEVEL.
NTSTATUS ListenerListen(_In_ ULONG Ticks) {
  NTSTATUS status = STATUS_DEVICE_NOT_READY;
  KIRQL oldIrql;

  // The lock is held over the call, which the NPI allows: a detach takes it before it returns.
  KeAcquireSpinLock(&CurrentLock, &oldIrql);
  if (Current != NULL) {
    status = Current->Provider->Start(Current->ProviderContext, Ticks);
  }
  KeReleaseSpinLock(&CurrentLock, oldIrql);
  return status;
}

static NTSTATUS NTAPI
ListenerAttachProvider(_In_ HANDLE NmrBindingHandle, _In_ PVOID ClientContext,
                       _In_ PNPI_REGISTRATION_INSTANCE ProviderRegistrationInstance) {
  PLISTENER_BINDING binding;
  const VOID* dispatch;
  KIRQL oldIrql;
  NTSTATUS status;

  UNREFERENCED_PARAMETER(ClientContext);
  UNREFERENCED_PARAMETER(ProviderRegistrationInstance);

  binding = (PLISTENER_BINDING)ExAllocatePoolZero(NonPagedPoolNx, sizeof(*binding), LISTENER_TAG);
  if (binding == NULL) {
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  status = NmrClientAttachProvider(NmrBindingHandle, binding, &ListenerDispatch,
                                   &binding->ProviderContext, &dispatch);
  if (!NT_SUCCESS(status)) {
    ExFreePoolWithTag(binding, LISTENER_TAG);
    return status;
  }
  binding->Provider = (const TICKER_PROVIDER_DISPATCH*)dispatch;
  KeAcquireSpinLock(&CurrentLock, &oldIrql);
  Current = binding;
  KeReleaseSpinLock(&CurrentLock, oldIrql);
  return STATUS_SUCCESS;
}

static NTSTATUS NTAPI ListenerDetachProvider(_In_ PVOID ClientBindingContext) {
  PLISTENER_BINDING binding = (PLISTENER_BINDING)ClientBindingContext;
  KIRQL oldIrql;

  KeAcquireSpinLock(&CurrentLock, &oldIrql);
  if (Current == binding) {
    Current = NULL;
  }
  KeReleaseSpinLock(&CurrentLock, oldIrql);
#ifdef FREED_IN_DETACH
  // The bug: this side is done with the binding, but the provider is not. It may be in the middle
  // of a call that was given this context. (ebpf-for-windows, issue 990.)
  ExFreePoolWithTag(binding, LISTENER_TAG);
#endif
  return STATUS_SUCCESS;
}

static VOID NTAPI ListenerCleanupBindingContext(_In_ PVOID ClientBindingContext) {
#ifdef FREED_IN_DETACH
  UNREFERENCED_PARAMETER(ClientBindingContext);
#else
  ExFreePoolWithTag(ClientBindingContext, LISTENER_TAG);
#endif
}

static const NPI_MODULEID ListenerModuleId = {
    sizeof(NPI_MODULEID),
    MIT_GUID,
    {{0xd5908c3e, 0xb14a, 0x4602, {0xbf, 0x39, 0x64, 0x8d, 0x1e, 0x07, 0xc2, 0x95}}}};

static const NPI_CLIENT_CHARACTERISTICS ListenerCharacteristics = {
    0,
    sizeof(NPI_CLIENT_CHARACTERISTICS),
    ListenerAttachProvider,
    ListenerDetachProvider,
    ListenerCleanupBindingContext,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &TICKER_NPI_ID, &ListenerModuleId, 0, NULL}};

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD ListenerUnload;

_Use_decl_annotations_ static VOID NTAPI ListenerUnload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  PAGED_CODE();
  if (NmrDeregisterClient(NmrClientHandle) == STATUS_PENDING) {
    NmrWaitForClientDeregisterComplete(NmrClientHandle);
  }
}

_Use_decl_annotations_ NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject,
                                                  PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  KeInitializeSpinLock(&CurrentLock);
  DriverObject->DriverUnload = ListenerUnload;
  return NmrRegisterClient(&ListenerCharacteristics, NULL, &NmrClientHandle);
}
