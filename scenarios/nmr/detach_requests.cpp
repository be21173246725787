// Drivers whose requests pend, or whose uses of the peer begin late, when a detach comes.
#include "scenarios/nmr/calling.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

constexpr small::Pair kCounted{.client = small::kCallingClient};

// --- The detach callback pends, and goes on admitting calls ---

bool take_reference(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  const bool taken = client.attached;
  if (taken) {
    ++client.calls;
    nmrcheck_reference_taken(client.peer_dispatch, client.peer_context);
  }
  KeReleaseSpinLock(&client.lock, irql);
  return taken;
}

void drop_reference(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  nmrcheck_reference_dropped(client.peer_dispatch, client.peer_context);
  const bool last = --client.calls == 0 && client.detaching;
  KeReleaseSpinLock(&client.lock, irql);
  if (last) NmrClientDetachProviderComplete(client.binding);
}

// Two uses, the second of which begins before the first has ended.
void use_twice(Driver& client) {
  if (!take_reference(client)) return;
  if (take_reference(client)) drop_reference(client);
  drop_reference(client);
}

NTSTATUS detach_and_admit(PVOID context) {
  Driver& client = driver_of(context);
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  client.detaching = client.calls > 0;
  if (!client.detaching) client.attached = FALSE;
  const NTSTATUS status = client.detaching ? STATUS_PENDING : STATUS_SUCCESS;
  KeReleaseSpinLock(&client.lock, irql);
  return status;
}

constexpr small::Client client_using_twice(PNPI_CLIENT_DETACH_PROVIDER_FN detach) {
  return {.attach = small::attach_to_call,
          .detach = detach,
          .thread = use_twice,
          .unload = small::unload_client_during_calls};
}

constexpr small::Pair kAdmitsWhileDetaching{.client = client_using_twice(detach_and_admit)};
constexpr small::Pair kAdmitsNoMore{.client = client_using_twice(small::detach_counting)};

// --- The detach callback waits for the calls ---

EX_RUNDOWN_REF* users_of(Driver& client) { return static_cast<EX_RUNDOWN_REF*>(client.memory); }

void register_with_rundown(Driver& client) {
  client.memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(EX_RUNDOWN_REF), small::kTag);
  if (client.memory == nullptr) return;
  ExInitializeRundownProtection(users_of(client));
  small::register_client(client);
}

void unload_rundown(Driver& client) {
  small::unload_client_during_calls(client);
  ExFreePoolWithTag(client.memory, small::kTag);
}

NTSTATUS detach_and_drain(PVOID context) {
  ExWaitForRundownProtectionRelease(users_of(driver_of(context)));
  return STATUS_SUCCESS;
}

void call_protected(Driver& client) {
  if (!NMRCHECK_READ(client.attached)) return;
  if (!ExAcquireRundownProtection(users_of(client))) return;
  small::request_of_peer(client);
  ExReleaseRundownProtection(users_of(client));
}

constexpr small::Pair kDetachWaits{.client = {.attach = small::attach_to_call,
                                              .detach = detach_and_drain,
                                              .enter = register_with_rundown,
                                              .thread = call_protected,
                                              .unload = unload_rundown}};

// --- Requests that the provider completes later, with an upcall ---

// The client's: it holds a reference for the call, and one for the request, which pends from the
// call to the upcall.
void request_until_completed(Driver& client) {
  if (!small::begin_call(client)) return;
  if (!small::begin_call(client)) return small::end_call(client);
  nmrcheck_request_pended(client.peer_dispatch, client.peer_context);
  const NTSTATUS status =
      NMRCHECK_CALL(static_cast<const kit::ProviderDispatch*>(client.peer_dispatch), Request,
                    client.peer_context);
  if (status != STATUS_PENDING) {
    nmrcheck_request_completed(client.peer_dispatch, client.peer_context);
    small::end_call(client);
  }
  small::end_call(client);
}

NTSTATUS complete_request(PVOID context) {
  Driver& client = driver_of(context);
  nmrcheck_request_completed(client.peer_dispatch, client.peer_context);
  small::end_call(client);
  return STATUS_SUCCESS;
}

// Counts only the call.
void request_until_returned(Driver& client) {
  if (!small::begin_call(client)) return;
  nmrcheck_request_pended(client.peer_dispatch, client.peer_context);
  const NTSTATUS status =
      NMRCHECK_CALL(static_cast<const kit::ProviderDispatch*>(client.peer_dispatch), Request,
                    client.peer_context);
  if (status != STATUS_PENDING) {
    nmrcheck_request_completed(client.peer_dispatch, client.peer_context);
  }
  small::end_call(client);
}

NTSTATUS complete_uncounted(PVOID context) {
  Driver& client = driver_of(context);
  nmrcheck_request_completed(client.peer_dispatch, client.peer_context);
  return STATUS_SUCCESS;
}

constexpr kit::ClientDispatch kCompleting = {complete_request};
constexpr kit::ClientDispatch kCompletingUncounted = {complete_uncounted};

template <const kit::ClientDispatch& kDispatch>
NTSTATUS attach_requesting(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  client.binding = binding;
  const NTSTATUS status = NmrClientAttachProvider(binding, context, &kDispatch,
                                                  &client.peer_context, &client.peer_dispatch);
  if (!NT_SUCCESS(status)) return status;
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  client.attached = TRUE;
  KeReleaseSpinLock(&client.lock, irql);
  return status;
}

