// Real bugs on paths that are taken when an allocation, a registration or an attachment fails.
#include "scenarios/nmr/bugs.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

// --- The provider frees not all that it allocated for a client that cannot attach ---

struct Attached {
  PIO_WORKITEM item;
  PVOID filters;
};

VOID free_attached(PVOID context) {
  auto* client = static_cast<Attached*>(context);
  small::release(client->filters);
  IoFreeWorkItem(client->item);
  small::release(client);
}

template <bool kFreesItem>
NTSTATUS accept(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*,
                PVOID* provider_context, CONST VOID** provider_dispatch) {
  auto* client = small::allocate<Attached>();
  if (client == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  client->item = IoAllocateWorkItem(nullptr);
  if (client->item == nullptr) {
    small::release(client);
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  client->filters = small::allocate<LONG>();
  if (client->filters == nullptr) {
    if (kFreesItem) IoFreeWorkItem(client->item);
    small::release(client);
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  *provider_context = client;
  *provider_dispatch = &small::kProviderDispatch;
  return STATUS_SUCCESS;
}

template <bool kFreesItem>
constexpr small::Pair kFailedAccept{
    .provider = {.attach = accept<kFreesItem>, .cleanup = free_attached}};

// --- The detach callback needs memory, and pends also when there is none ---

VOID complete_later(PDEVICE_OBJECT, PVOID context) {
  const HANDLE binding = driver_of(context).binding;
  IoFreeWorkItem(static_cast<PIO_WORKITEM>(driver_of(context).memory));
  NmrClientDetachProviderComplete(binding);
}

NTSTATUS allocate_and_pend(PVOID context) {
  driver_of(context).memory = IoAllocateWorkItem(nullptr);
  if (driver_of(context).memory != nullptr) {
    IoQueueWorkItem(static_cast<PIO_WORKITEM>(driver_of(context).memory), complete_later,
                    DelayedWorkQueue, context);
  }
  return STATUS_PENDING;
}

NTSTATUS attach_with_item(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  PIO_WORKITEM item = IoAllocateWorkItem(nullptr);
  if (item == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  driver_of(context).memory = item;
  const NTSTATUS status = small::attach_provider(binding, context, instance);
  if (!NT_SUCCESS(status)) IoFreeWorkItem(item);
  return status;
}

NTSTATUS pend_with_item(PVOID context) {
  IoQueueWorkItem(static_cast<PIO_WORKITEM>(driver_of(context).memory), complete_later,
                  DelayedWorkQueue, context);
  return STATUS_PENDING;
}

constexpr small::Pair kAllocatesInDetach{.client = {.detach = allocate_and_pend}};
constexpr small::Pair kAllocatesInAttach{
    .client = {.attach = attach_with_item, .detach = pend_with_item}};

// --- The second of two registrations fails, and the first is undone wrongly ---

struct TwoProviders : Driver {
  HANDLE handles[2];
};

TwoProviders& two_of(Driver& provider) { return static_cast<TwoProviders&>(provider); }

ULONG register_two(TwoProviders& provider) {
  ULONG index = 0;
  while (
      index < ARRAYSIZE(provider.handles) &&
      kit::registered(NmrRegisterProvider(&provider.provider, &provider, &provider.handles[index]),
                      provider.handles[index])) {
    ++index;
  }
  return index;
}

void undo_by_address(Driver& driver) {
  TwoProviders& provider = two_of(driver);
  ULONG index = register_two(provider);
  if (index == ARRAYSIZE(provider.handles)) return;
  for (; index > 0; --index) NmrDeregisterProvider(&provider.handles[index]);
}

void undo(Driver& driver) {
  TwoProviders& provider = two_of(driver);
  ULONG index = register_two(provider);
  if (index == ARRAYSIZE(provider.handles)) return;
  if (index > 0) NMRCHECK_REACHED("second registration failed");
  while (index-- > 0) {
    kit::deregister_provider(provider.handles[index]);
    provider.handles[index] = nullptr;
  }
}

void unload_two(Driver& driver) {
  for (const HANDLE handle : two_of(driver).handles) kit::deregister_provider(handle);
}

template <void (*kEnter)(Driver&)>
constexpr small::Pair kTwoRegistrations{
    .client = {.enter = small::do_nothing},
    .provider = {.enter = kEnter, .unload = unload_two, .bytes = sizeof(TwoProviders)}};

// --- A link that could not attach is undone, and takes itself for attached ---

struct Link : Driver {
  BOOLEAN registered;
};

Link& link_of(Driver& client) { return static_cast<Link&>(client); }

bool is_attached(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  const bool attached = client.attached;
  KeReleaseSpinLock(&client.lock, irql);
  return attached;
}

template <bool kForgets>
void attach_link(Driver& client) {
  small::register_client(client);
  if (client.registration == nullptr) return;
  link_of(client).registered = TRUE;
  if (is_attached(client)) return;
  kit::deregister_client(client.registration);
  if (kForgets) link_of(client).registered = FALSE;
}

void detach_link(Driver& client) {
  if (!link_of(client).registered) return;
  kit::deregister_client(client.registration);
}

template <bool kForgets>
constexpr small::Pair kUndoneLink{.client = {.attach = small::attach_to_call,
                                             .detach = small::detach_counting,
                                             .enter = attach_link<kForgets>,
                                             .unload = detach_link,
                                             .bytes = sizeof(Link)}};

// --- An attach that failed resets the wrong field ---

struct ProgramClient : Driver {
  PVOID info;  // of another provider
  PVOID data;  // of the one that attaches: the binding context
};

struct Data {
  ProgramClient* owner;
};

ProgramClient& program_of(Driver& client) { return static_cast<ProgramClient&>(client); }

template <bool kResetsOwn>
NTSTATUS attach_data(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  ProgramClient& client = program_of(driver_of(context));
  auto* data = small::allocate<Data>();
  if (data == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  data->owner = &client;
  client.data = data;
  const NTSTATUS status = NmrClientAttachProvider(binding, data, &small::kClientDispatch,
                                                  &client.peer_context, &client.peer_dispatch);
  if (NT_SUCCESS(status)) return status;
  (kResetsOwn ? client.data : client.info) = nullptr;
  small::release(data);
  return status;
}

VOID cleanup_data(PVOID context) {
  static_cast<Data*>(context)->owner->data = nullptr;
  small::release(context);
}

void enter_program(Driver& client) {
  program_of(client).info = small::allocate<LONG>();
  if (program_of(client).info != nullptr) small::register_client(client);
}

void unload_program(Driver& client) {
  small::unload_client(client);
  if (program_of(client).data != nullptr) small::release(program_of(client).data);
  if (program_of(client).info != nullptr) small::release(program_of(client).info);
}

template <bool kResetsOwn>
constexpr small::Pair kFailedAttach{.client = {.attach = attach_data<kResetsOwn>,
                                               .cleanup = cleanup_data,
                                               .enter = enter_program,
                                               .unload = unload_program,
                                               .bytes = sizeof(ProgramClient)}};

void add_allocations(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/failed-accept-leaks",
            "A provider that runs out of memory in its attach callback frees not everything.",
            {"NMR-ATT-06"},
            "nmr/failed-accept-leaks-fixed",
            "ebpf-for-windows pull request 2190",
            {kit::kFaults},
            small::make<kFailedAccept<false>>},
           "It frees all that it allocated.", small::make<kFailedAccept<true>>);
  add_pair(list,
           {"nmr/detach-needs-memory",
            "A client's detach callback returns STATUS_PENDING, and finds no memory to complete.",
            {"NMR-DET-04"},
            "nmr/detach-needs-memory-fixed",
            "ebpf-for-windows pull request 1643",
            {kit::kFaults},
            small::make<kAllocatesInDetach>},
           "What the detach needs is allocated before the client attaches.",
           small::make<kAllocatesInAttach>);
}

}  // namespace

void add_bugs_failures(std::vector<Scenario>& list) {
  add_allocations(list);
  add_pair(list,
           {"nmr/rollback-by-address",
            "A provider whose second registration fails deregisters the address of a handle.",
            {"NMR-REG-04"},
            "nmr/rollback-by-address-fixed",
            "xdp-for-windows commit fdac89f1d5",
            {kit::kFaults},
            small::make<kTwoRegistrations<undo_by_address>>},
           "It deregisters what it registered, and waits.", small::make<kTwoRegistrations<undo>>);
  add_pair(list,
           {"nmr/failed-link-detached-again",
            "A client that found no provider deregisters, and does so once more when unloaded.",
            {"NMR-HND-02"},
            "nmr/failed-link-detached-again-fixed",
            "ebpf-for-windows pull request 2396",
            {kit::kFaults},
            small::make<kUndoneLink<false>>},
           "It notes that it is not registered any more.", small::make<kUndoneLink<true>>);
  add_pair(list,
           {"nmr/rollback-of-wrong-field",
            "A client whose attach failed resets another field than the one that it had set.",
            {"KRN-POOL-02"},
            "nmr/rollback-of-wrong-field-fixed",
            "ebpf-for-windows pull request 5287",
            {kit::kFaults},
            small::make<kFailedAttach<false>>},
           "It resets the one that it had set.", small::make<kFailedAttach<true>>);
}

}  // namespace nmrcheck::designs
