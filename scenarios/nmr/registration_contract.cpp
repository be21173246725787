// Drivers that register too early, give up too early, or forget what they registered.
#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

constexpr small::Pair kCorrect{};

// --- A driver that can be stopped, and stays loaded ---

template <bool kWaits>
void drive_stop(model::World& world, const ParameterValues&) {
  const model::ModuleId id = world.kernel().load("client.sys");
  auto* client = kit::globals<Driver>(id);
  client->client =
      kit::client_characteristics(small::attach_provider, small::detach_provider, nullptr);
  kit::in_driver(id, "DriverEntry", [client] { small::register_client(*client); });
  kit::in_driver(id, "stop", [client] {
    const NTSTATUS status = NmrDeregisterClient(client->registration);
    if (kWaits && status == STATUS_PENDING) {
      (void)NmrWaitForClientDeregisterComplete(client->registration);
    }
  });
}

// --- The lock that the attach callback takes is initialized after NmrRegisterClient ---

void register_then_initialize(Driver& client) {
  small::register_client(client);
  KeInitializeSpinLock(&client.lock);
}

void initialize_then_register(Driver& client) {
  KeInitializeSpinLock(&client.lock);
  small::register_client(client);
}

constexpr small::Pair kInitializedLate{
    .client = {.attach = small::attach_to_call, .enter = register_then_initialize}};
constexpr small::Pair kInitializedFirst{
    .client = {.attach = small::attach_to_call, .enter = initialize_then_register}};

// --- A thread that the attach callback starts looks at the registration handle ---

VOID look_at_registration(PVOID context) {
  Driver& client = driver_of(context);
  NMRCHECK_WRITE(client.peer_context, NMRCHECK_READ(client.registration));
}

void start_watchdog(Driver& client) {
  HANDLE thread = nullptr;
  (void)PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr,
                             look_at_registration, &client);
  client.memory = thread;
}

NTSTATUS start_watchdog_and_decline(HANDLE, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  start_watchdog(driver_of(context));
  return STATUS_NOINTERFACE;
}

NTSTATUS decline(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE) { return STATUS_NOINTERFACE; }

void register_then_start(Driver& client) {
  small::register_client(client);
  start_watchdog(client);
}

void unload_watched(Driver& client) {
  kit::deregister_client(client.registration);
  if (client.memory != nullptr) {
    KeWaitForSingleObject(client.memory, Executive, KernelMode, FALSE, nullptr);
  }
}

constexpr small::Pair kWatchdogEarly{
    .client = {.attach = start_watchdog_and_decline, .unload = unload_watched}};
constexpr small::Pair kWatchdogLate{
    .client = {.attach = decline, .enter = register_then_start, .unload = unload_watched}};

// --- The attach callback gives up, and deregisters ---

NTSTATUS deregister_and_decline(HANDLE, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  (void)NmrDeregisterClient(NMRCHECK_READ(driver_of(context).registration));
  return STATUS_NOINTERFACE;
}

constexpr small::Pair kDeregisterInAttach{.client = {.attach = deregister_and_decline}};
constexpr small::Pair kDecline{.client = {.attach = decline}};

// --- Two registrations of one structure ---

template <bool kShared>
void register_twice(Driver& client) {
  auto* copy = static_cast<NPI_CLIENT_CHARACTERISTICS*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(NPI_CLIENT_CHARACTERISTICS), small::kTag));
  if (copy == nullptr) return;
  *copy = client.client;
  client.memory = copy;
  (void)NmrRegisterClient(&client.client, &client, &client.registration);
  (void)NmrRegisterClient(kShared ? &client.client : copy, kShared ? &client : nullptr,
                          &client.binding);
}

void deregister_both(Driver& client) {
  kit::deregister_client(client.registration);
  kit::deregister_client(client.binding);
  ExFreePoolWithTag(client.memory, small::kTag);
}

constexpr small::Pair kSharedStructures{
    .client = {.attach = decline, .enter = register_twice<true>, .unload = deregister_both}};
constexpr small::Pair kOwnStructures{
    .client = {.attach = decline, .enter = register_twice<false>, .unload = deregister_both}};

// --- Entry routines that register, and may fail ---

// Loads both drivers; the client's entry routine is `entry`.
void drive_entry(model::World& world, NTSTATUS (*entry)(void*)) {
  const model::ModuleId provider_id = world.kernel().load("provider.sys");
  const model::ModuleId client_id = world.kernel().load("client.sys");
  auto* provider = kit::globals<Driver>(provider_id);
  auto* client = kit::globals<Driver>(client_id);
  provider->provider =
      kit::provider_characteristics(small::attach_client, small::detach_client, nullptr);
  client->client =
      kit::client_characteristics(small::attach_to_call, small::detach_counting, nullptr);
  kit::in_driver(provider_id, "DriverEntry", [provider] { small::register_provider(*provider); });
  if (NT_SUCCESS(kit::enter(client_id, entry, client))) {
    world.kernel().unload(client_id, [client] { small::unload_client(*client); });
  }
  world.kernel().unload(provider_id, [provider] { small::unload_provider(*provider); });
}

