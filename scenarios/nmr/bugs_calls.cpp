// Real bugs of calls that are counted badly, and of what callbacks and DPCs may do.
#include "scenarios/nmr/bugs.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

// --- The client registers inside an epoch, and its detach callback waits for all epochs to end ---

void register_in_epoch(Driver& client) {
  InterlockedIncrement(&client.calls);
  small::register_client(client);
  InterlockedDecrement(&client.calls);
}

NTSTATUS wait_for_epochs(PVOID context) {
  while (NMRCHECK_READ(driver_of(context).calls) != 0) YieldProcessor();
  return STATUS_SUCCESS;
}

constexpr small::Pair kWaitsForEpochs{
    .client = {.detach = wait_for_epochs, .enter = small::do_nothing, .thread = register_in_epoch},
    .leaves = small::First::kProvider};

// The last to leave its epoch completes the detach.
void register_in_counted_epoch(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  ++client.calls;
  KeReleaseSpinLock(&client.lock, irql);
  small::register_client(client);
  small::end_call(client);
}

constexpr small::Pair kPendsForEpochs{.client = {.detach = small::detach_counting,
                                                 .enter = small::do_nothing,
                                                 .thread = register_in_counted_epoch},
                                      .leaves = small::First::kProvider};

// --- Calls are counted without interlocked operations, and nobody completes ---

void call_counted_badly(Driver& client) {
  if (!NMRCHECK_READ(client.attached)) return;
  NMRCHECK_WRITE(client.calls, NMRCHECK_READ(client.calls) + 1);
  small::request_of_peer(client);
  NMRCHECK_WRITE(client.calls, NMRCHECK_READ(client.calls) - 1);
}

NTSTATUS detach_by_bad_count(PVOID context) {
  NMRCHECK_WRITE(driver_of(context).attached, FALSE);
  return NMRCHECK_READ(driver_of(context).calls) > 0 ? STATUS_PENDING : STATUS_SUCCESS;
}

constexpr small::Pair kBadCount{.client = {.attach = small::attach_to_call,
                                           .detach = detach_by_bad_count,
                                           .thread = call_counted_badly,
                                           .unload = small::unload_client_during_calls}};
constexpr small::Pair kCounted{.client = small::kCallingClient};

// --- Rundown protection around calls: a work item waits for its release and completes ---

struct ProtectedClient : Driver {
  EX_RUNDOWN_REF running;
  PIO_WORKITEM item;
};

ProtectedClient& protected_of(PVOID context) {
  return static_cast<ProtectedClient&>(driver_of(context));
}

