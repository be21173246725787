// Drivers that free too early what belongs to a binding or a registration, or use it too late.
#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

template <class T>
T* allocate() {
  return static_cast<T*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(T), small::kTag));
}

void release(PVOID memory) { ExFreePoolWithTag(memory, small::kTag); }

// A client's binding context of its own.
struct Context {
  Driver* client;
  HANDLE binding;
  PIO_WORKITEM item;
  LONG events;
};

NTSTATUS attach_context(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  auto* made = allocate<Context>();
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  *made = {&client, binding, nullptr, 0};
  const NTSTATUS status = NmrClientAttachProvider(binding, made, &small::kClientDispatch,
                                                  &client.peer_context, &client.peer_dispatch);
  if (!NT_SUCCESS(status)) release(made);
  return status;
}

NTSTATUS succeed(PVOID) { return STATUS_SUCCESS; }

VOID cleanup_context(PVOID context) { release(context); }

constexpr small::Pair kOwnContext{
    .client = {.attach = attach_context, .detach = succeed, .cleanup = cleanup_context}};

// --- Wait in cleanup ---

VOID cleanup_and_wait(PVOID context) {
  const HANDLE registration = static_cast<Context*>(context)->client->registration;
  release(context);
  (void)NmrWaitForClientDeregisterComplete(registration);
}

constexpr small::Pair kWaitInCleanup{
    .client = {.attach = attach_context, .detach = succeed, .cleanup = cleanup_and_wait}};

// --- The context is freed in cleanup and again by the unload routine ---

