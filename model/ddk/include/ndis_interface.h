// NDIS interface providers (NDISIF): their characteristics, callbacks and functions. All is called
// at PASSIVE_LEVEL.
#pragma once

#include "ifdef.h"
#include "ndis_types.h"
#include "nmrcheck_hooks.h"
#include "ntddndis.h"
#include "ntdef.h"

EXTERN_C_START

// Parameter 1 of BUGCODE_NDIS_DRIVER.
#define NDIS_BUGCHECK_IFPROVIDER_DEREGISTER_UNEXPECTED 0x17  // Provider handle, 0, 0.
#define NDIS_BUGCHECK_IF_STACK_TABLE_LOOP 0x1B               // Higher index, lower index, 0.

// Answers a query of an object of the interface with `ProviderIfContext` before it returns (there
// is no NDIS_STATUS_PENDING). *pOutputBufferLength is the size of the buffer in bytes, then how
// many of them the answer has.
typedef NDIS_STATUS(NTAPI IF_QUERY_OBJECT)(_In_ NDIS_HANDLE ProviderIfContext,
                                           _In_ NET_IF_OBJECT_ID ObjectId,
                                           _Inout_ PULONG pOutputBufferLength,
                                           _Out_writes_bytes_(*pOutputBufferLength)
                                               PVOID pOutputBuffer);
typedef IF_QUERY_OBJECT* IFP_QUERY_OBJECT;

// Sets an object. None is defined that can be set.
typedef NDIS_STATUS(NTAPI IF_SET_OBJECT)(_In_ NDIS_HANDLE ProviderIfContext,
                                         _In_ NET_IF_OBJECT_ID ObjectId,
                                         _In_ ULONG InputBufferLength,
                                         _In_reads_bytes_(InputBufferLength) PVOID pInputBuffer);
typedef IF_SET_OBJECT* IFP_SET_OBJECT;

// Header: NDIS_OBJECT_TYPE_DEFAULT, NDIS_OBJECT_REVISION_1 and the size below.
typedef struct _NDIS_IF_PROVIDER_CHARACTERISTICS {
  NDIS_OBJECT_HEADER Header;
  IFP_QUERY_OBJECT QueryObjectHandler;
  IFP_SET_OBJECT SetObjectHandler;
  PVOID Reserved1;
  PVOID Reserved2;
} NDIS_IF_PROVIDER_CHARACTERISTICS, *PNDIS_IF_PROVIDER_CHARACTERISTICS;

#define NDIS_SIZEOF_IF_PROVIDER_CHARACTERISTICS_REVISION_1 \
  RTL_SIZEOF_THROUGH_FIELD(NDIS_IF_PROVIDER_CHARACTERISTICS, Reserved2)

// What stays the same about an interface. The physical addresses and the name lie behind this, in
// the same memory: offsets are in bytes from the start of the structure, lengths in bytes.
// Header: NDIS_OBJECT_TYPE_DEFAULT, NDIS_OBJECT_REVISION_1 and the size below.
typedef struct _NET_IF_INFORMATION {
  NDIS_OBJECT_HEADER Header;
  ULONG Flags;  // NIIF_...
  NET_PHYSICAL_LOCATION PhysicalLocation;
  ULONG WanTunnelType;
  NDIS_PORT_NUMBER PortNumber;
  NET_IF_ACCESS_TYPE AccessType;
  NET_IF_DIRECTION_TYPE DirectionType;
  NET_IF_CONNECTION_TYPE ConnectionType;
  BOOLEAN ifConnectorPresent;
  USHORT PhysAddressLength;  // Of both addresses.
  USHORT PhysAddressOffset;
  USHORT PermanentPhysAddressOffset;
  USHORT FriendlyNameLength;
  USHORT FriendlyNameOffset;
  GUID InterfaceGuid;
  NET_IF_NETWORK_GUID NetworkGuid;  // Zeros: the default network of the primary compartment.
  ULONG SupportedStatistics;        // NDIS_STATISTICS_FLAGS_VALID_...
  NDIS_MEDIUM MediaType;
  NDIS_PHYSICAL_MEDIUM PhysicalMediumType;
} NET_IF_INFORMATION, *PNET_IF_INFORMATION;

#define NDIS_SIZEOF_NET_IF_INFORMATION_REVISION_1 \
  RTL_SIZEOF_THROUGH_FIELD(NET_IF_INFORMATION, PhysicalMediumType)

// --- Providers and their interfaces ---

