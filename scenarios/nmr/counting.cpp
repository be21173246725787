// Clients that count their calls into the provider in ways that fail, and the one that works.
//
// The client's thread makes one call while the client deregisters.
#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& client_of(PVOID context) { return *static_cast<Driver*>(context); }

void close_to_new_calls(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  client.attached = FALSE;
  KeReleaseSpinLock(&client.lock, irql);
}

// --- Lost completion: the count is tested in one place, the flag set in another ---

NTSTATUS detach_without_lock(PVOID context) {
  Driver& client = client_of(context);
  close_to_new_calls(client);
  if (NMRCHECK_READ(client.calls) == 0) return STATUS_SUCCESS;
  NMRCHECK_WRITE(client.detaching, TRUE);
  return STATUS_PENDING;
}

void end_call_without_lock(Driver& client) {
  if (InterlockedDecrement(&client.calls) == 0 && NMRCHECK_READ(client.detaching)) {
    NmrClientDetachProviderComplete(client.binding);
  }
}

void call_without_lock(Driver& client) {
  if (!small::begin_call(client)) return;
  small::request_of_peer(client);
  end_call_without_lock(client);
}

constexpr small::Pair kLostCompletion{.client = {.attach = small::attach_to_call,
                                                 .detach = detach_without_lock,
                                                 .thread = call_without_lock,
                                                 .unload = small::unload_client_during_calls}};

// --- Completion after success: a call that comes too late is counted, then undone ---

NTSTATUS detach_after_flag(PVOID context) {
  Driver& client = client_of(context);
  NMRCHECK_WRITE(client.detaching, TRUE);
  return NMRCHECK_READ(client.calls) > 0 ? STATUS_PENDING : STATUS_SUCCESS;
}

bool add_then_undo(Driver& client) {
  if (!NMRCHECK_READ(client.attached)) return false;
  InterlockedIncrement(&client.calls);
  if (!NMRCHECK_READ(client.detaching)) return true;
  end_call_without_lock(client);
  return false;
}

void call_after_adding(Driver& client) {
  if (!add_then_undo(client)) return;
  small::request_of_peer(client);
  end_call_without_lock(client);
}

constexpr small::Pair kCompletionAfterSuccess{
    .client = {.attach = small::attach_to_call,
               .detach = detach_after_flag,
               .thread = call_after_adding,
               .unload = small::unload_client_during_calls}};

// --- Missing completion: the last call forgets the detach ---

void call_and_forget(Driver& client) {
  if (!small::begin_call(client)) return;
  small::request_of_peer(client);
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  --client.calls;
  KeReleaseSpinLock(&client.lock, irql);
}

constexpr small::Pair kMissingCompletion{.client = {.attach = small::attach_to_call,
                                                    .detach = small::detach_counting,
                                                    .thread = call_and_forget,
                                                    .unload = small::unload_client_during_calls}};

// --- A flag instead of a count ---

NTSTATUS detach_with_flag(PVOID context) {
  NMRCHECK_WRITE(client_of(context).attached, FALSE);
  return STATUS_SUCCESS;
}

void check_then_call(Driver& client) {
  if (NMRCHECK_READ(client.attached)) small::request_of_peer(client);
}

constexpr small::Pair kCheckThenCall{.client = {.attach = small::attach_to_call,
                                                .detach = detach_with_flag,
                                                .thread = check_then_call,
                                                .unload = small::unload_client_during_calls}};

// --- Fixed: flag and count under one lock; whoever finds both conditions met finishes ---

constexpr small::Pair kCounted{.client = small::kCallingClient};

}  // namespace

void add_counting(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/lost-completion",
            "A client tests its count and sets its flag in two steps; the last call sees neither.",
            {"NMR-DET-04"},
            "nmr/lost-completion-fixed",
            "Detaching a Client Module from a Provider Module",
            {},
            small::make<kLostCompletion>},
           "Flag and count change under one lock.", small::make<kCounted>);
  add_pair(list,
           {"nmr/completion-after-success",
            "A client counts a call that comes too late, undoes it, and completes the detach then.",
            {"NMR-DET-05", "NMR-DET-07"},
            "nmr/completion-after-success-fixed",
            "NmrClientDetachProviderComplete reference page",
            {},
            small::make<kCompletionAfterSuccess>},
           "A call is counted under the lock that the detach takes, or not at all.",
           small::make<kCounted>);
  add_pair(list,
           {"nmr/missing-completion",
            "A client returns STATUS_PENDING while calls are in progress, and nobody completes.",
            {"NMR-DET-04"},
            "nmr/missing-completion-fixed",
            "xdp-for-windows, published/external/xdpapi.h before the rundown protection",
            {},
            small::make<kMissingCompletion>},
           "The last call completes the detach.", small::make<kCounted>);
  add_pair(list,
           {"nmr/check-then-call",
            "A client tests a flag before it calls its provider, instead of holding a reference.",
            {"NMR-DET-03", "NMR-DET-10"},
            "nmr/check-then-call-fixed",
            "ebpf-for-windows issue 1850",
            {},
            small::make<kCheckThenCall>},
           "The call is counted, and the detach waits for it.", small::make<kCounted>);
}

}  // namespace nmrcheck::designs
