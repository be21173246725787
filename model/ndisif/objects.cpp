// The table of object identifiers.
#include "model/ndisif/objects.h"

#include <array>

namespace nmrcheck::model {
namespace {

using enum ObjectClass;

constexpr std::array kObjects{
    ObjectInfo{kOidOperationalStatus, "OID_GEN_OPERATIONAL_STATUS", kMandatory, 4, 1, 7},
    ObjectInfo{kOidPromiscuousMode, "OID_GEN_PROMISCUOUS_MODE", kMandatory, 1, 0, 1},
    ObjectInfo{kOidLastChange, "OID_GEN_LAST_CHANGE", kMandatory, 8},
    ObjectInfo{kOidDiscontinuityTime, "OID_GEN_DISCONTINUITY_TIME", kMandatory, 8},
    ObjectInfo{kOidXmitLinkSpeed, "OID_GEN_XMIT_LINK_SPEED", kMandatory, 8},
    ObjectInfo{kOidRcvLinkSpeed, "OID_GEN_RCV_LINK_SPEED", kMandatory, 8},
    ObjectInfo{kOidUnknownProtos, "OID_GEN_UNKNOWN_PROTOS", kMandatory, 8},
    ObjectInfo{kOidInterfaceInfo, "OID_GEN_INTERFACE_INFO", kMandatory, 216},
    ObjectInfo{kOidAdminStatus, "OID_GEN_ADMIN_STATUS", kMandatory, 4, 1, 3},
    ObjectInfo{kOidAlias, "OID_GEN_ALIAS", kMandatory, 516},
    ObjectInfo{kOidMediaConnectStatusEx, "OID_GEN_MEDIA_CONNECT_STATUS_EX", kMandatory, 4, 0, 2},
    ObjectInfo{kOidLinkSpeedEx, "OID_GEN_LINK_SPEED_EX", kMandatory, 16},
    ObjectInfo{kOidMediaDuplexState, "OID_GEN_MEDIA_DUPLEX_STATE", kMandatory, 4, 0, 2},
    ObjectInfo{0x00020106, "OID_GEN_STATISTICS", kShared, 152},
    ObjectInfo{0x00010106, "OID_GEN_MAXIMUM_FRAME_SIZE", kShared, 4},
    ObjectInfo{0x01010101, "OID_802_3_PERMANENT_ADDRESS", kShared, 6},
    ObjectInfo{0x01010102, "OID_802_3_CURRENT_ADDRESS", kShared, 6},
    ObjectInfo{0x00020103, "OID_GEN_XMIT_ERROR", kShared, 8},
    ObjectInfo{0x00020104, "OID_GEN_RCV_ERROR", kShared, 8},
    ObjectInfo{0x00020201, "OID_GEN_DIRECTED_BYTES_XMIT", kShared, 8},
    ObjectInfo{0x00020202, "OID_GEN_DIRECTED_FRAMES_XMIT", kShared, 8},
    ObjectInfo{0x00020203, "OID_GEN_MULTICAST_BYTES_XMIT", kShared, 8},
    ObjectInfo{0x00020204, "OID_GEN_MULTICAST_FRAMES_XMIT", kShared, 8},
    ObjectInfo{0x00020205, "OID_GEN_BROADCAST_BYTES_XMIT", kShared, 8},
    ObjectInfo{0x00020206, "OID_GEN_BROADCAST_FRAMES_XMIT", kShared, 8},
    ObjectInfo{0x00020207, "OID_GEN_DIRECTED_BYTES_RCV", kShared, 8},
    ObjectInfo{0x00020208, "OID_GEN_DIRECTED_FRAMES_RCV", kShared, 8},
    ObjectInfo{0x00020209, "OID_GEN_MULTICAST_BYTES_RCV", kShared, 8},
    ObjectInfo{0x0002020A, "OID_GEN_MULTICAST_FRAMES_RCV", kShared, 8},
    ObjectInfo{0x0002020B, "OID_GEN_BROADCAST_BYTES_RCV", kShared, 8},
    ObjectInfo{0x0002020C, "OID_GEN_BROADCAST_FRAMES_RCV", kShared, 8},
    ObjectInfo{0x00020219, "OID_GEN_BYTES_RCV", kShared, 8},
    ObjectInfo{0x0002021A, "OID_GEN_BYTES_XMIT", kShared, 8},
    ObjectInfo{0x0002021B, "OID_GEN_RCV_DISCARDS", kShared, 8},
    ObjectInfo{0x0002021C, "OID_GEN_XMIT_DISCARDS", kShared, 8},
    ObjectInfo{0x0F010106, "OID_TUNNEL_INTERFACE_SET_OID", kReserved, 8},
    ObjectInfo{0x0F010107, "OID_TUNNEL_INTERFACE_RELEASE_OID", kReserved, 8},
    ObjectInfo{0x00000000, "identifier 0", kUndefined, 8},
    ObjectInfo{0xFFFFFFFF, "identifier 0xFFFFFFFF", kUndefined, 8},
    ObjectInfo{1, "NET_IF_OID_IF_ALIAS", kUndefined, 8},
    ObjectInfo{2, "NET_IF_OID_COMPARTMENT_ID", kUndefined, 8},
    ObjectInfo{3, "NET_IF_OID_NETWORK_GUID", kUndefined, 8},
    ObjectInfo{4, "NET_IF_OID_IF_ENTRY", kUndefined, 8},
};

}  // namespace

std::span<const ObjectInfo> interface_objects() { return kObjects; }

const ObjectInfo* find_object(std::uint32_t id) {
  for (const ObjectInfo& object : kObjects) {
    if (object.id == id) return &object;
  }
  return nullptr;
}

const char* object_name(std::uint32_t id) {
  const ObjectInfo* object = find_object(id);
  return object == nullptr ? "an unknown object" : object->name;
}

}  // namespace nmrcheck::model
