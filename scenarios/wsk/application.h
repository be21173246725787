// A WSK application in its smallest correct form: a scenario replaces the parts it is about.
#pragma once

#include <wsk.h>

#include "model/ddk/wsk_subsystem.h"
#include "scenarios/kit.h"

namespace nmrcheck::designs::wsk {

constexpr ULONG kTag = 'ppaW';

// The driver's globals.
struct Application {
  WSK_REGISTRATION registration;
  WSK_CLIENT_DISPATCH dispatch;
  NTSTATUS registered;   // what WskRegister returned
  WSK_PROVIDER_NPI npi;  // for designs that keep it
  PWSK_SOCKET socket;    // likewise
  PVOID memory;          // for scenarios that own some
  KSPIN_LOCK lock;       // likewise
  BOOLEAN holding;       // a capture that the globals own
  sim::FiberId thread;   // valid if `threads` is 1
  LONG threads;
};

// --- The parts ---

// Registers with `dispatch`; the result is in `registered`.
void register_application(Application& application);
// Joins the thread, and deregisters if the registration succeeded.
void unload_application(Application& application);
// The same the other way round: the thread is still using WSK when WskDeregister is called.
void unload_during_use(Application& application);
void join(Application& application);

// Waits for the NPI, makes a socket, closes it, and releases the NPI.
void use_once(Application& application);

// WskSocket and WskCloseSocket, with a packet of their own. make_socket returns NULL if it fails.
PWSK_SOCKET make_socket(const WSK_PROVIDER_NPI& npi);
void close_socket(PWSK_SOCKET socket);

// --- Driving ---

enum class Leaves : std::uint8_t { kApplication, kSubsystem };

struct Design {
  void (*enter)(Application& application) = register_application;
  void (*thread)(Application& application) = nullptr;
  void (*unload)(Application& application) = unload_application;
  Leaves first = Leaves::kApplication;  // the other one is unloaded after it
  bool subsystem_first = true;          // is there before the application enters
  bool event = false;                   // the subsystem calls WskClientEvent once
};

void drive(model::World& world, const Design& design);

template <const Design& kDesign>
void drive_design(model::World& world, const ParameterValues&) {
  drive(world, kDesign);
}

template <const Design& kDesign>
inline constexpr auto make = kit::make<drive_design<kDesign>>;

}  // namespace nmrcheck::designs::wsk