NTSTATUS attach_protected(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  PIO_WORKITEM item = IoAllocateWorkItem(nullptr);
  if (item == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  protected_of(context).item = item;
  const NTSTATUS status = small::attach_to_call(binding, context, instance);
  if (!NT_SUCCESS(status)) IoFreeWorkItem(item);
  return status;
}

VOID drain(PDEVICE_OBJECT, PVOID context) {
  ProtectedClient& client = protected_of(context);
  ExWaitForRundownProtectionRelease(&client.running);
  IoFreeWorkItem(client.item);
  NmrClientDetachProviderComplete(client.binding);
}

NTSTATUS drain_later(PVOID context) {
  IoQueueWorkItem(protected_of(context).item, drain, DelayedWorkQueue, context);
  return STATUS_PENDING;
}

bool is_open(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  const bool attached = client.attached;
  KeReleaseSpinLock(&client.lock, irql);
  return attached && ExAcquireRundownProtection(&protected_of(&client).running);
}

void get_and_call(Driver& client) {
  if (is_open(client)) small::request_of_peer(client);
}

void get_call_and_put(Driver& client) {
  if (!is_open(client)) return;
  small::request_of_peer(client);
  ExReleaseRundownProtection(&protected_of(&client).running);
}

// The handle of an opened interface, which knows where to give its reference back.
struct Interface {
  EX_RUNDOWN_REF* running;
};

Interface* open(Driver& client) {
  if (!is_open(client)) return nullptr;
  auto* opened = small::allocate<Interface>();
  opened->running = &protected_of(&client).running;
  return opened;
}

void close_and_put(Driver& client) {
  Interface* opened = open(client);
  if (opened == nullptr) return;
  small::request_of_peer(client);
  small::release(opened);
  ExReleaseRundownProtection(NMRCHECK_READ(opened->running));
}

void put_and_close(Driver& client) {
  Interface* opened = open(client);
  if (opened == nullptr) return;
  small::request_of_peer(client);
  EX_RUNDOWN_REF* running = NMRCHECK_READ(opened->running);
  small::release(opened);
  ExReleaseRundownProtection(running);
}

template <void (*kThread)(Driver&)>
constexpr small::Pair kProtected{.client = {.attach = attach_protected,
                                            .detach = drain_later,
                                            .thread = kThread,
                                            .unload = small::unload_client_during_calls,
                                            .bytes = sizeof(ProtectedClient)}};

// --- The client deregisters under a spin lock, and the provider's detach callback is paged ---

void deregister_under_lock(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  client.attached = FALSE;
  (void)NmrDeregisterClient(client.registration);
  KeReleaseSpinLock(&client.lock, irql);
  (void)NmrWaitForClientDeregisterComplete(client.registration);
}

void deregister_after_lock(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  client.attached = FALSE;
  KeReleaseSpinLock(&client.lock, irql);
  kit::deregister_client(client.registration);
}

void delete_filters() { PAGED_CODE(); }

NTSTATUS delete_at_once(PVOID) {
  delete_filters();
  return STATUS_SUCCESS;
}

VOID delete_and_complete(PDEVICE_OBJECT, PVOID context) {
  delete_filters();
  IoFreeWorkItem(static_cast<PIO_WORKITEM>(driver_of(context).memory));
  NmrProviderDetachClientComplete(driver_of(context).binding);
}

NTSTATUS delete_later(PVOID context) {
  IoQueueWorkItem(static_cast<PIO_WORKITEM>(driver_of(context).memory), delete_and_complete,
                  DelayedWorkQueue, context);
  return STATUS_PENDING;
}

NTSTATUS accept_with_item(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance,
                          PVOID client_context, CONST VOID* client_dispatch,
                          PVOID* provider_context, CONST VOID** provider_dispatch) {
  driver_of(context).memory = IoAllocateWorkItem(nullptr);
  if (driver_of(context).memory == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  return small::attach_client(binding, context, instance, client_context, client_dispatch,
                              provider_context, provider_dispatch);
}

constexpr small::Pair kPagedDetach{.client = {.unload = deregister_under_lock},
                                   .provider = {.detach = delete_at_once}};
constexpr small::Pair kPagedWorkItem{
    .client = {.unload = deregister_after_lock},
    .provider = {.attach = accept_with_item, .detach = delete_later}};

// --- The provider's DPC calls the clients, whose list a push lock protects ---

struct DpcProvider : Driver {
  KDPC dpc;
  EX_PUSH_LOCK clients;
};

DpcProvider& dpc_of(PVOID context) { return static_cast<DpcProvider&>(driver_of(context)); }

VOID notify_under_push_lock(PKDPC, PVOID context, PVOID, PVOID) {
  ExAcquirePushLockShared(&dpc_of(context).clients);
  small::notify_once(driver_of(context));
  ExReleasePushLockShared(&dpc_of(context).clients);
}

VOID notify_under_spin_lock(PKDPC, PVOID context, PVOID, PVOID) {
  small::notify_once(driver_of(context));
}

template <PKDEFERRED_ROUTINE kRoutine>
void enter_with_dpc(Driver& provider) {
  KeInitializeDpc(&dpc_of(&provider).dpc, kRoutine, &provider);
  small::register_provider(provider);
}

void interrupt(Driver& provider) { KeInsertQueueDpc(&dpc_of(&provider).dpc, nullptr, nullptr); }

void unload_with_dpc(Driver& provider) {
  small::unload_provider(provider);
  KeFlushQueuedDpcs();
}

template <PKDEFERRED_ROUTINE kRoutine>
constexpr small::Pair kDpc{.provider = {.attach = small::attach_client_to_call,
                                        .detach = small::detach_counting,
                                        .enter = enter_with_dpc<kRoutine>,
                                        .thread = interrupt,
                                        .unload = unload_with_dpc,
                                        .bytes = sizeof(DpcProvider)}};

void add_counts(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/counter-not-atomic",
            "A client counts its calls without interlocked operations or a lock.",
            {"NMR-DET-03", "NMR-DET-04", "NMR-DET-10"},
            "nmr/counter-not-atomic-fixed",
            "xdp-for-windows commit 2133ac1569",
            {},
            small::make<kBadCount>},
           "Calls are counted under the lock that the detach takes.", small::make<kCounted>);
  add_pair(list,
           {"nmr/rundown-never-released",
            "A client takes rundown protection for a call, and the detach waits for its release.",
            {"NMR-DET-04", "NMR-DET-12"},
            "nmr/rundown-never-released-fixed",
            "xdp-for-windows commit 5113462227",
            {},
            small::make<kProtected<get_and_call>>},
           "The protection is released after the call.", small::make<kProtected<get_call_and_put>>);
  add_pair(list,
           {"nmr/release-after-close",
            "A client looks for its rundown protection in the handle that it has just closed.",
            {"KRN-POOL-01"},
            "nmr/release-after-close-fixed",
            "xdp-for-windows commit 5113462227",
            {},
            small::make<kProtected<close_and_put>>},
           "It looks before it closes.", small::make<kProtected<put_and_close>>);
}

}  // namespace

void add_bugs_calls(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/register-in-epoch",
            "A client registers inside an epoch, and its detach callback waits for epochs to end.",
            {"harness.livelock"},
            "nmr/register-in-epoch-fixed",
            "ebpf-for-windows pull request 3594",
            {},
            small::make<kWaitsForEpochs>},
           "The detach pends, and the last to leave its epoch completes it.",
           small::make<kPendsForEpochs>);
  add_counts(list);
  add_pair(list,
           {"nmr/deregister-at-dispatch",
            "A client deregisters under a spin lock, and its provider's callback is paged code.",
            {"KRN-ASSERT-01"},
            "nmr/deregister-at-dispatch-fixed",
            "ebpf-for-windows issue 1186",
            {},
            small::make<kPagedDetach>},
           "The client drops its lock, and the provider uses a work item.",
           small::make<kPagedWorkItem>);
  add_pair(list,
           {"nmr/push-lock-in-dpc",
            "A provider's DPC takes the push lock of its list of clients.",
            {"KRN-IRQL-01"},
            "nmr/push-lock-in-dpc-fixed",
            "ntosebpfext pull request 201",
            {},
            small::make<kDpc<notify_under_push_lock>>},
           "A spin lock protects the clients.", small::make<kDpc<notify_under_spin_lock>>);
}

}  // namespace nmrcheck::designs
