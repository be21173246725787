// The parts of the small drivers.
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs::small {
namespace {

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

struct Loaded {
  model::ModuleId id;
  Driver* driver;
};

void run(Loaded loaded, const char* name, void (*code)(Driver&)) {
  kit::in_driver(loaded.id, name, [driver = loaded.driver, code] { code(*driver); });
}

void start(Loaded loaded, const char* name, void (*code)(Driver&)) {
  if (code == nullptr) return;
  loaded.driver->thread =
      kit::start_thread(loaded.id, name, [driver = loaded.driver, code] { code(*driver); });
  loaded.driver->threads = 1;
}

void unload(model::World& world, Loaded loaded, void (*code)(Driver&)) {
  world.kernel().unload(loaded.id, [driver = loaded.driver, code] { code(*driver); });
}

}  // namespace

NTSTATUS notify(PVOID) { return STATUS_SUCCESS; }

NTSTATUS request(PVOID) { return STATUS_SUCCESS; }

// --- Client ---

NTSTATUS attach_provider(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  client.binding = binding;
  return NmrClientAttachProvider(binding, context, &kClientDispatch, &client.peer_context,
                                 &client.peer_dispatch);
}

NTSTATUS detach_provider(PVOID) { return STATUS_SUCCESS; }

NTSTATUS attach_to_call(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  const NTSTATUS status = attach_provider(binding, context, instance);
  if (!NT_SUCCESS(status)) return status;
  Driver& client = driver_of(context);
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  NMRCHECK_WRITE(client.attached, TRUE);  // some designs read it without the lock
  KeReleaseSpinLock(&client.lock, irql);
  return status;
}

NTSTATUS detach_counting(PVOID context) {
  Driver& client = driver_of(context);
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  client.attached = FALSE;
  client.detaching = client.calls > 0;
  const NTSTATUS status = client.detaching ? STATUS_PENDING : STATUS_SUCCESS;
  KeReleaseSpinLock(&client.lock, irql);
  return status;
}

bool begin_call(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  const bool begun = client.attached;
  if (begun) ++client.calls;
  KeReleaseSpinLock(&client.lock, irql);
  return begun;
}

void end_call(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  const bool last = --client.calls == 0 && client.detaching;
  KeReleaseSpinLock(&client.lock, irql);
  if (last) NmrClientDetachProviderComplete(client.binding);
}

void request_of_peer(const Driver& client) {
  NMRCHECK_CALL(static_cast<const kit::ProviderDispatch*>(client.peer_dispatch), Request,
                client.peer_context);
}

void call_once(Driver& client) {
  if (!begin_call(client)) return;
  request_of_peer(client);
  end_call(client);
}

void register_client(Driver& client) {
  kit::registered(NmrRegisterClient(&client.client, &client, &client.registration),
                  client.registration);
}

void unload_client(Driver& client) {
  join(client);
  kit::deregister_client(client.registration);
}

void unload_client_during_calls(Driver& client) {
  kit::deregister_client(client.registration);
  join(client);
}

// --- Provider ---

NTSTATUS attach_client(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE,
                       PVOID client_context, CONST VOID* client_dispatch, PVOID* provider_context,
                       CONST VOID** provider_dispatch) {
  Driver& provider = driver_of(context);
  provider.binding = binding;
  provider.peer_context = client_context;
  provider.peer_dispatch = client_dispatch;
  *provider_context = context;
  *provider_dispatch = &kProviderDispatch;
  return STATUS_SUCCESS;
}

NTSTATUS detach_client(PVOID) { return STATUS_SUCCESS; }

void register_provider(Driver& provider) {
  kit::registered(NmrRegisterProvider(&provider.provider, &provider, &provider.registration),
                  provider.registration);
}

void unload_provider(Driver& provider) {
  join(provider);
  kit::deregister_provider(provider.registration);
}

// --- Both ---

void join(Driver& driver) {
  if (driver.threads == 0) return;
  driver.threads = 0;
  kit::join(driver.thread);
}

void drive(model::World& world, const Pair& pair) {
  const model::ModuleId provider_id = world.kernel().load("provider.sys");
  const model::ModuleId client_id = world.kernel().load("client.sys");
  const auto globals = [&](model::ModuleId id, std::size_t bytes) {
    return static_cast<Driver*>(world.kernel().image_data(id, bytes, "globals"));
  };
  const Loaded provider{provider_id, globals(provider_id, pair.provider.bytes)};
  const Loaded client{client_id, globals(client_id, pair.client.bytes)};
  provider.driver->provider = kit::provider_characteristics(
      pair.provider.attach, pair.provider.detach, pair.provider.cleanup);
  client.driver->client =
      kit::client_characteristics(pair.client.attach, pair.client.detach, pair.client.cleanup);
  if (pair.enters == First::kProvider) run(provider, "DriverEntry", pair.provider.enter);
  run(client, "DriverEntry", pair.client.enter);
  if (pair.enters == First::kClient) run(provider, "DriverEntry", pair.provider.enter);
  start(provider, "provider thread", pair.provider.thread);
  start(client, "client thread", pair.client.thread);
  if (pair.leaves == First::kProvider) unload(world, provider, pair.provider.unload);
  unload(world, client, pair.client.unload);
  if (pair.leaves == First::kClient) unload(world, provider, pair.provider.unload);
}

}  // namespace nmrcheck::designs::small
