// What has happened in the interface registry so far, folded from events: the memory that its rules
// share.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "model/event.h"
#include "model/interface_facts.h"
#include "sim/run/heap.h"

namespace nmrcheck::model {

struct IfProviderView {
  ModuleId module = kNoModule;
  std::uint32_t boot = 0;
  const void* characteristics = nullptr;
  bool deregister_called = false;
  bool deregistered = false;  // the call returned
};

struct InterfaceView {
  IfProviderId provider = kNoIfProvider;
  ModuleId module = kNoModule;  // who registered it
  std::uint32_t boot = 0;
  std::uint32_t index = 0;
  std::uint64_t luid = 0;
  const void* context = nullptr;
  InterfaceGuid guid{};
  bool returned = false;  // NdisIfRegisterInterface has
  bool deregister_called = false;
  bool deregistered = false;    // the call returned
  std::uint32_t callbacks = 0;  // inside of it
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
  ModuleId owner = kNoModule;    // who allocated it last; its name is the driver
  std::uint32_t frees = 0;       // that succeeded since then
  ModuleId refused = kNoModule;  // whose attempt to free it failed last, with no success since
};

// A pair of the stack table, from when it was added.
struct StackPairView {
  InterfaceId higher = kNoInterface;
  InterfaceId lower = kNoInterface;
  std::uint32_t index = 0;
  std::uint32_t lower_index = 0;
  ModuleId module = kNoModule;  // who added it
  bool present = true;          // until it is deleted, or an end is deregistered
};

class InterfacesView {
 public:
  // For the kinds of event that have `interfaces`.
  void fold(const Event& event);

  // An event may name what nothing is known of: all fields default.
  const IfProviderView& provider(IfProviderId id) const;
  const InterfaceView& interface(InterfaceId id) const;
  const IfDriverView& driver(ModuleId id) const;
  // Null if the LUID was never allocated.
  const LuidView* luid(std::uint64_t value) const;
  // Whose request had its buffer, or the length of it, in `block`; kNoInterface if nobody's.
  InterfaceId owner_of_buffer(const sim::HeapBlock& block) const;
  std::uint32_t provider_count() const { return static_cast<std::uint32_t>(providers_.size()); }
  std::uint32_t interface_count() const { return static_cast<std::uint32_t>(interfaces_.size()); }
  const std::vector<LuidView>& luids() const { return luids_; }
  const std::vector<StackPairView>& pairs() const { return pairs_; }

 private:
  IfProviderView& provider_at(IfProviderId id);
  InterfaceView& interface_at(InterfaceId id);
  LuidView& luid_at(std::uint64_t value);
  void fold_driver(const Event& event);
  void fold_interface(const Event& event);
  void fold_luid(const Event& event);
  void fold_pair(const Event& event);

  std::vector<IfProviderView> providers_;
  std::vector<InterfaceView> interfaces_;
  std::vector<IfDriverView> drivers_;
  std::vector<LuidView> luids_;
  std::vector<StackPairView> pairs_;
  std::vector<std::pair<const void*, InterfaceId>> buffers_;  // of requests, and their lengths
};

}  // namespace nmrcheck::model
