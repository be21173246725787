// Clients that count their calls, alone with a maximal provider: in one atomic word; before they
// deregister; with requests that pend; and in two counters, which is wrong.
#include "scenarios/nmr/alone.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

void lock(KSPIN_LOCK& spin_lock, auto code) {
  KIRQL irql;
  KeAcquireSpinLock(&spin_lock, &irql);
  code();
  KeReleaseSpinLock(&spin_lock, irql);
}

// --- One word: twice the calls, plus one while detaching ---

struct Binding;

struct Client {
  HANDLE registration;
  NPI_CLIENT_CHARACTERISTICS characteristics;
  KSPIN_LOCK lock;   // protects `binding`: whoever finds it counts before the lock is dropped
  Binding* binding;  // null unless attached
};

struct Binding {
  Client* client;
  HANDLE handle;
  PVOID provider_context;
  CONST VOID* dispatch;
  volatile LONG state;
};

constexpr LONG kDetaching = 1;
constexpr LONG kOneCall = 2;

bool begin_call(Binding& binding) {
  constexpr int kAttemptsMax = 8;  // each failure is a change by another thread
  LONG expected = InterlockedCompareExchange(&binding.state, 0, 0);
  for (int attempt = 0; attempt < kAttemptsMax && (expected & kDetaching) == 0; ++attempt) {
    const LONG seen = InterlockedCompareExchange(&binding.state, expected + kOneCall, expected);
    if (seen == expected) return true;
    expected = seen;
  }
  return false;
}

void end_call(Binding& binding) {
  const HANDLE handle = binding.handle;
  const LONG before = InterlockedExchangeAdd(&binding.state, -kOneCall);
  if (before == kOneCall + kDetaching) NmrClientDetachProviderComplete(handle);
}

NTSTATUS attach(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  auto& client = *static_cast<Client*>(context);
  auto* made =
      static_cast<Binding*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Binding), small::kTag));
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  made->client = &client;
  made->handle = handle;
  const NTSTATUS status = NmrClientAttachProvider(handle, made, &small::kClientDispatch,
                                                  &made->provider_context, &made->dispatch);
  if (!NT_SUCCESS(status)) {
    ExFreePoolWithTag(made, small::kTag);
    return status;
  }
  lock(client.lock, [&] { client.binding = made; });
  return status;
}

NTSTATUS detach(PVOID context) {
  auto& binding = *static_cast<Binding*>(context);
  Client& client = *binding.client;
  lock(client.lock, [&] { client.binding = nullptr; });
  return InterlockedOr(&binding.state, kDetaching) == 0 ? STATUS_SUCCESS : STATUS_PENDING;
}

VOID cleanup(PVOID context) { ExFreePoolWithTag(context, small::kTag); }

void call_once(Client& client) {
  Binding* binding = nullptr;
  lock(client.lock, [&] {
    binding = client.binding;
    if (binding != nullptr && !begin_call(*binding)) binding = nullptr;
  });
  if (binding == nullptr) return;
  NMRCHECK_CALL(static_cast<const kit::ProviderDispatch*>(binding->dispatch), Request,
                binding->provider_context);
  end_call(*binding);
}

void enter(Client& client) {
  client.characteristics = kit::client_characteristics(attach, detach, cleanup);
  const NTSTATUS status = NmrRegisterClient(&client.characteristics, &client, &client.registration);
  if (!NT_SUCCESS(status)) client.registration = nullptr;
}

void unload(Client& client) {
  if (client.registration != nullptr) kit::deregister_client(client.registration);
}

constexpr alone::Module<Client> kOneWord{.enter = enter, .threads = {call_once}, .unload = unload};

// --- Drivers of the small kind ---

template <PNPI_CLIENT_ATTACH_PROVIDER_FN kAttach, PNPI_CLIENT_DETACH_PROVIDER_FN kDetach>
void enter_small(Driver& client) {
  client.client = kit::client_characteristics(kAttach, kDetach, nullptr);
  small::register_client(client);
}

void deregister(Driver& client) {
  if (client.registration != nullptr) kit::deregister_client(client.registration);
}

// --- The driver stops its thread before it deregisters; if its provider leaves first, it counts
// ---

void start_calling(Driver& client) {
  enter_small<small::attach_to_call, small::detach_counting>(client);
  client.thread =
      model::current_kernel().start_thread("caller", [&client] { small::call_once(client); });
  client.threads = 1;
}

void stop_then_deregister(Driver& client) {
  lock(client.lock, [&] { client.attached = FALSE; });  // no call begins any more
  small::join(client);
  deregister(client);
}

constexpr alone::Module<Driver> kQuiesceFirst{
    .enter = start_calling, .threads = {}, .unload = stop_then_deregister};

// --- Two counters: each that drains completes ---

NTSTATUS detach_both(PVOID context) {
  auto& client = *static_cast<Driver*>(context);
  NTSTATUS status = STATUS_SUCCESS;
  lock(client.lock, [&] {
    client.attached = FALSE;
    client.detaching = client.calls + client.threads > 0;  // the second counter
    status = client.detaching ? STATUS_PENDING : STATUS_SUCCESS;
  });
  return status;
}

