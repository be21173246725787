// Drivers that wait for what cannot come: the draining of one registration while another feeds it,
// and a second offer.
#include "scenarios/nmr/calling.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

// --- A middle module: client of the lower driver, provider of the upper one ---

constexpr NPIID kUpperNpi = {
    0x0c1d52b4, 0x88f1, 0x4b3e, {0xb2, 0x6d, 0x11, 0x5e, 0x70, 0xc3, 0x9f, 0x24}};

struct Middle {
  Driver down;  // the client of the lower driver
  Driver up;    // the provider of the upper driver
};

Middle& middle_of(PVOID up) { return *CONTAINING_RECORD(up, Middle, up); }

// Opens the upper driver's session, which uses the lower driver until the upper binding ends.
NTSTATUS open_session(PVOID up) {
  Middle& middle = middle_of(up);
  if (!small::begin_call(middle.down)) return STATUS_DEVICE_NOT_READY;
  nmrcheck_reference_taken(middle.down.peer_dispatch, middle.down.peer_context);
  NMRCHECK_WRITE(middle.up.calls, 1);
  return STATUS_SUCCESS;
}

constexpr kit::ProviderDispatch kSessions = {open_session};

NTSTATUS accept_upper(HANDLE, PVOID up, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*,
                      PVOID* provider_context, CONST VOID** provider_dispatch) {
  *provider_context = up;
  *provider_dispatch = &kSessions;
  return STATUS_SUCCESS;
}

VOID close_session(PVOID up) {
  Middle& middle = middle_of(up);
  if (NMRCHECK_READ(middle.up.calls) == 0) return;
  nmrcheck_reference_dropped(middle.down.peer_dispatch, middle.down.peer_context);
  small::end_call(middle.down);
}

void enter_middle(Middle& middle) {
  middle.down.client =
      kit::client_characteristics(small::attach_to_call, small::detach_counting, nullptr);
  middle.up.provider =
      kit::provider_characteristics(accept_upper, small::detach_client, close_session);
  middle.up.provider.ProviderRegistrationInstance.NpiId = &kUpperNpi;
  small::register_client(middle.down);
  small::register_provider(middle.up);
}

template <bool kUpperFirst>
void unload_middle(Middle& middle) {
  if (kUpperFirst) kit::deregister_provider(middle.up.registration);
  kit::deregister_client(middle.down.registration);
  if (!kUpperFirst) kit::deregister_provider(middle.up.registration);
}

template <bool kUpperFirst>
void drive_middle(model::World& world, const ParameterValues&) {
  const model::ModuleId lower_id = world.kernel().load("lower.sys");
  const model::ModuleId middle_id = world.kernel().load("middle.sys");
  const model::ModuleId upper_id = world.kernel().load("upper.sys");
  auto* lower = kit::globals<Driver>(lower_id);
  auto* middle = kit::globals<Middle>(middle_id);
  auto* upper = kit::globals<Driver>(upper_id);
  lower->provider =
      kit::provider_characteristics(small::attach_client, small::detach_client, nullptr);
  upper->client =
      kit::client_characteristics(small::attach_to_call, small::detach_counting, nullptr);
  upper->client.ClientRegistrationInstance.NpiId = &kUpperNpi;
  kit::in_driver(lower_id, "DriverEntry", [lower] { small::register_provider(*lower); });
  kit::in_driver(middle_id, "DriverEntry", [middle] { enter_middle(*middle); });
  kit::in_driver(upper_id, "DriverEntry", [upper] { small::register_client(*upper); });
  kit::in_driver(upper_id, "open", [upper] { small::call_once(*upper); });
  world.kernel().unload(middle_id, [middle] { unload_middle<kUpperFirst>(*middle); });
  world.kernel().unload(upper_id, [upper] { small::unload_client(*upper); });
  world.kernel().unload(lower_id, [lower] { small::unload_provider(*lower); });
}

// --- A client that declines until it is ready, and then waits to be attached ---

PRKEVENT attached_of(const Driver& client) { return static_cast<PRKEVENT>(client.memory); }

NTSTATUS attach_when_ready(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  Driver& client = driver_of(context);
  if (!NMRCHECK_READ(client.attached)) return STATUS_NOINTERFACE;  // not ready yet
  const NTSTATUS status = small::attach_provider(binding, context, instance);
  if (NT_SUCCESS(status)) KeSetEvent(attached_of(client), 0, FALSE);
  return status;
}

void prepare(Driver& client) {
  client.memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KEVENT), small::kTag);
  KeInitializeEvent(attached_of(client), NotificationEvent, FALSE);
}

void register_then_be_ready(Driver& client) {
  prepare(client);
  small::register_client(client);
  NMRCHECK_WRITE(client.attached, TRUE);
}

void be_ready_then_register(Driver& client) {
  prepare(client);
  NMRCHECK_WRITE(client.attached, TRUE);
  small::register_client(client);
}

void wait_until_attached(Driver& client) {
  KeWaitForSingleObject(attached_of(client), Executive, KernelMode, FALSE, nullptr);
}

void unload_event(Driver& client) {
  small::unload_client(client);
  ExFreePoolWithTag(client.memory, small::kTag);
}

constexpr small::Client waiting_client(void (*enter)(Driver&)) {
  return {.attach = attach_when_ready,
          .enter = enter,
          .thread = wait_until_attached,
          .unload = unload_event};
}

constexpr small::Pair kReadyLate{.client = waiting_client(register_then_be_ready)};
constexpr small::Pair kReadyFirst{.client = waiting_client(be_ready_then_register)};

}  // namespace

void add_liveness_contract(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/middle-waits-downwards",
            "A middle driver waits for its lower binding, which its upper binding keeps in use.",
            {"NMR-LIVE-04"},
            "nmr/middle-waits-downwards-fixed",
            "Unloading a Provider Module",
            {},
            kit::make<drive_middle<false>>},
           "It deregisters upwards first.", kit::make<drive_middle<true>>);
  add_pair(list,
           {"nmr/second-offer-awaited",
            "A client declines until it is ready, and then waits for the next offer.",
            {"NMR-LIVE-05"},
            "nmr/second-offer-awaited-fixed",
            "Attaching a Client Module to a Provider Module",
            {},
            small::make<kReadyLate>},
           "It is ready before it registers.", small::make<kReadyFirst>);
}

}  // namespace nmrcheck::designs
