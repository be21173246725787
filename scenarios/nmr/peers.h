// Maximal peers: a client and a provider that do all that a correct module may do, so that one
// module can be checked alone, against every peer that it can meet.
//
// A maximal peer calls the module at every legal instant, on threads of its own; requests of the
// module may pend in it; its detach is complete as late as a thread of its own likes. Freedom of
// order is left to fibers, freedom of outcome is a choice, as in the registrar. Each look at the
// state of a binding is one step, so that a peer adds few steps to an execution. It is correct:
// what breaks a rule is the module.
#pragma once

#include <cstdint>

#include "scenarios/kit.h"

namespace nmrcheck::peers {

// What a peer must know of an NPI: how it is called, and how it calls the module.
struct Npi {
  const NPIID* id = nullptr;       // null: the kit's
  const void* dispatch = nullptr;  // the table that the peer gives; its functions return serve(…)
  // One call of the module through its table. Null: the NPI has no function to call.
  void (*call)(const void* dispatch, void* context) = nullptr;
  // Tells the module that a request of it which pended is complete. Null: requests never pend.
  void (*complete)(const void* dispatch, void* context) = nullptr;
};

// How much of it a peer does. Each costs executions.
struct Habits {
  std::uint32_t callers = 1;  // threads for each binding that call the module, once each
  bool declines = false;      // it may also refuse to attach, or lack the memory to
  bool pends = false;         // requests of the module may also pend
  bool hurries = false;       // a detach may also be complete at once, or inside its callback
};

// The kit's NPI, for a client and for a provider: calls in both directions, none pends.
extern const Npi kKitClient;
extern const Npi kKitProvider;

// What a function of the peer's table returns: STATUS_SUCCESS, or STATUS_PENDING, and then the
// completion follows. `context` is the binding context that the function was given.
NTSTATUS serve(void* context);

// The globals of the peer's driver.
struct Peer;

// Loads a driver that is a maximal peer. `name` has static storage.
Peer* load_client(model::World& world, const char* name, const Npi& npi, const Habits& habits);
Peer* load_provider(model::World& world, const char* name, const Npi& npi, const Habits& habits);

// Registers, on the current fiber. Requires: the peer is not registered.
void enter(Peer& peer);
// Deregisters and waits; nothing if the peer is not registered. It may enter again.
void leave(Peer& peer);
// The same on a thread of the peer's own; join it before the peer is unloaded.
sim::FiberId start_leaving(Peer& peer);
// Leaves, and unloads the driver when its threads have ended.
void unload(model::World& world, Peer& peer);

}  // namespace nmrcheck::peers
