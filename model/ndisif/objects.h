// The object identifiers that interface providers are asked for, as data.
#pragma once

#include <cstdint>
#include <span>

namespace nmrcheck::model {

// Who may be asked for an object, and what an answer looks like.
enum class ObjectClass : std::uint8_t {
  kMandatory,  // every interface provider answers it
  kShared,     // also asked of miniport drivers; a provider may answer it
  kReserved,   // reserved for the system: a provider refuses it
  kUndefined,  // no object has that identifier: a provider refuses it
};

struct ObjectInfo {
  std::uint32_t id = 0;
  const char* name = "";
  ObjectClass kind = ObjectClass::kUndefined;
  std::uint32_t bytes = 0;  // of an answer; of OID_GEN_ALIAS: at most
  // The lowest and highest value of an answer of 1, 4 or 8 bytes.
  std::uint64_t min = 0;
  std::uint64_t max = ~std::uint64_t{0};
};

inline constexpr std::uint32_t kOidPromiscuousMode = 0x00010280;
inline constexpr std::uint32_t kOidLastChange = 0x00010281;
inline constexpr std::uint32_t kOidDiscontinuityTime = 0x00010282;
inline constexpr std::uint32_t kOidOperationalStatus = 0x00010283;
inline constexpr std::uint32_t kOidXmitLinkSpeed = 0x00010284;
inline constexpr std::uint32_t kOidRcvLinkSpeed = 0x00010285;
inline constexpr std::uint32_t kOidUnknownProtos = 0x00010286;
inline constexpr std::uint32_t kOidInterfaceInfo = 0x00010287;
inline constexpr std::uint32_t kOidAdminStatus = 0x00010288;
inline constexpr std::uint32_t kOidAlias = 0x00010289;
inline constexpr std::uint32_t kOidMediaConnectStatusEx = 0x0001028A;
inline constexpr std::uint32_t kOidLinkSpeedEx = 0x0001028B;
inline constexpr std::uint32_t kOidMediaDuplexState = 0x0001028C;

// All that the requester knows, the mandatory ones first. Source: "NDIS Network Interface OIDs" and
// "Mapping of NDIS Network Interfaces to NDIS OIDs".
std::span<const ObjectInfo> interface_objects();

// Null if the identifier is none of them.
const ObjectInfo* find_object(std::uint32_t id);

// "OID_GEN_ALIAS", or "an unknown object".
const char* object_name(std::uint32_t id);

}  // namespace nmrcheck::model
