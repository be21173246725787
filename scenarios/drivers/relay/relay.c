// A middle driver: what clients above ask for, it asks the echo provider below for. The lower
// binding counts its references: one while it is attached, and one for each call.
#include "relay.h"

#define RELAY_TAG 'yleR'

typedef struct _RELAY_LOWER {
  HANDLE NmrBindingHandle;
  const ECHO_PROVIDER_DISPATCH* Provider;
  PVOID ProviderContext;
  volatile LONG References;
  volatile LONG Relayed;
} RELAY_LOWER, *PRELAY_LOWER;

static HANDLE NmrProviderHandle;  // of the upper side
static HANDLE NmrClientHandle;    // of the lower side
static KSPIN_LOCK LowerLock;
static PRELAY_LOWER Lower;  // protected by LowerLock

// --- The lower side ---

static PRELAY_LOWER RelayReferenceLower(VOID) {
  PRELAY_LOWER lower;
  KIRQL oldIrql;

  KeAcquireSpinLock(&LowerLock, &oldIrql);
  lower = Lower;
  if (lower != NULL) {
    InterlockedIncrement(&lower->References);
  }
  KeReleaseSpinLock(&LowerLock, oldIrql);
  return lower;
}

static VOID RelayDereferenceLower(_In_ PRELAY_LOWER LowerBinding) {
#ifdef TOUCHED_AFTER_COMPLETE
  // The bug: nothing keeps the binding once its detach is complete. The cleanup callback frees it,
  // perhaps before the completion function has returned. (ebpf-for-windows, issue 1087.)
  if (InterlockedDecrement(&LowerBinding->References) == 0) {
    NmrClientDetachProviderComplete(LowerBinding->NmrBindingHandle);
  }
  InterlockedIncrement(&LowerBinding->Relayed);
#else
  InterlockedIncrement(&LowerBinding->Relayed);
  if (InterlockedDecrement(&LowerBinding->References) == 0) {
    NmrClientDetachProviderComplete(LowerBinding->NmrBindingHandle);
  }
#endif
}

static const ECHO_CLIENT_DISPATCH RelayLowerDispatch = {ECHO_NPI_VERSION,
                                                        sizeof(ECHO_CLIENT_DISPATCH)};

static NTSTATUS NTAPI
RelayAttachProvider(_In_ HANDLE NmrBindingHandle, _In_ PVOID ClientContext,
                    _In_ PNPI_REGISTRATION_INSTANCE ProviderRegistrationInstance) {
  PRELAY_LOWER lower;
  const VOID* dispatch;
  KIRQL oldIrql;
  NTSTATUS status;

  UNREFERENCED_PARAMETER(ClientContext);
  UNREFERENCED_PARAMETER(ProviderRegistrationInstance);

  lower = (PRELAY_LOWER)ExAllocatePoolZero(NonPagedPoolNx, sizeof(*lower), RELAY_TAG);
  if (lower == NULL) {
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  lower->NmrBindingHandle = NmrBindingHandle;
  lower->References = 1;
  status = NmrClientAttachProvider(NmrBindingHandle, lower, &RelayLowerDispatch,
                                   &lower->ProviderContext, &dispatch);
  if (!NT_SUCCESS(status)) {
    ExFreePoolWithTag(lower, RELAY_TAG);
    return status;
  }
  lower->Provider = (const ECHO_PROVIDER_DISPATCH*)dispatch;
  KeAcquireSpinLock(&LowerLock, &oldIrql);
  Lower = lower;
  KeReleaseSpinLock(&LowerLock, oldIrql);
  return STATUS_SUCCESS;
}

static NTSTATUS NTAPI RelayDetachProvider(_In_ PVOID ClientBindingContext) {
  PRELAY_LOWER lower = (PRELAY_LOWER)ClientBindingContext;
  KIRQL oldIrql;

  KeAcquireSpinLock(&LowerLock, &oldIrql);
  Lower = NULL;
  KeReleaseSpinLock(&LowerLock, oldIrql);
  return InterlockedDecrement(&lower->References) == 0 ? STATUS_SUCCESS : STATUS_PENDING;
}

static VOID NTAPI RelayCleanupLower(_In_ PVOID ClientBindingContext) {
  ExFreePoolWithTag(ClientBindingContext, RELAY_TAG);
}

static const NPI_MODULEID RelayModuleId = {
    sizeof(NPI_MODULEID),
    MIT_GUID,
    {{0x0fb94e67, 0xc23d, 0x4a81, {0x9e, 0x5f, 0x73, 0x18, 0xd6, 0x2a, 0xb0, 0x4d}}}};

static const NPI_CLIENT_CHARACTERISTICS RelayClientCharacteristics = {
    0,
    sizeof(NPI_CLIENT_CHARACTERISTICS),
    RelayAttachProvider,
    RelayDetachProvider,
    RelayCleanupLower,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &ECHO_NPI_ID, &RelayModuleId, 0, NULL}};