template <LONG Driver::*kCounter, bool kAsksBoth>
void call_and_count(Driver& client) {
  bool begun = false;
  bool last = false;
  lock(client.lock, [&] {
    begun = client.attached;
    if (begun) ++(client.*kCounter);
  });
  if (!begun) return;
  small::request_of_peer(client);
  lock(client.lock, [&] {
    --(client.*kCounter);
    const LONG left = kAsksBoth ? client.calls + client.threads : client.*kCounter;
    last = left == 0 && client.detaching;
  });
  if (last) NmrClientDetachProviderComplete(client.binding);
}

template <bool kAsksBoth>
constexpr alone::Module<Driver> kTwoCounters{
    .enter = enter_small<small::attach_to_call, detach_both>,
    .threads = {call_and_count<&Driver::calls, kAsksBoth>,
                call_and_count<&Driver::threads, kAsksBoth>},
    .unload = deregister};

// --- Requests that pend: the completion of a request drops what the request took ---

struct AsyncClient {
  NTSTATUS (*Completed)(PVOID client_binding_context);
};

constexpr NPIID kAsyncNpi = {
    0x7d02a6e1, 0x15c8, 0x4f7a, {0x83, 0x90, 0x2b, 0xe4, 0x61, 0x7f, 0xd5, 0x0c}};

NTSTATUS complete_request(PVOID context) {
  small::end_call(*static_cast<Driver*>(context));
  return STATUS_SUCCESS;
}

constexpr AsyncClient kAsyncClientTable = {complete_request};

NTSTATUS attach_async(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  auto& client = *static_cast<Driver*>(context);
  client.binding = binding;
  const NTSTATUS status = NmrClientAttachProvider(binding, context, &kAsyncClientTable,
                                                  &client.peer_context, &client.peer_dispatch);
  if (NT_SUCCESS(status)) lock(client.lock, [&] { client.attached = TRUE; });
  return status;
}

void request_and_keep(Driver& client) {
  if (!small::begin_call(client)) return;
  if (!small::begin_call(client)) return small::end_call(client);  // one for the call itself
  const NTSTATUS status =
      NMRCHECK_CALL(static_cast<const kit::ProviderDispatch*>(client.peer_dispatch), Request,
                    client.peer_context);
  if (status != STATUS_PENDING) small::end_call(client);
  small::end_call(client);
}

void enter_async(Driver& client) {
  client.client = kit::client_characteristics(attach_async, small::detach_counting, nullptr);
  client.client.ClientRegistrationInstance.NpiId = &kAsyncNpi;
  small::register_client(client);
}

constexpr alone::Module<Driver> kAsync{
    .enter = enter_async, .threads = {request_and_keep}, .unload = deregister};

NTSTATUS serve_request(PVOID context) { return peers::serve(context); }

constexpr kit::ProviderDispatch kAsyncProviderTable = {serve_request};

void tell_completion(const void* dispatch, void* context) {
  NMRCHECK_CALL(static_cast<const AsyncClient*>(dispatch), Completed, context);
}

void drive_async(model::World& world, const ParameterValues& values) {
  const peers::Npi npi{
      .id = &kAsyncNpi, .dispatch = &kAsyncProviderTable, .complete = tell_completion};
  const auto module = alone::load(world, "client.sys", kAsync);
  const std::array others{peers::load_provider(world, "provider.sys", npi, {.pends = true})};
  alone::drive<Driver>(world, module, others, alone::value(values, "leaves"));
}

}  // namespace

void add_designs_counting(std::vector<Scenario>& list) {
  const std::vector<Parameter> parameters{alone::leaves(alone::kPeers), alone::callers(0),
                                          kit::kNoFaults};
  list.push_back({"nmr/one-word-count",
                  "A client that keeps its count of calls and its detach in one atomic word.",
                  {},
                  "",
                  "Detaching a Client Module from a Provider Module",
                  parameters,
                  alone::make_client<Client, kOneWord>});
  list.push_back({"nmr/quiesce-first",
                  "A client that stops its thread before it deregisters, and counts all the same.",
                  {},
                  "",
                  "Unloading a Client Module",
                  parameters,
                  alone::make_client<Driver, kQuiesceFirst>});
  list.push_back({"nmr/counted-requests",
                  "A client whose requests pend: each counts until its completion came.",
                  {},
                  "",
                  "Programming Considerations",
                  {alone::leaves(alone::kPeers), kit::kNoFaults},
                  kit::make<drive_async>});
  add_pair(list,
           {"nmr/two-counters",
            "A client counts two kinds of calls, and each counter that drains completes.",
            {"NMR-DET-06", "NMR-DET-07", "NMR-DET-10"},
            "nmr/two-counters-fixed",
            "NmrClientDetachProviderComplete reference page",
            parameters,
            alone::make_client<Driver, kTwoCounters<false>>},
           "It completes when both are drained.", alone::make_client<Driver, kTwoCounters<true>>);
}

}  // namespace nmrcheck::designs
