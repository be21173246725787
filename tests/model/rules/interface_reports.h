// What the interface registry reports of interfaces' names, by hand: indexes, pairs, LUID indexes,
// records, restarts.
#pragma once

#include <string>

#include "tests/model/hand_made.h"

namespace nmrcheck::model::test {

inline constexpr std::uint32_t kFailed = 0xC0000001u;
inline constexpr InterfaceId kOne{0};
inline constexpr InterfaceId kTwo{1};
inline constexpr InterfaceId kThree{2};
inline constexpr std::uint64_t kLuid = make_luid(6, 1);
inline constexpr std::uint64_t kOtherLuid = make_luid(6, 2);
inline constexpr InterfaceGuid kGuid{1, 2, 3};
inline constexpr InterfaceGuid kOtherGuid{4, 5, 6};

// The facts of one world. `driver` and `other` are modules of two drivers in the boot that is on.
class Reports {
 public:
  explicit Reports(World& world)
      : kernel_(world.kernel()),
        driver(kernel_.load("driver.sys")),
        other(kernel_.load("other.sys")) {}

  // NdisIfRegisterInterface; the second: it succeeds.
  void register_called(ModuleId module, std::uint64_t luid, const InterfaceGuid& guid) {
    const InterfaceDescription information = describe(guid);
    tell(EventKind::kInterfaceCalled, module, "NdisIfRegisterInterface",
         {.luid = luid, .boot = boot(), .information = &information});
  }
  void registers(ModuleId module, InterfaceId id, std::uint32_t index, std::uint64_t luid) {
    const InterfaceDescription information = describe(kGuid);
    const InterfaceFacts facts{
        .interface = id, .index = index, .luid = luid, .boot = boot(), .information = &information};
    tell(EventKind::kInterfaceInserted, module, "NdisIfRegisterInterface", facts);
    tell(EventKind::kInterfaceReturned, module, "NdisIfRegisterInterface", facts);
  }
  void deregister_called(ModuleId module, InterfaceId id, std::uint32_t index) {
    const InterfaceFacts facts{.interface = id, .index = index, .boot = boot()};
    tell(EventKind::kInterfaceDeregistering, module, "NdisIfDeregisterInterface", facts);
  }
  void deregister_returned(ModuleId module, InterfaceId id, std::uint32_t index) {
    const InterfaceFacts facts{.interface = id, .index = index, .boot = boot()};
    tell(EventKind::kInterfaceDeregistered, module, "NdisIfDeregisterInterface", facts);
  }
  void deregisters(ModuleId module, InterfaceId id, std::uint32_t index) {
    deregister_called(module, id, index);
    deregister_returned(module, id, index);
  }
  void looks_up(ModuleId module, std::uint64_t luid, InterfaceId id, std::uint32_t index,
                std::uint32_t status = 0) {
    tell(EventKind::kLuidUsed, module, "NdisIfGetInterfaceIndexFromNetLuid",
         {.interface = id, .index = index, .luid = luid, .boot = boot()}, status);
  }
  void asks_luid(ModuleId module, std::uint32_t index) {
    tell(EventKind::kInterfaceIndexUsed, module, "NdisIfGetNetLuidFromInterfaceIndex",
         {.index = index, .boot = boot()});
  }

  // The stack table; an end that is kNoInterface never was.
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

  void allocates(ModuleId module, std::uint64_t luid) {
    tell(EventKind::kLuidAllocated, module, "NdisIfAllocateNetLuidIndex",
         {.luid = luid, .boot = boot()});
  }
  void frees(ModuleId module, std::uint64_t luid, std::uint32_t status = 0) {
    const InterfaceFacts facts{.luid = luid, .boot = boot()};
    tell(EventKind::kLuidFreeing, module, "NdisIfFreeNetLuidIndex", facts);
    tell(EventKind::kLuidFreed, module, "NdisIfFreeNetLuidIndex", facts, status);
  }

  void commits(ModuleId module, std::uint64_t luid, const InterfaceGuid& guid = kGuid,
               std::uint32_t persistent = 1, std::uint32_t index = 0,
               const char* identity = "interface") {
    const Record record{luid, guid, index, persistent};
    kernel_.emit({.kind = EventKind::kRecordCommitted,
                  .module = module,
                  .name = identity,
                  .record = &record});
  }
  void erases(ModuleId module, const char* identity = "interface") {
    static const Record record;
    kernel_.emit(
        {.kind = EventKind::kRecordErased, .module = module, .name = identity, .record = &record});
  }

  // The next boot; both drivers are loaded again.
  void restarts() {
    unload_all();
    kernel_.power().clean_restart(true);
    load();
  }
  // Requires: the boot was begun by one of these two, or by begin_boot(true).
  void crashes() {
    kernel_.power().fail();
    kernel_.power().begin_boot(true);
    load();
  }
  void unload_all() {
    kernel_.unload(driver, [] {});
    kernel_.unload(other, [] {});
  }
  std::uint32_t boot() const { return kernel_.power().boot(); }

 private:
  Kernel& kernel_;

 public:
  ModuleId driver;
  ModuleId other;

 private:
  static InterfaceDescription describe(const InterfaceGuid& guid) {
    return {.header = {0x80, 1, 0x60},
            .location_unknown = true,
            .access_type = 2,
            .connection_type = 1,
            .guid = guid};
  }
  void load() {
    driver = kernel_.load("driver.sys");
    other = kernel_.load("other.sys");
  }
  InterfaceFacts pair(InterfaceId higher, std::uint32_t index, InterfaceId lower,
                      std::uint32_t lower_index) const {
    return {.interface = higher,
            .index = index,
            .lower_index = lower_index,
            .lower = lower,
            .boot = boot()};
  }
  void tell(EventKind kind, ModuleId module, const char* function, const InterfaceFacts& facts,
            std::uint32_t status = 0, std::uint32_t block = 0, const void* pointer = nullptr) {
    kernel_.emit({.kind = kind,
                  .module = module,
                  .status = status,
                  .block = block,
                  .pointer = pointer,
                  .name = function,
                  .interfaces = &facts});
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
std::vector<std::string> hinted_by(const Body& body) {
  return hints_of([&](World& world) {
    world.kernel().power().begin_boot(true);
    Reports reports(world);
    body(reports);
  });
}

}  // namespace nmrcheck::model::test