// --- The upper side: it keeps nothing for a binding, so a detach has nothing to wait for ---

static NTSTATUS NTAPI RelayEcho(_In_ PVOID ProviderBindingContext, _In_ ULONG Value,
                                _Out_ PULONG Answer) {
  PRELAY_LOWER lower = RelayReferenceLower();
  NTSTATUS status;

  UNREFERENCED_PARAMETER(ProviderBindingContext);
  *Answer = 0;
  if (lower == NULL) {
    return STATUS_DEVICE_NOT_READY;
  }
  status = lower->Provider->Echo(lower->ProviderContext, Value, Answer);
  RelayDereferenceLower(lower);
  return status;
}

static const ECHO_PROVIDER_DISPATCH RelayUpperDispatch = {
    ECHO_NPI_VERSION, sizeof(ECHO_PROVIDER_DISPATCH), RelayEcho};

static NTSTATUS NTAPI RelayAttachClient(_In_ HANDLE NmrBindingHandle, _In_ PVOID ProviderContext,
                                        _In_ PNPI_REGISTRATION_INSTANCE ClientRegistrationInstance,
                                        _In_ PVOID ClientBindingContext,
                                        _In_ CONST VOID* ClientDispatch,
                                        _Out_ PVOID* ProviderBindingContext,
                                        _Out_ CONST VOID** ProviderDispatch) {
  UNREFERENCED_PARAMETER(NmrBindingHandle);
  UNREFERENCED_PARAMETER(ProviderContext);
  UNREFERENCED_PARAMETER(ClientRegistrationInstance);
  UNREFERENCED_PARAMETER(ClientBindingContext);
  UNREFERENCED_PARAMETER(ClientDispatch);
  *ProviderBindingContext = &LowerLock;
  *ProviderDispatch = &RelayUpperDispatch;
  return STATUS_SUCCESS;
}

static NTSTATUS NTAPI RelayDetachClient(_In_ PVOID ProviderBindingContext) {
  UNREFERENCED_PARAMETER(ProviderBindingContext);
  return STATUS_SUCCESS;
}

static const NPI_PROVIDER_CHARACTERISTICS RelayProviderCharacteristics = {
    0,
    sizeof(NPI_PROVIDER_CHARACTERISTICS),
    RelayAttachClient,
    RelayDetachClient,
    NULL,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &RELAY_NPI_ID, &RelayModuleId, 0, NULL}};

// --- The driver ---

static VOID RelayDeregisterClient(VOID) {
  if (NmrDeregisterClient(NmrClientHandle) == STATUS_PENDING) {
    NmrWaitForClientDeregisterComplete(NmrClientHandle);
  }
}

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD RelayUnload;

// From above downwards: calls that are in progress still need the lower side.
_Use_decl_annotations_ static VOID NTAPI RelayUnload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  PAGED_CODE();
  if (NmrDeregisterProvider(NmrProviderHandle) == STATUS_PENDING) {
    NmrWaitForProviderDeregisterComplete(NmrProviderHandle);
  }
  RelayDeregisterClient();
}

_Use_decl_annotations_ NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject,
                                                  PUNICODE_STRING RegistryPath) {
  NTSTATUS status;

  UNREFERENCED_PARAMETER(RegistryPath);
  KeInitializeSpinLock(&LowerLock);
  DriverObject->DriverUnload = RelayUnload;
  status = NmrRegisterClient(&RelayClientCharacteristics, NULL, &NmrClientHandle);
  if (!NT_SUCCESS(status)) {
    return status;
  }
  status = NmrRegisterProvider(&RelayProviderCharacteristics, NULL, &NmrProviderHandle);
  if (!NT_SUCCESS(status)) {
    RelayDeregisterClient();
  }
  return status;
}
