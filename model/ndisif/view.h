// What has happened in the interface registry so far, folded from events: the memory that its rules
// share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/event.h"
#include "model/interface_facts.h"
#include "sim/run/heap.h"

namespace nmrcheck::model {

class Kernel;

struct IfProviderView {
  ModuleId module = kNoModule;
  std::uint32_t boot = 0;
  bool deregister_called = false;
  bool deregistered = false;  // the call returned
};

struct InterfaceView {
  IfProviderId provider = kNoIfProvider;
  ModuleId module = kNoModule;  // who registered it
  std::uint32_t boot = 0;
  std::uint32_t index = 0;
  std::uint64_t luid = 0;
  bool deregister_called = false;
  bool deregistered = false;  // the call returned
};

// What became of a driver's latest calls: 0 for success, or if there was none.
struct IfDriverView {
  std::uint32_t register_provider = 0;  // NDIS_STATUS bits
  std::uint32_t register_interface = 0;
  std::uint32_t allocate_luid = 0;
};

// A LUID index of a type, from when it was allocated first.
struct LuidView {
  std::uint64_t luid = 0;
  bool allocated = false;
  ModuleId owner = kNoModule;              // who allocated it last; its name is the driver
  std::uint32_t boot = 0;                  // in which it did
  bool registered = false;                 // an interface was, with it, since then
  ModuleId freed_by = kNoModule;           // since then
  std::optional<std::uint32_t> erased_in;  // the boot in which its owner erased the last record
  std::vector<ModuleId> robbed;            // owners whose index another driver freed
};

// A driver's durable record.
struct RecordView {
  ModuleId module = kNoModule;  // who committed it last; its name is the driver
  std::string identity;
  Record record;
  std::optional<Record> previous;  // which the last commit replaced
  std::uint32_t boot = 0;          // of the last commit
  // The latest boots, since the commit, in which the driver freed the LUID index with success, and
  // tried in vain.
  std::optional<std::uint32_t> freed_in;
  std::optional<std::uint32_t> refused_in;
};

// An interface index that a driver's record held when a boot began.
struct StaleIndexView {
  std::string driver;
  std::uint32_t index = 0;
};

// A pair of the stack table that a module added. Others may have added the same one.
struct StackPairView {
  InterfaceId higher = kNoInterface;
  InterfaceId lower = kNoInterface;
  std::uint32_t index = 0;
  std::uint32_t lower_index = 0;
  ModuleId module = kNoModule;
  std::uint32_t adds = 0;       // that succeeded
  std::uint32_t deletions = 0;  // by the same module
};

// What an interface index meant when a module was told it last.
struct ToldIndexView {
  ModuleId module = kNoModule;
  std::uint32_t index = 0;
  InterfaceId interface = kNoInterface;
  const void* binding = nullptr;  // whose query told it; null: it was no query of a binding
};

// Modules of different boots are one driver if they have one name. kNoModule is none.
bool same_driver(ModuleId one, ModuleId other, const Kernel& kernel);

class InterfacesView {
 public:
  // Of interfaces, records and restarts.
  static bool heeds(const Event& event);
  // Requires: heeds(event).
  void fold(const Event& event, const Kernel& kernel);

  // An event may name what nothing is known of: all fields default.
  const IfProviderView& provider(IfProviderId id) const;
  const InterfaceView& interface(InterfaceId id) const;
  const IfDriverView& driver(ModuleId id) const;
  // Null if the LUID was never allocated.
  const LuidView* luid(std::uint64_t value) const;
  // Whose request had its buffer, or the length of it, in `block`; kNoInterface if nobody's.
  InterfaceId owner_of_buffer(const sim::HeapBlock& block) const;
  // Whether the module's driver ever committed a record.
  bool keeps_records(ModuleId module, const Kernel& kernel) const;
  // The record of the module's driver that names the LUID; null if there is none.
  const RecordView* record_of(ModuleId module, std::uint64_t luid, const Kernel& kernel) const;
  // Whether the boot is over, by a power failure.
  bool boot_failed(std::uint32_t boot) const { return boot < failed_.size() && failed_[boot]; }
  // All that ever were, by their ids.
  const std::vector<IfProviderView>& providers() const { return providers_; }
  const std::vector<InterfaceView>& interfaces() const { return interfaces_; }
  const std::vector<LuidView>& luids() const { return luids_; }
  const std::vector<RecordView>& records() const { return records_; }
  const std::vector<StaleIndexView>& stale_indexes() const { return stale_indexes_; }
  // The pair of those numbers that the module added last; null if there is none.
  const StackPairView* pair(ModuleId module, std::uint32_t index, std::uint32_t lower_index) const;
  // Null if the module was never told the index.
  const ToldIndexView* told(ModuleId module, std::uint32_t index) const;

 private:
  IfProviderView& provider_at(IfProviderId id);
  InterfaceView& interface_at(InterfaceId id);
  LuidView& luid_at(std::uint64_t value);
  void fold_driver(const Event& event);
  void fold_interface(const Event& event);
  void fold_luid(const Event& event, const Kernel& kernel);
  void fold_record(const Event& event, const Kernel& kernel);
  void fold_restart(const Event& event, const Kernel& kernel);
  void fold_pair(const Event& event);
  void tell(const Event& event, InterfaceId interface, std::uint32_t index);

  std::vector<IfProviderView> providers_;
  std::vector<InterfaceView> interfaces_;
  std::vector<IfDriverView> drivers_;
  std::vector<LuidView> luids_;
  std::vector<StackPairView> pairs_;
  std::vector<std::pair<const void*, InterfaceId>> buffers_;  // of requests, and their lengths
  std::vector<ToldIndexView> told_;
  std::vector<RecordView> records_;
  std::vector<ModuleId> recorders_;  // who committed one
  std::vector<StaleIndexView> stale_indexes_;
  std::vector<bool> failed_;  // by boot, but the current one
};

}  // namespace nmrcheck::model
