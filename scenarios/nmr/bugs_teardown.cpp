// Real bugs of what still runs, or is still used, when a driver closes down.
#include "scenarios/nmr/bugs.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

LARGE_INTEGER due_time() {
  LARGE_INTEGER due;
  due.QuadPart = -10'000;  // in 1 ms
  return due;
}

void wait_for(PKEVENT event) {
  KeWaitForSingleObject(event, Executive, KernelMode, FALSE, nullptr);
}

// --- Unload waits until the worker says that it is done, not until it has returned ---

struct Worker : Driver {
  KEVENT done;
  WORK_QUEUE_ITEM item;
  PIO_WORKITEM pinning_item;
};

Worker& worker_of(PVOID context) { return static_cast<Worker&>(driver_of(context)); }

VOID work(PVOID context) { KeSetEvent(&worker_of(context).done, IO_NO_INCREMENT, FALSE); }

void enter_with_worker(Driver& client) {
  KeInitializeEvent(&worker_of(&client).done, NotificationEvent, FALSE);
  ExInitializeWorkItem(&worker_of(&client).item, work, &client);
  small::register_client(client);
  ExQueueWorkItem(&worker_of(&client).item, DelayedWorkQueue);
}

VOID work_pinned(PDEVICE_OBJECT, PVOID context) {
  IoFreeWorkItem(worker_of(context).pinning_item);
  work(context);
}

void enter_with_pinning_worker(Driver& client) {
  KeInitializeEvent(&worker_of(&client).done, NotificationEvent, FALSE);
  worker_of(&client).pinning_item = IoAllocateWorkItem(nullptr);
  small::register_client(client);
  IoQueueWorkItem(worker_of(&client).pinning_item, work_pinned, DelayedWorkQueue, &client);
}

void unload_when_done(Driver& client) {
  small::unload_client(client);
  wait_for(&worker_of(&client).done);
}

template <void (*kEnter)(Driver&)>
constexpr small::Pair kSignalled{
    .client = {.enter = kEnter, .unload = unload_when_done, .bytes = sizeof(Worker)}};

// --- The timer is cancelled, and its DPC may still run ---

struct Ticking : Driver {
  KTIMER timer;
  KDPC dpc;
  LONG ticks;
};

Ticking& ticking_of(PVOID context) { return static_cast<Ticking&>(driver_of(context)); }

VOID tick(PKDPC, PVOID context, PVOID, PVOID) { InterlockedIncrement(&ticking_of(context).ticks); }

void enter_ticking(Driver& client) {
  Ticking& ticking = ticking_of(&client);
  KeInitializeTimer(&ticking.timer);
  KeInitializeDpc(&ticking.dpc, tick, &client);
  KeSetTimer(&ticking.timer, due_time(), &ticking.dpc);
  small::register_client(client);
}

void cancel(Driver& client) {
  small::unload_client(client);
  KeCancelTimer(&ticking_of(&client).timer);
}

void cancel_and_flush(Driver& client) {
  cancel(client);
  KeFlushQueuedDpcs();
}

template <void (*kUnload)(Driver&)>
constexpr small::Pair kTicking{
    .client = {.enter = enter_ticking, .unload = kUnload, .bytes = sizeof(Ticking)}};

// --- A work routine shuts its own queue down, and waits until that is idle ---

struct Queue : Driver {
  KEVENT idle;
  PIO_WORKITEM item;
  void (*routine)(Driver& client);
};

Queue& queue_of(PVOID context) { return static_cast<Queue&>(driver_of(context)); }

VOID run_queue(PDEVICE_OBJECT, PVOID context) {
  Queue& queue = queue_of(context);
  queue.routine(queue);
  IoFreeWorkItem(queue.item);
  KeSetEvent(&queue.idle, IO_NO_INCREMENT, FALSE);
}

void shut_down(Driver& client) {
  kit::deregister_client(client.registration);
  wait_for(&queue_of(&client).idle);
}

template <void (*kRoutine)(Driver&)>
void enter_queue(Driver& client) {
  Queue& queue = queue_of(&client);
  KeInitializeEvent(&queue.idle, NotificationEvent, FALSE);
  queue.item = IoAllocateWorkItem(nullptr);
  queue.routine = kRoutine;
  small::register_client(client);
  IoQueueWorkItem(queue.item, run_queue, DelayedWorkQueue, &client);
}

void wait_until_idle(Driver& client) { wait_for(&queue_of(&client).idle); }

constexpr small::Pair kShutDownByItself{
    .client = {.enter = enter_queue<shut_down>, .unload = wait_until_idle, .bytes = sizeof(Queue)}};