template <NTSTATUS (*kEntry)(void*)>
void drive_with_entry(model::World& world, const ParameterValues&) {
  drive_entry(world, kEntry);
}

bool attached(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  const bool is_attached = client.attached;
  KeReleaseSpinLock(&client.lock, irql);
  return is_attached;
}

NTSTATUS enter_if_attached(void* globals) {
  Driver& client = driver_of(globals);
  small::register_client(client);
  if (attached(client)) return STATUS_SUCCESS;
  kit::deregister_client(client.registration);
  return STATUS_DEVICE_NOT_READY;
}

NTSTATUS enter_in_any_case(void* globals) {
  small::register_client(driver_of(globals));
  return STATUS_SUCCESS;
}

// The second registration of the entry routine fails, as without memory.
NTSTATUS register_second(Driver& client) {
  HANDLE second = nullptr;
  client.provider =
      kit::provider_characteristics(small::attach_client, small::detach_client, nullptr);
  client.provider.ProviderRegistrationInstance.NpiId = nullptr;
  return NmrRegisterProvider(&client.provider, nullptr, &second);
}

template <bool kUndoes>
NTSTATUS enter_and_fail(void* globals) {
  Driver& client = driver_of(globals);
  small::register_client(client);
  const NTSTATUS status = register_second(client);
  if (!NT_SUCCESS(status) && kUndoes) kit::deregister_client(client.registration);
  return status;
}

// --- A handle is taken for a pointer ---

NTSTATUS look_into_handle(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  (void)NMRCHECK_READ(*static_cast<LONG*>(binding));
  return small::attach_provider(binding, context, instance);
}

constexpr small::Pair kHandleDereferenced{.client = {.attach = look_into_handle}};

void add_beginnings(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/initialized-after-register",
            "A client initializes the lock of its attach callback after it has registered.",
            {"NMR-REG-02"},
            "nmr/initialized-after-register-fixed",
            "ebpf-for-windows pull request 4117",
            {},
            small::make<kInitializedLate>},
           "It registers last.", small::make<kInitializedFirst>);
  add_pair(list,
           {"nmr/handle-read-early",
            "A thread that the attach callback starts reads the registration handle.",
            {"NMR-REG-03"},
            "nmr/handle-read-early-fixed",
            "NmrRegisterClient reference page",
            {},
            small::make<kWatchdogEarly>},
           "The entry routine starts the thread when it has registered.",
           small::make<kWatchdogLate>);
  add_pair(list,
           {"nmr/deregister-in-attach",
            "A client's attach callback gives up and deregisters the client.",
            {"NMR-REG-03", "NMR-REG-05"},
            "nmr/deregister-in-attach-fixed",
            "NmrRegisterClient reference page",
            {},
            small::make<kDeregisterInAttach>},
           "The callback declines, and the unload routine deregisters.", small::make<kDecline>);
  add_pair(list,
           {"nmr/shared-structures",
            "A client registers twice with one structure and one context.",
            {"NMR-REG-07"},
            "nmr/shared-structures-fixed",
            "Initializing and Registering a Client Module",
            {},
            small::make<kSharedStructures>},
           "Each registration has its own.", small::make<kOwnStructures>);
  add_pair(list,
           {"nmr/attach-expected-at-once",
            "A client's entry routine fails if the client is not attached when it has registered.",
            {"NMR-REG-08"},
            "nmr/attach-expected-at-once-fixed",
            "NmrRegisterClient reference page",
            {},
            kit::make<drive_with_entry<enter_if_attached>>},
           "It succeeds, and the provider may come later.",
           kit::make<drive_with_entry<enter_in_any_case>>);
}

void add_ends(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/stop-without-wait",
            "A client that stays loaded deregisters and does not wait.",
            {"NMR-REG-01"},
            "nmr/stop-without-wait-fixed",
            "NmrDeregisterClient reference page",
            {},
            kit::make<drive_stop<false>>},
           "It waits.", kit::make<drive_stop<true>>);
  add_pair(list,
           {"nmr/entry-fails-registered",
            "An entry routine registers twice and returns the error of the second registration.",
            {"NMR-UNL-02"},
            "nmr/entry-fails-registered-fixed",
            "follows from unloading",
            {},
            kit::make<drive_with_entry<enter_and_fail<false>>>},
           "It undoes the first, and waits.", kit::make<drive_with_entry<enter_and_fail<true>>>);
  add_pair(list,
           {"nmr/handle-dereferenced",
            "A client looks into its binding handle.",
            {"NMR-HND-04"},
            "nmr/handle-dereferenced-fixed",
            "NmrClientAttachProvider reference page",
            {},
            small::make<kHandleDereferenced>},
           "It only passes it on.", small::make<kCorrect>);
}

}  // namespace

void add_registration_contract(std::vector<Scenario>& list) {
  add_beginnings(list);
  add_ends(list);
}

}  // namespace nmrcheck::designs
