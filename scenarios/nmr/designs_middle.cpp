// Modules with both roles, and those that register more than once: between two maximal peers, alone
// with themselves, again before they have waited; and a provider without any state.
#include "scenarios/nmr/alone.h"
#include "scenarios/nmr/calling.h"

namespace nmrcheck::designs {
namespace {

using alone::value;
using small::Driver;

// --- A middle driver: provider of the upper NPI, client of the lower one ---

constexpr NPIID kUpperNpi = {
    0x1be3d960, 0x4a0c, 0x4c55, {0xa7, 0x18, 0x3f, 0x9d, 0x02, 0xe6, 0x4b, 0x71}};

struct Middle {
  Driver up;
  Driver down;
};

// A request of the upper driver becomes one of the lower driver while that is attached.
NTSTATUS pass_down(PVOID up) {
  Middle& middle = *CONTAINING_RECORD(up, Middle, up);
  if (!small::begin_call(middle.down)) return STATUS_DEVICE_NOT_READY;
  small::request_of_peer(middle.down);
  small::end_call(middle.down);
  return STATUS_SUCCESS;
}

// An event of the lower driver becomes one for the upper driver.
NTSTATUS pass_up(PVOID down) {
  Middle& middle = *CONTAINING_RECORD(down, Middle, down);
  small::notify_once(middle.up);
  return STATUS_SUCCESS;
}

constexpr kit::ProviderDispatch kUpperTable = {pass_down};
constexpr kit::ClientDispatch kLowerTable = {pass_up};

NTSTATUS accept_upper(HANDLE binding, PVOID up, PNPI_REGISTRATION_INSTANCE instance,
                      PVOID client_context, CONST VOID* client_dispatch, PVOID* provider_context,
                      CONST VOID** provider_dispatch) {
  const NTSTATUS status = small::attach_client_to_call(
      binding, up, instance, client_context, client_dispatch, provider_context, provider_dispatch);
  *provider_dispatch = &kUpperTable;
  return status;
}

NTSTATUS attach_lower(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& down = *static_cast<Driver*>(context);
  down.binding = binding;
  const NTSTATUS status = NmrClientAttachProvider(binding, context, &kLowerTable,
                                                  &down.peer_context, &down.peer_dispatch);
  if (!NT_SUCCESS(status)) return status;
  KIRQL irql;
  KeAcquireSpinLock(&down.lock, &irql);
  down.attached = TRUE;
  KeReleaseSpinLock(&down.lock, irql);
  return status;
}

void enter_middle(Middle& middle) {
  middle.up.provider = kit::provider_characteristics(accept_upper, small::detach_counting, nullptr);
  middle.up.provider.ProviderRegistrationInstance.NpiId = &kUpperNpi;
  middle.down.client = kit::client_characteristics(attach_lower, small::detach_counting, nullptr);
  small::register_client(middle.down);
  small::register_provider(middle.up);
}

// Deregisters `driver` unless its registration failed. Returns true if there is something to wait
// for.
bool begin_leaving(const Driver& driver, bool client) {
  if (driver.registration == nullptr) return false;
  return (client ? NmrDeregisterClient(driver.registration)
                 : NmrDeregisterProvider(driver.registration)) == STATUS_PENDING;
}

// No new work comes from above; what is in progress ends with the lower driver's help.
void leave_upwards_first(Middle& middle) {
  if (begin_leaving(middle.up, false)) {
    (void)NmrWaitForProviderDeregisterComplete(middle.up.registration);
  }
  if (begin_leaving(middle.down, true)) {
    (void)NmrWaitForClientDeregisterComplete(middle.down.registration);
  }
}

// Calls come from both sides: neither wait may hold up the other.
void leave_both_at_once(Middle& middle) {
  const bool up = begin_leaving(middle.up, false);
  const bool down = begin_leaving(middle.down, true);
  if (up) (void)NmrWaitForProviderDeregisterComplete(middle.up.registration);
  if (down) (void)NmrWaitForClientDeregisterComplete(middle.down.registration);
}

NTSTATUS serve_upper(PVOID context) { return peers::serve(context); }
constexpr kit::ClientDispatch kUpperClientTable = {serve_upper};

void drive_middle(model::World& world, const ParameterValues& values) {
  const bool at_once = value(values, "order") == 1;
  const auto middle = alone::load(
      world, "middle.sys",
      alone::Module<Middle>{.enter = enter_middle,
                            .threads = {},
                            .unload = at_once ? leave_both_at_once : leave_upwards_first});
  const peers::Npi upper{
      .id = &kUpperNpi, .dispatch = &kUpperClientTable, .call = peers::kKitClient.call};
  const std::array others{
      peers::load_client(world, "upper.sys", upper, {.callers = value(values, "from_above")}),
      peers::load_provider(world, "lower.sys", peers::kKitProvider,
                           {.callers = value(values, "from_below")})};
  alone::drive<Middle>(world, middle, others, value(values, "leaves"));
}

// --- A driver that is its own client ---

void enter_self(Middle& both) {
  both.up.provider =
      kit::provider_characteristics(small::attach_client, small::detach_client, nullptr);
  both.down.client =
      kit::client_characteristics(small::attach_to_call, small::detach_counting, nullptr);
  small::register_provider(both.up);
  small::register_client(both.down);
}

constexpr alone::Module<Middle> kSelf{
    .enter = enter_self,
    .threads = {[](Middle& both) { small::call_once(both.down); }},
    .unload = leave_both_at_once};

void drive_self(model::World& world, const ParameterValues&) {
  alone::drive<Middle>(world, alone::load(world, "both.sys", kSelf), {}, alone::kModule);
}

// --- A provider that registers again before it has waited for the last registration ---

struct Twice {
  Driver first;
  Driver second;
};

void enter_first(Twice& twice) {
  for (Driver* driver : {&twice.first, &twice.second}) {
    driver->provider =
        kit::provider_characteristics(small::attach_client, small::detach_client, nullptr);
  }
  small::register_provider(twice.first);
}

void register_again_and_leave(Twice& twice) {
  const bool waits = begin_leaving(twice.first, false);
  small::register_provider(twice.second);
  if (waits) (void)NmrWaitForProviderDeregisterComplete(twice.first.registration);
  if (begin_leaving(twice.second, false)) {
    (void)NmrWaitForProviderDeregisterComplete(twice.second.registration);
  }
}

constexpr alone::Module<Twice> kTwice{
    .enter = enter_first, .threads = {}, .unload = register_again_and_leave};

// --- A provider without state: it never calls, so it has nothing to wait for ---

constexpr LONG kConstant = 0;

NTSTATUS accept_anyone(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*,
                       PVOID* provider_context, CONST VOID** provider_dispatch) {
  *provider_context = const_cast<LONG*>(&kConstant);
  *provider_dispatch = &small::kProviderDispatch;
  return STATUS_SUCCESS;
}

constexpr alone::Module<Driver> kStateless{.enter =
                                               [](Driver& provider) {
                                                 provider.provider = kit::provider_characteristics(
                                                     accept_anyone, small::detach_client, nullptr);
                                                 small::register_provider(provider);
                                               },
                                           .threads = {},
                                           .unload =
                                               [](Driver& provider) {
                                                 if (provider.registration != nullptr)
                                                   kit::deregister_provider(provider.registration);
                                               }};

}  // namespace

void add_designs_middle(std::vector<Scenario>& list) {
  list.push_back({"nmr/middle-driver",
                  "A driver between two others that passes requests down and events up.",
                  {},
                  "",
                  "Unloading a Provider Module",
                  {alone::leaves(alone::kModule),
                   {"from_above", "threads of the upper driver that request", 1, 0, 2},
                   {"from_below", "threads of the lower driver that notify", 0, 0, 2},
                   kit::kNoFaults,
                   {"order", "0: it leaves upwards first, 1: both ways at once", 0, 0, 1}},
                  kit::make<drive_middle>});
  list.push_back({"nmr/own-client",
                  "A driver that registers as client and as provider of one NPI.",
                  {},
                  "",
                  "Network Module",
                  {kit::kNoFaults},
                  kit::make<drive_self>});
  list.push_back({"nmr/register-before-wait",
                  "A provider registers again while its last registration is still draining.",
                  {},
                  "",
                  "NmrWaitForProviderDeregisterComplete reference page",
                  {alone::leaves(alone::kModule), alone::callers(0), kit::kNoFaults},
                  alone::make_provider<Twice, kTwice>});
  list.push_back({"nmr/stateless-provider",
                  "A provider with constant tables and contexts that never calls its clients.",
                  {},
                  "",
                  "msquic, src/bin/winkernel/nmrprovider.c",
                  {alone::leaves(alone::kModule), alone::callers(1)},
                  alone::make_provider<Driver, kStateless>});
}

}  // namespace nmrcheck::designs
