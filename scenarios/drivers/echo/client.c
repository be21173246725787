// A client that calls inline: calls in progress are counted under a spin lock, and the last one
// completes a detach that had to wait for it.
#include "echo.h"

#ifdef CLIENT_OF_RELAY  // which provides the same functions under an id of its own
#include "relay.h"
#define CLIENT_NPI_ID RELAY_NPI_ID
#else
#define CLIENT_NPI_ID ECHO_NPI_ID
#endif

static const ECHO_CLIENT_DISPATCH EchoClientDispatch = {ECHO_NPI_VERSION,
                                                        sizeof(ECHO_CLIENT_DISPATCH)};

static HANDLE NmrClientHandle;
static HANDLE NmrBinding;

static KSPIN_LOCK ProviderLock;  // protects what follows
static const ECHO_PROVIDER_DISPATCH* Provider;
static PVOID ProviderContext;
static ULONG CallsInProgress;
static BOOLEAN DetachPending;

// Called by whoever wants an echo, at IRQL <= DISPATCH_LEVEL.
NTSTATUS EchoClientSend(_In_ ULONG Value, _Out_ PULONG Answer) {
  const ECHO_PROVIDER_DISPATCH* dispatch;
  PVOID context;
  BOOLEAN complete;
  KIRQL oldIrql;
  NTSTATUS status;

  KeAcquireSpinLock(&ProviderLock, &oldIrql);
  dispatch = Provider;
  context = ProviderContext;
  if (dispatch == NULL) {
    KeReleaseSpinLock(&ProviderLock, oldIrql);
    return STATUS_DEVICE_NOT_READY;
  }
  ++CallsInProgress;
  KeReleaseSpinLock(&ProviderLock, oldIrql);

  status = dispatch->Echo(context, Value, Answer);

  KeAcquireSpinLock(&ProviderLock, &oldIrql);
  --CallsInProgress;
  complete = (BOOLEAN)(CallsInProgress == 0 && DetachPending);
  KeReleaseSpinLock(&ProviderLock, oldIrql);
  if (complete) {
    NmrClientDetachProviderComplete(NmrBinding);
  }
  return status;
}

// The same from where a DPC would call.
NTSTATUS EchoClientSendAtDispatch(_In_ ULONG Value, _Out_ PULONG Answer) {
  KIRQL oldIrql;
  NTSTATUS status;

  KeRaiseIrql(DISPATCH_LEVEL, &oldIrql);
  status = EchoClientSend(Value, Answer);
  KeLowerIrql(oldIrql);
  return status;
}

static NTSTATUS NTAPI
EchoClientAttachProvider(_In_ HANDLE NmrBindingHandle, _In_ PVOID ClientContext,
                         _In_ PNPI_REGISTRATION_INSTANCE ProviderRegistrationInstance) {
  PVOID context;
  const VOID* dispatch;
  KIRQL oldIrql;
  NTSTATUS status;

  UNREFERENCED_PARAMETER(ClientContext);
  UNREFERENCED_PARAMETER(ProviderRegistrationInstance);

  NmrBinding = NmrBindingHandle;
  status = NmrClientAttachProvider(NmrBindingHandle, &ProviderLock, &EchoClientDispatch, &context,
                                   &dispatch);
  if (!NT_SUCCESS(status)) {
    return status;
  }
  KeAcquireSpinLock(&ProviderLock, &oldIrql);
  ProviderContext = context;
  Provider = (const ECHO_PROVIDER_DISPATCH*)dispatch;
  KeReleaseSpinLock(&ProviderLock, oldIrql);
  return STATUS_SUCCESS;
}

static NTSTATUS NTAPI EchoClientDetachProvider(_In_ PVOID ClientBindingContext) {
  BOOLEAN pending;
  KIRQL oldIrql;

  UNREFERENCED_PARAMETER(ClientBindingContext);
  KeAcquireSpinLock(&ProviderLock, &oldIrql);
  Provider = NULL;
  pending = (BOOLEAN)(CallsInProgress != 0);
  DetachPending = pending;
  KeReleaseSpinLock(&ProviderLock, oldIrql);
  return pending ? STATUS_PENDING : STATUS_SUCCESS;
}

static const NPI_MODULEID EchoClientModuleId = {
    sizeof(NPI_MODULEID),
    MIT_GUID,
    {{0x9b1d0c25, 0x7e4f, 0x42f8, {0xa3, 0x6c, 0x05, 0x2e, 0x8b, 0x90, 0xd1, 0x7f}}}};

static const NPI_CLIENT_CHARACTERISTICS EchoClientCharacteristics = {
    0,
    sizeof(NPI_CLIENT_CHARACTERISTICS),
    EchoClientAttachProvider,
    EchoClientDetachProvider,
    NULL,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &CLIENT_NPI_ID, &EchoClientModuleId, 0, NULL}};

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD EchoClientUnload;

_Use_decl_annotations_ static VOID NTAPI EchoClientUnload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  PAGED_CODE();
  if (NmrDeregisterClient(NmrClientHandle) == STATUS_PENDING) {
    NmrWaitForClientDeregisterComplete(NmrClientHandle);
  }
}

_Use_decl_annotations_ NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject,
                                                  PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  KeInitializeSpinLock(&ProviderLock);
  DriverObject->DriverUnload = EchoClientUnload;
  return NmrRegisterClient(&EchoClientCharacteristics, NULL, &NmrClientHandle);
}