constexpr small::Pair kShutDownByUnload{.client = {.enter = enter_queue<small::do_nothing>,
                                                   .unload = shut_down,
                                                   .bytes = sizeof(Queue)}};

// --- Closing finds the interface, and the detach takes it away before it is used ---

struct Interface {
  LONG references;
  LONG requests;
};

void release_interface(Interface* interface) {
  if (InterlockedDecrement(&interface->references) == 0) small::release(interface);
}

NTSTATUS attach_interface(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  auto* interface = small::allocate<Interface>();
  if (interface == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  interface->references = 1;
  const NTSTATUS status = small::attach_provider(binding, context, instance);
  if (NT_SUCCESS(status)) {
    NMRCHECK_WRITE(driver_of(context).memory, interface);
  } else {
    small::release(interface);
  }
  return status;
}

NTSTATUS drop_interface(PVOID context) {
  auto* interface = static_cast<Interface*>(NMRCHECK_READ(driver_of(context).memory));
  NMRCHECK_WRITE(driver_of(context).memory, nullptr);
  release_interface(interface);
  return STATUS_SUCCESS;
}

void check_then_queue(Driver& client) {
  auto* interface = static_cast<Interface*>(NMRCHECK_READ(client.memory));
  if (interface == nullptr) return;
  InterlockedIncrement(&interface->requests);
}

NTSTATUS drop_interface_locked(PVOID context) {
  KIRQL irql;
  KeAcquireSpinLock(&driver_of(context).lock, &irql);
  auto* interface = static_cast<Interface*>(NMRCHECK_READ(driver_of(context).memory));
  NMRCHECK_WRITE(driver_of(context).memory, nullptr);
  KeReleaseSpinLock(&driver_of(context).lock, irql);
  release_interface(interface);
  return STATUS_SUCCESS;
}

void reference_then_queue(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  auto* interface = static_cast<Interface*>(NMRCHECK_READ(client.memory));
  if (interface != nullptr) InterlockedIncrement(&interface->references);
  KeReleaseSpinLock(&client.lock, irql);
  if (interface == nullptr) return;
  InterlockedIncrement(&interface->requests);
  release_interface(interface);
}

constexpr small::Pair kCheckThenQueue{.client = {.attach = attach_interface,
                                                 .detach = drop_interface,
                                                 .thread = check_then_queue,
                                                 .unload = small::unload_client_during_calls}};
constexpr small::Pair kReferenceThenQueue{.client = {.attach = attach_interface,
                                                     .detach = drop_interface_locked,
                                                     .thread = reference_then_queue,
                                                     .unload = small::unload_client_during_calls}};

// --- The last notification comes when the cleanup is finished already ---

struct Channel {
  KDPC dpc;
  PKEVENT cleaned;  // set by the DPC once it is there
};

struct Notified : Driver {
  KEVENT cleaned;
};

PKEVENT cleaned_of(Driver& client) { return &static_cast<Notified&>(client).cleaned; }
Channel* channel_of(const Driver& client) { return static_cast<Channel*>(client.memory); }

VOID poll(PKDPC, PVOID context, PVOID, PVOID) {
  const PKEVENT cleaned = NMRCHECK_READ(static_cast<Channel*>(context)->cleaned);
  if (cleaned != nullptr) KeSetEvent(cleaned, IO_NO_INCREMENT, FALSE);
}

void enter_channel(Driver& client) {
  auto* channel = small::allocate<Channel>();
  client.memory = channel;
  KeInitializeDpc(&channel->dpc, poll, channel);
  KeInitializeEvent(cleaned_of(client), NotificationEvent, FALSE);
  small::register_client(client);
}

void notify_channel(Driver& client) {
  KeInsertQueueDpc(&channel_of(client)->dpc, nullptr, nullptr);
}

void clean_up(Driver& client) {
  small::unload_client(client);
  NMRCHECK_WRITE(channel_of(client)->cleaned, cleaned_of(client));
  notify_channel(client);
  wait_for(cleaned_of(client));
}

void free_channel(Driver& client) {
  clean_up(client);
  small::release(channel_of(client));
  KeFlushQueuedDpcs();
}

void flush_then_free_channel(Driver& client) {
  clean_up(client);
  KeFlushQueuedDpcs();
  small::release(channel_of(client));
}

template <void (*kUnload)(Driver&)>
constexpr small::Pair kNotified{.client = {.enter = enter_channel,
                                           .thread = notify_channel,
                                           .unload = kUnload,
                                           .bytes = sizeof(Notified)}};

// --- The provider keeps a pointer into its client's characteristics ---

struct ClientInfo {
  LONG version;
};

void enter_with_info(Driver& client) {
  auto* info = small::allocate<ClientInfo>();
  client.memory = info;
  client.client.ClientRegistrationInstance.NpiSpecificCharacteristics = info;
  small::register_client(client);
}

void unload_with_info(Driver& client) {
  small::unload_client(client);
  small::release(client.memory);
}

struct Inspector : Driver {
  const ClientInfo* info;
  ClientInfo copy;
  BOOLEAN known;
};

Inspector& inspector_of(PVOID context) { return static_cast<Inspector&>(driver_of(context)); }

template <bool kCopies>
NTSTATUS accept_info(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance,
                     PVOID client_context, CONST VOID* client_dispatch, PVOID* provider_context,
                     CONST VOID** provider_dispatch) {
  Inspector& provider = inspector_of(context);
  const auto* info = static_cast<const ClientInfo*>(instance->NpiSpecificCharacteristics);
  KIRQL irql;
  KeAcquireSpinLock(&provider.lock, &irql);
  provider.info = info;
  if (kCopies) provider.copy.version = NMRCHECK_READ(info->version);
  provider.known = TRUE;
  KeReleaseSpinLock(&provider.lock, irql);
  return small::attach_client(binding, context, instance, client_context, client_dispatch,
                              provider_context, provider_dispatch);
}

template <bool kCopies>
void inspect(Driver& driver) {
  Inspector& provider = inspector_of(&driver);
  KIRQL irql;
  KeAcquireSpinLock(&provider.lock, &irql);
  const ClientInfo* info = kCopies ? &provider.copy : provider.info;
  const bool known = provider.known;
  KeReleaseSpinLock(&provider.lock, irql);
  if (known) (void)NMRCHECK_READ(info->version);
}

template <bool kCopies>
constexpr small::Pair kInspecting{
    .client = {.enter = enter_with_info, .unload = unload_with_info},
    .provider = {
        .attach = accept_info<kCopies>, .thread = inspect<kCopies>, .bytes = sizeof(Inspector)}};

void add_workers(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/worker-outlives-unload",
            "A client is unloaded when its worker has set an event, and may not have returned.",
            {"NMR-UNL-03"},
            "nmr/worker-outlives-unload-fixed",
            "xdp-for-windows pull request 321",
            {},
            small::make<kSignalled<enter_with_worker>>},
           "An I/O work item keeps the image.", small::make<kSignalled<enter_with_pinning_worker>>);
  add_pair(list,
           {"nmr/timer-outlives-unload",
            "A client cancels its timer, whose DPC may be running, and is unloaded.",
            {"NMR-UNL-03"},
            "nmr/timer-outlives-unload-fixed",
            "xdp-for-windows pull request 321",
            {},
            small::make<kTicking<cancel>>},
           "It waits for queued DPCs.", small::make<kTicking<cancel_and_flush>>);
  add_pair(list,
           {"nmr/wait-for-own-queue",
            "A client's work routine deregisters, and waits until its own queue is idle.",
            {"harness.deadlock"},
            "nmr/wait-for-own-queue-fixed",
            "xdp-for-windows pull request 230",
            {},
            small::make<kShutDownByItself>},
           "The unload routine does both.", small::make<kShutDownByUnload>);
}

}  // namespace

