// A client that calls inline: a lock and a count of calls in progress guard the binding.
#include "echo.h"

static const ECHO_CLIENT_DISPATCH EchoClientDispatch = {ECHO_NPI_VERSION,
                                                        sizeof(ECHO_CLIENT_DISPATCH)};

static HANDLE NmrClientHandle;
static EX_RUNDOWN_REF ProviderCalls;
static const ECHO_PROVIDER_DISPATCH* Provider;
static PVOID ProviderContext;
static KSPIN_LOCK ProviderLock;

// Called by whoever wants an echo.
NTSTATUS EchoClientSend(ULONG Value, ULONG* Answer) {
  const ECHO_PROVIDER_DISPATCH* dispatch;
  PVOID context;
  KIRQL oldIrql;
  NTSTATUS status;

  KeAcquireSpinLock(&ProviderLock, &oldIrql);
  dispatch = Provider;
  context = ProviderContext;
  if (dispatch == NULL || !ExAcquireRundownProtection(&ProviderCalls)) {
    KeReleaseSpinLock(&ProviderLock, oldIrql);
    return STATUS_DEVICE_NOT_READY;
  }
  KeReleaseSpinLock(&ProviderLock, oldIrql);
  status = dispatch->Echo(context, Value, Answer);
  ExReleaseRundownProtection(&ProviderCalls);
  return status;
}

static NTSTATUS EchoClientAttachProvider(HANDLE NmrBindingHandle, PVOID ClientContext,
                                         PNPI_REGISTRATION_INSTANCE ProviderRegistrationInstance) {
  PVOID context;
  const VOID* dispatch;
  KIRQL oldIrql;
  NTSTATUS status;

  UNREFERENCED_PARAMETER(ClientContext);
  UNREFERENCED_PARAMETER(ProviderRegistrationInstance);

  status = NmrClientAttachProvider(NmrBindingHandle, &ProviderCalls, &EchoClientDispatch, &context,
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

static NTSTATUS EchoClientDetachProvider(PVOID ClientBindingContext) {
  KIRQL oldIrql;

  UNREFERENCED_PARAMETER(ClientBindingContext);
  KeAcquireSpinLock(&ProviderLock, &oldIrql);
  Provider = NULL;
  KeReleaseSpinLock(&ProviderLock, oldIrql);
  ExWaitForRundownProtectionRelease(&ProviderCalls);
  return STATUS_SUCCESS;
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
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &ECHO_NPI_ID, &EchoClientModuleId, 0, NULL}};

static VOID EchoClientUnload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  if (NmrDeregisterClient(NmrClientHandle) == STATUS_PENDING) {
    NmrWaitForClientDeregisterComplete(NmrClientHandle);
  }
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  KeInitializeSpinLock(&ProviderLock);
  ExInitializeRundownProtection(&ProviderCalls);
  DriverObject->DriverUnload = EchoClientUnload;
  return NmrRegisterClient(&EchoClientCharacteristics, NULL, &NmrClientHandle);
}
