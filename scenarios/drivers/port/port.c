// A provider of one network interface, such as the internal end of a switch: it answers queries
// from a block of pool memory, which is the interface's context.
#include <ndis.h>
#include <wdm.h>

#define PORT_TAG 'troP'
#define PORT_LINK_SPEED 10000000000ull  // bits a second

typedef struct _PORT {
  NET_IFINDEX Index;
  UINT32 NetLuidIndex;

  KSPIN_LOCK Lock;  // protects what follows
  NET_IF_OPER_STATUS Status;
  ULONG StatusChanges;
} PORT, *PPORT;

static NDIS_HANDLE ProviderHandle;
static PPORT Port;

static NDIS_STATUS PortAnswer(_In_reads_bytes_(Bytes) const VOID* Value, _In_ ULONG Bytes,
                              _Inout_ PULONG Length, _Out_ PVOID Buffer) {
  const ULONG offered = *Length;

  *Length = Bytes;
  if (offered < Bytes) {
    return NDIS_STATUS_BUFFER_TOO_SHORT;
  }
  RtlCopyMemory(Buffer, Value, Bytes);
  return NDIS_STATUS_SUCCESS;
}

// All values at one moment.
static VOID PortSnapshot(_In_ PPORT This, _Out_ NDIS_INTERFACE_INFORMATION* Information) {
  KIRQL oldIrql;

  RtlZeroMemory(Information, sizeof(*Information));
  KeAcquireSpinLock(&This->Lock, &oldIrql);
  Information->ifOperStatus = This->Status;
  KeReleaseSpinLock(&This->Lock, oldIrql);
  Information->MediaConnectState = Information->ifOperStatus == NET_IF_OPER_STATUS_UP
                                       ? MediaConnectStateConnected
                                       : MediaConnectStateDisconnected;
  Information->MediaDuplexState = MediaDuplexStateFull;
  Information->ifMtu = 1500;
  Information->XmitLinkSpeed = PORT_LINK_SPEED;
  Information->RcvLinkSpeed = PORT_LINK_SPEED;
}

static NDIS_STATUS NTAPI PortQueryObject(_In_ NDIS_HANDLE ProviderIfContext,
                                         _In_ NET_IF_OBJECT_ID ObjectId,
                                         _Inout_ PULONG pOutputBufferLength,
                                         _Out_ PVOID pOutputBuffer) {
  NDIS_INTERFACE_INFORMATION all;
  NDIS_IF_COUNTED_STRING alias;
  NDIS_LINK_SPEED speeds;
  NET_IF_ADMIN_STATUS admin;

  PortSnapshot((PPORT)ProviderIfContext, &all);
  switch (ObjectId) {
    case OID_GEN_OPERATIONAL_STATUS:
      return PortAnswer(&all.ifOperStatus, sizeof(all.ifOperStatus), pOutputBufferLength,
                        pOutputBuffer);
    case OID_GEN_PROMISCUOUS_MODE:
      return PortAnswer(&all.ifPromiscuousMode, sizeof(all.ifPromiscuousMode), pOutputBufferLength,
                        pOutputBuffer);
    case OID_GEN_LAST_CHANGE:
      return PortAnswer(&all.ifLastChange, sizeof(all.ifLastChange), pOutputBufferLength,
                        pOutputBuffer);
    case OID_GEN_DISCONTINUITY_TIME:
      return PortAnswer(&all.ifCounterDiscontinuityTime, sizeof(all.ifCounterDiscontinuityTime),
                        pOutputBufferLength, pOutputBuffer);
    case OID_GEN_XMIT_LINK_SPEED:
      return PortAnswer(&all.XmitLinkSpeed, sizeof(all.XmitLinkSpeed), pOutputBufferLength,
                        pOutputBuffer);
    case OID_GEN_RCV_LINK_SPEED:
      return PortAnswer(&all.RcvLinkSpeed, sizeof(all.RcvLinkSpeed), pOutputBufferLength,
                        pOutputBuffer);
    case OID_GEN_UNKNOWN_PROTOS:
      return PortAnswer(&all.ifInUnknownProtos, sizeof(all.ifInUnknownProtos), pOutputBufferLength,
                        pOutputBuffer);
    case OID_GEN_INTERFACE_INFO:
      return PortAnswer(&all, sizeof(all), pOutputBufferLength, pOutputBuffer);
    case OID_GEN_ADMIN_STATUS:
      admin = NET_IF_ADMIN_STATUS_UP;
      return PortAnswer(&admin, sizeof(admin), pOutputBufferLength, pOutputBuffer);
    case OID_GEN_ALIAS:
      RtlZeroMemory(&alias, sizeof(alias));
      return PortAnswer(&alias, sizeof(alias), pOutputBufferLength, pOutputBuffer);
    case OID_GEN_MEDIA_CONNECT_STATUS_EX:
      return PortAnswer(&all.MediaConnectState, sizeof(all.MediaConnectState), pOutputBufferLength,
                        pOutputBuffer);
    case OID_GEN_LINK_SPEED_EX:
      speeds.XmitLinkSpeed = all.XmitLinkSpeed;
      speeds.RcvLinkSpeed = all.RcvLinkSpeed;
      return PortAnswer(&speeds, sizeof(speeds), pOutputBufferLength, pOutputBuffer);
    case OID_GEN_MEDIA_DUPLEX_STATE:
      return PortAnswer(&all.MediaDuplexState, sizeof(all.MediaDuplexState), pOutputBufferLength,
                        pOutputBuffer);
    default:
      return NDIS_STATUS_INVALID_OID;
  }
}

