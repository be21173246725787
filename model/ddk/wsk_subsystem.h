// A simulated WSK subsystem: the provider of NPI_WSK_INTERFACE_ID, a driver like any other.
//
// It makes and closes sockets and knows how many are open for each application. It serves an
// application until that one's side is done, and its own detach is done when the sockets are
// closed. Requests are completed before the call returns. Source: "Unregistering and Unloading the
// WSK Client", "Closing a Socket".
#pragma once

#include <wsk.h>

#include "model/ddk/driver_program.h"

namespace nmrcheck::model {

inline constexpr USHORT kWskVersion = MAKE_WSK_VERSION(1, 0);

// Loads "wsk.sys", which is not registered yet.
ModuleId load_wsk_subsystem(World& world);

// Registers it with the NMR: applications attach. Called outside of all drivers, as the next two.
void start_wsk_subsystem(ModuleId subsystem);

// Calls WskClientEvent of every application that is attached and not detaching.
void raise_wsk_event(ModuleId subsystem, ULONG event_type);

// Deregisters it if it is registered, waits, and unloads it.
void unload_wsk_subsystem(World& world, ModuleId subsystem);

}  // namespace nmrcheck::model
