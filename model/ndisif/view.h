// What has happened in the interface registry so far, folded from events: the memory that its rules
// share.
#pragma once

#include <cstdint>
#include <vector>

#include "model/event.h"
#include "model/interface_facts.h"

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

// A LUID index of a type, from when it was allocated first.
struct LuidView {
  std::uint64_t luid = 0;
  bool allocated = false;
  ModuleId owner = kNoModule;    // who allocated it last; its name is the driver
  std::uint32_t frees = 0;       // that succeeded since then
  ModuleId refused = kNoModule;  // whose attempt to free it failed last, with no success since
};

// A pair of the stack table that a module added. Others may have added the same one.
struct StackPairView {
  InterfaceId higher = kNoInterface;
  InterfaceId lower = kNoInterface;
  std::uint32_t index = 0;
  std::uint32_t lower_index = 0;
  ModuleId module = kNoModule;
  std::uint32_t adds = 0;  // that succeeded; and deletions by the same module
  std::uint32_t deletions = 0;
};

// What an interface index meant when a module was told it last.
struct ToldIndexView {
  ModuleId module = kNoModule;
  std::uint32_t index = 0;
  InterfaceId interface = kNoInterface;
  const void* binding = nullptr;  // whose query told it; null: it was no query of a binding
};

class InterfacesView {
 public:
  // For the kinds of event that have `interfaces`.
  void fold(const Event& event);

  // An event may name what nothing is known of: all fields default.
  const IfProviderView& provider(IfProviderId id) const;
  const InterfaceView& interface(InterfaceId id) const;
  // Null if the LUID was never allocated.
  const LuidView* luid(std::uint64_t value) const;
  std::uint32_t provider_count() const { return static_cast<std::uint32_t>(providers_.size()); }
  std::uint32_t interface_count() const { return static_cast<std::uint32_t>(interfaces_.size()); }
  const std::vector<LuidView>& luids() const { return luids_; }
  // The pair of those numbers that the module added last; null if there is none.
  const StackPairView* pair(ModuleId module, std::uint32_t index, std::uint32_t lower_index) const;
  // Null if the module was never told the index.
  const ToldIndexView* told(ModuleId module, std::uint32_t index) const;

 private:
  IfProviderView& provider_at(IfProviderId id);
  InterfaceView& interface_at(InterfaceId id);
  LuidView& luid_at(std::uint64_t value);
  void fold_interface(const Event& event);
  void fold_luid(const Event& event);
  void fold_pair(const Event& event);
  void tell(const Event& event, InterfaceId interface, std::uint32_t index);

  std::vector<IfProviderView> providers_;
  std::vector<InterfaceView> interfaces_;
  std::vector<LuidView> luids_;
  std::vector<StackPairView> pairs_;
  std::vector<ToldIndexView> told_;
};

}  // namespace nmrcheck::model
