// Modules with several bindings at a time, alone with maximal peers: on a list, in one slot, in one
// context.
#include "scenarios/nmr/alone.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using alone::value;
using model::Side;

constexpr LONG kBindingsMax = 4;

void lock(KSPIN_LOCK& spin_lock, auto code) {
  KIRQL irql;
  KeAcquireSpinLock(&spin_lock, &irql);
  code();
  KeReleaseSpinLock(&spin_lock, irql);
}

// --- A list: a broadcast takes a reference to each binding, and calls without the lock ---

struct Module;

struct Binding {
  LIST_ENTRY link;  // to itself unless on the list
  Module* module;
  HANDLE handle;
  PVOID peer;
  CONST VOID* dispatch;
  LONG calls;         // with `detaching`, under the module's lock
  BOOLEAN detaching;  // no call begins any more
};

struct Module {
  HANDLE registration;
  NPI_CLIENT_CHARACTERISTICS client;
  NPI_PROVIDER_CHARACTERISTICS provider;
  KSPIN_LOCK lock;
  LIST_ENTRY bindings;
};

Binding* make_binding(Module& module, HANDLE handle) {
  auto* made =
      static_cast<Binding*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Binding), small::kTag));
  if (made == nullptr) return nullptr;
  InitializeListHead(&made->link);
  made->module = &module;
  made->handle = handle;
  return made;
}

void publish(Binding& binding, PVOID peer, CONST VOID* dispatch) {
  binding.peer = peer;
  binding.dispatch = dispatch;
  lock(binding.module->lock, [&] { InsertTailList(&binding.module->bindings, &binding.link); });
}

NTSTATUS attach_provider(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Binding* made = make_binding(*static_cast<Module*>(context), handle);
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  PVOID provider = nullptr;
  CONST VOID* dispatch = nullptr;
  const NTSTATUS status =
      NmrClientAttachProvider(handle, made, &small::kClientDispatch, &provider, &dispatch);
  if (NT_SUCCESS(status)) {
    publish(*made, provider, dispatch);
  } else {
    ExFreePoolWithTag(made, small::kTag);
  }
  return status;
}

NTSTATUS attach_client(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE, PVOID client,
                       CONST VOID* client_dispatch, PVOID* provider_context,
                       CONST VOID** provider_dispatch) {
  Binding* made = make_binding(*static_cast<Module*>(context), handle);
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  *provider_context = made;
  *provider_dispatch = &small::kProviderDispatch;
  publish(*made, client, client_dispatch);
  return STATUS_SUCCESS;
}

NTSTATUS detach(PVOID context) {
  auto& binding = *static_cast<Binding*>(context);
  Module& module = *binding.module;
  NTSTATUS status = STATUS_SUCCESS;
  lock(module.lock, [&] {
    RemoveEntryList(&binding.link);
    InitializeListHead(&binding.link);
    binding.detaching = TRUE;
    if (binding.calls > 0) status = STATUS_PENDING;
  });
  return status;
}

VOID cleanup(PVOID context) { ExFreePoolWithTag(context, small::kTag); }

template <Side kSide>
void call(Binding& binding) {
  if (kSide == Side::kClient) {
    NMRCHECK_CALL(static_cast<const kit::ProviderDispatch*>(binding.dispatch), Request,
                  binding.peer);
  } else {
    NMRCHECK_CALL(static_cast<const kit::ClientDispatch*>(binding.dispatch), Notify, binding.peer);
  }
}

template <Side kSide>
void end_call(Module& module, Binding& binding) {
  const HANDLE handle = binding.handle;
  bool last = false;
  lock(module.lock, [&] { last = --binding.calls == 0 && binding.detaching; });
  if (!last) return;
  if (kSide == Side::kClient) {
    NmrClientDetachProviderComplete(handle);
  } else {
    NmrProviderDetachClientComplete(handle);
  }
}

