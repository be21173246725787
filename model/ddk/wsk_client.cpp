// WskRegister and the four functions that go with it.
#define NMRCHECK_DDK_IMPLEMENTATION
#include "model/ddk/wsk_client.h"

#include <fmt/format.h>
#include <nmrcheck.h>

#include <algorithm>

namespace nmrcheck::model {

void declare_wsk_npi() {
  nmrcheck_declare_npi(&NPI_WSK_INTERFACE_ID, NMRCHECK_NPI_CLIENT_DISPATCH |
                                                  NMRCHECK_NPI_PROVIDER_CHARACTERISTICS |
                                                  NMRCHECK_NPI_CALLS_WHILE_DETACHING);
}

WskState* WskClients::find(const void* block) {
  const auto found = std::find_if(states_.rbegin(), states_.rend(),
                                  [block](const WskState& state) { return state.block == block; });
  return found == states_.rend() ? nullptr : &*found;
}

namespace {

using sim::Op;

constexpr std::uint64_t kUnitsPerMillisecond = 10'000;  // virtual time is in 100 ns
constexpr ULONGLONG kRegisteredMark = 0x6b7377;         // what the library writes into the block

constexpr NPI_MODULEID kLibraryModule = {
    sizeof(NPI_MODULEID),
    MIT_GUID,
    {{0x9d1c7a04, 0x51be, 0x4c0e, {0x8b, 0x37, 0x52, 0xf0, 0x6e, 0x1d, 0x93, 0xa8}}}};

sim::Execution& execution() { return current_world().execution(); }

// What every step of a function names: the registration, and that the block is alive.
sim::Footprint footprint_of(const WskState& state, Op op) {
  sim::Footprint footprint{{state.object, op}};
  if (const auto block = current_kernel().block_of(state.block)) {
    footprint.add({execution().heap().block(*block).lifetime, Op::kRead});
  }
  return footprint;
}

// In the step that runs: the block is what the library left there.
void check_block(const WskState& state, const char* function) {
  const auto block = current_kernel().block_of(state.block);
  const bool dead = block && !execution().heap().block(*block).live;
  if (!dead && state.closed) return;
  if (!dead && state.block->ReservedRegistrationContext == &state &&
      state.block->ReservedRegistrationState == kRegisteredMark) {
    return;
  }
  std::string message = fmt::format(
      "{} on {} is given a WSK_REGISTRATION that {}", function, current_kernel().describe_fiber(),
      dead ? "was freed" : "the application has changed since WskRegister");
  current_kernel().broken("WSK-06", std::move(message));
}

// The registration behind the block, in a step of its own that says so to the rules as `kind`.
// Null if the block was never registered or is closed.
WskState* begin(PWSK_REGISTRATION block, const sim::Footprint& more, EventKind kind,
                const char* function) {
  WskState* state = current_wsk_clients().find(block);
  if (state != nullptr) {
    sim::Footprint footprint = footprint_of(*state, Op::kUpdate);
    for (const sim::Operation& operation : more) footprint.add(operation);
    execution().step(footprint, function, current_kernel().place());
    check_block(*state, function);
  }
  current_kernel().emit({.kind = kind,
                         .module = current_kernel().current_module(),
                         .pointer = block,
                         .name = function});
  return state != nullptr && !state->closed ? state : nullptr;
}

// --- The NMR client ---

NTSTATUS NTAPI client_event(PVOID context, ULONG type, PVOID information, SIZE_T length) {
  const WskState& state = *static_cast<WskState*>(context);
  if (state.npi.Dispatch->WskClientEvent == nullptr) return STATUS_SUCCESS;
  return state.npi.Dispatch->WskClientEvent(state.npi.ClientContext, type, information, length);
}

constexpr WSK_CLIENT_DISPATCH kDispatch = {MAKE_WSK_VERSION(1, 0), 0, client_event};

// Makes the NPI known to those who wait for it, or that it never will be.
void publish(WskState& state, NTSTATUS status) {
  execution().step({{state.object, Op::kUpdate}, {state.ready, Op::kSet}}, "publish the NPI",
                   current_kernel().place());
  state.bound = NT_SUCCESS(status);
  state.attached = state.bound && !state.detaching;
  state.refused = status == STATUS_NOINTERFACE;
}

NTSTATUS attach(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  WskState& state = *static_cast<WskState*>(context);
  execution().step({{state.object, Op::kUpdate}}, "WSK subsystem found", current_kernel().place());
  if (state.bound) return STATUS_NOINTERFACE;  // one at a time
  state.bound = true;
  state.detaching = false;
  state.binding_handle = handle;
  state.binding = current_world().registrar().guard_calls(handle, state.object);
  const auto* provider =
      static_cast<const WSK_PROVIDER_CHARACTERISTICS*>(instance->NpiSpecificCharacteristics);
  if (provider != nullptr) state.provider = *provider;
  const USHORT version = state.npi.Dispatch->Version;
  NTSTATUS status = STATUS_NOINTERFACE;
  if (provider == nullptr ||
      (provider->LowestVersion <= version && version <= provider->HighestVersion)) {
    status = NmrClientAttachProvider(handle, &state, &kDispatch, &state.provider_context,
                                     &state.provider_dispatch);
  }
  publish(state, status);
  return status;
}

NTSTATUS detach(PVOID context) {
  WskState& state = *static_cast<WskState*>(context);
  execution().step({{state.object, Op::kUpdate}, {state.ready, Op::kClear}}, "stop capturing",
                   current_kernel().place());
  state.detaching = true;
  state.attached = false;
  const NTSTATUS status = state.captures > 0 ? STATUS_PENDING : STATUS_SUCCESS;
  // Nobody waits for an NPI that will not come.
  if (state.deregistering) {
    execution().step({{state.ready, Op::kSet}}, "release waiters", current_kernel().place());
  }
  return status;
}

VOID cleanup(PVOID context) {
  WskState& state = *static_cast<WskState*>(context);
  execution().step({{state.object, Op::kUpdate}}, "WSK subsystem gone", current_kernel().place());
  state.bound = false;
}

NPI_CLIENT_CHARACTERISTICS characteristics() {
  NPI_CLIENT_CHARACTERISTICS made{0, sizeof(NPI_CLIENT_CHARACTERISTICS), attach, detach, cleanup,
                                  {}};
  made.ClientRegistrationInstance.Size = sizeof(NPI_REGISTRATION_INSTANCE);
  made.ClientRegistrationInstance.NpiId = &NPI_WSK_INTERFACE_ID;
  made.ClientRegistrationInstance.ModuleId = &kLibraryModule;
  return made;
}

// The registration is over, in the step that runs.
void close(WskState& state, const char* function) {
  state.closed = true;
  state.block->ReservedRegistrationContext = nullptr;
  state.block->ReservedRegistrationState = 0;
  current_kernel().emit({.kind = EventKind::kWskDeregisterReturned,
                         .module = state.module,
                         .pointer = state.block,
                         .name = function});
}

// Waits for the NPI as long as it may take. Returns false when the time is over.
bool await_npi(const WskState& state, ULONG timeout, const char* function) {
  sim::Footprint footprint = footprint_of(state, Op::kUpdate);
  if (timeout != WSK_NO_WAIT) footprint.add({state.ready, Op::kWait});
  if (timeout == WSK_NO_WAIT || timeout == WSK_INFINITE_WAIT) {
    execution().step(footprint, function, current_kernel().place());
    return true;
  }
  return execution()
      .step_until(footprint, execution().now() + timeout * kUnitsPerMillisecond, function,
                  current_kernel().place())
      .has_value();
}

}  // namespace
}  // namespace nmrcheck::model

