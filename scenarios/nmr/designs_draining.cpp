// Clients whose detach always pends, alone with a maximal provider: a work item, a thread of their
// own or a grace period completes it.
#include "scenarios/nmr/alone.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

void lock(KSPIN_LOCK& spin_lock, auto code) {
  KIRQL irql;
  KeAcquireSpinLock(&spin_lock, &irql);
  code();
  KeReleaseSpinLock(&spin_lock, irql);
}

struct Binding;

// Readers that a grace period waits for: those that began before it did.
struct Grace {
  KSPIN_LOCK lock;  // protects the two below
  LONG period;
  LONG readers[2];  // inside sections that began in an even and in an odd period
  KEVENT drained;   // those of the period before
};

struct Client {
  HANDLE registration;
  NPI_CLIENT_CHARACTERISTICS characteristics;
  KSPIN_LOCK lock;   // protects what follows
  Binding* binding;  // null unless attached
  BOOLEAN stops;     // the thread ends
  KEVENT wake;       // of the thread
  Grace grace;
};

// All that a detach needs is allocated when the binding attaches.
struct Binding {
  Client* client;
  HANDLE handle;
  PVOID provider_context;
  CONST VOID* dispatch;
  PIO_WORKITEM item;
  EX_RUNDOWN_REF users;
  BOOLEAN detach_requested;
};

void discard(Binding* binding) {
  IoFreeWorkItem(binding->item);
  ExFreePoolWithTag(binding, small::kTag);
}

Binding* make_binding(Client& client, HANDLE handle) {
  auto* made =
      static_cast<Binding*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Binding), small::kTag));
  if (made == nullptr) return nullptr;
  made->client = &client;
  made->handle = handle;
  made->item = IoAllocateWorkItem(nullptr);
  if (made->item == nullptr) {
    ExFreePoolWithTag(made, small::kTag);
    return nullptr;
  }
  ExInitializeRundownProtection(&made->users);
  return made;
}

// Attaches, and publishes the binding when all of it is there.
NTSTATUS attach(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  auto& client = *static_cast<Client*>(context);
  Binding* made = make_binding(client, handle);
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  const NTSTATUS status = NmrClientAttachProvider(handle, made, &small::kClientDispatch,
                                                  &made->provider_context, &made->dispatch);
  if (!NT_SUCCESS(status)) {
    discard(made);
    return status;
  }
  lock(client.lock, [&] { NMRCHECK_WRITE(client.binding, made); });
  KeSetEvent(&client.wake, IO_NO_INCREMENT, FALSE);
  return status;
}

void call(const Binding& binding) {
  NMRCHECK_CALL(static_cast<const kit::ProviderDispatch*>(binding.dispatch), Request,
                binding.provider_context);
}

template <PNPI_CLIENT_DETACH_PROVIDER_FN kDetach, PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN kCleanup>
void enter(Client& client) {
  KeInitializeEvent(&client.wake, SynchronizationEvent, FALSE);
  KeInitializeEvent(&client.grace.drained, NotificationEvent, FALSE);
  client.characteristics = kit::client_characteristics(attach, kDetach, kCleanup);
  const NTSTATUS status = NmrRegisterClient(&client.characteristics, &client, &client.registration);
  if (!NT_SUCCESS(status)) client.registration = nullptr;
}

void unload(Client& client) {
  if (client.registration != nullptr) kit::deregister_client(client.registration);
}

// The work item is freed with the binding, if need be while its own routine is returning.
VOID cleanup(PVOID context) { discard(static_cast<Binding*>(context)); }

// --- Rundown protection, drained by a work item ---

VOID drain(PDEVICE_OBJECT, PVOID context) {
  auto& binding = *static_cast<Binding*>(context);
  const HANDLE handle = binding.handle;
  ExWaitForRundownProtectionRelease(&binding.users);
  NmrClientDetachProviderComplete(handle);  // the binding may be gone now
}

NTSTATUS detach_by_work_item(PVOID context) {
  auto& binding = *static_cast<Binding*>(context);
  Client& client = *binding.client;
  lock(client.lock, [&] { client.binding = nullptr; });
  IoQueueWorkItem(binding.item, drain, DelayedWorkQueue, &binding);
  return STATUS_PENDING;
}

void call_protected(Client& client) {
  Binding* binding = nullptr;
  lock(client.lock, [&] {
    binding = client.binding;
    if (binding != nullptr && !ExAcquireRundownProtection(&binding->users)) binding = nullptr;
  });
  if (binding == nullptr) return;
  call(*binding);
  ExReleaseRundownProtection(&binding->users);
}

constexpr alone::Module<Client> kWorkItem{
    .enter = enter<detach_by_work_item, cleanup>, .threads = {call_protected}, .unload = unload};

// --- An owner: one thread makes all calls, and completes when the callback has asked it to ---

NTSTATUS detach_by_owner(PVOID context) {
  auto& binding = *static_cast<Binding*>(context);
  Client& client = *binding.client;
  lock(client.lock, [&] { binding.detach_requested = TRUE; });
  KeSetEvent(&client.wake, IO_NO_INCREMENT, FALSE);  // the event is the client's: it outlives us
  return STATUS_PENDING;
}

