// A provider that notifies its client through one raw pointer, and the version that counts.
//
// The faulty one reads the pointer without a reference: detach clears it and cleanup frees what it
// points to while the notifying thread is between its read and its call.
#include "scenarios/kit.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

constexpr ULONG kTag = 'lcrN';

// --- The client: correct, and as small as a client can be ---

struct Client {
  HANDLE registration;
};

NTSTATUS client_notify(PVOID) { return STATUS_SUCCESS; }

const kit::ClientDispatch kClientDispatch = {client_notify};

NTSTATUS client_attach(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  PVOID peer_context = nullptr;
  CONST VOID* peer_table = nullptr;
  return NmrClientAttachProvider(binding, context, &kClientDispatch, &peer_context, &peer_table);
}

NTSTATUS client_detach(PVOID) { return STATUS_SUCCESS; }

const NPI_CLIENT_CHARACTERISTICS kClient =
    kit::client_characteristics(client_attach, client_detach, nullptr);

// --- The provider ---

struct Provider;

// One attached client: the provider's binding context.
struct Attached {
  Provider* provider;
  HANDLE binding;
  PVOID client_context;
  const kit::ClientDispatch* dispatch;
  EX_RUNDOWN_REF users;  // fixed: held by whoever calls the client
  PIO_WORKITEM drain;    // fixed: waits for the users at PASSIVE_LEVEL
};

struct Provider {
  HANDLE registration;
  KSPIN_LOCK lock;   // fixed: protects `client`
  Attached* client;  // null while no client is attached
};

NTSTATUS request(PVOID) { return STATUS_SUCCESS; }

const kit::ProviderDispatch kProviderDispatch = {request};

NTSTATUS accept(HANDLE binding, PVOID context, PVOID client_context, CONST VOID* client_dispatch,
                PIO_WORKITEM drain, PVOID* provider_context, CONST VOID** provider_dispatch) {
  auto* provider = static_cast<Provider*>(context);
  auto* made = static_cast<Attached*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Attached), kTag));
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  *made = {
      provider, binding, client_context, static_cast<const kit::ClientDispatch*>(client_dispatch),
      {},       drain};
  // The work item is freed by its own routine, or by the caller if this fails.
  *provider_context = made;
  *provider_dispatch = &kProviderDispatch;
  NMRCHECK_WRITE(provider->client, made);
  return STATUS_SUCCESS;
}

VOID provider_cleanup(PVOID context) { ExFreePoolWithTag(context, kTag); }

// --- Faulty ---

NTSTATUS attach_raw(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE, PVOID client_context,
                    CONST VOID* client_dispatch, PVOID* provider_context,
                    CONST VOID** provider_dispatch) {
  return accept(binding, context, client_context, client_dispatch, nullptr, provider_context,
                provider_dispatch);
}

NTSTATUS detach_raw(PVOID context) {
  Attached* client = static_cast<Attached*>(context);
  NMRCHECK_WRITE(client->provider->client, nullptr);
  return STATUS_SUCCESS;
}

void notify_raw(Provider* provider) {
  Attached* client = NMRCHECK_READ(provider->client);
  if (client == nullptr) return;
  const kit::ClientDispatch* dispatch = NMRCHECK_READ(client->dispatch);
  NMRCHECK_CALL(dispatch, Notify, client->client_context);
}

const NPI_PROVIDER_CHARACTERISTICS kRawProvider =
    kit::provider_characteristics(attach_raw, detach_raw, provider_cleanup);

// --- Fixed: a lock for the pointer, rundown protection for the calls ---

NTSTATUS attach_counted(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE,
                        PVOID client_context, CONST VOID* client_dispatch, PVOID* provider_context,
                        CONST VOID** provider_dispatch) {
  const PIO_WORKITEM item = IoAllocateWorkItem(nullptr);
  if (item == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  const NTSTATUS status = accept(binding, context, client_context, client_dispatch, item,
                                 provider_context, provider_dispatch);
  if (!NT_SUCCESS(status)) IoFreeWorkItem(item);
  return status;
}

VOID drain(PDEVICE_OBJECT, PVOID context) {
  Attached* client = static_cast<Attached*>(context);
  const HANDLE binding = client->binding;
  IoFreeWorkItem(client->drain);
  ExWaitForRundownProtectionRelease(&client->users);
  NmrProviderDetachClientComplete(binding);  // the context may be gone now
}

NTSTATUS detach_counted(PVOID context) {
  Attached* client = static_cast<Attached*>(context);
  KIRQL irql;
  KeAcquireSpinLock(&client->provider->lock, &irql);
  client->provider->client = nullptr;
  KeReleaseSpinLock(&client->provider->lock, irql);
  IoQueueWorkItem(client->drain, drain, DelayedWorkQueue, client);
  return STATUS_PENDING;
}

void notify_counted(Provider* provider) {
  KIRQL irql;
  KeAcquireSpinLock(&provider->lock, &irql);
  Attached* client = provider->client;
  const bool held = client != nullptr && ExAcquireRundownProtection(&client->users);
  KeReleaseSpinLock(&provider->lock, irql);
  if (!held) return;
  NMRCHECK_CALL(client->dispatch, Notify, client->client_context);
  ExReleaseRundownProtection(&client->users);
}

const NPI_PROVIDER_CHARACTERISTICS kCountedProvider =
    kit::provider_characteristics(attach_counted, detach_counted, provider_cleanup);

// --- The scenario: the provider notifies while the client deregisters ---

void drive(model::World& world, const NPI_PROVIDER_CHARACTERISTICS& characteristics,
           void (*notify)(Provider*)) {
  const model::ModuleId provider_driver = world.kernel().load("provider.sys");
  const model::ModuleId client_driver = world.kernel().load("client.sys");
  auto* provider = kit::globals<Provider>(provider_driver);
  auto* client = kit::globals<Client>(client_driver);
  kit::in_driver(provider_driver, "DriverEntry", [&] {
    kit::registered(NmrRegisterProvider(&characteristics, provider, &provider->registration),
                    provider->registration);
  });
  kit::in_driver(client_driver, "DriverEntry", [&] {
    kit::registered(NmrRegisterClient(&kClient, client, &client->registration),
                    client->registration);
  });
  const sim::FiberId notifier =
      kit::start_thread(provider_driver, "notifier", [=] { notify(provider); });
  world.kernel().unload(client_driver, [&] { kit::deregister_client(client->registration); });
  world.kernel().unload(provider_driver, [&] {
    kit::join(notifier);
    kit::deregister_provider(provider->registration);
  });
}

void drive_raw(model::World& world, const ParameterValues&) {
  drive(world, kRawProvider, notify_raw);
}

void drive_counted(model::World& world, const ParameterValues&) {
  drive(world, kCountedProvider, notify_counted);
}

}  // namespace

void add_raw_client_pointer(std::vector<Scenario>& list) {
  list.push_back({"nmr/raw-client-pointer",
                  "A provider calls its client through a raw pointer that detach clears.",
                  {"NMR-DET-03", "NMR-DET-10", "NMR-MEM-08"},
                  "nmr/raw-client-pointer-fixed",
                  "ebpf-for-windows pull request 5410",
                  {},
                  kit::make<drive_raw>});
  list.push_back({"nmr/raw-client-pointer-fixed",
                  "The same provider with a lock for the pointer and rundown for the calls.",
                  {},
                  "nmr/raw-client-pointer",
                  "ebpf-for-windows pull request 5410",
                  {kit::kNoFaults},
                  kit::make<drive_counted>});
}

}  // namespace nmrcheck::designs
