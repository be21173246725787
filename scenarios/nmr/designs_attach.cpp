// Clients that end an attach in the wrong way, alone with maximal providers.
#include "scenarios/nmr/alone.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

void lock(KSPIN_LOCK& spin_lock, auto code) {
  KIRQL irql;
  KeAcquireSpinLock(&spin_lock, &irql);
  code();
  KeReleaseSpinLock(&spin_lock, irql);
}

void deregister(Driver& client) {
  if (client.registration != nullptr) kit::deregister_client(client.registration);
}

template <PNPI_CLIENT_ATTACH_PROVIDER_FN kAttach, PNPI_CLIENT_DETACH_PROVIDER_FN kDetach,
          PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN kCleanup>
void enter(Driver& client) {
  client.client = kit::client_characteristics(kAttach, kDetach, kCleanup);
  small::register_client(client);
}

// --- A veto after success, which frees what upcalls use ---

struct Context {
  LONG events;
};

NTSTATUS count_event(PVOID context) {
  InterlockedIncrement(&static_cast<Context*>(context)->events);
  return STATUS_SUCCESS;
}

constexpr kit::ClientDispatch kCounting = {count_event};

VOID cleanup(PVOID context) { ExFreePoolWithTag(context, small::kTag); }

bool acceptable(const NPI_REGISTRATION_INSTANCE& provider) {
  return provider.NpiSpecificCharacteristics != nullptr;
}

template <bool kValidatesFirst>
NTSTATUS attach_and_validate(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE provider) {
  if (kValidatesFirst && !acceptable(*provider)) return STATUS_NOINTERFACE;
  Driver& client = driver_of(context);
  PVOID made = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Context), small::kTag);
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  NTSTATUS status = NmrClientAttachProvider(handle, made, &kCounting, &client.peer_context,
                                            &client.peer_dispatch);
  if (NT_SUCCESS(status) && !acceptable(*provider)) status = STATUS_NOINTERFACE;
  if (!NT_SUCCESS(status)) ExFreePoolWithTag(made, small::kTag);
  return status;
}

template <bool kValidatesFirst>
constexpr alone::Module<Driver> kVeto{
    .enter = enter<attach_and_validate<kValidatesFirst>, small::detach_provider, cleanup>,
    .threads = {},
    .unload = deregister};

// --- An attach that is to be finished by a work item ---

VOID finish_attach(PDEVICE_OBJECT, PVOID context) {
  Driver& client = driver_of(context);
  IoFreeWorkItem(static_cast<PIO_WORKITEM>(client.memory));
  (void)small::attach_provider(client.binding, &client, nullptr);
}

NTSTATUS attach_in_work_item(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  client.binding = handle;
  client.memory = IoAllocateWorkItem(nullptr);
  if (client.memory == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  IoQueueWorkItem(static_cast<PIO_WORKITEM>(client.memory), finish_attach, DelayedWorkQueue,
                  &client);
  return STATUS_PENDING;
}

constexpr alone::Module<Driver> kAttachInWorkItem{
    .enter = enter<attach_in_work_item, small::detach_provider, nullptr>,
    .threads = {},
    .unload = deregister};
constexpr alone::Module<Driver> kAttachAtOnce{
    .enter = enter<small::attach_provider, small::detach_provider, nullptr>,
    .threads = {},
    .unload = deregister};

// --- A gate that a failed attach leaves closed ---

NTSTATUS refuse(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*, PVOID*,
                CONST VOID**) {
  return STATUS_NOINTERFACE;
}

PRKEVENT attached_event(const Driver& client) { return static_cast<PRKEVENT>(client.memory); }

template <bool kReopens>
NTSTATUS attach_through_gate(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  Driver& client = driver_of(context);
  if (InterlockedCompareExchange(&client.threads, 1, 0) != 0) return STATUS_NOINTERFACE;
  const NTSTATUS status = small::attach_provider(handle, context, instance);
  if (NT_SUCCESS(status)) KeSetEvent(attached_event(client), IO_NO_INCREMENT, FALSE);
  if (!NT_SUCCESS(status) && kReopens) InterlockedExchange(&client.threads, 0);
  return status;
}

template <bool kReopens>
void enter_gated(Driver& client) {
  client.memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KEVENT), small::kTag);
  if (client.memory == nullptr) return;
  KeInitializeEvent(attached_event(client), NotificationEvent, FALSE);
  enter<attach_through_gate<kReopens>, small::detach_provider, nullptr>(client);
}

void wait_until_attached(Driver& client) {
  if (client.registration == nullptr) return;
  KeWaitForSingleObject(attached_event(client), Executive, KernelMode, FALSE, nullptr);
}

void unload_gated(Driver& client) {
  deregister(client);
  if (client.memory != nullptr) ExFreePoolWithTag(client.memory, small::kTag);
}

// A provider that refuses comes and goes; the one that would accept comes next.
template <bool kReopens>
void drive_gate(model::World& world, const ParameterValues& values) {
  const model::ModuleId refusing_id = world.kernel().load("refusing.sys");
  auto* refusing = kit::globals<Driver>(refusing_id);
  const auto client = alone::load(
      world, "client.sys",
      alone::Module<Driver>{.enter = enter_gated<kReopens>, .threads = {}, .unload = unload_gated});
  peers::Peer* willing =
      peers::load_provider(world, "willing.sys", peers::kKitProvider, alone::habits(values));
  refusing->provider = kit::provider_characteristics(refuse, small::detach_client, nullptr);
  kit::in_driver(refusing_id, "DriverEntry", [=] { small::register_provider(*refusing); });
  kit::in_driver(client.driver, "DriverEntry", [&] { client.enter(*client.globals); });
  world.kernel().unload(refusing_id, [=] {
    if (refusing->registration != nullptr) kit::deregister_provider(refusing->registration);
  });
  peers::enter(*willing);
  kit::in_driver(client.driver, "open", [&] { wait_until_attached(*client.globals); });
  alone::unload(world, client, {});
  peers::unload(world, *willing);
}

}  // namespace

void add_designs_attach(std::vector<Scenario>& list) {
  const std::vector<Parameter> called{alone::leaves(alone::kModule), alone::callers(1)};
  add_pair(list,
           {"nmr/veto-frees-context",
            "A client validates its provider when attached, frees the context and says no.",
            {"NMR-CLN-01"},
            "nmr/veto-frees-context-fixed",
            "ebpf-for-windows issue 2008",
            called,
            alone::make_client<Driver, kVeto<false>>},
           "It validates first.", alone::make_client<Driver, kVeto<true>>);
  add_pair(list,
           {"nmr/attach-in-work-item",
            "A client's attach callback returns STATUS_PENDING, and a work item attaches.",
            {"NMR-ATT-01", "NMR-ATT-04"},
            "nmr/attach-in-work-item-fixed",
            "ClientAttachProvider reference page",
            called,
            alone::make_client<Driver, kAttachInWorkItem>},
           "It attaches inside the callback.", alone::make_client<Driver, kAttachAtOnce>);
  add_pair(list,
           {"nmr/gate-left-closed",
            "A client with room for one binding keeps it taken when the attach failed.",
            {"NMR-LIVE-05"},
            "nmr/gate-left-closed-fixed",
            "ebpf-for-windows pull request 5287",
            {alone::callers(0)},
            kit::make<drive_gate<false>>},
           "It gives it back.", kit::make<drive_gate<true>>);
}

}  // namespace nmrcheck::designs
