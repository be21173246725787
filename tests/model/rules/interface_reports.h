// What the interface registry reports of drivers' calls, by hand, and what the rules say to it.
#pragma once

#include <string>
#include <vector>

#include "model/ndisif/interfaces.h"
#include "tests/model/hand_made.h"

namespace nmrcheck::model::test {

using Rules = std::vector<std::string>;

inline constexpr std::uint32_t kFailed = 0xC0000001u;
inline constexpr IfProviderId kFirstProvider{0};
inline constexpr IfProviderId kSecondProvider{1};
inline constexpr InterfaceId kOne{0};
inline constexpr InterfaceId kTwo{1};
inline constexpr InterfaceId kThree{2};
inline constexpr std::uint64_t kLuid = make_luid(6, 1);
inline constexpr std::uint64_t kOtherLuid = make_luid(6, 2);
inline constexpr InterfaceGuid kGuid{1, 2, 3};
inline constexpr InterfaceGuid kOtherGuid{4, 5, 6};
inline constexpr ProviderDescription kCharacteristics{
    .header = {kObjectTypeDefault, kObjectRevision, kCharacteristicsBytes},
    .has_query = true,
    .has_set = true};

constexpr InterfaceDescription information_with(const InterfaceGuid& guid) {
  return {.header = {kObjectTypeDefault, kObjectRevision, kInformationBytes},
          .location_unknown = true,
          .access_type = 2,
          .direction_type = 0,
          .connection_type = 1,
          .guid = guid};
}
inline constexpr InterfaceDescription kInformation = information_with(kGuid);

inline void* handle_of(IfProviderId id) {
  return reinterpret_cast<void*>(kHandlesBegin + 0x1000 * (index(id) + 1));
}

// The facts of one world. `driver` and `other` are modules of two drivers in the boot that is on.
// Each function is one call, or the part of one that its name says.
class Reports {
 public:
  explicit Reports(World& world) : kernel(world.kernel()) { load(); }

  void tell(EventKind kind, ModuleId module, const char* function, InterfaceFacts facts,
            std::uint32_t status = 0, std::uint32_t block = 0, const void* pointer = nullptr) {
    facts.boot = boot();
    kernel.emit({.kind = kind,
                 .module = module,
                 .status = status,
                 .block = block,
                 .pointer = pointer,
                 .name = function,
                 .interfaces = &facts});
  }

  // --- Providers ---

  void provider_called(const ProviderDescription& given) {
    tell(EventKind::kIfProviderCalled, driver, "NdisIfRegisterProvider",
         {.characteristics = &given});
  }
  void provider_returned(ModuleId module, IfProviderId id, std::uint32_t status = kStatusSuccess) {
    tell(EventKind::kIfProviderReturned, module, "NdisIfRegisterProvider", {.provider = id},
         status);
  }
  void uses_handle(ModuleId module, const char* function, IfProviderId id, const void* handle) {
    tell(EventKind::kIfProviderHandleUsed, module, function, {.provider = id}, 0, 0, handle);
  }
  void deregister_provider_called(ModuleId module, IfProviderId id, std::uint32_t interfaces = 0) {
    uses_handle(module, "NdisIfDeregisterProvider", id, handle_of(id));
    tell(EventKind::kIfProviderDeregistering, module, "NdisIfDeregisterProvider", {.provider = id},
         0, interfaces, handle_of(id));
  }
  void deregisters_provider(ModuleId module, IfProviderId id) {
    deregister_provider_called(module, id);
    tell(EventKind::kIfProviderDeregistered, module, "NdisIfDeregisterProvider", {.provider = id});
  }

  // --- Interfaces ---

  void register_called(ModuleId module, std::uint64_t luid,
                       const InterfaceDescription& given = kInformation) {
    tell(EventKind::kInterfaceCalled, module, "NdisIfRegisterInterface",
         {.provider = kFirstProvider, .luid = luid, .information = &given});
  }
  void register_failed(ModuleId module, std::uint32_t status) {
    tell(EventKind::kInterfaceReturned, module, "NdisIfRegisterInterface",
         {.luid = kLuid, .information = &kInformation}, status);
  }
  // It succeeds; without the fact that it was called.
  void registers(ModuleId module, InterfaceId id, std::uint32_t index, std::uint64_t luid) {
    const InterfaceFacts facts{.provider = kFirstProvider,
                               .interface = id,
                               .index = index,
                               .luid = luid,
                               .information = &kInformation};
    tell(EventKind::kInterfaceInserted, module, "NdisIfRegisterInterface", facts);
    tell(EventKind::kInterfaceReturned, module, "NdisIfRegisterInterface", facts);
  }
  // `known`: the index is an interface's now.
  void uses_index(ModuleId module, const char* function, InterfaceId id, std::uint32_t index,
                  bool known) {
    tell(EventKind::kInterfaceIndexUsed, module, function, {.interface = id, .index = index},
         known ? 1 : 0);
  }
  void deregister_called(ModuleId module, InterfaceId id, std::uint32_t index) {
    uses_index(module, "NdisIfDeregisterInterface", id, index, true);
    tell(EventKind::kInterfaceDeregistering, module, "NdisIfDeregisterInterface",
         {.provider = kFirstProvider, .interface = id, .index = index});
  }
  void deregister_returned(ModuleId module, InterfaceId id, std::uint32_t index) {
    tell(EventKind::kInterfaceDeregistered, module, "NdisIfDeregisterInterface",
         {.provider = kFirstProvider, .interface = id, .index = index});
  }
  void deregisters(ModuleId module, InterfaceId id, std::uint32_t index) {
    deregister_called(module, id, index);
    deregister_returned(module, id, index);
  }
  // A set callback, which refuses; `closing`: the interface had begun to go when it returned.
  void callback_called(ModuleId module, InterfaceId id) {
    tell(EventKind::kIfCallbackCalled, module, "IF_SET_OBJECT", {.interface = id});
  }
  void callback_returned(ModuleId module, InterfaceId id, bool closing = false) {
    const Answer answer{
        .set = true, .object = 1, .status = kStatusInvalidParameter, .closing = closing};
    tell(EventKind::kIfCallbackReturned, module, "IF_SET_OBJECT",
         {.interface = id, .answer = &answer}, kStatusInvalidParameter);
  }
  void looks_up(ModuleId module, std::uint64_t luid, InterfaceId id, std::uint32_t index,
                std::uint32_t status = 0) {
    tell(EventKind::kLuidUsed, module, "NdisIfGetInterfaceIndexFromNetLuid",
         {.interface = id, .index = index, .luid = luid}, status);
  }
  void asks_luid(ModuleId module, std::uint32_t index) {
    uses_index(module, "NdisIfGetNetLuidFromInterfaceIndex", kNoInterface, index, false);
  }

