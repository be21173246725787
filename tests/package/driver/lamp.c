// A lamp: the provider.
#include "lamp.h"

static HANDLE Registration;
static volatile LONG Brightness;

static VOID LampSet(PVOID ProviderBindingContext, LONG Value) {
  UNREFERENCED_PARAMETER(ProviderBindingContext);
  InterlockedExchange(&Brightness, Value);
}

static const LAMP_DISPATCH Dispatch = {LampSet};

static NTSTATUS LampAttachClient(HANDLE NmrBindingHandle, PVOID ProviderContext,
                                 PNPI_REGISTRATION_INSTANCE ClientRegistrationInstance,
                                 PVOID ClientBindingContext, CONST VOID* ClientDispatch,
                                 PVOID* ProviderBindingContext, CONST VOID** ProviderDispatch) {
  UNREFERENCED_PARAMETER(NmrBindingHandle);
  UNREFERENCED_PARAMETER(ProviderContext);
  UNREFERENCED_PARAMETER(ClientRegistrationInstance);
  UNREFERENCED_PARAMETER(ClientBindingContext);
  UNREFERENCED_PARAMETER(ClientDispatch);
  *ProviderBindingContext = &Registration;
  *ProviderDispatch = &Dispatch;
  return STATUS_SUCCESS;
}

static NTSTATUS LampDetachClient(PVOID ProviderBindingContext) {
  UNREFERENCED_PARAMETER(ProviderBindingContext);
  return STATUS_SUCCESS;
}

static const NPI_MODULEID ModuleId = {
    sizeof(NPI_MODULEID),
    MIT_GUID,
    {{0x77a0c1f3, 0x92de, 0x4d5b, {0xb6, 0x48, 0x05, 0xea, 0x3c, 0x91, 0xd0, 0x2f}}}};

static const NPI_PROVIDER_CHARACTERISTICS Characteristics = {
    0,
    sizeof(NPI_PROVIDER_CHARACTERISTICS),
    LampAttachClient,
    LampDetachClient,
    NULL,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &LAMP_NPI_ID, &ModuleId, 0, NULL}};

static VOID LampUnload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  if (NmrDeregisterProvider(Registration) == STATUS_PENDING) {
    NmrWaitForProviderDeregisterComplete(Registration);
  }
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = LampUnload;
  return NmrRegisterProvider(&Characteristics, NULL, &Registration);
}
