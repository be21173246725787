// A provider that drops a reference and then locks what the reference protected.
//
// The last reference completes the detach. Between a decrement to one and the lock, the detaching
// thread may drop that last one, and cleanup frees the memory in which the lock lies.
#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

// One attached client: the provider's binding context.
struct Attached {
  Driver* provider;
  HANDLE binding;
  PVOID client_context;
  const kit::ClientDispatch* dispatch;
  LONG references;  // one for the binding, one for each call
  KSPIN_LOCK lock;  // protects `idle`
  BOOLEAN idle;     // no call holds a reference
};

NTSTATUS accept(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE, PVOID client_context,
                CONST VOID* client_dispatch, PVOID* provider_context,
                CONST VOID** provider_dispatch) {
  Driver& provider = driver_of(context);
  auto* made =
      static_cast<Attached*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Attached), small::kTag));
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  *made = {&provider,
           binding,
           client_context,
           static_cast<const kit::ClientDispatch*>(client_dispatch),
           1,
           0,
           TRUE};
  *provider_context = made;
  *provider_dispatch = &small::kProviderDispatch;
  KIRQL irql;
  KeAcquireSpinLock(&provider.lock, &irql);
  provider.memory = made;
  KeReleaseSpinLock(&provider.lock, irql);
  return STATUS_SUCCESS;
}

VOID cleanup(PVOID context) { ExFreePoolWithTag(context, small::kTag); }

Attached* acquire(Driver& provider) {
  KIRQL irql;
  KeAcquireSpinLock(&provider.lock, &irql);
  auto* client = static_cast<Attached*>(provider.memory);
  if (client != nullptr) InterlockedIncrement(&client->references);
  KeReleaseSpinLock(&provider.lock, irql);
  return client;
}

void release_then_lock(Attached* client) {
  const HANDLE binding = client->binding;
  const LONG left = InterlockedDecrement(&client->references);
  if (left == 0) NmrProviderDetachClientComplete(binding);
  if (left != 1) return;
  KIRQL irql;
  KeAcquireSpinLock(&client->lock, &irql);
  client->idle = TRUE;
  KeReleaseSpinLock(&client->lock, irql);
}

void release_under_lock(Attached* client) {
  const HANDLE binding = client->binding;
  KIRQL irql;
  KeAcquireSpinLock(&client->lock, &irql);
  const LONG left = InterlockedDecrement(&client->references);
  if (left == 1) client->idle = TRUE;
  KeReleaseSpinLock(&client->lock, irql);
  if (left == 0) NmrProviderDetachClientComplete(binding);
}

template <void (*kRelease)(Attached*)>
NTSTATUS detach(PVOID context) {
  auto* client = static_cast<Attached*>(context);
  KIRQL irql;
  KeAcquireSpinLock(&client->provider->lock, &irql);
  client->provider->memory = nullptr;
  KeReleaseSpinLock(&client->provider->lock, irql);
  kRelease(client);
  return STATUS_PENDING;
}

template <void (*kRelease)(Attached*)>
void notify_once(Driver& provider) {
  Attached* client = acquire(provider);
  if (client == nullptr) return;
  NMRCHECK_CALL(client->dispatch, Notify, client->client_context);
  kRelease(client);
}

constexpr small::Pair kReleaseThenLock{.provider = {.attach = accept,
                                                    .detach = detach<release_then_lock>,
                                                    .cleanup = cleanup,
                                                    .thread = notify_once<release_then_lock>}};
constexpr small::Pair kReleaseUnderLock{.provider = {.attach = accept,
                                                     .detach = detach<release_under_lock>,
                                                     .cleanup = cleanup,
                                                     .thread = notify_once<release_under_lock>}};

}  // namespace

void add_refcount_then_lock(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/refcount-then-lock",
            "A provider drops a reference and then locks what another thread may have freed.",
            {"NMR-MEM-08"},
            "nmr/refcount-then-lock-fixed",
            "ebpf-for-windows issue 2326",
            {kit::kNoFaults},
            small::make<kReleaseThenLock>},
           "The reference is dropped under the lock, whose release is the last access.",
           small::make<kReleaseUnderLock>);
}

}  // namespace nmrcheck::designs
