// Records, answers, and the right static provider.
#include "scenarios/ndisif/provider.h"

#include <cassert>
#include <cstring>

#include "scenarios/ndisif/drivers.h"

namespace nmrcheck::designs::ndisif {
namespace {

constexpr ULONG64 kLinkSpeed = 1'000'000'000;  // bits a second

NDIS_STATUS give(const void* value, ULONG bytes, PULONG length, PVOID buffer) {
  const bool fits = *length >= bytes;
  *length = bytes;
  if (!fits) return NDIS_STATUS_BUFFER_TOO_SHORT;
  std::memcpy(buffer, value, bytes);
  return NDIS_STATUS_SUCCESS;
}

template <class Value>
NDIS_STATUS give(const Value& value, PULONG length, PVOID buffer) {
  return give(&value, sizeof value, length, buffer);
}

NDIS_INTERFACE_INFORMATION all_of(const Values& values) {
  NDIS_INTERFACE_INFORMATION all{};
  all.ifOperStatus = values.oper_status;
  all.MediaConnectState = MediaConnectStateConnected;
  all.MediaDuplexState = MediaDuplexStateFull;
  all.ifMtu = 1500;
  all.XmitLinkSpeed = kLinkSpeed;
  all.RcvLinkSpeed = kLinkSpeed;
  return all;
}

}  // namespace

NDIS_IF_PROVIDER_CHARACTERISTICS characteristics(IFP_QUERY_OBJECT query, IFP_SET_OBJECT set) {
  NDIS_IF_PROVIDER_CHARACTERISTICS made{};
  made.Header = {NDIS_OBJECT_TYPE_DEFAULT, NDIS_OBJECT_REVISION_1,
                 NDIS_SIZEOF_IF_PROVIDER_CHARACTERISTICS_REVISION_1};
  made.QueryObjectHandler = query;
  made.SetObjectHandler = set;
  return made;
}

NET_IF_INFORMATION information(UCHAR number) {
  NET_IF_INFORMATION made{};
  made.Header = {NDIS_OBJECT_TYPE_DEFAULT, NDIS_OBJECT_REVISION_1,
                 NDIS_SIZEOF_NET_IF_INFORMATION_REVISION_1};
  made.PhysicalLocation = {NIIF_BUS_NUMBER_UNKNOWN, NIIF_SLOT_NUMBER_UNKNOWN,
                           NIIF_FUNCTION_NUMBER_UNKNOWN};
  made.WanTunnelType = NIIF_WAN_TUNNEL_TYPE_UNKNOWN;
  made.AccessType = NET_IF_ACCESS_BROADCAST;
  made.DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
  made.ConnectionType = NET_IF_CONNECTION_DEDICATED;
  made.InterfaceGuid = {
      0x6a1f0c52, 0x2d3e, 0x4b7a, {0x91, 0x5c, 0x08, 0x1d, 0x77, 0xe2, 0x40, number}};
  made.MediaType = NdisMedium802_3;
  made.PhysicalMediumType = NdisPhysicalMediumUnspecified;
  return made;
}

NET_LUID luid(NET_IFTYPE type, UINT32 luid_index) {
  NET_LUID made{};
  NDIS_MAKE_NET_LUID(&made, type, luid_index);
  return made;
}

NDIS_STATUS answer(const Values& values, NET_IF_OBJECT_ID object, PULONG length, PVOID buffer) {
  const NDIS_INTERFACE_INFORMATION all = all_of(values);
  switch (object) {
    case OID_GEN_PROMISCUOUS_MODE:
      return *length >= sizeof(ULONG) ? give(ULONG{all.ifPromiscuousMode}, length, buffer)
                                      : give(all.ifPromiscuousMode, length, buffer);
    case OID_GEN_LAST_CHANGE:
      return give(all.ifLastChange, length, buffer);
    case OID_GEN_DISCONTINUITY_TIME:
      return give(all.ifCounterDiscontinuityTime, length, buffer);
    case OID_GEN_OPERATIONAL_STATUS:
      return give(all.ifOperStatus, length, buffer);
    case OID_GEN_XMIT_LINK_SPEED:
      return give(all.XmitLinkSpeed, length, buffer);
    case OID_GEN_RCV_LINK_SPEED:
      return give(all.RcvLinkSpeed, length, buffer);
    case OID_GEN_UNKNOWN_PROTOS:
      return give(all.ifInUnknownProtos, length, buffer);
    case OID_GEN_INTERFACE_INFO:
      return give(all, length, buffer);
    case OID_GEN_ADMIN_STATUS:
      return give(NET_IF_ADMIN_STATUS_UP, length, buffer);
    case OID_GEN_ALIAS: {
      NDIS_IF_COUNTED_STRING alias{};
      return give(alias, length, buffer);
    }
    case OID_GEN_MEDIA_CONNECT_STATUS_EX:
      return give(all.MediaConnectState, length, buffer);
    case OID_GEN_LINK_SPEED_EX:
      return give(NDIS_LINK_SPEED{all.XmitLinkSpeed, all.RcvLinkSpeed}, length, buffer);
    case OID_GEN_MEDIA_DUPLEX_STATE:
      return give(all.MediaDuplexState, length, buffer);
    default:
      return NDIS_STATUS_INVALID_OID;
  }
}

NDIS_STATUS NTAPI refuse_set(NDIS_HANDLE, NET_IF_OBJECT_ID, ULONG, PVOID) {
  return NDIS_STATUS_NOT_SUPPORTED;
}

Provider& own_globals() {
  const model::Kernel& kernel = model::current_kernel();
  const sim::Heap& heap = kernel.execution().heap();
  std::uint32_t block = 0;
  while (heap.block(block).kind != static_cast<std::uint32_t>(model::PoolKind::kImage) ||
         heap.block(block).owner != model::index(kernel.current_module())) {
    ++block;
    assert(block < heap.size() && "the driver has no globals");
  }
  return *reinterpret_cast<Provider*>(heap.block(block).address);
}

NDIS_STATUS NTAPI query_globals(NDIS_HANDLE context, NET_IF_OBJECT_ID object, PULONG length,
                                PVOID buffer) {
  const auto* provider = static_cast<const Provider*>(context);
  const Values values{NMRCHECK_READ(provider->values.oper_status)};
  return answer(values, object, length, buffer);
}

NDIS_STATUS register_with_own_characteristics(Provider& provider) {
  provider.information = information(provider.number);
  provider.values = {};
  const NDIS_STATUS status =
      NdisIfRegisterProvider(&provider.characteristics, nullptr, &provider.handle);
  if (status != NDIS_STATUS_SUCCESS) provider.handle = nullptr;
  return status;
}

NDIS_STATUS register_provider(Provider& provider, IFP_QUERY_OBJECT query, IFP_SET_OBJECT set) {
  provider.characteristics = characteristics(query, set);
  return register_with_own_characteristics(provider);
}

NDIS_STATUS allocate_luid(Provider& provider) {
  const NDIS_STATUS status = NdisIfAllocateNetLuidIndex(kIfType, &provider.luid_index);
  provider.has_luid = status == NDIS_STATUS_SUCCESS;
  return status;
}

NDIS_STATUS register_interface(Provider& provider, NDIS_HANDLE context, PNET_IF_INFORMATION given) {
  const NDIS_STATUS status = NdisIfRegisterInterface(
      provider.handle, luid(kIfType, provider.luid_index), context, given, &provider.index);
  provider.registered = status == NDIS_STATUS_SUCCESS;
  return status;
}

NDIS_STATUS register_interface(Provider& provider) {
  return register_interface(provider, &provider, &provider.information);
}

NDIS_STATUS start(Provider& provider, IFP_QUERY_OBJECT query, NDIS_HANDLE context,
                  PNET_IF_INFORMATION given) {
  provider.characteristics = characteristics(query, refuse_set);
  return start_with_own_characteristics(provider, context, given);
}

NDIS_STATUS start_with_own_characteristics(Provider& provider, NDIS_HANDLE context,
                                           PNET_IF_INFORMATION given) {
  NDIS_STATUS status = register_with_own_characteristics(provider);
  if (status != NDIS_STATUS_SUCCESS) return status;
  status = allocate_luid(provider);
  if (status == NDIS_STATUS_SUCCESS) {
    status = register_interface(provider, context == nullptr ? &provider : context,
                                given == nullptr ? &provider.information : given);
  }
  if (status != NDIS_STATUS_SUCCESS) stop(provider);
  return status;
}

void stop(Provider& provider) {
  if (provider.registered) NdisIfDeregisterInterface(provider.index);
  if (provider.has_luid) NdisIfFreeNetLuidIndex(kIfType, provider.luid_index);
  if (provider.handle != nullptr) NdisIfDeregisterProvider(provider.handle);
  provider.registered = FALSE;
  provider.has_luid = FALSE;
  provider.handle = nullptr;
}

NDIS_STATUS enter_with_mutex(Provider& provider) {
  KeInitializeMutex(&provider.mutex, 0);
  return start(provider);
}

NDIS_STATUS NTAPI query_context(NDIS_HANDLE given, NET_IF_OBJECT_ID object, PULONG length,
                                PVOID buffer) {
  const auto* context = static_cast<const Context*>(given);
  return answer({NMRCHECK_READ(context->values.oper_status)}, object, length, buffer);
}

void stop_and_free(Provider& provider) {
  stop(provider);
  ExFreePoolWithTag(provider.memory, kTag);
}

model::Requests set_up(model::World& world, const ParameterValues& values) {
  const auto value = [&](const Parameter& parameter) {
    const auto given = values.find(std::string(parameter.name));
    return static_cast<std::uint32_t>(given == values.end() ? parameter.default_value
                                                            : given->second);
  };
  const model::Requests requests{.per_interface = value(kRequests),
                                 .objects = value(kObjects),
                                 .lengths = value(kLengths) != 0,
                                 .sets = value(kSets) != 0,
                                 .compares = value(kCompares) != 0};
  world.interfaces().set_requests(requests);
  return requests;
}

void drive(model::World& world, const ParameterValues& values, const Design& design) {
  model::Requests requests = set_up(world, values);
  if (design.ask != nullptr) design.ask(requests);
  world.interfaces().set_requests(requests);
  run_driver("provider.sys", 1, design);
}

}  // namespace nmrcheck::designs::ndisif