NTSTATUS attach_remembered(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  client.memory = allocate<Context>();
  if (client.memory == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  return NmrClientAttachProvider(binding, client.memory, &small::kClientDispatch,
                                 &client.peer_context, &client.peer_dispatch);
}

void unload_and_free(Driver& client) {
  small::unload_client(client);
  if (client.memory != nullptr) release(client.memory);
}

constexpr small::Pair kFreedTwice{.client = {.attach = attach_remembered,
                                             .detach = succeed,
                                             .cleanup = cleanup_context,
                                             .unload = unload_and_free}};
constexpr small::Pair kFreedOnce{
    .client = {.attach = attach_remembered, .detach = succeed, .cleanup = cleanup_context}};

// --- Characteristics that live as long as DriverEntry ---

void register_copy(Driver& client) {
  auto* copy = allocate<NPI_CLIENT_CHARACTERISTICS>();
  *copy = client.client;
  client.memory = copy;
  kit::registered(NmrRegisterClient(copy, &client, &client.registration), client.registration);
}

void register_and_free(Driver& client) {
  register_copy(client);
  release(client.memory);
}

constexpr small::Pair kTemporaryCharacteristics{.client = {.enter = register_and_free}};
constexpr small::Pair kLastingCharacteristics{
    .client = {.enter = register_copy, .unload = unload_and_free}};

// --- A dispatch table for each binding, freed in the detach callback ---

NTSTATUS accept_with_table(HANDLE, PVOID context, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*,
                           PVOID* provider_context, CONST VOID** provider_dispatch) {
  auto* table = allocate<kit::ProviderDispatch>();
  if (table == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  *table = small::kProviderDispatch;
  driver_of(context).memory = table;
  *provider_context = context;
  *provider_dispatch = table;
  return STATUS_SUCCESS;
}

NTSTATUS detach_table(PVOID context) {
  release(driver_of(context).memory);
  return STATUS_SUCCESS;
}

VOID cleanup_table(PVOID context) { release(driver_of(context).memory); }

constexpr small::Pair kDispatchFreed{
    .provider = {.attach = accept_with_table, .detach = detach_table}};
constexpr small::Pair kDispatchKept{
    .provider = {.attach = accept_with_table, .cleanup = cleanup_table}};

// --- The client reads the provider's description after its detach ---

struct Description {
  LONG version;
};

NTSTATUS accept_with_description(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*,
                                 PVOID* provider_context, CONST VOID** provider_dispatch) {
  auto* description = allocate<Description>();
  if (description == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  *provider_context = description;
  *provider_dispatch = &small::kProviderDispatch;
  return STATUS_SUCCESS;
}

NTSTATUS detach_at_once(PVOID context) {
  NMRCHECK_WRITE(driver_of(context).attached,
                 FALSE);  // the client's thread reads it without a lock
  return STATUS_SUCCESS;
}

void read_description(Driver& client) {
  if (!NMRCHECK_READ(client.attached)) return;
  (void)NMRCHECK_READ(static_cast<const Description*>(client.peer_context)->version);
}

void read_description_counted(Driver& client) {
  if (!small::begin_call(client)) return;
  (void)NMRCHECK_READ(static_cast<const Description*>(client.peer_context)->version);
  small::end_call(client);
}

constexpr small::Provider kDescribedProvider{.attach = accept_with_description,
                                             .cleanup = cleanup_context};
constexpr small::Pair kStalePeerData{.client = {.attach = small::attach_to_call,
                                                .detach = detach_at_once,
                                                .thread = read_description,
                                                .unload = small::unload_client_during_calls},
                                     .provider = kDescribedProvider};
constexpr small::Pair kCountedPeerData{.client = {.attach = small::attach_to_call,
                                                  .detach = small::detach_counting,
                                                  .thread = read_description_counted,
                                                  .unload = small::unload_client_during_calls},
                                       .provider = kDescribedProvider};

// --- A work item completes the detach, and uses the context afterwards ---

VOID complete_then_free_item(PDEVICE_OBJECT, PVOID memory) {
  auto* context = static_cast<Context*>(memory);
  NmrClientDetachProviderComplete(context->binding);
  IoFreeWorkItem(NMRCHECK_READ(context->item));
}

VOID free_item_then_complete(PDEVICE_OBJECT, PVOID memory) {
  auto* context = static_cast<Context*>(memory);
  const HANDLE binding = context->binding;
  IoFreeWorkItem(NMRCHECK_READ(context->item));
  NmrClientDetachProviderComplete(binding);
}

template <PIO_WORKITEM_ROUTINE kRoutine>
NTSTATUS detach_by_work_item(PVOID memory) {
  auto* context = static_cast<Context*>(memory);
  NMRCHECK_WRITE(context->item, IoAllocateWorkItem(nullptr));
  IoQueueWorkItem(context->item, kRoutine, DelayedWorkQueue, context);
  return STATUS_PENDING;
}

constexpr small::Pair kTouchAfterComplete{
    .client = {.attach = attach_context,
               .detach = detach_by_work_item<complete_then_free_item>,
               .cleanup = cleanup_context}};
constexpr small::Pair kCompleteLast{
    .client = {.attach = attach_context,
               .detach = detach_by_work_item<free_item_then_complete>,
               .cleanup = cleanup_context}};

// --- A work item frees the context, and may come before the cleanup ---

VOID free_context_item(PDEVICE_OBJECT, PVOID memory) {
  IoFreeWorkItem(static_cast<Context*>(memory)->item);
  release(memory);
}

NTSTATUS detach_and_free_later(PVOID memory) {
  auto* context = static_cast<Context*>(memory);
  context->item = IoAllocateWorkItem(nullptr);
  IoQueueWorkItem(context->item, free_context_item, DelayedWorkQueue, context);
  return STATUS_SUCCESS;
}

VOID cleanup_nothing(PVOID) {}

constexpr small::Pair kFreedByWorkItem{.client = {.attach = attach_context,
                                                  .detach = detach_and_free_later,
                                                  .cleanup = cleanup_nothing}};

void add_contexts(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/wait-in-cleanup",
            "A client's cleanup callback waits for the deregistration that it is part of.",
            {"NMR-CLN-03", "NMR-IRQL-02"},
            "nmr/wait-in-cleanup-fixed",
            "ClientCleanupBindingContext reference page",
            {},
            small::make<kWaitInCleanup>},
           "The unload routine waits.", small::make<kOwnContext>);
  add_pair(list,
           {"nmr/context-freed-twice",
            "A client frees its binding context in cleanup and again when it is unloaded.",
            {"NMR-CLN-04"},
            "nmr/context-freed-twice-fixed",
            "ClientCleanupBindingContext reference page",
            {},
            small::make<kFreedTwice>},
           "Cleanup frees it.", small::make<kFreedOnce>);
  add_pair(list,
           {"nmr/freed-by-work-item",
            "A client's detach callback leaves the freeing of its binding context to a work item.",
            {"NMR-CLN-01"},
            "nmr/freed-by-work-item-fixed",
            "ClientCleanupBindingContext reference page",
            {},
            small::make<kFreedByWorkItem>},
           "Cleanup frees it.", small::make<kOwnContext>);
  add_pair(list,
           {"nmr/touch-after-complete",
            "A client's work item completes the detach and then reads its binding context.",
            {"NMR-MEM-08"},
            "nmr/touch-after-complete-fixed",
            "ebpf-for-windows issue 1087",
            {},
            small::make<kTouchAfterComplete>},
           "The completion is the last statement of the work item.", small::make<kCompleteLast>);
}

void add_lent_tables(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/temporary-characteristics",
            "A client frees its characteristics when it has registered.",
            {"NMR-MEM-01"},
            "nmr/temporary-characteristics-fixed",
            "NmrRegisterClient reference page",
            {},
            small::make<kTemporaryCharacteristics>},
           "The characteristics live until the wait returned.",
           small::make<kLastingCharacteristics>);
  add_pair(list,
           {"nmr/dispatch-freed-in-detach",
            "A provider frees its dispatch table in its detach callback.",
            {"NMR-MEM-05"},
            "nmr/dispatch-freed-in-detach-fixed",
            "ProviderAttachClient reference page",
            {},
            small::make<kDispatchFreed>},
           "The cleanup callback frees it.", small::make<kDispatchKept>);
  add_pair(list,
           {"nmr/stale-peer-data",
            "A client reads its provider's memory without holding up the detach.",
            {"NMR-MEM-06"},
            "nmr/stale-peer-data-fixed",
            "ebpf-for-windows issue 1850",
            {},
            small::make<kStalePeerData>},
           "Reading counts as a call.", small::make<kCountedPeerData>);
}

}  // namespace

void add_binding_memory(std::vector<Scenario>& list) {
  add_contexts(list);
  add_lent_tables(list);
}

}  // namespace nmrcheck::designs
