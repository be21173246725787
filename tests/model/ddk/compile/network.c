// The registrar, pool and lists, as clients and providers of an NPI use them; NDIS types.
#define NDIS_SUPPORT_NDIS6 1
#include <../km/netioddk.h>
#include <ndis.h>
#include <ntddk.h>

#include "has.h"

C_ASSERT(sizeof(NPI_MODULEID) == 24 && sizeof(NPI_REGISTRATION_INSTANCE) == 40);
C_ASSERT(sizeof(NPI_CLIENT_CHARACTERISTICS) == 72 && sizeof(NPI_PROVIDER_CHARACTERISTICS) == 72);
C_ASSERT(sizeof(NET_LUID) == 8 && sizeof(NET_IFINDEX) == 4 && sizeof(IF_COUNTED_STRING) == 516);
C_ASSERT(sizeof(IF_PHYSICAL_ADDRESS) == 34 && sizeof(NDIS_OBJECT_HEADER) == 4);
C_ASSERT(sizeof(NDIS_STATUS) == 4 && NDIS_STATUS_SUCCESS == 0 && NDIS_STATUS_PENDING == 0x103);

HAS(NTSTATUS, NmrRegisterClient, (PNPI_CLIENT_CHARACTERISTICS, PVOID, PHANDLE));
HAS(NTSTATUS, NmrRegisterProvider, (PNPI_PROVIDER_CHARACTERISTICS, PVOID, PHANDLE));
HAS(NTSTATUS, NmrDeregisterClient, (HANDLE));
HAS(NTSTATUS, NmrDeregisterProvider, (HANDLE));
HAS(NTSTATUS, NmrWaitForClientDeregisterComplete, (HANDLE));
HAS(NTSTATUS, NmrWaitForProviderDeregisterComplete, (HANDLE));
HAS(NTSTATUS, NmrClientAttachProvider, (HANDLE, PVOID, const VOID*, PVOID*, const VOID**));
HAS(VOID, NmrClientDetachProviderComplete, (HANDLE));
HAS(VOID, NmrProviderDetachClientComplete, (HANDLE));
HAS(BOOLEAN, NmrIsEqualNpiModuleId, (PNPI_MODULEID, PNPI_MODULEID));

HAS(PVOID, ExAllocatePool2, (POOL_FLAGS, SIZE_T, ULONG));
HAS(PVOID, ExAllocatePoolZero, (POOL_TYPE, SIZE_T, ULONG));
HAS(PVOID, ExAllocatePoolUninitialized, (POOL_TYPE, SIZE_T, ULONG));
HAS(PVOID, ExAllocatePoolWithTag, (POOL_TYPE, SIZE_T, ULONG));
HAS(PVOID, ExAllocatePoolWithQuotaTag, (POOL_TYPE, SIZE_T, ULONG));
HAS(PVOID, ExAllocatePool, (POOL_TYPE, SIZE_T));
HAS(VOID, ExFreePool, (PVOID));
HAS(VOID, ExFreePoolWithTag, (PVOID, ULONG));

HAS(VOID, InitializeListHead, (PLIST_ENTRY));
HAS(BOOLEAN, IsListEmpty, (const LIST_ENTRY*));
HAS(BOOLEAN, RemoveEntryList, (PLIST_ENTRY));
HAS(PLIST_ENTRY, RemoveHeadList, (PLIST_ENTRY));
HAS(PLIST_ENTRY, RemoveTailList, (PLIST_ENTRY));
HAS(VOID, InsertHeadList, (PLIST_ENTRY, PLIST_ENTRY));
HAS(VOID, InsertTailList, (PLIST_ENTRY, PLIST_ENTRY));

static const NPIID kWheelNpi = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
static const NPI_MODULEID kWheelModule = {
    sizeof(NPI_MODULEID), MIT_GUID, {{12, 13, 14, {15, 16, 17, 18, 19, 20, 21, 22}}}};

// Drivers differ in what they call the parameters and in where they write const.
static NTSTATUS NTAPI wheel_attach(_In_ HANDLE nmr_binding_handle, _In_ void* client_context,
                                   _In_ const NPI_REGISTRATION_INSTANCE* provider) {
  void* binding = NULL;
  const void* dispatch = NULL;
  if (provider->ModuleId == NULL || !NmrIsEqualNpiModuleId(provider->ModuleId, &kWheelModule)) {
    return STATUS_NOINTERFACE;
  }
  return NmrClientAttachProvider(nmr_binding_handle, client_context, NULL, &binding, &dispatch);
}
static NTSTATUS NTAPI wheel_detach(_In_ PVOID binding) {
  NmrClientDetachProviderComplete(binding);
  return STATUS_PENDING;
}
static VOID NTAPI wheel_cleanup(_In_ PVOID binding) { ExFreePoolWithTag(binding, 'lehW'); }

static NPI_CLIENT_ATTACH_PROVIDER_FN* attach_function = wheel_attach;
static PNPI_CLIENT_DETACH_PROVIDER_FN detach_function = wheel_detach;

static const NPI_CLIENT_CHARACTERISTICS kWheel = {
    0,
    sizeof(NPI_CLIENT_CHARACTERISTICS),
    wheel_attach,
    wheel_detach,
    wheel_cleanup,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &kWheelNpi, &kWheelModule, 0, NULL}};

NDIS_STATUS check_network(NDIS_HANDLE* handle, NET_LUID luid, NDIS_OBJECT_HEADER* header);
NDIS_STATUS check_network(NDIS_HANDLE* handle, NET_LUID luid, NDIS_OBJECT_HEADER* header) {
  header->Type = NDIS_OBJECT_TYPE_DEFAULT;
  header->Revision = NDIS_OBJECT_REVISION_1;
  header->Size = NDIS_SIZEOF_OBJECT_HEADER_REVISION_1;
  if (luid.Info.IfType == 6 && attach_function != NULL && detach_function != NULL) {
    return NDIS_STATUS_FAILURE;
  }
  return NmrRegisterClient(&kWheel, NULL, handle);
}