static NDIS_STATUS NTAPI PortSetObject(_In_ NDIS_HANDLE ProviderIfContext,
                                       _In_ NET_IF_OBJECT_ID ObjectId, _In_ ULONG InputBufferLength,
                                       _In_ PVOID pInputBuffer) {
  UNREFERENCED_PARAMETER(ProviderIfContext);
  UNREFERENCED_PARAMETER(ObjectId);
  UNREFERENCED_PARAMETER(InputBufferLength);
  UNREFERENCED_PARAMETER(pInputBuffer);
  return NDIS_STATUS_NOT_SUPPORTED;
}

// The switch tells that its internal end goes up or down.
VOID PortSetStatus(_In_ NET_IF_OPER_STATUS Status) {
  KIRQL oldIrql;

  KeAcquireSpinLock(&Port->Lock, &oldIrql);
  Port->Status = Status;
#ifndef UNGUARDED_COUNT
  ++Port->StatusChanges;
#endif
  KeReleaseSpinLock(&Port->Lock, oldIrql);
#ifdef UNGUARDED_COUNT
  // The bug: two threads that set the status at once count in the same variable.
  ++Port->StatusChanges;
#endif
}

static VOID PortInitialize(_Out_ PPORT This) {
  KeInitializeSpinLock(&This->Lock);
  This->Status = NET_IF_OPER_STATUS_DOWN;
}

static NDIS_STATUS PortRegister(_In_ PPORT This) {
  NET_IF_INFORMATION information;
  NET_LUID luid;
  NDIS_STATUS status;

  RtlZeroMemory(&information, sizeof(information));
  information.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
  information.Header.Revision = NDIS_OBJECT_REVISION_1;
  information.Header.Size = NDIS_SIZEOF_NET_IF_INFORMATION_REVISION_1;
  information.PhysicalLocation.BusNumber = NIIF_BUS_NUMBER_UNKNOWN;
  information.PhysicalLocation.SlotNumber = NIIF_SLOT_NUMBER_UNKNOWN;
  information.PhysicalLocation.FunctionNumber = NIIF_FUNCTION_NUMBER_UNKNOWN;
  information.WanTunnelType = NIIF_WAN_TUNNEL_TYPE_UNKNOWN;
  information.AccessType = NET_IF_ACCESS_BROADCAST;
  information.DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
  information.ConnectionType = NET_IF_CONNECTION_DEDICATED;
  information.MediaType = NdisMedium802_3;

  status = NdisIfAllocateNetLuidIndex(IF_TYPE_PROP_VIRTUAL, &This->NetLuidIndex);
  if (status != NDIS_STATUS_SUCCESS) {
    return status;
  }
  NDIS_MAKE_NET_LUID(&luid, IF_TYPE_PROP_VIRTUAL, This->NetLuidIndex);
  status = NdisIfRegisterInterface(ProviderHandle, luid, This, &information, &This->Index);
  if (status != NDIS_STATUS_SUCCESS) {
    NdisIfFreeNetLuidIndex(IF_TYPE_PROP_VIRTUAL, This->NetLuidIndex);
  }
  return status;
}

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD PortUnload;

_Use_decl_annotations_ static VOID NTAPI PortUnload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  PAGED_CODE();
  NdisIfDeregisterInterface(Port->Index);
  NdisIfFreeNetLuidIndex(IF_TYPE_PROP_VIRTUAL, Port->NetLuidIndex);
  NdisIfDeregisterProvider(ProviderHandle);
  ExFreePoolWithTag(Port, PORT_TAG);  // no callback is inside any more
}

_Use_decl_annotations_ NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject,
                                                  PUNICODE_STRING RegistryPath) {
  static NDIS_IF_PROVIDER_CHARACTERISTICS characteristics = {
      {NDIS_OBJECT_TYPE_DEFAULT, NDIS_OBJECT_REVISION_1,
       NDIS_SIZEOF_IF_PROVIDER_CHARACTERISTICS_REVISION_1},
      PortQueryObject,
      PortSetObject,
      NULL,
      NULL};
  NDIS_STATUS status;

  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = PortUnload;
  Port = (PPORT)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Port), PORT_TAG);
  if (Port == NULL) {
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  status = NdisIfRegisterProvider(&characteristics, NULL, &ProviderHandle);
  if (status != NDIS_STATUS_SUCCESS) {
    ExFreePoolWithTag(Port, PORT_TAG);
    return status;
  }
#ifdef REGISTERED_EARLY
  // The bug: the first query may come before NdisIfRegisterInterface returns.
  status = PortRegister(Port);
  PortInitialize(Port);
#else
  PortInitialize(Port);
  status = PortRegister(Port);
#endif
  if (status != NDIS_STATUS_SUCCESS) {
    NdisIfDeregisterProvider(ProviderHandle);
    ExFreePoolWithTag(Port, PORT_TAG);
  }
  return status;
}