template <Side kSide>
void broadcast(Module& module) {
  std::array<Binding*, kBindingsMax> held{};
  std::size_t count = 0;
  lock(module.lock, [&] {
    const LIST_ENTRY* head = &module.bindings;
    for (LIST_ENTRY* entry = head->Flink; entry != head && count < held.size();
         entry = entry->Flink) {
      held[count] = CONTAINING_RECORD(entry, Binding, link);
      ++held[count++]->calls;
    }
  });
  for (std::size_t i = 0; i < count; ++i) {
    call<kSide>(*held[i]);
    end_call<kSide>(module, *held[i]);
  }
}

template <Side kSide>
void enter(Module& module) {
  InitializeListHead(&module.bindings);
  module.client = kit::client_characteristics(attach_provider, detach, cleanup);
  module.provider = kit::provider_characteristics(attach_client, detach, cleanup);
  const NTSTATUS status =
      kSide == Side::kClient ? NmrRegisterClient(&module.client, &module, &module.registration)
                             : NmrRegisterProvider(&module.provider, &module, &module.registration);
  if (!NT_SUCCESS(status)) module.registration = nullptr;
}

template <Side kSide>
void unload(Module& module) {
  if (module.registration == nullptr) return;
  if (kSide == Side::kClient) {
    kit::deregister_client(module.registration);
  } else {
    kit::deregister_provider(module.registration);
  }
}

template <Side kSide>
constexpr alone::Module<Module> kBroadcaster{
    .enter = enter<kSide>, .threads = {broadcast<kSide>}, .unload = unload<kSide>};

constexpr std::array kPeerNames{"first.sys", "second.sys", "third.sys"};

template <Side kSide>
void drive_broadcast(model::World& world, const ParameterValues& values) {
  const auto module = alone::load(world, "broadcaster.sys", kBroadcaster<kSide>);
  std::array<peers::Peer*, kPeerNames.size()> others{};
  const std::uint32_t count = value(values, "peers");
  for (std::uint32_t i = 0; i < count; ++i) {
    others[i] =
        kSide == Side::kClient
            ? peers::load_provider(world, kPeerNames[i], peers::kKitProvider, alone::habits(values))
            : peers::load_client(world, kPeerNames[i], peers::kKitClient, alone::habits(values));
  }
  alone::drive<Module>(world, module, std::span(others).first(count), value(values, "leaves"));
}

// --- One room: the next provider may come while the last one is leaving ---

using small::Driver;

// A provider leaves while another one comes; a thread of the client calls whatever it has.
template <const small::Client& kClient>
void drive_succession(model::World& world, const ParameterValues& values) {
  const alone::Module<Driver> module =
      alone::load(world, "client.sys",
                  alone::Module<Driver>{.enter =
                                            [](Driver& client) {
                                              client.client = kit::client_characteristics(
                                                  kClient.attach, kClient.detach, kClient.cleanup);
                                              small::register_client(client);
                                            },
                                        .threads = {},
                                        .unload = kClient.unload});
  Driver* client = module.globals;
  std::array<peers::Peer*, 2> providers{};
  for (std::size_t i = 0; i < providers.size(); ++i) {
    providers[i] =
        peers::load_provider(world, kPeerNames[i], peers::kKitProvider, alone::habits(values));
  }
  peers::enter(*providers[0]);
  kit::in_driver(module.driver, "DriverEntry", [&] { module.enter(*client); });
  const sim::FiberId caller =
      kit::start_thread(module.driver, "caller", [client] { kClient.thread(*client); });
  const sim::FiberId leaver = peers::start_leaving(*providers[0]);
  peers::enter(*providers[1]);
  world.kernel().unload(module.driver, [&] {
    kit::join(caller);
    module.unload(*client);
  });
  kit::join(leaver);
  for (peers::Peer* provider : providers) peers::unload(world, *provider);
}

enum Room : LONG { kFree, kTaken };

LONG& room_of(Driver& client) { return client.threads; }