_Must_inspect_result_ NDIS_STATUS
NdisIfRegisterProvider(_In_ PNDIS_IF_PROVIDER_CHARACTERISTICS ProviderCharacteristics,
                       _In_opt_ __drv_aliasesMem NDIS_HANDLE IfProviderContext,
                       _Out_ PNDIS_HANDLE pNdisIfProviderHandle);
VOID NdisIfDeregisterProvider(_In_ NDIS_HANDLE NdisProviderHandle);
_Must_inspect_result_ NDIS_STATUS
NdisIfRegisterInterface(_In_ NDIS_HANDLE NdisProviderHandle, _In_ NET_LUID NetLuid,
                        _In_ __drv_aliasesMem NDIS_HANDLE ProviderIfContext,
                        _In_ PNET_IF_INFORMATION pIfInfo, _Out_ PNET_IFINDEX pIfIndex);
VOID NdisIfDeregisterInterface(_In_ NET_IFINDEX IfIndex);

// --- Indexes for NDIS_MAKE_NET_LUID, which outlive the boot ---

_Must_inspect_result_ NDIS_STATUS NdisIfAllocateNetLuidIndex(_In_ NET_IFTYPE IfType,
                                                             _Out_ PUINT32 pNetLuidIndex);
NDIS_STATUS NdisIfFreeNetLuidIndex(_In_ NET_IFTYPE IfType, _In_ UINT32 NetLuidIndex);

// --- Which interface is on top of which ---

_Must_inspect_result_ NDIS_STATUS NdisIfAddIfStackEntry(_In_ NET_IFINDEX HigherLayerIfIndex,
                                                        _In_ NET_IFINDEX LowerLayerIfIndex);
VOID NdisIfDeleteIfStackEntry(_In_ NET_IFINDEX HigherLayerIfIndex,
                              _In_ NET_IFINDEX LowerLayerIfIndex);

// --- What names what ---

_Must_inspect_result_ NDIS_STATUS NdisIfQueryBindingIfIndex(_In_ NDIS_HANDLE NdisBindingHandle,
                                                            _Out_ PNET_IFINDEX pBoundIfIndex,
                                                            _Out_ PNET_LUID pBoundIfNetLuid,
                                                            _Out_ PNET_IFINDEX pLowestIfIndex,
                                                            _Out_ PNET_LUID pLowestIfNetLuid);
_Must_inspect_result_ NDIS_STATUS NdisIfGetInterfaceIndexFromNetLuid(_In_ NET_LUID NetLuid,
                                                                     _Out_ PNET_IFINDEX pIfIndex);
_Must_inspect_result_ NDIS_STATUS NdisIfGetNetLuidFromInterfaceIndex(_In_ NET_IFINDEX IfIndex,
                                                                     _Out_ PNET_LUID pNetLuid);

EXTERN_C_END

#ifndef NMRCHECK_DDK_IMPLEMENTATION
#define NdisIfRegisterProvider(...) NMRCHECK_AT(NdisIfRegisterProvider(__VA_ARGS__))
#define NdisIfDeregisterProvider(...) NMRCHECK_AT(NdisIfDeregisterProvider(__VA_ARGS__))
#define NdisIfRegisterInterface(...) NMRCHECK_AT(NdisIfRegisterInterface(__VA_ARGS__))
#define NdisIfDeregisterInterface(...) NMRCHECK_AT(NdisIfDeregisterInterface(__VA_ARGS__))
#define NdisIfAllocateNetLuidIndex(...) NMRCHECK_AT(NdisIfAllocateNetLuidIndex(__VA_ARGS__))
#define NdisIfFreeNetLuidIndex(...) NMRCHECK_AT(NdisIfFreeNetLuidIndex(__VA_ARGS__))
#define NdisIfAddIfStackEntry(...) NMRCHECK_AT(NdisIfAddIfStackEntry(__VA_ARGS__))
#define NdisIfDeleteIfStackEntry(...) NMRCHECK_AT(NdisIfDeleteIfStackEntry(__VA_ARGS__))
#define NdisIfQueryBindingIfIndex(...) NMRCHECK_AT(NdisIfQueryBindingIfIndex(__VA_ARGS__))
#define NdisIfGetInterfaceIndexFromNetLuid(...) \
  NMRCHECK_AT(NdisIfGetInterfaceIndexFromNetLuid(__VA_ARGS__))
#define NdisIfGetNetLuidFromInterfaceIndex(...) \
  NMRCHECK_AT(NdisIfGetNetLuidFromInterfaceIndex(__VA_ARGS__))
#endif
