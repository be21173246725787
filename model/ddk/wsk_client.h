// The library behind WskRegister: an NMR client for each registration of an application.
//
// Each function is one step on the registration; no lock is held across a call of the registrar.
// Departures from the generic contract that WSK makes: the application may call the subsystem until
// its last capture is released, also after the detach callback was called.
// Source: wsk.h reference pages; "Registering a Winsock Kernel Application".
#pragma once

#include <netioddk.h>
#include <wsk.h>

#include <list>
#include <optional>

#include "model/ddk/driver_program.h"

namespace nmrcheck::model {

// What the library knows of one registration. It belongs to the world and lives as long, so that
// misuse of a block can be told from its contents.
struct WskState {
  PWSK_REGISTRATION block = nullptr;
  WSK_CLIENT_NPI npi{};
  ModuleId module = kNoModule;
  NPI_CLIENT_CHARACTERISTICS characteristics{};
  HANDLE registration = nullptr;
  sim::ObjectId object = sim::kNoObject;  // all that follows
  sim::ObjectId ready = sim::kNoObject;   // event: those that wait for the NPI go on
  bool bound = false;                     // a binding is attached or being so
  bool attached = false;
  bool detaching = false;      // the detach callback was called, the cleanup was not
  bool deregistering = false;  // WskDeregister was called
  bool closed = false;         // it returned, or WskRegister failed
  bool refused = false;        // the subsystem does not have the version asked for
  std::uint32_t captures = 0;
  BindingId binding = kNoBinding;
  HANDLE binding_handle = nullptr;
  PVOID provider_context = nullptr;
  CONST VOID* provider_dispatch = nullptr;
  std::optional<WSK_PROVIDER_CHARACTERISTICS> provider;
};

// Says to the rules what the NPI defines. Called before each registration.
void declare_wsk_npi();

// All registrations of one world.
class WskClients {
 public:
  WskState& add() { return states_.emplace_back(); }

  // The state behind the block: the latest, whether it is closed or not; null if there is none.
  WskState* find(const void* block);

 private:
  std::list<WskState> states_;  // references stay valid
};

// Those of current_world().
WskClients& current_wsk_clients();

}  // namespace nmrcheck::model
