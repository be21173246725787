// Rules of the IRQL, and of the structures that interface providers hand over.
#include <fmt/format.h>

#include <string_view>

#include "model/rules/interface_checks.h"

namespace nmrcheck::model {
namespace {

// Bits of NET_IF_INFORMATION's Flags that are NDIS's own: NIIF_NDIS_RESERVED1 to 4.
constexpr std::uint32_t kReservedFlags = 0x4 | 0x8 | 0x10 | 0x100;

// What is wrong with a header that must say `bytes`, or nothing.
std::optional<std::string> header_wrong(const HeaderDescription& header, std::uint16_t bytes) {
  if (header.type != kObjectTypeDefault) {
    return fmt::format("the type 0x{:02X} instead of NDIS_OBJECT_TYPE_DEFAULT", header.type);
  }
  if (header.revision != kObjectRevision) {
    return fmt::format("revision {} instead of {}", header.revision, kObjectRevision);
  }
  if (header.size == bytes) return std::nullopt;
  return fmt::format("the size 0x{:X} instead of 0x{:X}", header.size, bytes);
}

// What is wrong with an array of `bytes` at `offset` from the record's beginning, or nothing.
std::optional<std::string> array_wrong(const char* array, std::uint16_t offset, std::uint16_t bytes,
                                       std::size_t allocation_bytes) {
  if (bytes == 0) return std::nullopt;
  if (offset < kInformationBytes) {
    return fmt::format("the {} at offset {}, inside the structure, which has {} bytes", array,
                       offset, kInformationBytes);
  }
  const std::size_t end = std::size_t{offset} + bytes;
  if (allocation_bytes == 0 || end <= allocation_bytes) return std::nullopt;
  return fmt::format("a {} that ends at offset {}, in memory of {} bytes", array, end,
                     allocation_bytes);
}

std::optional<std::string> arrays_wrong(const InterfaceDescription& given) {
  const struct {
    const char* name;
    std::uint16_t offset;
    std::uint16_t bytes;
  } arrays[] = {
      {"physical address", given.address_offset, given.address_length},
      {"permanent physical address", given.permanent_address_offset, given.address_length},
      {"friendly name", given.name_offset, given.name_length},
  };
  for (const auto& array : arrays) {
    const auto wrong = array_wrong(array.name, array.offset, array.bytes, given.allocation_bytes);
    if (wrong) return wrong;
  }
  if (given.name_length % 2 == 0) return std::nullopt;
  return fmt::format("a friendly name of {} bytes, which are no whole characters",
                     given.name_length);
}

}  // namespace

std::optional<std::string> interface_function_too_high(const Event& event,
                                                       const RuleContext& context) {
  if (!std::string_view(event.name).starts_with("NdisIf")) return std::nullopt;
  return fmt::format("{} calls {} at IRQL {}; the highest allowed is {}",
                     describe_driver(event.module, context), event.name, context.kernel.irql(),
                     event.status);
}

std::optional<std::string> interface_callback_leaves_a_trace(const Event& event,
                                                             const RuleContext& context) {
  const std::vector<Frame>& frames = context.kernel.frames(event.fiber);
  if (frames.empty() || frames.back().kind != FrameKind::kInterfaceCallback) return std::nullopt;
  const Frame& callback = frames.back();
  const std::string driver = describe_driver(callback.module, context);
  // A lock that is still held says more than the IRQL that it raised.
  if (context.kernel.held_locks(event.fiber).size() > callback.locks_before) {
    return fmt::format("{} of {} returns with a lock that it acquired", callback.name, driver);
  }
  const std::uint8_t irql = context.kernel.irql();
  if (irql == callback.irql_before) return std::nullopt;
  return fmt::format("{} of {} returns at IRQL {}, and was called at {}", callback.name, driver,
                     irql, callback.irql_before);
}

std::optional<std::string> characteristics_wrong(const Event& event, const RuleContext& context) {
  const ProviderDescription& given = *event.interfaces->characteristics;
  const std::string driver = describe_driver(event.module, context);
  if (const auto wrong = header_wrong(given.header, kCharacteristicsBytes)) {
    return fmt::format("the header of {}'s NDIS_IF_PROVIDER_CHARACTERISTICS says {}", driver,
                       *wrong);
  }
  if (given.has_query) return std::nullopt;
  return fmt::format("{} registers as an interface provider without a QueryObjectHandler", driver);
}

std::optional<std::string> characteristics_odd(const Event& event, const RuleContext& context) {
  const ProviderDescription& given = *event.interfaces->characteristics;
  if (given.header.size < kCharacteristicsBytes) return std::nullopt;
  if (given.has_set && !given.reserved) return std::nullopt;
  return fmt::format("{} registers as an interface provider {}",
                     describe_driver(event.module, context),
                     given.has_set ? "with a Reserved1 or Reserved2 that is not NULL"
                                   : "without a SetObjectHandler");
}

std::optional<std::string> information_header_wrong(const Event& event,
                                                    const RuleContext& context) {
  const auto wrong = header_wrong(event.interfaces->information->header, kInformationBytes);
  if (!wrong) return std::nullopt;
  return fmt::format("the header of {}'s NET_IF_INFORMATION says {}",
                     describe_driver(event.module, context), *wrong);
}

std::optional<std::string> information_wrong(const Event& event, const RuleContext& context) {
  const InterfaceDescription& given = *event.interfaces->information;
  const std::string driver = describe_driver(event.module, context);
  if (const auto wrong = arrays_wrong(given)) {
    return fmt::format("{}'s NET_IF_INFORMATION has {}", driver, *wrong);
  }
  if (!enums_in_range(given)) {
    return fmt::format(
        "{}'s NET_IF_INFORMATION has the access type {}, direction type {} and connection type {}: "
        "not all are values of their enumerations",
        driver, given.access_type, given.direction_type, given.connection_type);
  }
  if ((given.flags & kReservedFlags) != 0) {
    return fmt::format("{}'s NET_IF_INFORMATION has the flags 0x{:X}, which are NDIS's own", driver,
                       given.flags & kReservedFlags);
  }
  if (given.location_unknown) return std::nullopt;
  return fmt::format(
      "{}'s NET_IF_INFORMATION names a bus, slot or function, which only NDIS may know", driver);
}

std::optional<std::string> information_long(const Event& event, const RuleContext& context) {
  const InterfaceDescription& given = *event.interfaces->information;
  const bool address = given.address_length > kAddressBytesMax;
  if (!address && given.name_length <= kNameBytesMax) return std::nullopt;
  return fmt::format("{}'s NET_IF_INFORMATION has {} of {} bytes; {} is the most",
                     describe_driver(event.module, context),
                     address ? "physical addresses" : "a friendly name",
                     address ? given.address_length : given.name_length,
                     address ? kAddressBytesMax : kNameBytesMax);
}

}  // namespace nmrcheck::model
