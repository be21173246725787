// Registrations and bindings: the registrar's own bookkeeping.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/event.h"
#include "sim/core/ids.h"

namespace nmrcheck::model {

// The callbacks of one registration, without C types: the WDK's face converts.
struct ModuleCallbacks {
  const void* characteristics = nullptr;  // the registrant's own structure, read when needed
  void* context = nullptr;                // registration context
  bool malformed = false;                 // a length is too small or a callback is missing (CP-26)
  bool versioned = false;                 // a version is not 0
};

enum class RegistrationState : std::uint8_t {
  kRegistering,    // R1: visible to peers, NmrRegister* has not returned
  kRegistered,     // R2
  kDeregistering,  // R3 and R4
  kClosed,         // R5: the wait returned
};

struct Registration {
  Side side = Side::kClient;
  ModuleId module = kNoModule;
  ModuleCallbacks callbacks;
  bool has_cleanup = false;
  std::uint32_t bindings_max = 0;  // declared by the design; 0: any number
  RegistrationState state = RegistrationState::kRegistering;
  // The NPI's identifier, copied when the registration was made.
  NpiId npi{};
  sim::ObjectId object = sim::kNoObject;  // the state
  sim::ObjectId pins = sim::kNoObject;    // offers in flight and bindings that are not closed
  void* handle = nullptr;                 // its value; null once registering has failed
  void* instance_copy = nullptr;          // CP-27: lent to peers instead of the own memory
  // Handle values are numbered: this registration's, and who has the value with its own number.
  std::uint32_t handle_number = 0;
  RegistrationId handle_owner = kNoRegistration;
};

// Phases of a binding, named by what is awaited.
enum class BindingPhase : std::uint8_t {
  kProposed,          // B0
  kClientDeciding,    // B1
  kProviderDeciding,  // B2
  kProviderAttached,  // B3: NmrClientAttachProvider succeeded or is about to
  kAttached,          // B4
  kDetaching,         // B5
  kCleanup,           // B6
  kClosed,            // B9
};

// What one side of a binding owes and holds.
struct BindingSide {
  void* context = nullptr;
  const void* dispatch = nullptr;
  void* handle = nullptr;
  bool detach_called = false;
  bool detach_returned = false;
  bool done = false;
  bool cleaned = false;
  bool released = false;                     // its registration is no longer pinned
  sim::ObjectId done_flag = sim::kNoObject;  // variable: 1 once the side is done
  // What else decides whether a call of the side is right: read by each call. May be none.
  sim::ObjectId call_guard = sim::kNoObject;
};

struct Binding {
  std::array<RegistrationId, 2> registrations{kNoRegistration, kNoRegistration};
  BindingPhase phase = BindingPhase::kProposed;
  std::array<BindingSide, 2> sides;
  bool attach_call_returned = false;  // NmrClientAttachProvider returned success
  bool attach_running = false;        // ClientAttachProvider was called and has not returned
  std::uint32_t wait_policy = 0;      // alternative of CP-18, asked when both sides are done
  bool tails_may_run_on = false;  // CP-19: the wait does not wait for detach callbacks to return
  sim::ObjectId object = sim::kNoObject;
  // As of registrations; the two sides' values have one number.
  std::uint32_t handle_number = 0;
  BindingId handle_owner = kNoBinding;
  BindingId pair_first = kNoBinding;   // the first binding of the same two modules
  BindingId pair_latest = kNoBinding;  // kept there: the one that was offered last

  RegistrationId registration(Side side) const { return registrations[index(side)]; }
  BindingSide& side(Side side) { return sides[index(side)]; }
  const BindingSide& side(Side side) const { return sides[index(side)]; }
};

}  // namespace nmrcheck::model
