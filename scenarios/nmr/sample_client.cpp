// A client that counts references to each binding: the documented approach, hardened.
//
// It keeps its bindings on a list and finds them by a key. The attach callback holds a reference,
// so that a detach may begin before it returned. The flag and the count of a binding change under
// one lock, so that exactly one of these happens: detach succeeds, or one release completes it.
#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

constexpr LONG kKey = 7;

struct Client {
  HANDLE registration;
  NPI_CLIENT_CHARACTERISTICS characteristics;
  KSPIN_LOCK lock;      // protects `bindings`; taken before a binding's lock
  LIST_ENTRY bindings;  // ready and not detaching
  sim::FiberId caller;
};

struct Binding {
  LIST_ENTRY link;  // to itself while not on the list
  Client* client;
  HANDLE handle;
  LONG key;
  PVOID provider_context;
  const kit::ProviderDispatch* dispatch;
  KSPIN_LOCK lock;  // protects the three below
  LONG references;
  BOOLEAN ready;
  BOOLEAN detaching;
};

void release(Binding* binding) {
  const HANDLE handle = binding->handle;
  KIRQL irql;
  KeAcquireSpinLock(&binding->lock, &irql);
  const bool last = --binding->references == 0 && binding->detaching;
  KeReleaseSpinLock(&binding->lock, irql);
  if (last) NmrClientDetachProviderComplete(handle);  // the binding may be gone now
}

Binding* acquire(Client* client, LONG key) {
  Binding* found = nullptr;
  KIRQL irql;
  KeAcquireSpinLock(&client->lock, &irql);
  for (LIST_ENTRY* entry = client->bindings.Flink; entry != &client->bindings;
       entry = entry->Flink) {
    Binding* binding = CONTAINING_RECORD(entry, Binding, link);
    if (binding->key != key) continue;
    KeAcquireSpinLockAtDpcLevel(&binding->lock);
    if (binding->ready && !binding->detaching) {
      ++binding->references;
      found = binding;
    }
    KeReleaseSpinLockFromDpcLevel(&binding->lock);
    break;
  }
  KeReleaseSpinLock(&client->lock, irql);
  return found;
}

void publish(Binding* binding, PVOID provider_context, CONST VOID* dispatch) {
  KIRQL irql;
  KeAcquireSpinLock(&binding->client->lock, &irql);
  KeAcquireSpinLockAtDpcLevel(&binding->lock);
  binding->provider_context = provider_context;
  binding->dispatch = static_cast<const kit::ProviderDispatch*>(dispatch);
  binding->ready = TRUE;
  if (!binding->detaching) InsertTailList(&binding->client->bindings, &binding->link);
  KeReleaseSpinLockFromDpcLevel(&binding->lock);
  KeReleaseSpinLock(&binding->client->lock, irql);
}

NTSTATUS attach(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  auto* binding =
      static_cast<Binding*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Binding), small::kTag));
  if (binding == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  InitializeListHead(&binding->link);
  binding->client = static_cast<Client*>(context);
  binding->handle = handle;
  binding->key = kKey;
  binding->references = 1;  // the attach callback's own
  PVOID provider_context = nullptr;
  CONST VOID* dispatch = nullptr;
  const NTSTATUS status = NmrClientAttachProvider(handle, binding, &small::kClientDispatch,
                                                  &provider_context, &dispatch);
  if (!NT_SUCCESS(status)) {
    ExFreePoolWithTag(binding, small::kTag);
    return status;
  }
  publish(binding, provider_context, dispatch);
  release(binding);
  return status;
}

NTSTATUS detach(PVOID context) {
  auto* binding = static_cast<Binding*>(context);
  Client* client = binding->client;
  KIRQL irql;
  KeAcquireSpinLock(&client->lock, &irql);
  KeAcquireSpinLockAtDpcLevel(&binding->lock);
  RemoveEntryList(&binding->link);
  InitializeListHead(&binding->link);
  binding->detaching = TRUE;
  const NTSTATUS status = binding->references > 0 ? STATUS_PENDING : STATUS_SUCCESS;
  KeReleaseSpinLockFromDpcLevel(&binding->lock);  // the binding may be gone now
  KeReleaseSpinLock(&client->lock, irql);
  return status;
}

VOID cleanup(PVOID context) { ExFreePoolWithTag(context, small::kTag); }

NTSTATUS call(Client* client, LONG key) {
  Binding* binding = acquire(client, key);
  if (binding == nullptr) return STATUS_NOINTERFACE;
  const NTSTATUS status = NMRCHECK_CALL(binding->dispatch, Request, binding->provider_context);
  release(binding);
  return status;
}

// The provider deregisters during the call; it has no calls of its own to wait for.
void drive(model::World& world, const ParameterValues&) {
  const model::ModuleId provider_driver = world.kernel().load("provider.sys");
  const model::ModuleId client_driver = world.kernel().load("client.sys");
  auto* provider = kit::globals<Driver>(provider_driver);
  auto* client = kit::globals<Client>(client_driver);
  provider->provider =
      kit::provider_characteristics(small::attach_client, small::detach_client, nullptr);
  client->characteristics = kit::client_characteristics(attach, detach, cleanup);
  InitializeListHead(&client->bindings);
  kit::in_driver(provider_driver, "DriverEntry", [=] { small::register_provider(*provider); });
  kit::in_driver(client_driver, "DriverEntry", [=] {
    kit::registered(NmrRegisterClient(&client->characteristics, client, &client->registration),
                    client->registration);
  });
  client->caller = kit::start_thread(client_driver, "caller", [=] { (void)call(client, kKey); });
  world.kernel().unload(provider_driver, [=] { small::unload_provider(*provider); });
  world.kernel().unload(client_driver, [=] {
    kit::join(client->caller);
    kit::deregister_client(client->registration);
  });
}

}  // namespace

void add_sample_client(std::vector<Scenario>& list) {
  list.push_back({"nmr/sample-client",
                  "A client that counts references to each binding, while its provider leaves.",
                  {},
                  "",
                  "Programming Considerations for network modules",
                  {kit::kNoFaults},
                  kit::make<drive>});
}

}  // namespace nmrcheck::designs
