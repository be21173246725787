// Drivers that call, wait, lock or touch memory at an IRQL that does not allow it.
#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

constexpr small::Pair kCorrect{};

// --- Under a spin lock ---

void register_under_lock(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  small::register_client(client);
  KeReleaseSpinLock(&client.lock, irql);
}

void wait_under_lock(Driver& client) {
  (void)NmrDeregisterClient(client.registration);
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  (void)NmrWaitForClientDeregisterComplete(client.registration);
  KeReleaseSpinLock(&client.lock, irql);
}

constexpr small::Pair kRegisterUnderLock{.client = {.enter = register_under_lock}};
constexpr small::Pair kWaitUnderLock{.client = {.unload = wait_under_lock}};

// --- The detach callback takes a push lock ---

NTSTATUS detach_with_push_lock(PVOID context) {
  auto* lock = reinterpret_cast<PEX_PUSH_LOCK>(&driver_of(context).lock);
  KeEnterCriticalRegion();
  ExAcquirePushLockExclusive(lock);
  driver_of(context).attached = FALSE;
  ExReleasePushLockExclusive(lock);
  KeLeaveCriticalRegion();
  return STATUS_SUCCESS;
}

constexpr small::Pair kPushLockInDetach{.client = {.detach = detach_with_push_lock}};
constexpr small::Pair kSpinLockInDetach{.client = {.detach = small::detach_counting}};

// --- The detach callback returns early, with its lock ---

NTSTATUS detach_and_keep_lock(PVOID context) {
  Driver& client = driver_of(context);
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  client.attached = FALSE;
  if (client.calls == 0) return STATUS_SUCCESS;
  client.detaching = TRUE;
  KeReleaseSpinLock(&client.lock, irql);
  return STATUS_PENDING;
}

constexpr small::Pair kLockKept{.client = {.detach = detach_and_keep_lock}};

// --- Paged pool ---

PVOID allocate(ULONG64 pool) { return ExAllocatePool2(pool, sizeof(LONG), small::kTag); }

template <ULONG64 kPool>
NTSTATUS attach_context_in(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  PVOID made = allocate(kPool);
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  const NTSTATUS status = NmrClientAttachProvider(binding, made, &small::kClientDispatch,
                                                  &client.peer_context, &client.peer_dispatch);
  if (!NT_SUCCESS(status)) ExFreePoolWithTag(made, small::kTag);
  return status;
}

VOID cleanup_context(PVOID context) { ExFreePoolWithTag(context, small::kTag); }

constexpr small::Pair kPagedContext{
    .client = {.attach = attach_context_in<POOL_FLAG_PAGED>, .cleanup = cleanup_context}};
constexpr small::Pair kNonPagedContext{
    .client = {.attach = attach_context_in<POOL_FLAG_NON_PAGED>, .cleanup = cleanup_context}};

template <ULONG64 kPool>
void register_with_statistics(Driver& client) {
  client.memory = allocate(kPool);
  if (client.memory != nullptr) small::register_client(client);
}

NTSTATUS detach_and_count(PVOID context) {
  NMRCHECK_WRITE(*static_cast<LONG*>(driver_of(context).memory), 1);
  return STATUS_SUCCESS;
}

void unload_statistics(Driver& client) {
  small::unload_client(client);
  ExFreePoolWithTag(client.memory, small::kTag);
}

constexpr small::Pair kPagedStatistics{
    .client = {.detach = detach_and_count,
               .enter = register_with_statistics<POOL_FLAG_PAGED>,
               .unload = unload_statistics}};
constexpr small::Pair kNonPagedStatistics{
    .client = {.detach = detach_and_count,
               .enter = register_with_statistics<POOL_FLAG_NON_PAGED>,
               .unload = unload_statistics}};

void add_calls(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/register-under-lock",
            "A client registers while it holds a spin lock.",
            {"NMR-IRQL-01"},
            "nmr/register-under-lock-fixed",
            "NmrRegisterClient reference page",
            {},
            small::make<kRegisterUnderLock>},
           "It holds none.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/wait-under-lock",
            "A client waits for its deregistration while it holds a spin lock.",
            {"NMR-IRQL-02"},
            "nmr/wait-under-lock-fixed",
            "NmrWaitForClientDeregisterComplete reference page",
            {},
            small::make<kWaitUnderLock>},
           "It holds none.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/push-lock-in-detach",
            "A client's detach callback acquires a push lock.",
            {"NMR-IRQL-03"},
            "nmr/push-lock-in-detach-fixed",
            "xdp-for-windows pull request 720",
            {},
            small::make<kPushLockInDetach>},
           "It acquires a spin lock.", small::make<kSpinLockInDetach>);
  add_pair(list,
           {"nmr/lock-kept-in-detach",
            "A path out of a client's detach callback does not release the lock.",
            {"NMR-IRQL-04"},
            "nmr/lock-kept-in-detach-fixed",
            "KeAcquireSpinLock reference page",
            {},
            small::make<kLockKept>},
           "Every path releases it.", small::make<kSpinLockInDetach>);
}

void add_paged(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/paged-context",
            "A client allocates its binding context from paged pool.",
            {"NMR-MEM-07"},
            "nmr/paged-context-fixed",
            "NmrClientAttachProvider reference page",
            {},
            small::make<kPagedContext>},
           "It allocates from non-paged pool.", small::make<kNonPagedContext>);
  add_pair(list,
           {"nmr/paged-memory-in-detach",
            "A client's detach callback writes to paged pool.",
            {"NMR-MEM-07"},
            "nmr/paged-memory-in-detach-fixed",
            "ClientDetachProvider reference page",
            {},
            small::make<kPagedStatistics>},
           "It writes to non-paged pool.", small::make<kNonPagedStatistics>);
}

}  // namespace

void add_irql_contract(std::vector<Scenario>& list) {
  add_calls(list);
  add_paged(list);
}

}  // namespace nmrcheck::designs