void add_bugs_teardown(std::vector<Scenario>& list) {
  add_workers(list);
  add_pair(list,
           {"nmr/handle-cleared-during-close",
            "A client's close path tests a pointer that the detach clears, and uses it then.",
            {"KRN-POOL-01"},
            "nmr/handle-cleared-during-close-fixed",
            "xdp-for-windows pull request 17883",
            {},
            small::make<kCheckThenQueue>},
           "A lock covers the test and the taking of a reference.",
           small::make<kReferenceThenQueue>);
  add_pair(list,
           {"nmr/notify-after-completion",
            "A client's cleanup is completed by an early DPC, and has queued one more by then.",
            {"KRN-POOL-01"},
            "nmr/notify-after-completion-fixed",
            "xdp-for-windows pull request 17908",
            {},
            small::make<kNotified<free_channel>>},
           "It waits for queued DPCs before it frees.",
           small::make<kNotified<flush_then_free_channel>>);
  add_pair(list,
           {"nmr/dangling-characteristics",
            "A provider reads its client's characteristics when the client may be gone.",
            {"KRN-POOL-01"},
            "nmr/dangling-characteristics-fixed",
            "xdp-for-windows issue 923",
            {},
            small::make<kInspecting<false>>},
           "It copies what it needs when the client attaches.", small::make<kInspecting<true>>);
}

}  // namespace nmrcheck::designs
