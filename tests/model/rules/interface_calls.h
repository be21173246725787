// What the interface registry tells of drivers' calls, by hand, and what the rules say to it.
#pragma once

#include <string>
#include <vector>

#include "model/ndisif/interfaces.h"
#include "tests/model/hand_made.h"

namespace nmrcheck::model::test {

using Hints = std::vector<std::string>;

inline constexpr IfProviderId kFirst{0};
inline constexpr IfProviderId kSecond{1};
inline constexpr InterfaceId kOne{0};
inline constexpr InterfaceId kTwo{1};
inline constexpr std::uint64_t kLuid = make_luid(6, 7);
inline constexpr ProviderDescription kCharacteristics{
    .header = {kObjectTypeDefault, kObjectRevision, kCharacteristicsBytes},
    .has_query = true,
    .has_set = true};
inline constexpr InterfaceDescription kInformation{
    .header = {kObjectTypeDefault, kObjectRevision, kInformationBytes},
    .location_unknown = true,
    .access_type = 2,
    .direction_type = 0,
    .connection_type = 1};

inline void* handle_of(IfProviderId id) {
  return reinterpret_cast<void*>(kHandlesBegin + 0x1000 * (index(id) + 1));
}

// The calls of two drivers. Each function is one call, or the part of one that its name says.
class Calls {
 public:
  explicit Calls(World& world)
      : kernel(world.kernel()),
        driver(kernel.load("driver.sys")),
        other(kernel.load("other.sys")) {}

  void tell(EventKind kind, ModuleId module, const char* name, const InterfaceFacts& facts,
            std::uint32_t status = 0, std::uint32_t block = 0, const void* pointer = nullptr) {
    kernel.emit({.kind = kind,
                 .module = module,
                 .status = status,
                 .block = block,
                 .pointer = pointer,
                 .name = name,
                 .interfaces = &facts});
  }

  void provider_called(const ProviderDescription& given) {
    tell(EventKind::kIfProviderCalled, driver, "NdisIfRegisterProvider",
         {.characteristics = &given});
  }
  void provider_returned(ModuleId module, IfProviderId id, std::uint32_t status = kStatusSuccess) {
    tell(EventKind::kIfProviderReturned, module, "NdisIfRegisterProvider", {.provider = id},
         status);
  }
  void handle_used(ModuleId module, const char* function, IfProviderId id, const void* handle) {
    tell(EventKind::kIfProviderHandleUsed, module, function, {.provider = id}, 0, 0, handle);
  }
  void deregister_provider(ModuleId module, IfProviderId id, std::uint32_t interfaces = 0) {
    handle_used(module, "NdisIfDeregisterProvider", id, handle_of(id));
    tell(EventKind::kIfProviderDeregistering, module, "NdisIfDeregisterProvider", {.provider = id},
         0, interfaces, handle_of(id));
  }
  void provider_gone(ModuleId module, IfProviderId id) {
    deregister_provider(module, id);
    tell(EventKind::kIfProviderDeregistered, module, "NdisIfDeregisterProvider", {.provider = id});
  }
  void luid_allocated(ModuleId module, std::uint64_t luid, std::uint32_t status = kStatusSuccess) {
    tell(EventKind::kLuidAllocated, module, "NdisIfAllocateNetLuidIndex", {.luid = luid}, status);
  }
  void interface_called(ModuleId module, std::uint64_t luid,
                        const InterfaceDescription& given = kInformation) {
    tell(EventKind::kInterfaceCalled, module, "NdisIfRegisterInterface",
         {.provider = kFirst, .luid = luid, .information = &given});
  }
  void interface_returned(ModuleId module, std::uint32_t status) {
    tell(EventKind::kInterfaceReturned, module, "NdisIfRegisterInterface",
         {.luid = kLuid, .information = &kInformation}, status);
  }
  void registered(ModuleId module, InterfaceId id, std::uint32_t number, std::uint64_t luid) {
    const InterfaceFacts facts{.provider = kFirst,
                               .interface = id,
                               .index = number,
                               .luid = luid,
                               .information = &kInformation};
    tell(EventKind::kInterfaceInserted, module, "NdisIfRegisterInterface", facts);
    tell(EventKind::kInterfaceReturned, module, "NdisIfRegisterInterface", facts);
  }
  void index_used(ModuleId module, const char* function, InterfaceId id, std::uint32_t number,
                  bool known) {
    tell(EventKind::kInterfaceIndexUsed, module, function, {.interface = id, .index = number},
         known ? 1 : 0);
  }
  void deregistered(ModuleId module, InterfaceId id, std::uint32_t number) {
    index_used(module, "NdisIfDeregisterInterface", id, number, true);
    const InterfaceFacts facts{.provider = kFirst, .interface = id, .index = number};
    tell(EventKind::kInterfaceDeregistering, module, "NdisIfDeregisterInterface", facts);
    tell(EventKind::kInterfaceDeregistered, module, "NdisIfDeregisterInterface", facts);
  }

  Kernel& kernel;
  const ModuleId driver;
  const ModuleId other;
};

// Of the facts that `tell` states: the rule that they break, or ""; and the rules of their hints.
template <class Tell>
std::string verdict(Tell tell) {
  return verdict_of([&](World& world) {
    Calls calls(world);
    tell(calls);
  });
}

template <class Tell>
Hints hints(Tell tell) {
  return hints_of([&](World& world) {
    Calls calls(world);
    tell(calls);
  });
}

}  // namespace nmrcheck::model::test
