// A dimmer: the client, which calls the lamp inline.
#include "lamp.h"

static HANDLE Registration;
static HANDLE Binding;

static KSPIN_LOCK Lock;  // protects what follows
static const LAMP_DISPATCH* Lamp;
static PVOID LampContext;
static ULONG Calls;
static BOOLEAN DetachPending;

NTSTATUS DimmerSet(LONG Brightness) {
  const LAMP_DISPATCH* lamp;
  PVOID context;
  KIRQL irql;

  KeAcquireSpinLock(&Lock, &irql);
  lamp = Lamp;
  context = LampContext;
#ifdef MENDED
  if (lamp != NULL) ++Calls;
#endif
  KeReleaseSpinLock(&Lock, irql);
  if (lamp == NULL) return STATUS_DEVICE_NOT_READY;

  lamp->Set(context, Brightness);

#ifdef MENDED
  KeAcquireSpinLock(&Lock, &irql);
  BOOLEAN complete = --Calls == 0 && DetachPending;
  KeReleaseSpinLock(&Lock, irql);
  if (complete) NmrClientDetachProviderComplete(Binding);
#endif
  return STATUS_SUCCESS;
}

static NTSTATUS DimmerAttachProvider(HANDLE NmrBindingHandle, PVOID ClientContext,
                                     PNPI_REGISTRATION_INSTANCE ProviderRegistrationInstance) {
  static const ULONG dispatch = 0;  // the lamp calls nothing
  const VOID* lamp;
  PVOID context;
  KIRQL irql;
  NTSTATUS status;

  UNREFERENCED_PARAMETER(ClientContext);
  UNREFERENCED_PARAMETER(ProviderRegistrationInstance);
  Binding = NmrBindingHandle;
  status = NmrClientAttachProvider(NmrBindingHandle, &Lock, &dispatch, &context, &lamp);
  if (!NT_SUCCESS(status)) return status;
  KeAcquireSpinLock(&Lock, &irql);
  LampContext = context;
  Lamp = (const LAMP_DISPATCH*)lamp;
  KeReleaseSpinLock(&Lock, irql);
  return STATUS_SUCCESS;
}

static NTSTATUS DimmerDetachProvider(PVOID ClientBindingContext) {
  BOOLEAN pending;
  KIRQL irql;

  UNREFERENCED_PARAMETER(ClientBindingContext);
  KeAcquireSpinLock(&Lock, &irql);
  Lamp = NULL;
  DetachPending = pending = Calls != 0;
  KeReleaseSpinLock(&Lock, irql);
  return pending ? STATUS_PENDING : STATUS_SUCCESS;
}

static const NPI_MODULEID ModuleId = {
    sizeof(NPI_MODULEID),
    MIT_GUID,
    {{0x13d8e5b0, 0xc467, 0x4f29, {0x95, 0x7e, 0xa2, 0x0b, 0xf6, 0x54, 0x8d, 0x3a}}}};

static const NPI_CLIENT_CHARACTERISTICS Characteristics = {
    0,
    sizeof(NPI_CLIENT_CHARACTERISTICS),
    DimmerAttachProvider,
    DimmerDetachProvider,
    NULL,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &LAMP_NPI_ID, &ModuleId, 0, NULL}};

static VOID DimmerUnload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  if (NmrDeregisterClient(Registration) == STATUS_PENDING) {
    NmrWaitForClientDeregisterComplete(Registration);
  }
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  KeInitializeSpinLock(&Lock);
  DriverObject->DriverUnload = DimmerUnload;
  return NmrRegisterClient(&Characteristics, NULL, &Registration);
}
