// Providers and interfaces: the registry's own bookkeeping.
#pragma once

#include <cstdint>

#include "model/interface_facts.h"
#include "sim/core/ids.h"

namespace nmrcheck::model {

// What a failed call may leave in its out variables (U04).
inline constexpr std::uint32_t kPoisonIndex = 0x00BAD1DEu;
inline constexpr std::uint32_t kPoisonLuidIndex = 0x00BAD10Du;
inline constexpr std::uint64_t kPoisonLuid = 0xBADBAD00BAD10D00u;
inline void* const kPoisonProviderHandle =
    reinterpret_cast<void*>(std::uintptr_t{0xBADBADBADBADBA00u});

// A provider's callbacks, without C types.
struct ProviderHandlers {
  void (*query)() = nullptr;
  void (*set)() = nullptr;
};

// Where the two ends of the stack of filters under a binding are stored; none is null.
struct BindingEnds {
  std::uint32_t* highest_index = nullptr;
  std::uint64_t* highest_luid = nullptr;
  std::uint32_t* lowest_index = nullptr;
  std::uint64_t* lowest_luid = nullptr;
};

struct IfProvider {
  ModuleId module = kNoModule;
  std::uint32_t boot = 0;
  const void* characteristics = nullptr;
  ProviderHandlers handlers;
  void* handle = nullptr;               // null: registering failed
  bool live = false;                    // until NdisIfDeregisterProvider is called
  sim::ObjectId turn = sim::kNoObject;  // lock: one callback at a time (U09)
};

enum class InterfaceState : std::uint8_t {
  kKnown,    // inserted
  kClosing,  // NdisIfDeregisterInterface was called: hidden, its index is free
  kGone,     // it returned
};

struct Interface {
  IfProviderId provider = kNoIfProvider;
  std::uint32_t boot = 0;
  std::uint32_t index = 0;
  std::uint64_t luid = 0;
  void* context = nullptr;  // ProviderIfContext
  const void* information = nullptr;
  InterfaceGuid guid{};
  bool returned = false;  // NdisIfRegisterInterface has
  InterfaceState state = InterfaceState::kKnown;
  std::uint32_t leaving = 0;  // answer to U10, once it closes; never changes then
  // Changes with the object, when no more callbacks are chosen.
  bool closing = false;
  // Rundown: acquired by each callback that is chosen, until it is left or given up.
  sim::ObjectId calls = sim::kNoObject;
  sim::ObjectId object = sim::kNoObject;
  sim::ObjectId one_at_a_time = sim::kNoObject;  // lock: of callbacks (U09); none: any number
};

}  // namespace nmrcheck::model