template <const kit::ClientDispatch& kDispatch>
constexpr small::Client requesting_client(void (*thread)(Driver&)) {
  return {.attach = attach_requesting<kDispatch>,
          .detach = small::detach_counting,
          .thread = thread,
          .unload = small::unload_client_during_calls};
}

// --- A provider that completes in a work item ---

struct Request {
  Driver* provider;
  PIO_WORKITEM item;
};

VOID complete_in_work_item(PDEVICE_OBJECT, PVOID context) {
  const Request request = *static_cast<Request*>(context);
  ExFreePoolWithTag(context, small::kTag);
  IoFreeWorkItem(request.item);
  small::notify_peer(*request.provider);
  small::end_upcall(*request.provider);
}

NTSTATUS request_by_work_item(PVOID context) {
  Driver& provider = driver_of(context);
  if (!small::begin_call(provider)) return STATUS_DEVICE_NOT_READY;
  auto* made =
      static_cast<Request*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Request), small::kTag));
  *made = {&provider, IoAllocateWorkItem(nullptr)};
  IoQueueWorkItem(made->item, complete_in_work_item, DelayedWorkQueue, made);
  return STATUS_PENDING;
}

constexpr kit::ProviderDispatch kByWorkItem = {request_by_work_item};

// --- A provider that keeps requests until its own detach callback ---

NTSTATUS keep_request(PVOID context) {
  Driver& provider = driver_of(context);
  KIRQL irql;
  KeAcquireSpinLock(&provider.lock, &irql);
  const bool kept = provider.attached;
  if (kept) ++provider.calls;
  KeReleaseSpinLock(&provider.lock, irql);
  return kept ? STATUS_PENDING : STATUS_DEVICE_NOT_READY;
}

NTSTATUS detach_and_complete_requests(PVOID context) {
  Driver& provider = driver_of(context);
  KIRQL irql;
  KeAcquireSpinLock(&provider.lock, &irql);
  provider.attached = FALSE;
  const LONG kept = provider.calls;
  KeReleaseSpinLock(&provider.lock, irql);
  for (LONG i = 0; i < kept; ++i) small::notify_peer(provider);
  return STATUS_SUCCESS;
}

constexpr kit::ProviderDispatch kKeeping = {keep_request};

template <const kit::ProviderDispatch& kDispatch>
NTSTATUS accept_requests(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance,
                         PVOID client_context, CONST VOID* client_dispatch, PVOID* provider_context,
                         CONST VOID** provider_dispatch) {
  const NTSTATUS status =
      small::attach_client_to_call(binding, context, instance, client_context, client_dispatch,
                                   provider_context, provider_dispatch);
  *provider_dispatch = &kDispatch;
  return status;
}

constexpr small::Provider kWorkItemProvider{.attach = accept_requests<kByWorkItem>,
                                            .detach = small::detach_counting};
constexpr small::Provider kKeepingProvider{.attach = accept_requests<kKeeping>,
                                           .detach = detach_and_complete_requests};

constexpr small::Pair kRequestUncounted{
    .client = requesting_client<kCompletingUncounted>(request_until_returned),
    .provider = kWorkItemProvider};
constexpr small::Pair kRequestCounted{
    .client = requesting_client<kCompleting>(request_until_completed),
    .provider = kWorkItemProvider};
constexpr small::Pair kRequestKept{
    .client = requesting_client<kCompleting>(request_until_completed),
    .provider = kKeepingProvider};

}  // namespace

void add_detach_requests(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/admits-while-detaching",
            "A client whose detach pends goes on taking references to its provider.",
            {"NMR-DET-01"},
            "nmr/admits-while-detaching-fixed",
            "Detaching a Client Module from a Provider Module",
            {},
            small::make<kAdmitsWhileDetaching>},
           "The detach callback ends that.", small::make<kAdmitsNoMore>);
  add_pair(list,
           {"nmr/detach-waits-for-calls",
            "A client's detach callback waits until its calls have returned.",
            {"NMR-LIVE-03", "NMR-IRQL-03"},
            "nmr/detach-waits-for-calls-fixed",
            "ebpf-for-windows issue 270",
            {},
            small::make<kDetachWaits>},
           "It returns STATUS_PENDING, and the last call completes.", small::make<kCounted>);
  add_pair(list,
           {"nmr/request-not-counted",
            "A client counts a request until the call returned, and it is completed later.",
            {"NMR-DET-09"},
            "nmr/request-not-counted-fixed",
            "Programming Considerations",
            {},
            small::make<kRequestUncounted>},
           "It counts it until its completion came.", small::make<kRequestCounted>);
  add_pair(list,
           {"nmr/requests-kept-until-detach",
            "A client's detach waits for requests that the provider completes in its own detach.",
            {"NMR-DET-12"},
            "nmr/requests-kept-until-detach-fixed",
            "follows from an order of callbacks that is not documented",
            {},
            small::make<kRequestKept>},
           "The provider completes requests when they are done.", small::make<kRequestCounted>);
}

}  // namespace nmrcheck::designs
