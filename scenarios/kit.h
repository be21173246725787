// What scenarios share: one small NPI, a scenario's program from one function, drivers and threads.
#pragma once

// The WDK's headers; NMRCHECK_READ and friends announce accesses to shared plain variables.
#include <netioddk.h>
#include <nmrcheck.h>
#include <wdm.h>

#include <functional>

#include "model/ddk/driver_program.h"
#include "scenarios/scenario.h"

namespace nmrcheck::kit {

// --- The NPI: the provider tells the client of events, the client asks the provider for work ---

struct ClientDispatch {
  NTSTATUS (*Notify)(PVOID client_binding_context);
};

struct ProviderDispatch {
  NTSTATUS (*Request)(PVOID provider_binding_context);
};

// Characteristics with the kit's NPI id and module ids, ready for NmrRegister*. They have static
// storage duration when declared so: the registrar keeps the pointer.
NPI_CLIENT_CHARACTERISTICS client_characteristics(PNPI_CLIENT_ATTACH_PROVIDER_FN attach,
                                                  PNPI_CLIENT_DETACH_PROVIDER_FN detach,
                                                  PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN cleanup);
NPI_PROVIDER_CHARACTERISTICS provider_characteristics(
    PNPI_PROVIDER_ATTACH_CLIENT_FN attach, PNPI_PROVIDER_DETACH_CLIENT_FN detach,
    PNPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN cleanup);

// --- Drivers ---

// Runs `code` as the driver's own, as its entry routine or a control request would.
void in_driver(model::ModuleId driver, const char* name, sim::FunctionRef code);

// Runs `entry` as the driver's entry routine. If it returns an error, the driver is unloaded at
// once, without its unload routine.
NTSTATUS enter(model::ModuleId driver, NTSTATUS (*entry)(void* globals), void* globals);

// The driver's global data, zeroed; dead once the driver is unloaded.
template <class Globals>
Globals* globals(model::ModuleId driver) {
  return static_cast<Globals*>(
      model::current_kernel().image_data(driver, sizeof(Globals), "globals"));
}

// A thread of `driver` that runs `code`; wait for it with join before the driver is unloaded.
sim::FiberId start_thread(model::ModuleId driver, const char* name, std::function<void()> code);
void join(sim::FiberId thread);

// What a driver makes of the status of NmrRegister*: a handle of a registration that failed means
// nothing, and becomes NULL. Returns true if it succeeded.
bool registered(NTSTATUS status, HANDLE& handle);

// NmrDeregister* and, when it says STATUS_PENDING, the wait: what a correct unload does. Nothing
// for NULL.
void deregister_client(HANDLE handle);
void deregister_provider(HANDLE handle);

// --- The catalog's side ---

// The parameter of scenarios in which allocations, registrations and attachments may fail: how many
// of them in one execution.
inline constexpr Parameter kFaults{
    "faults", "how many allocations, registrations, attachments fail", 1, 0, 8};

// The same where nothing fails unless one asks for it.
inline constexpr Parameter kNoFaults{kFaults.name, kFaults.meaning, 0, kFaults.min, kFaults.max};

using DriveFunction = void (*)(model::World& world, const ParameterValues& values);

class FunctionDriverProgram final : public model::DriverProgram {
 public:
  FunctionDriverProgram(DriveFunction drive_function, const ParameterValues& values,
                        const model::Profile& profile)
      : DriverProgram(profile), drive_(drive_function), values_(values) {}

 private:
  void drive(model::World& world) override;

  DriveFunction drive_;
  ParameterValues values_;
};

template <DriveFunction kDrive>
std::unique_ptr<sim::Program> make(const ParameterValues& values, const model::Profile& profile) {
  return std::make_unique<FunctionDriverProgram>(kDrive, values, profile);
}

}  // namespace nmrcheck::kit
