// Drivers that free what a registration or a binding still needs, or nothing at all.
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

// --- A binding context, and no cleanup callback ---

NTSTATUS attach_context(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  auto* made = allocate<LONG>();
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  const NTSTATUS status = NmrClientAttachProvider(binding, made, &small::kClientDispatch,
                                                  &client.peer_context, &client.peer_dispatch);
  if (!NT_SUCCESS(status)) release(made);
  return status;
}

VOID cleanup_context(PVOID context) { release(context); }

constexpr small::Pair kNoCleanup{.client = {.attach = attach_context}};
constexpr small::Pair kCleanup{.client = {.attach = attach_context, .cleanup = cleanup_context}};

// --- The registration context is freed between deregistering and waiting ---

struct Registration {
  Driver* client;
};

NTSTATUS attach_through_context(HANDLE binding, PVOID context,
                                PNPI_REGISTRATION_INSTANCE instance) {
  return small::attach_provider(binding, static_cast<Registration*>(context)->client, instance);
}

void register_with_context(Driver& client) {
  auto* context = allocate<Registration>();
  if (context == nullptr) return;
  context->client = &client;
  client.memory = context;
  (void)NmrRegisterClient(&client.client, context, &client.registration);
}

void free_before_wait(Driver& client) {
  const NTSTATUS status = NmrDeregisterClient(client.registration);
  release(client.memory);
  if (status == STATUS_PENDING) (void)NmrWaitForClientDeregisterComplete(client.registration);
}

void free_after_wait(Driver& client) {
  kit::deregister_client(client.registration);
  release(client.memory);
}

constexpr small::Pair kContextFreedEarly{.client = {.attach = attach_through_context,
                                                    .enter = register_with_context,
                                                    .unload = free_before_wait}};
constexpr small::Pair kContextFreedLate{.client = {.attach = attach_through_context,
                                                   .enter = register_with_context,
                                                   .unload = free_after_wait}};

// --- The NPI-specific characteristics are as temporary as the entry routine ---

void register_with_characteristics(Driver& client) {
  client.memory = allocate<LONG>();
  client.client.ClientRegistrationInstance.NpiSpecificCharacteristics = client.memory;
  small::register_client(client);
}

void register_and_free_characteristics(Driver& client) {
  register_with_characteristics(client);
  release(client.memory);
}

constexpr small::Pair kTemporaryDescription{.client = {.enter = register_and_free_characteristics}};
constexpr small::Pair kLastingDescription{
    .client = {.enter = register_with_characteristics, .unload = free_after_wait}};

// --- The client has a dispatch table for each binding, and frees it in its detach callback ---

NTSTATUS attach_with_table(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  auto* table = allocate<kit::ClientDispatch>();
  if (table == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  *table = small::kClientDispatch;
  client.memory = table;
  const NTSTATUS status =
      NmrClientAttachProvider(binding, context, table, &client.peer_context, &client.peer_dispatch);
  if (!NT_SUCCESS(status)) release(table);
  return status;
}

NTSTATUS detach_table(PVOID context) {
  release(driver_of(context).memory);
  return STATUS_SUCCESS;
}

VOID cleanup_table(PVOID context) { release(driver_of(context).memory); }

constexpr small::Pair kTableFreed{.client = {.attach = attach_with_table, .detach = detach_table}};
constexpr small::Pair kTableKept{.client = {.attach = attach_with_table, .cleanup = cleanup_table}};

}  // namespace

void add_lent_memory(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/no-cleanup",
            "A client allocates binding contexts and supplies no cleanup callback.",
            {"NMR-CLN-02"},
            "nmr/no-cleanup-fixed",
            "NPI_CLIENT_CHARACTERISTICS reference page",
            {},
            small::make<kNoCleanup>},
           "Its cleanup callback frees them.", small::make<kCleanup>);
  add_pair(list,
           {"nmr/context-freed-before-wait",
            "A client frees its registration context when it has deregistered.",
            {"NMR-MEM-02"},
            "nmr/context-freed-before-wait-fixed",
            "NmrRegisterClient reference page",
            {},
            small::make<kContextFreedEarly>},
           "It frees it after the wait.", small::make<kContextFreedLate>);
  add_pair(list,
           {"nmr/temporary-npi-characteristics",
            "A client frees its NPI-specific characteristics when it has registered.",
            {"NMR-MEM-03"},
            "nmr/temporary-npi-characteristics-fixed",
            "NPI_REGISTRATION_INSTANCE reference page",
            {},
            small::make<kTemporaryDescription>},
           "It frees them after the wait.", small::make<kLastingDescription>);
  add_pair(list,
           {"nmr/client-table-freed-in-detach",
            "A client frees its dispatch table in its detach callback.",
            {"NMR-MEM-04"},
            "nmr/client-table-freed-in-detach-fixed",
            "NmrClientAttachProvider reference page",
            {},
            small::make<kTableFreed>},
           "The cleanup callback frees it.", small::make<kTableKept>);
}

}  // namespace nmrcheck::designs
