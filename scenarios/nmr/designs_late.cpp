// Modules that do one more thing after their detach, alone with a maximal peer: a last call, a
// timer, a look at the context, a refusal to serve.
#include "scenarios/nmr/alone.h"
#include "scenarios/nmr/calling.h"

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

// --- Clients and providers of the small kind ---

template <const small::Client& kClient>
constexpr alone::Module<Driver> kAloneClient{
    .enter =
        [](Driver& client) {
          client.client =
              kit::client_characteristics(kClient.attach, kClient.detach, kClient.cleanup);
          kClient.enter(client);
        },
    .threads = {kClient.thread},
    .unload =
        [](Driver& client) {
          if (client.registration != nullptr) kit::deregister_client(client.registration);
        }};

template <const small::Provider& kProvider>
constexpr alone::Module<Driver> kAloneProvider{
    .enter =
        [](Driver& provider) {
          provider.provider =
              kit::provider_characteristics(kProvider.attach, kProvider.detach, kProvider.cleanup);
          kProvider.enter(provider);
        },
    .threads = {kProvider.thread},
    .unload = kProvider.unload};

void deregister(Driver& provider) {
  if (provider.registration != nullptr) kit::deregister_provider(provider.registration);
}

// --- A provider that ends its flows when it is detached, and tells the client of each ---

VOID end_flows(PDEVICE_OBJECT, PVOID context) {
  IoFreeWorkItem(static_cast<PIO_WORKITEM>(driver_of(context).memory));
  small::notify_peer(driver_of(context));
}

NTSTATUS detach_and_end_flows(PVOID context) {
  Driver& provider = driver_of(context);
  provider.memory = IoAllocateWorkItem(nullptr);
  if (provider.memory == nullptr) return STATUS_SUCCESS;
  IoQueueWorkItem(static_cast<PIO_WORKITEM>(provider.memory), end_flows, DelayedWorkQueue, context);
  return STATUS_SUCCESS;
}

// The calls are over before it deregisters, or counted if its client leaves first.
void end_flows_then_deregister(Driver& provider) {
  if (small::begin_call(provider)) {
    small::notify_peer(provider);
    small::end_upcall(provider);
  }
  deregister(provider);
}

constexpr small::Provider kGoodbye{
    .attach = small::attach_client_to_call, .detach = detach_and_end_flows, .unload = deregister};
constexpr small::Provider kGoodbyeBefore{.attach = small::attach_client_to_call,
                                         .detach = small::detach_counting,
                                         .unload = end_flows_then_deregister};

// --- A timer that the detach does not cancel ---

void wait_for_timer() {
  LARGE_INTEGER interval{};
  interval.QuadPart = -10'000;  // one millisecond
  KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

void fire_unchecked(Driver& client) {
  bool armed = false;
  lock(client.lock, [&] { armed = client.attached; });
  if (!armed) return;
  wait_for_timer();
  small::request_of_peer(client);
}

void fire_counted(Driver& client) {
  wait_for_timer();
  small::call_once(client);
}

constexpr small::Client kTimer{
    .attach = small::attach_to_call, .detach = small::detach_counting, .thread = fire_unchecked};
constexpr small::Client kTimerCounted{
    .attach = small::attach_to_call, .detach = small::detach_counting, .thread = fire_counted};

// --- A client that looks at its context once more before it returns STATUS_PENDING ---

struct Context {
  Driver* client;
  HANDLE handle;
  KSPIN_LOCK lock;
  LONG calls;
  BOOLEAN detaching;
  LONG served;  // for the log
};

NTSTATUS attach_context(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  auto* made =
      static_cast<Context*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Context), small::kTag));
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  made->client = &client;
  made->handle = handle;
  const NTSTATUS status = NmrClientAttachProvider(handle, made, &small::kClientDispatch,
                                                  &client.peer_context, &client.peer_dispatch);
  if (!NT_SUCCESS(status)) {
    ExFreePoolWithTag(made, small::kTag);
    return status;
  }
  lock(client.lock, [&] { client.memory = made; });
  return status;
}

template <bool kLogsAfterwards>
NTSTATUS detach_context(PVOID context) {
  auto& own = *static_cast<Context*>(context);
  Driver& client = *own.client;
  NTSTATUS status = STATUS_SUCCESS;
  LONG served = 0;
  lock(client.lock, [&] {
    client.memory = nullptr;
    lock(own.lock, [&] {
      own.detaching = TRUE;
      served = own.served;
      if (own.calls > 0) status = STATUS_PENDING;
    });
  });
  if (kLogsAfterwards) served = NMRCHECK_READ(own.served);
  DbgPrint("%d calls\n", served);
  return status;
}

