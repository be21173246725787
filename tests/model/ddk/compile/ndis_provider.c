// A provider of one interface, written as drivers are: all eleven functions called, as statements
// and in expressions.
#include <ndis.h>
#include <ntddk.h>

#define PROVIDER_TAG 'fIdN'

static IF_QUERY_OBJECT provider_query;
static IF_SET_OBJECT provider_set;

typedef struct _PROVIDER {
  NDIS_HANDLE Handle;
  NET_LUID Luid;
  NET_IFINDEX Index;
  NDIS_IF_COUNTED_STRING Alias;
} PROVIDER;

// The fixed part and, behind it, what its offsets name.
typedef struct _INFORMATION {
  NET_IF_INFORMATION Fixed;
  UCHAR Address[6];
  WCHAR Name[5];
} INFORMATION;

static NDIS_STATUS provider_query(_In_ NDIS_HANDLE ProviderIfContext,
                                  _In_ NET_IF_OBJECT_ID ObjectId,
                                  _Inout_ PULONG pOutputBufferLength, _Out_ PVOID pOutputBuffer) {
  PROVIDER* provider = (PROVIDER*)ProviderIfContext;
  NET_IF_OPER_STATUS status = NET_IF_OPER_STATUS_UP;
  const VOID* answer = &status;
  ULONG length = sizeof(status);
  switch (ObjectId) {
    case OID_GEN_OPERATIONAL_STATUS:
      break;
    case OID_GEN_ALIAS:
      answer = &provider->Alias;
      length = sizeof(provider->Alias);
      break;
    case OID_TUNNEL_INTERFACE_SET_OID:
    case OID_TUNNEL_INTERFACE_RELEASE_OID:
    default:
      return NDIS_STATUS_NOT_SUPPORTED;
  }
  if (*pOutputBufferLength < length) return NDIS_STATUS_BUFFER_TOO_SHORT;
  RtlCopyMemory(pOutputBuffer, answer, length);
  *pOutputBufferLength = length;
  return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS provider_set(_In_ NDIS_HANDLE ProviderIfContext, _In_ NET_IF_OBJECT_ID ObjectId,
                                _In_ ULONG InputBufferLength, _In_ PVOID pInputBuffer) {
  UNREFERENCED_PARAMETER(ProviderIfContext);
  UNREFERENCED_PARAMETER(ObjectId);
  UNREFERENCED_PARAMETER(InputBufferLength);
  UNREFERENCED_PARAMETER(pInputBuffer);
  return NDIS_STATUS_NOT_SUPPORTED;
}

static VOID fill(_Out_ INFORMATION* information) {
  NET_IF_INFORMATION* fixed = &information->Fixed;
  RtlZeroMemory(information, sizeof(*information));
  fixed->Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
  fixed->Header.Revision = NDIS_OBJECT_REVISION_1;
  fixed->Header.Size = NDIS_SIZEOF_NET_IF_INFORMATION_REVISION_1;
  fixed->PhysicalLocation.BusNumber = NIIF_BUS_NUMBER_UNKNOWN;
  fixed->PhysicalLocation.SlotNumber = NIIF_SLOT_NUMBER_UNKNOWN;
  fixed->PhysicalLocation.FunctionNumber = NIIF_FUNCTION_NUMBER_UNKNOWN;
  fixed->WanTunnelType = NIIF_WAN_TUNNEL_TYPE_UNKNOWN;
  fixed->PortNumber = NDIS_DEFAULT_PORT_NUMBER;
  fixed->AccessType = NET_IF_ACCESS_BROADCAST;
  fixed->DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
  fixed->ConnectionType = NET_IF_CONNECTION_DEDICATED;
  fixed->ifConnectorPresent = FALSE;
  fixed->PhysAddressLength = sizeof(information->Address);
  fixed->PhysAddressOffset = (USHORT)FIELD_OFFSET(INFORMATION, Address);
  fixed->PermanentPhysAddressOffset = fixed->PhysAddressOffset;
  fixed->FriendlyNameLength = sizeof(information->Name) - sizeof(WCHAR);
  fixed->FriendlyNameOffset = (USHORT)FIELD_OFFSET(INFORMATION, Name);
  RtlCopyMemory(information->Name, L"Test", sizeof(information->Name));
  fixed->SupportedStatistics = NDIS_STATISTICS_FLAGS_VALID_BYTES_RCV;
  fixed->MediaType = NdisMedium802_3;
  fixed->PhysicalMediumType = NdisPhysicalMediumUnspecified;
}

NDIS_STATUS provider_start(_Inout_ PROVIDER* provider);
NDIS_STATUS provider_start(_Inout_ PROVIDER* provider) {
  NDIS_IF_PROVIDER_CHARACTERISTICS characteristics;
  INFORMATION information;
  UINT32 luid_index = 0;
  NDIS_STATUS status;
  RtlZeroMemory(&characteristics, sizeof(characteristics));
  characteristics.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
  characteristics.Header.Revision = NDIS_OBJECT_REVISION_1;
  characteristics.Header.Size = NDIS_SIZEOF_IF_PROVIDER_CHARACTERISTICS_REVISION_1;
  characteristics.QueryObjectHandler = provider_query;
  characteristics.SetObjectHandler = provider_set;
  status = NdisIfRegisterProvider(&characteristics, provider, &provider->Handle);
  if (status != NDIS_STATUS_SUCCESS) return status;
  status = NdisIfAllocateNetLuidIndex(IF_TYPE_PROP_VIRTUAL, &luid_index);
  if (status == NDIS_STATUS_SUCCESS) {
    NDIS_MAKE_NET_LUID(&provider->Luid, IF_TYPE_PROP_VIRTUAL, luid_index);
    fill(&information);
    status = NdisIfRegisterInterface(provider->Handle, provider->Luid, provider, &information.Fixed,
                                     &provider->Index);
    if (status == NDIS_STATUS_SUCCESS) return status;
    (void)NdisIfFreeNetLuidIndex(IF_TYPE_PROP_VIRTUAL, luid_index);
  }
  NdisIfDeregisterProvider(provider->Handle);
  return status;
}

VOID provider_stop(_Inout_ PROVIDER* provider);
VOID provider_stop(_Inout_ PROVIDER* provider) {
  NdisIfDeregisterInterface(provider->Index);
  if (NdisIfFreeNetLuidIndex((NET_IFTYPE)provider->Luid.Info.IfType,
                             (UINT32)provider->Luid.Info.NetLuidIndex) != NDIS_STATUS_SUCCESS) {
    ExFreePoolWithTag(provider, PROVIDER_TAG);
  }
  NdisIfDeregisterProvider(provider->Handle);
}

NDIS_STATUS provider_stack(NDIS_HANDLE binding, NET_IFINDEX higher, NET_LUID lower_luid);
NDIS_STATUS provider_stack(NDIS_HANDLE binding, NET_IFINDEX higher, NET_LUID lower_luid) {
  NET_IFINDEX bound, lowest, lower;
  NET_LUID bound_luid, lowest_luid, higher_luid;
  NDIS_STATUS status = NdisIfGetInterfaceIndexFromNetLuid(lower_luid, &lower);
  if (status == NDIS_STATUS_INTERFACE_NOT_FOUND) return status;
  status = NdisIfQueryBindingIfIndex(binding, &bound, &bound_luid, &lowest, &lowest_luid);
  if (status != NDIS_STATUS_SUCCESS || bound != lower) return NDIS_STATUS_FAILURE;
  if (NdisIfGetNetLuidFromInterfaceIndex(higher, &higher_luid) != NDIS_STATUS_SUCCESS) {
    return NDIS_STATUS_DUPLICATE_OBJECTID;
  }
  status = NdisIfAddIfStackEntry(higher, lower);
  if (status == NDIS_STATUS_SUCCESS) NdisIfDeleteIfStackEntry(higher, lower);
  return status;
}