// Handles one wake-up. Returns false when the thread is to end.
bool own(Client& client) {
  Binding* binding = nullptr;
  HANDLE leaving = nullptr;
  bool stops = false;
  lock(client.lock, [&] {
    binding = client.binding;
    stops = client.stops;
    if (binding == nullptr || !binding->detach_requested) return;
    leaving = binding->handle;
    client.binding = nullptr;
  });
  if (leaving != nullptr) {
    NmrClientDetachProviderComplete(leaving);
  } else if (binding != nullptr) {
    call(*binding);
  }
  return !stops;
}

void run_owner(Client& client) {
  constexpr int kWakesMax = 32;
  for (int i = 0; i < kWakesMax; ++i) {
    KeWaitForSingleObject(&client.wake, Executive, KernelMode, FALSE, nullptr);
    if (!own(client)) return;
  }
}

void unload_and_stop(Client& client) {
  unload(client);
  lock(client.lock, [&] { client.stops = TRUE; });
  KeSetEvent(&client.wake, IO_NO_INCREMENT, FALSE);
}

constexpr alone::Module<Client> kOwner{
    .enter = enter<detach_by_owner, cleanup>, .threads = {run_owner}, .unload = unload_and_stop};

// --- A grace period: readers take no reference, and a work item waits until they are out ---

LONG begin_section(Grace& grace) {
  LONG parity = 0;
  lock(grace.lock, [&] {
    parity = grace.period & 1;
    ++grace.readers[parity];
  });
  return parity;
}

void end_section(Grace& grace, LONG parity) {
  bool last = false;
  lock(grace.lock, [&] { last = --grace.readers[parity] == 0 && parity != (grace.period & 1); });
  if (last) KeSetEvent(&grace.drained, IO_NO_INCREMENT, FALSE);
}

void wait_for_grace(Grace& grace) {
  bool waits = false;
  lock(grace.lock, [&] {
    const LONG before = grace.period & 1;
    ++grace.period;
    waits = grace.readers[before] > 0;
    if (waits) KeClearEvent(&grace.drained);
  });
  if (waits) KeWaitForSingleObject(&grace.drained, Executive, KernelMode, FALSE, nullptr);
}

VOID reclaim(PDEVICE_OBJECT, PVOID context) {
  auto& binding = *static_cast<Binding*>(context);
  const HANDLE handle = binding.handle;
  wait_for_grace(binding.client->grace);
  NmrClientDetachProviderComplete(handle);
}

NTSTATUS detach_after_grace(PVOID context) {
  auto& binding = *static_cast<Binding*>(context);
  NMRCHECK_WRITE(binding.client->binding, nullptr);
  IoQueueWorkItem(binding.item, reclaim, DelayedWorkQueue, &binding);
  return STATUS_PENDING;
}

void call_in_section(Client& client) {
  const LONG parity = begin_section(client.grace);
  const Binding* binding = NMRCHECK_READ(client.binding);
  if (binding != nullptr) call(*binding);
  end_section(client.grace, parity);
}

template <std::size_t kReaders>
constexpr alone::Module<Client> kGrace{
    .enter = enter<detach_after_grace, cleanup>,
    .threads = {call_in_section, kReaders == 2 ? call_in_section : nullptr},
    .unload = unload};

// --- The same without the section: a detach does not wait for those who have the pointer ---

void call_without_section(Client& client) {
  const Binding* binding = NMRCHECK_READ(client.binding);
  if (binding == nullptr) return;
  NMRCHECK_TOUCH(binding);
  call(*binding);
}

constexpr alone::Module<Client> kNoSection{.enter = enter<detach_after_grace, cleanup>,
                                           .threads = {call_without_section},
                                           .unload = unload};

}  // namespace

void add_designs_draining(std::vector<Scenario>& list) {
  const std::vector<Parameter> parameters{alone::leaves(alone::kPeers), alone::callers(0),
                                          kit::kNoFaults};
  list.push_back({"nmr/drained-in-work-item",
                  "A client whose detach is completed by a work item when its rundown is over.",
                  {},
                  "",
                  "ebpf-for-windows, netebpfext",
                  parameters,
                  alone::make_client<Client, kWorkItem>});
  list.push_back({"nmr/owner-thread",
                  "A client with one thread that makes all calls and completes the detach.",
                  {},
                  "",
                  "xdp-for-windows, src/nmr",
                  parameters,
                  alone::make_client<Client, kOwner>});
  add_pair(list,
           {"nmr/grace-period-unheeded",
            "A client's thread uses the binding outside of the section that a detach waits for.",
            {"NMR-DET-06", "NMR-DET-10", "NMR-MEM-08"},
            "nmr/grace-period",
            "ebpf-for-windows, epoch-based reclamation",
            parameters,
            alone::make_client<Client, kNoSection>},
           "Its thread is inside a section, and takes no reference.",
           alone::make_client<Client, kGrace<1>>);
  list.push_back({"nmr/grace-period-two-readers",
                  "A client whose two threads are in sections when it detaches, one of them later.",
                  {},
                  "",
                  "ebpf-for-windows, epoch-based reclamation",
                  parameters,
                  alone::make_client<Client, kGrace<2>>});
}

}  // namespace nmrcheck::designs