VOID cleanup_context(PVOID context) { ExFreePoolWithTag(context, small::kTag); }

void call_with_context(Driver& client) {
  Context* own = nullptr;
  lock(client.lock, [&] {
    own = static_cast<Context*>(client.memory);
    if (own != nullptr) lock(own->lock, [&] { ++own->calls; });
  });
  if (own == nullptr) return;
  small::request_of_peer(client);
  const HANDLE handle = own->handle;
  bool last = false;
  lock(own->lock, [&] { last = --own->calls == 0 && own->detaching; });
  if (last) NmrClientDetachProviderComplete(handle);
}

template <bool kLogsAfterwards>
constexpr small::Client kLogging{.attach = attach_context,
                                 .detach = detach_context<kLogsAfterwards>,
                                 .cleanup = cleanup_context,
                                 .thread = call_with_context};

// --- A provider that takes a late request for an error of its client ---

NTSTATUS request_while_attached(PVOID context) {
  NT_ASSERT(NMRCHECK_READ(driver_of(context).attached));
  return STATUS_SUCCESS;
}

NTSTATUS request_at_any_time(PVOID context) {
  return NMRCHECK_READ(driver_of(context).attached) ? STATUS_SUCCESS : STATUS_DEVICE_NOT_READY;
}

constexpr kit::ProviderDispatch kAsserting = {request_while_attached};
constexpr kit::ProviderDispatch kLenient = {request_at_any_time};

template <const kit::ProviderDispatch& kDispatch>
NTSTATUS accept_requests(HANDLE, PVOID context, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*,
                         PVOID* provider_context, CONST VOID** provider_dispatch) {
  NMRCHECK_WRITE(driver_of(context).attached, TRUE);
  *provider_context = context;
  *provider_dispatch = &kDispatch;
  return STATUS_SUCCESS;
}

NTSTATUS stop_serving(PVOID context) {
  NMRCHECK_WRITE(driver_of(context).attached, FALSE);
  return STATUS_SUCCESS;
}

template <const kit::ProviderDispatch& kDispatch>
constexpr small::Provider kServing{
    .attach = accept_requests<kDispatch>, .detach = stop_serving, .unload = deregister};

}  // namespace

void add_designs_late(std::vector<Scenario>& list) {
  const std::vector<Parameter> quiet{alone::leaves(alone::kPeers), alone::callers(0),
                                     kit::kNoFaults};
  const std::vector<Parameter> called{alone::leaves(alone::kModule), alone::callers(1)};
  add_pair(list,
           {"nmr/goodbye-call",
            "A provider's work item tells the client of a flow's end after the detach.",
            {"NMR-DET-03", "NMR-DET-10"},
            "nmr/goodbye-call-fixed",
            "ebpf-for-windows pull request 988",
            quiet,
            alone::make_provider<Driver, kAloneProvider<kGoodbye>>},
           "It does so before it deregisters, with a reference.",
           alone::make_provider<Driver, kAloneProvider<kGoodbyeBefore>>);
  add_pair(list,
           {"nmr/timer-not-cancelled",
            "A client's timer fires after the detach, and calls the provider.",
            {"NMR-DET-10"},
            "nmr/timer-not-cancelled-fixed",
            "Detaching a Client Module from a Provider Module",
            quiet,
            alone::make_client<Driver, kAloneClient<kTimer>>},
           "It takes a reference when it fires, or none is to be had.",
           alone::make_client<Driver, kAloneClient<kTimerCounted>>);
  add_pair(list,
           {"nmr/logs-after-unlock",
            "A client's detach callback logs from its context when its lock is dropped.",
            {"NMR-MEM-08"},
            "nmr/logs-after-unlock-fixed",
            "Programming Considerations",
            quiet,
            alone::make_client<Driver, kAloneClient<kLogging<true>>>},
           "It copies what it logs under the lock.",
           alone::make_client<Driver, kAloneClient<kLogging<false>>>);
  add_pair(list,
           {"nmr/asserts-on-late-requests",
            "A provider asserts that no request comes after its own detach.",
            {"KRN-ASSERT-01"},
            "nmr/asserts-on-late-requests-fixed",
            "ProviderAttachClient reference page",
            called,
            alone::make_provider<Driver, kAloneProvider<kServing<kAsserting>>>},
           "It fails such requests.",
           alone::make_provider<Driver, kAloneProvider<kServing<kLenient>>>);
}

}  // namespace nmrcheck::designs
