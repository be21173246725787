// The eleven functions of the interface registry, and its two callbacks, in their C form.
#define NMRCHECK_DDK_IMPLEMENTATION
#include <ndis.h>

#include <cstring>

#include "model/ddk/callouts.h"
#include "model/ddk/driver_program.h"

namespace nmrcheck::model {
namespace {

std::uint32_t bits(NDIS_STATUS status) { return static_cast<std::uint32_t>(status); }

InterfaceRegistry& registry() { return current_world().interfaces(); }

HeaderDescription describe(const NDIS_OBJECT_HEADER& header) {
  return {header.Type, header.Revision, header.Size};
}

ProviderDescription describe(const NDIS_IF_PROVIDER_CHARACTERISTICS& given) {
  ProviderDescription description{.header = describe(given.Header)};
  if (given.Header.Size < NDIS_SIZEOF_IF_PROVIDER_CHARACTERISTICS_REVISION_1) return description;
  description.has_query = given.QueryObjectHandler != nullptr;
  description.has_set = given.SetObjectHandler != nullptr;
  description.reserved = given.Reserved1 != nullptr || given.Reserved2 != nullptr;
  return description;
}

InterfaceDescription describe(const NET_IF_INFORMATION& given) {
  InterfaceDescription description{.header = describe(given.Header)};
  const Kernel& kernel = current_kernel();
  if (const auto block = kernel.block_of(&given)) {
    const sim::HeapBlock& memory = kernel.execution().heap().block(*block);
    description.allocation_bytes =
        memory.bytes - static_cast<std::size_t>(reinterpret_cast<const char*>(&given) -
                                                static_cast<const char*>(memory.address));
  }
  if (given.Header.Size < NDIS_SIZEOF_NET_IF_INFORMATION_REVISION_1) return description;
  const NET_PHYSICAL_LOCATION& location = given.PhysicalLocation;
  description.flags = given.Flags;
  description.location_unknown = location.BusNumber == NIIF_BUS_NUMBER_UNKNOWN &&
                                 location.SlotNumber == NIIF_SLOT_NUMBER_UNKNOWN &&
                                 location.FunctionNumber == NIIF_FUNCTION_NUMBER_UNKNOWN;
  description.access_type = static_cast<std::int32_t>(given.AccessType);
  description.direction_type = static_cast<std::int32_t>(given.DirectionType);
  description.connection_type = static_cast<std::int32_t>(given.ConnectionType);
  description.address_length = given.PhysAddressLength;
  description.address_offset = given.PhysAddressOffset;
  description.permanent_address_offset = given.PermanentPhysAddressOffset;
  description.name_length = given.FriendlyNameLength;
  description.name_offset = given.FriendlyNameOffset;
  std::memcpy(description.guid.data(), &given.InterfaceGuid, description.guid.size());
  return description;
}

template <class Function>
void (*untyped(Function* function))() {
  return reinterpret_cast<void (*)()>(function);
}

}  // namespace

ProviderHandlers DdkInterfaceCallouts::handlers_of(const void* characteristics) {
  const auto& own = *static_cast<const NDIS_IF_PROVIDER_CHARACTERISTICS*>(characteristics);
  return {untyped(own.QueryObjectHandler), untyped(own.SetObjectHandler)};
}

std::uint32_t DdkInterfaceCallouts::query(const ProviderHandlers& handlers, void* context,
                                          std::uint32_t object, std::uint32_t* length,
                                          void* buffer) {
  return bits(reinterpret_cast<IFP_QUERY_OBJECT>(handlers.query)(
      context, object, reinterpret_cast<PULONG>(length), buffer));
}

std::uint32_t DdkInterfaceCallouts::set(const ProviderHandlers& handlers, void* context,
                                        std::uint32_t object, std::uint32_t length, void* buffer) {
  return bits(reinterpret_cast<IFP_SET_OBJECT>(handlers.set)(context, object, length, buffer));
}

}  // namespace nmrcheck::model

using nmrcheck::model::bits;
using nmrcheck::model::describe;
using nmrcheck::model::registry;

extern "C" {

NDIS_STATUS NdisIfRegisterProvider(PNDIS_IF_PROVIDER_CHARACTERISTICS ProviderCharacteristics,
                                   NDIS_HANDLE, PNDIS_HANDLE pNdisIfProviderHandle) {
  return static_cast<NDIS_STATUS>(registry().register_provider(
      ProviderCharacteristics, describe(*ProviderCharacteristics), pNdisIfProviderHandle));
}

VOID NdisIfDeregisterProvider(NDIS_HANDLE NdisProviderHandle) {
  registry().deregister_provider(NdisProviderHandle);
}

NDIS_STATUS NdisIfRegisterInterface(NDIS_HANDLE NdisProviderHandle, NET_LUID NetLuid,
                                    NDIS_HANDLE ProviderIfContext, PNET_IF_INFORMATION pIfInfo,
                                    PNET_IFINDEX pIfIndex) {
  return static_cast<NDIS_STATUS>(registry().register_interface(
      NdisProviderHandle, NetLuid.Value, ProviderIfContext, pIfInfo, describe(*pIfInfo), pIfIndex));
}

VOID NdisIfDeregisterInterface(NET_IFINDEX IfIndex) { registry().deregister_interface(IfIndex); }

NDIS_STATUS NdisIfAllocateNetLuidIndex(NET_IFTYPE IfType, PUINT32 pNetLuidIndex) {
  return static_cast<NDIS_STATUS>(registry().allocate_luid(IfType, pNetLuidIndex));
}

NDIS_STATUS NdisIfFreeNetLuidIndex(NET_IFTYPE IfType, UINT32 NetLuidIndex) {
  return static_cast<NDIS_STATUS>(registry().free_luid(IfType, NetLuidIndex));
}

NDIS_STATUS NdisIfAddIfStackEntry(NET_IFINDEX HigherLayerIfIndex, NET_IFINDEX LowerLayerIfIndex) {
  return static_cast<NDIS_STATUS>(
      registry().add_stack_entry(HigherLayerIfIndex, LowerLayerIfIndex));
}

VOID NdisIfDeleteIfStackEntry(NET_IFINDEX HigherLayerIfIndex, NET_IFINDEX LowerLayerIfIndex) {
  registry().delete_stack_entry(HigherLayerIfIndex, LowerLayerIfIndex);
}

NDIS_STATUS NdisIfQueryBindingIfIndex(NDIS_HANDLE NdisBindingHandle, PNET_IFINDEX pBoundIfIndex,
                                      PNET_LUID pBoundIfNetLuid, PNET_IFINDEX pLowestIfIndex,
                                      PNET_LUID pLowestIfNetLuid) {
  return static_cast<NDIS_STATUS>(registry().query_binding(
      NdisBindingHandle,
      {pBoundIfIndex, &pBoundIfNetLuid->Value, pLowestIfIndex, &pLowestIfNetLuid->Value}));
}

NDIS_STATUS NdisIfGetInterfaceIndexFromNetLuid(NET_LUID NetLuid, PNET_IFINDEX pIfIndex) {
  return static_cast<NDIS_STATUS>(registry().index_of_luid(NetLuid.Value, pIfIndex));
}

NDIS_STATUS NdisIfGetNetLuidFromInterfaceIndex(NET_IFINDEX IfIndex, PNET_LUID pNetLuid) {
  return static_cast<NDIS_STATUS>(registry().luid_of_index(IfIndex, &pNetLuid->Value));
}

}  // extern "C"
