// One client and one provider in their smallest correct form: a scenario replaces the parts it is
// about and leaves the rest.
#pragma once

#include "scenarios/kit.h"

namespace nmrcheck::designs::small {

constexpr ULONG kTag = 'lmsN';

// The globals of either driver. A module with one binding may use them as its binding context.
struct Driver {
  HANDLE registration;
  HANDLE binding;      // of the latest attach callback
  PVOID peer_context;  // what the peer gave when the binding attached
  const VOID* peer_dispatch;
  KSPIN_LOCK lock;      // protects the three below
  BOOLEAN attached;     // new calls into the peer may begin
  BOOLEAN detaching;    // the detach returned STATUS_PENDING, or is about to
  LONG calls;           // into the peer, begun and not ended
  PVOID memory;         // for scenarios that own some
  sim::FiberId thread;  // valid if `threads` is 1
  LONG threads;
  NPI_CLIENT_CHARACTERISTICS client;
  NPI_PROVIDER_CHARACTERISTICS provider;
};

NTSTATUS notify(PVOID client_context);
NTSTATUS request(PVOID provider_context);
inline constexpr kit::ClientDispatch kClientDispatch = {notify};
inline constexpr kit::ProviderDispatch kProviderDispatch = {request};

// --- The client's parts. Its binding context is its globals, and it never calls its provider ---

NTSTATUS attach_provider(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE);
NTSTATUS detach_provider(PVOID context);
void register_client(Driver& client);
void unload_client(Driver& client);  // joins the thread, deregisters, waits

// --- A client that calls its provider: it counts its calls under its lock ---

NTSTATUS attach_to_call(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE);
NTSTATUS detach_counting(PVOID context);
// Deregisters and waits while the thread goes on, and joins it then.
void unload_client_during_calls(Driver& client);

// Begins a call unless the binding is detaching or absent. Each success is paired with an end_call.
bool begin_call(Driver& client);
void end_call(Driver& client);
// The call itself, for those who hold a reference.
void request_of_peer(const Driver& client);
// All of the above: a thread of the client.
void call_once(Driver& client);

// --- The provider's parts. Its binding context is its globals; it never calls its client ---

NTSTATUS attach_client(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE,
                       PVOID client_context, CONST VOID* client_dispatch, PVOID* provider_context,
                       CONST VOID** provider_dispatch);
NTSTATUS detach_client(PVOID context);
void register_provider(Driver& provider);
void unload_provider(Driver& provider);  // joins the thread, deregisters, waits

// Waits for the driver's thread, if it has one that is not joined yet.
void join(Driver& driver);

struct Client {
  PNPI_CLIENT_ATTACH_PROVIDER_FN attach = attach_provider;
  PNPI_CLIENT_DETACH_PROVIDER_FN detach = detach_provider;
  PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN cleanup = nullptr;
  void (*enter)(Driver& client) = register_client;
  void (*thread)(Driver& client) = nullptr;
  void (*unload)(Driver& client) = unload_client;
  std::size_t bytes = sizeof(Driver);  // of its globals: more for a type derived from Driver
};

// Its thread makes one call while the client deregisters.
inline constexpr Client kCallingClient{.attach = attach_to_call,
                                       .detach = detach_counting,
                                       .thread = call_once,
                                       .unload = unload_client_during_calls};

struct Provider {
  PNPI_PROVIDER_ATTACH_CLIENT_FN attach = attach_client;
  PNPI_PROVIDER_DETACH_CLIENT_FN detach = detach_client;
  PNPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN cleanup = nullptr;
  void (*enter)(Driver& provider) = register_provider;
  void (*thread)(Driver& provider) = nullptr;
  void (*unload)(Driver& provider) = unload_provider;
  std::size_t bytes = sizeof(Driver);
};

enum class First : std::uint8_t { kClient, kProvider };

struct Pair {
  Client client;
  Provider provider;
  First leaves = First::kClient;    // the other driver is unloaded after it
  First enters = First::kProvider;  // the other driver registers after it
};

// Both drivers register, run their threads, and are unloaded.
void drive(model::World& world, const Pair& pair);

template <const Pair& kPair>
void drive_pair(model::World& world, const ParameterValues&) {
  drive(world, kPair);
}

template <const Pair& kPair>
inline constexpr auto make = kit::make<drive_pair<kPair>>;

}  // namespace nmrcheck::designs::small
