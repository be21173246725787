// What events of the registry of network interfaces are about.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/event.h"

namespace nmrcheck::model {

// A NET_LUID's value: bits 0 to 23 reserved, 24 to 47 the LUID index, 48 to 63 the interface type.
constexpr std::uint64_t make_luid(std::uint32_t type, std::uint32_t luid_index) {
  return std::uint64_t{type & 0xffffu} << 48 | std::uint64_t{luid_index & 0xffffffu} << 24;
}
constexpr std::uint32_t type_of(std::uint64_t luid) {
  return static_cast<std::uint32_t>(luid >> 48);
}
constexpr std::uint32_t luid_index_of(std::uint64_t luid) {
  return static_cast<std::uint32_t>(luid >> 24) & 0xffffffu;
}
constexpr std::uint32_t reserved_of(std::uint64_t luid) {
  return static_cast<std::uint32_t>(luid) & 0xffffffu;
}

// NDIS_OBJECT_HEADER.
struct HeaderDescription {
  std::uint8_t type = 0;
  std::uint8_t revision = 0;
  std::uint16_t size = 0;
};

// NDIS_IF_PROVIDER_CHARACTERISTICS. The handlers are false, and so is reserved, where the size says
// that they are not there.
struct ProviderDescription {
  HeaderDescription header;
  bool has_query = false;
  bool has_set = false;
  bool reserved = false;  // Reserved1 or Reserved2 is not NULL
};

using InterfaceGuid = std::array<std::uint8_t, 16>;

// NET_IF_INFORMATION; what lies behind the size that its header says is 0. Offsets and lengths are
// in bytes.
struct InterfaceDescription {
  HeaderDescription header;
  std::uint32_t flags = 0;
  bool location_unknown = false;  // bus, slot and function
  std::int32_t access_type = 0;
  std::int32_t direction_type = 0;
  std::int32_t connection_type = 0;
  std::uint16_t address_length = 0;
  std::uint16_t address_offset = 0;
  std::uint16_t permanent_address_offset = 0;
  std::uint16_t name_length = 0;
  std::uint16_t name_offset = 0;
  InterfaceGuid guid{};
  // From the structure to the end of its block of simulated memory; 0: it lies in none.
  std::size_t allocation_bytes = 0;
};

// What their headers say, on 64 bits: NDIS_OBJECT_TYPE_DEFAULT, NDIS_OBJECT_REVISION_1 and the
// NDIS_SIZEOF_..._REVISION_1 of the two structures.
inline constexpr std::uint8_t kObjectTypeDefault = 0x80;
inline constexpr std::uint8_t kObjectRevision = 1;
inline constexpr std::uint16_t kCharacteristicsBytes = 0x28;
inline constexpr std::uint16_t kInformationBytes = 0x60;
// IF_MAX_PHYS_ADDRESS_LENGTH, and IF_MAX_STRING_SIZE characters.
inline constexpr std::uint16_t kAddressBytesMax = 32;
inline constexpr std::uint16_t kNameBytesMax = 512;

// Whether access, direction and connection type are values of their enumerations.
constexpr bool enums_in_range(const InterfaceDescription& given) {
  return given.access_type >= 1 && given.access_type < 5 && given.direction_type >= 0 &&
         given.direction_type < 3 && given.connection_type >= 1 && given.connection_type < 4;
}

inline constexpr std::uint32_t kAllWritten = 0xffffffffu;

// What a query or set callback made of a request.
struct Answer {
  bool set = false;
  std::uint32_t object = 0;    // the object identifier
  std::uint32_t offered = 0;   // bytes of the buffer
  std::uint32_t reported = 0;  // of a query: the length when it returned
  std::uint32_t status = 0;
  const std::uint8_t* bytes = nullptr;  // as the callback left the buffer, `offered` of them
  bool guards_intact = true;  // nothing was written before or behind the buffer, or the length
  std::uint32_t first_unwritten = kAllWritten;  // below `reported`
  std::uint64_t uptime_ms = 0;
  bool closing = false;  // the interface was being deregistered when it returned

  // Bytes of the buffer that are said to be the answer.
  std::uint32_t written() const { return reported < offered ? reported : offered; }
};

// What an event does not have is as it is here.
struct InterfaceFacts {
  IfProviderId provider = kNoIfProvider;
  InterfaceId interface = kNoInterface;
  std::uint32_t index = 0;        // NET_IFINDEX; of a pair of the stack table, the higher one
  std::uint32_t lower_index = 0;  // of a pair
  InterfaceId lower = kNoInterface;
  std::uint64_t luid = 0;  // NET_LUID
  std::uint32_t boot = 0;  // counted from 0
  const ProviderDescription* characteristics = nullptr;
  const InterfaceDescription* information = nullptr;
  const Answer* answer = nullptr;
  const Answer* compared = nullptr;
};

}  // namespace nmrcheck::model
