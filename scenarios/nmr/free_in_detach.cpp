// A client that frees its binding context in the detach callback, and one that leaves it to
// cleanup.
//
// The provider still calls the client then: it returns STATUS_PENDING until its calls have ended.
#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

// --- The client ---

struct Context {
  LONG events;
};

NTSTATUS count_event(PVOID context) {
  InterlockedIncrement(&static_cast<Context*>(context)->events);
  return STATUS_SUCCESS;
}

const kit::ClientDispatch kDispatch = {count_event};

NTSTATUS attach(HANDLE binding, PVOID driver, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(driver);
  PVOID context = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Context), small::kTag);
  if (context == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  const NTSTATUS status = NmrClientAttachProvider(binding, context, &kDispatch,
                                                  &client.peer_context, &client.peer_dispatch);
  if (!NT_SUCCESS(status)) ExFreePoolWithTag(context, small::kTag);
  return status;
}

NTSTATUS free_and_succeed(PVOID context) {
  ExFreePoolWithTag(context, small::kTag);
  return STATUS_SUCCESS;
}

NTSTATUS succeed(PVOID) { return STATUS_SUCCESS; }

VOID cleanup(PVOID context) { ExFreePoolWithTag(context, small::kTag); }

// --- The provider: correct, counts its calls into the client ---

NTSTATUS accept(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance,
                PVOID client_context, CONST VOID* client_dispatch, PVOID* provider_context,
                CONST VOID** provider_dispatch) {
  Driver& provider = driver_of(context);
  const NTSTATUS status =
      small::attach_client(binding, context, instance, client_context, client_dispatch,
                           provider_context, provider_dispatch);
  KIRQL irql;
  KeAcquireSpinLock(&provider.lock, &irql);
  provider.attached = TRUE;
  KeReleaseSpinLock(&provider.lock, irql);
  return status;
}

NTSTATUS detach_client(PVOID context) {
  Driver& provider = driver_of(context);
  KIRQL irql;
  KeAcquireSpinLock(&provider.lock, &irql);
  provider.attached = FALSE;
  provider.detaching = provider.calls > 0;
  const NTSTATUS status = provider.detaching ? STATUS_PENDING : STATUS_SUCCESS;
  KeReleaseSpinLock(&provider.lock, irql);
  return status;
}

void notify_once(Driver& provider) {
  if (!small::begin_call(provider)) return;
  NMRCHECK_CALL(static_cast<const kit::ClientDispatch*>(provider.peer_dispatch), Notify,
                provider.peer_context);
  KIRQL irql;
  KeAcquireSpinLock(&provider.lock, &irql);
  const bool last = --provider.calls == 0 && provider.detaching;
  KeReleaseSpinLock(&provider.lock, irql);
  if (last) NmrProviderDetachClientComplete(provider.binding);
}

constexpr small::Provider kNotifyingProvider{
    .attach = accept, .detach = detach_client, .thread = notify_once};
constexpr small::Pair kFreeInDetach{.client = {.attach = attach, .detach = free_and_succeed},
                                    .provider = kNotifyingProvider};
constexpr small::Pair kFreeInCleanup{
    .client = {.attach = attach, .detach = succeed, .cleanup = cleanup},
    .provider = kNotifyingProvider};

}  // namespace

void add_free_in_detach(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/free-in-detach",
            "A client frees its binding context in the detach callback, and is called once more.",
            {"NMR-CLN-01"},
            "nmr/free-in-detach-fixed",
            "ebpf-for-windows issue 990",
            {},
            small::make<kFreeInDetach>},
           "The client frees its binding context in the cleanup callback.",
           small::make<kFreeInCleanup>);
}

}  // namespace nmrcheck::designs