NTSTATUS attach_in_room(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  auto& client = *static_cast<Driver*>(context);
  if (InterlockedCompareExchange(&room_of(client), kTaken, kFree) != kFree) {
    return STATUS_NOINTERFACE;
  }
  const NTSTATUS status = small::attach_to_call(handle, context, instance);
  if (!NT_SUCCESS(status)) InterlockedExchange(&room_of(client), kFree);
  return status;
}

VOID leave_room(PVOID context) {
  InterlockedExchange(&room_of(*static_cast<Driver*>(context)), kFree);
}

// The attach callback starts afresh, as if the binding before were gone.
NTSTATUS attach_afresh(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  auto& client = *static_cast<Driver*>(context);
  lock(client.lock, [&] {
    client.calls = 0;
    client.detaching = FALSE;
  });
  NMRCHECK_WRITE(client.binding, handle);
  PVOID provider = nullptr;
  CONST VOID* dispatch = nullptr;
  const NTSTATUS status =
      NmrClientAttachProvider(handle, context, &small::kClientDispatch, &provider, &dispatch);
  if (!NT_SUCCESS(status)) return status;
  NMRCHECK_WRITE(client.peer_context, provider);
  NMRCHECK_WRITE(client.peer_dispatch, dispatch);
  lock(client.lock, [&] { client.attached = TRUE; });
  return status;
}

void deregister(Driver& client) {
  if (client.registration != nullptr) kit::deregister_client(client.registration);
}

// With one context, the next binding may store its own while a call is in progress.
void call_stored(Driver& client) {
  if (!small::begin_call(client)) return;
  const VOID* dispatch = NMRCHECK_READ(client.peer_dispatch);
  NMRCHECK_CALL(static_cast<const kit::ProviderDispatch*>(dispatch), Request,
                NMRCHECK_READ(client.peer_context));
  bool last = false;
  lock(client.lock, [&] { last = --client.calls == 0 && client.detaching; });
  if (last) NmrClientDetachProviderComplete(NMRCHECK_READ(client.binding));
}

constexpr small::Client kOneRoom{.attach = attach_in_room,
                                 .detach = small::detach_counting,
                                 .cleanup = leave_room,
                                 .thread = small::call_once,
                                 .unload = deregister};
constexpr small::Client kOneContext{.attach = attach_afresh,
                                    .detach = small::detach_counting,
                                    .thread = call_stored,
                                    .unload = deregister};

}  // namespace

void add_designs_bindings(std::vector<Scenario>& list) {
  const std::vector<Parameter> broadcast_parameters{
      alone::leaves(alone::kPeers),
      alone::callers(0),
      kit::kNoFaults,
      {"peers", "maximal peers", 1, 1, static_cast<std::int64_t>(kPeerNames.size())}};
  list.push_back({"nmr/broadcast-to-providers",
                  "A client that calls all its providers, with a reference to each.",
                  {},
                  "",
                  "Managing Multiple Attached Provider Modules",
                  broadcast_parameters,
                  kit::make<drive_broadcast<Side::kClient>>});
  list.push_back({"nmr/broadcast-to-clients",
                  "A provider that calls all its clients, with a reference to each.",
                  {},
                  "",
                  "Managing Multiple Attached Client Modules",
                  broadcast_parameters,
                  kit::make<drive_broadcast<Side::kProvider>>});
  add_pair(list,
           {"nmr/one-context",
            "A client starts its only context afresh while the last binding is still pending.",
            {"NMR-DET-03", "NMR-DET-04", "NMR-DET-06", "NMR-DET-08", "NMR-DET-10"},
            "nmr/one-context-fixed",
            "Managing Multiple Attached Provider Modules",
            {alone::callers(0), kit::kNoFaults},
            kit::make<drive_succession<kOneContext>>},
           "It takes the next provider when the cleanup callback has freed the room.",
           kit::make<drive_succession<kOneRoom>>);
}

}  // namespace nmrcheck::designs