using nmrcheck::model::current_kernel;
using nmrcheck::model::current_world;
using nmrcheck::model::EventKind;
using nmrcheck::model::WskState;
using nmrcheck::sim::Op;

extern "C" {

CONST NPIID NPI_WSK_INTERFACE_ID = {
    0x2227e803, 0x8d8b, 0x11d4, {0xab, 0xad, 0x00, 0x90, 0x27, 0x71, 0x9e, 0x09}};

NTSTATUS WskRegister(PWSK_CLIENT_NPI WskClientNpi, PWSK_REGISTRATION WskRegistration) {
  constexpr const char* kFunction = "WskRegister";
  nmrcheck::model::Kernel& kernel = current_kernel();
  kernel.require_irql_at_most(nmrcheck::model::kPassiveLevel, kFunction);
  WskState& state = nmrcheck::model::current_wsk_clients().add();
  state.block = WskRegistration;
  state.npi = *WskClientNpi;
  state.module = kernel.current_module();
  state.characteristics = nmrcheck::model::characteristics();
  state.object = kernel.execution().create("WSK registration");
  state.ready = kernel.execution().create("WSK provider NPI");
  kernel.execution().step(nmrcheck::model::footprint_of(state, Op::kUpdate), kFunction,
                          kernel.place());
  state.block->ReservedRegistrationState = nmrcheck::model::kRegisteredMark;
  state.block->ReservedRegistrationContext = &state;
  kernel.judge_frees(state.block, state.object);
  kernel.judge_frees(state.npi.Dispatch, state.object);
  const nmrcheck::model::Passed given{.dispatch = state.npi.Dispatch};
  kernel.emit({.kind = EventKind::kWskRegistered,
               .module = state.module,
               .pointer = state.block,
               .name = kFunction,
               .passed = &given});
  nmrcheck::model::declare_wsk_npi();
  const NTSTATUS status = NmrRegisterClient(&state.characteristics, &state, &state.registration);
  if (NT_SUCCESS(status)) return status;
  kernel.execution().step(nmrcheck::model::footprint_of(state, Op::kUpdate), "undo WskRegister",
                          kernel.place());
  nmrcheck::model::close(state, kFunction);
  return status;
}

NTSTATUS WskCaptureProviderNPI(PWSK_REGISTRATION WskRegistration, ULONG WaitTimeout,
                               PWSK_PROVIDER_NPI WskProviderNpi) {
  constexpr const char* kFunction = "WskCaptureProviderNPI";
  nmrcheck::model::Kernel& kernel = current_kernel();
  const nmrcheck::model::ModuleId module = kernel.current_module();
  if (WaitTimeout != WSK_NO_WAIT) kernel.settled_irql();  // for WSK-07
  kernel.emit({.kind = EventKind::kWskCaptureCalled,
               .module = module,
               .block = WaitTimeout,
               .pointer = WskRegistration,
               .name = kFunction});
  kernel.require_irql_at_most(nmrcheck::model::kDispatchLevel, kFunction);
  WskState* state = nmrcheck::model::current_wsk_clients().find(WskRegistration);
  if (state == nullptr || !nmrcheck::model::await_npi(*state, WaitTimeout, kFunction)) {
    return STATUS_DEVICE_NOT_READY;
  }
  nmrcheck::model::check_block(*state, kFunction);
  if (state->closed || state->deregistering) return STATUS_DEVICE_NOT_READY;
  if (state->refused) return STATUS_NOINTERFACE;
  if (!state->attached) return STATUS_DEVICE_NOT_READY;
  ++state->captures;
  WskProviderNpi->Client = static_cast<PWSK_CLIENT>(state->provider_context);
  WskProviderNpi->Dispatch = static_cast<const WSK_PROVIDER_DISPATCH*>(state->provider_dispatch);
  kernel.emit({.kind = EventKind::kWskCaptured,
               .module = module,
               .binding = state->binding,
               .pointer = WskRegistration,
               .name = kFunction});
  return STATUS_SUCCESS;
}

VOID WskReleaseProviderNPI(PWSK_REGISTRATION WskRegistration) {
  constexpr const char* kFunction = "WskReleaseProviderNPI";
  current_kernel().require_irql_at_most(nmrcheck::model::kDispatchLevel, kFunction);
  WskState* state =
      nmrcheck::model::begin(WskRegistration, {}, EventKind::kWskReleaseCalled, kFunction);
  if (state == nullptr || state->captures == 0) return;
  --state->captures;
  if (state->captures > 0 || !state->detaching) return;
  NmrClientDetachProviderComplete(state->binding_handle);
}

NTSTATUS WskQueryProviderCharacteristics(PWSK_REGISTRATION WskRegistration,
                                         PWSK_PROVIDER_CHARACTERISTICS WskProviderCharacteristics) {
  constexpr const char* kFunction = "WskQueryProviderCharacteristics";
  nmrcheck::model::Kernel& kernel = current_kernel();
  kernel.require_irql_at_most(nmrcheck::model::kDispatchLevel, kFunction);
  WskState* state = nmrcheck::model::current_wsk_clients().find(WskRegistration);
  if (state == nullptr) return STATUS_DEVICE_NOT_READY;
  kernel.execution().step(nmrcheck::model::footprint_of(*state, Op::kUpdate), kFunction,
                          kernel.place());
  nmrcheck::model::check_block(*state, kFunction);
  if (state->closed || state->deregistering || !state->provider) return STATUS_DEVICE_NOT_READY;
  *WskProviderCharacteristics = *state->provider;
  return STATUS_SUCCESS;
}

VOID WskDeregister(PWSK_REGISTRATION WskRegistration) {
  constexpr const char* kFunction = "WskDeregister";
  nmrcheck::model::Kernel& kernel = current_kernel();
  kernel.require_irql_at_most(nmrcheck::model::kPassiveLevel, kFunction);
  const WskState* found = nmrcheck::model::current_wsk_clients().find(WskRegistration);
  nmrcheck::sim::Footprint wakes;
  if (found != nullptr) wakes.add({found->ready, Op::kSet});
  WskState* state =
      nmrcheck::model::begin(WskRegistration, wakes, EventKind::kWskDeregisterCalled, kFunction);
  if (state == nullptr) return;
  state->deregistering = true;
  if (NmrDeregisterClient(state->registration) == STATUS_PENDING) {
    NmrWaitForClientDeregisterComplete(state->registration);
  }
  kernel.execution().step(nmrcheck::model::footprint_of(*state, Op::kUpdate),
                          "WskDeregister returns", kernel.place());
  nmrcheck::model::check_block(*state, kFunction);
  nmrcheck::model::close(*state, kFunction);
}

}  // extern "C"
