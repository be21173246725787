// Drivers that answer and complete a detach in ways that its contract excludes.
//
// Where calls matter, the client's thread makes one while the client deregisters.
#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

constexpr small::Pair kCounted{.client = small::kCallingClient};

// --- The detach is refused while calls are in progress ---

NTSTATUS refuse_while_busy(PVOID context) {
  return small::detach_counting(context) == STATUS_PENDING ? STATUS_INVALID_DEVICE_STATE
                                                           : STATUS_SUCCESS;
}

constexpr small::Pair kDetachRefused{.client = {.attach = small::attach_to_call,
                                                .detach = refuse_while_busy,
                                                .thread = small::call_once,
                                                .unload = small::unload_client_during_calls}};

// --- A work item completes the detach, and does not ask about calls ---

VOID complete_later(PDEVICE_OBJECT, PVOID context) {
  const HANDLE binding = driver_of(context).binding;
  IoFreeWorkItem(static_cast<PIO_WORKITEM>(driver_of(context).memory));
  NmrClientDetachProviderComplete(binding);
}

NTSTATUS detach_by_work_item(PVOID context) {
  Driver& client = driver_of(context);
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  client.attached = FALSE;
  KeReleaseSpinLock(&client.lock, irql);
  client.memory = IoAllocateWorkItem(nullptr);
  IoQueueWorkItem(static_cast<PIO_WORKITEM>(client.memory), complete_later, DelayedWorkQueue,
                  context);
  return STATUS_PENDING;
}

void call_uncounted(Driver& client) {
  if (small::begin_call(client)) small::request_of_peer(client);
}

constexpr small::Pair kCompleteWithoutDrain{
    .client = {.attach = small::attach_to_call,
               .detach = detach_by_work_item,
               .thread = call_uncounted,
               .unload = small::unload_client_during_calls}};

// --- The callback completes the detach, and then says that it is done ---

NTSTATUS complete_and_succeed(PVOID context) {
  NmrClientDetachProviderComplete(driver_of(context).binding);
  return STATUS_SUCCESS;
}

NTSTATUS complete_and_pend(PVOID context) {
  NmrClientDetachProviderComplete(driver_of(context).binding);
  return STATUS_PENDING;
}

constexpr small::Pair kCompleteAndSucceed{.client = {.detach = complete_and_succeed}};
constexpr small::Pair kCompleteAndPend{.client = {.detach = complete_and_pend}};

// --- The callback and the last call each find that no call is left ---

NTSTATUS pend_and_recheck(PVOID context) {
  Driver& client = driver_of(context);
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  client.attached = FALSE;
  client.detaching = TRUE;
  KeReleaseSpinLock(&client.lock, irql);
  if (NMRCHECK_READ(client.calls) == 0) NmrClientDetachProviderComplete(client.binding);
  return STATUS_PENDING;
}

void call_and_recheck(Driver& client) {
  if (!small::begin_call(client)) return;
  small::request_of_peer(client);
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  const bool last = InterlockedDecrement(&client.calls) == 0 && client.detaching;
  KeReleaseSpinLock(&client.lock, irql);
  if (last) NmrClientDetachProviderComplete(client.binding);
}

NTSTATUS pend_always(PVOID context) {
  if (small::detach_counting(context) == STATUS_SUCCESS) {
    NmrClientDetachProviderComplete(driver_of(context).binding);
  }
  return STATUS_PENDING;
}

constexpr small::Pair kCompleteTwice{.client = {.attach = small::attach_to_call,
                                                .detach = pend_and_recheck,
                                                .thread = call_and_recheck,
                                                .unload = small::unload_client_during_calls}};
constexpr small::Pair kPendAlways{.client = {.attach = small::attach_to_call,
                                             .detach = pend_always,
                                             .thread = small::call_once,
                                             .unload = small::unload_client_during_calls}};

// --- The driver completes a detach that nobody has asked for yet ---

NTSTATUS pend(PVOID) { return STATUS_PENDING; }

void complete_then_deregister(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  const bool attached = client.attached;
  KeReleaseSpinLock(&client.lock, irql);
  if (attached) NmrClientDetachProviderComplete(client.binding);
  kit::deregister_client(client.registration);
}