  // --- The stack table; an end that is kNoInterface never was ---

  void adds(ModuleId module, InterfaceId higher, std::uint32_t index, InterfaceId lower,
            std::uint32_t lower_index, std::uint32_t status = 0, bool circle = false) {
    const InterfaceFacts facts = pair(higher, index, lower, lower_index);
    tell(EventKind::kStackEntryAdding, module, "NdisIfAddIfStackEntry", facts, 1, circle);
    tell(EventKind::kStackEntryAdded, module, "NdisIfAddIfStackEntry", facts, status);
  }
  void deletes(ModuleId module, InterfaceId higher, std::uint32_t index, InterfaceId lower,
               std::uint32_t lower_index) {
    tell(EventKind::kStackEntryDeleted, module, "NdisIfDeleteIfStackEntry",
         pair(higher, index, lower, lower_index));
  }
  void queries(ModuleId module, bool open, InterfaceId highest, std::uint32_t index,
               InterfaceId lowest, std::uint32_t lowest_index) {
    static const char binding = 0;
    tell(EventKind::kBindingQueried, module, "NdisIfQueryBindingIfIndex",
         pair(highest, index, lowest, lowest_index), open ? 0 : kFailed, open, &binding);
  }

  // --- LUID indexes and records ---

  void allocates(ModuleId module, std::uint64_t luid, std::uint32_t status = kStatusSuccess) {
    tell(EventKind::kLuidAllocated, module, "NdisIfAllocateNetLuidIndex", {.luid = luid}, status);
  }
  void frees(ModuleId module, std::uint64_t luid, std::uint32_t status = 0) {
    tell(EventKind::kLuidFreeing, module, "NdisIfFreeNetLuidIndex", {.luid = luid});
    tell(EventKind::kLuidFreed, module, "NdisIfFreeNetLuidIndex", {.luid = luid}, status);
  }
  void commits(ModuleId module, std::uint64_t luid, const InterfaceGuid& guid = kGuid,
               std::uint32_t persistent = 1, std::uint32_t index = 0,
               const char* identity = "interface") {
    const Record record{luid, guid, index, persistent};
    kernel.emit({.kind = EventKind::kRecordCommitted,
                 .module = module,
                 .name = identity,
                 .record = &record});
  }
  void erases(ModuleId module, const char* identity = "interface") {
    static const Record record;
    kernel.emit(
        {.kind = EventKind::kRecordErased, .module = module, .name = identity, .record = &record});
  }

  // --- The next boot; both drivers are loaded again ---

  void restarts() {
    unload_all();
    kernel.power().clean_restart(true);
    load();
  }
  // Requires: the boot was begun by one of these two, or by begin_boot(true).
  void crashes() {
    kernel.power().fail();
    kernel.power().begin_boot(true);
    load();
  }
  void unload_all() {
    kernel.unload(driver, [] {});
    kernel.unload(other, [] {});
  }
  std::uint32_t boot() const { return kernel.power().boot(); }

  Kernel& kernel;
  ModuleId driver = kNoModule;
  ModuleId other = kNoModule;

 private:
  void load() {
    driver = kernel.load("driver.sys");
    other = kernel.load("other.sys");
  }
  static InterfaceFacts pair(InterfaceId higher, std::uint32_t index, InterfaceId lower,
                             std::uint32_t lower_index) {
    return {.interface = higher, .index = index, .lower_index = lower_index, .lower = lower};
  }
};

// The rule that the facts break, "" for none; and the rules of which they are a hint.
template <class Body>
std::string rule_broken_by(const Body& body) {
  return verdict_of([&](World& world) {
    world.kernel().power().begin_boot(true);
    Reports reports(world);
    body(reports);
  });
}
template <class Body>
Rules hinted_by(const Body& body) {
  return hints_of([&](World& world) {
    world.kernel().power().begin_boot(true);
    Reports reports(world);
    body(reports);
  });
}

}  // namespace nmrcheck::model::test