constexpr small::Pair kCompleteBeforeCallback{.client = {.attach = small::attach_to_call,
                                                         .detach = pend,
                                                         .unload = complete_then_deregister}};
constexpr small::Pair kCorrect{};

// --- The provider frees in its detach callback what requests need ---

void enter_with_buffer(Driver& provider) {
  provider.memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(LONG), small::kTag);
  small::register_provider(provider);
}

NTSTATUS request_with_buffer(PVOID context) {
  return NMRCHECK_READ(*static_cast<LONG*>(driver_of(context).memory));
}

constexpr kit::ProviderDispatch kBufferDispatch = {request_with_buffer};

NTSTATUS accept_with_buffer(HANDLE, PVOID context, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*,
                            PVOID* provider_context, CONST VOID** provider_dispatch) {
  *provider_context = context;
  *provider_dispatch = &kBufferDispatch;
  return STATUS_SUCCESS;
}

NTSTATUS detach_and_free(PVOID context) {
  driver_of(context).detaching = TRUE;
  ExFreePoolWithTag(driver_of(context).memory, small::kTag);
  return STATUS_SUCCESS;
}

void unload_with_buffer(Driver& provider) {
  small::unload_provider(provider);
  if (!provider.detaching) ExFreePoolWithTag(provider.memory, small::kTag);
}

constexpr small::Pair kStopsServing{.client = small::kCallingClient,
                                    .provider = {.attach = accept_with_buffer,
                                                 .detach = detach_and_free,
                                                 .enter = enter_with_buffer,
                                                 .unload = unload_with_buffer}};
constexpr small::Pair kServesToTheEnd{
    .client = small::kCallingClient,
    .provider = {
        .attach = accept_with_buffer, .enter = enter_with_buffer, .unload = unload_with_buffer}};

void add_answers(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/detach-refused",
            "A client returns an error from its detach callback while it is busy.",
            {"NMR-DET-02"},
            "nmr/detach-refused-fixed",
            "ClientDetachProvider reference page",
            {},
            small::make<kDetachRefused>},
           "The client returns STATUS_PENDING then.", small::make<kCounted>);
  add_pair(list,
           {"nmr/complete-and-succeed",
            "A client completes the detach inside its callback and returns STATUS_SUCCESS.",
            {"NMR-DET-07"},
            "nmr/complete-and-succeed-fixed",
            "NmrClientDetachProviderComplete reference page",
            {},
            small::make<kCompleteAndSucceed>},
           "The callback returns STATUS_PENDING after it completed.",
           small::make<kCompleteAndPend>);
  add_pair(list,
           {"nmr/stops-serving",
            "A provider frees in its detach callback the buffer that requests in progress use.",
            {"NMR-DET-11", "KRN-POOL-01"},
            "nmr/stops-serving-fixed",
            "ProviderAttachClient reference page",
            {},
            small::make<kStopsServing>},
           "The provider frees the buffer when it is unloaded.", small::make<kServesToTheEnd>);
}

void add_completions(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/complete-without-drain",
            "A client's work item completes the detach while a call may be in progress.",
            {"NMR-DET-06", "NMR-DET-10"},
            "nmr/complete-without-drain-fixed",
            "Detaching a Client Module from a Provider Module",
            {},
            small::make<kCompleteWithoutDrain>},
           "The last call completes the detach.", small::make<kCounted>);
  add_pair(list,
           {"nmr/complete-twice",
            "Both the detach callback and the last call find the count at zero, and complete.",
            {"NMR-DET-07"},
            "nmr/complete-twice-fixed",
            "NmrClientDetachProviderComplete reference page",
            {},
            small::make<kCompleteTwice>},
           "The lock decides which of the two completes.", small::make<kPendAlways>);
  add_pair(list,
           {"nmr/complete-before-callback",
            "A client completes the detach first and deregisters afterwards.",
            {"NMR-DET-04", "NMR-DET-08"},
            "nmr/complete-before-callback-fixed",
            "xdp-for-windows, XdpCleanupProvider",
            {},
            small::make<kCompleteBeforeCallback>},
           "The client deregisters, and its detach callback says that it is done.",
           small::make<kCorrect>);
}

}  // namespace

void add_detach_contract(std::vector<Scenario>& list) {
  add_answers(list);
  add_completions(list);
}

}  // namespace nmrcheck::designs
