// Drivers that deregister, wait and unload in the wrong way.
#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

constexpr small::Pair kCorrect{};
constexpr small::Pair kBusy{.client = small::kCallingClient};

// --- STATUS_PENDING is taken for an error ---

void unload_without_wait(Driver& client) {
  small::join(client);
  if (NmrDeregisterClient(client.registration) == STATUS_SUCCESS) {
    (void)NmrWaitForClientDeregisterComplete(client.registration);
  }
}

constexpr small::Pair kUnloadWithoutWait{.client = {.unload = unload_without_wait}};

// --- The thread is left alone ---

void unload_without_join(Driver& client) { kit::deregister_client(client.registration); }

constexpr small::Pair kThreadOutlives{.client = {.attach = small::attach_to_call,
                                                 .detach = small::detach_counting,
                                                 .thread = small::call_once,
                                                 .unload = unload_without_join}};

// --- The detach callback waits ---

NTSTATUS detach_and_wait(PVOID context) {
  const NTSTATUS status = small::detach_provider(context);
  (void)NmrWaitForClientDeregisterComplete(driver_of(context).registration);
  return status;
}

constexpr small::Pair kWaitInDetach{.client = {.detach = detach_and_wait}};

// --- Handles ---

void deregister_after_wait(Driver& client) {
  small::unload_client(client);
  (void)NmrDeregisterClient(client.registration);
}

void deregister_twice(Driver& client) {
  (void)NmrDeregisterClient(client.registration);
  kit::deregister_client(client.registration);
}

void wait_first(Driver& client) {
  (void)NmrWaitForClientDeregisterComplete(client.registration);
  small::unload_client(client);
}

void deregister_as_provider(Driver& client) { kit::deregister_provider(client.registration); }

constexpr small::Pair kDeregisterAfterWait{.client = {.unload = deregister_after_wait}};
constexpr small::Pair kDeregisterTwice{.client = {.unload = deregister_twice}};
constexpr small::Pair kWaitFirst{.client = {.unload = wait_first}};
constexpr small::Pair kDeregisterAsProvider{.client = {.unload = deregister_as_provider}};

// --- One of two registrations fails; the error path undoes both ---

HANDLE register_invalid(Driver& client) {
  HANDLE second = nullptr;
  client.provider.ProviderRegistrationInstance.NpiId = nullptr;
  (void)NmrRegisterProvider(&client.provider, &client, &second);
  return second;
}

void unwind_both(Driver& client) {
  small::register_client(client);
  const HANDLE second = register_invalid(client);
  if (NmrDeregisterProvider(second) == STATUS_PENDING) NmrWaitForProviderDeregisterComplete(second);
}

void unwind_the_first(Driver& client) {
  small::register_client(client);
  if (const HANDLE second = register_invalid(client)) kit::deregister_provider(second);
}

constexpr small::Pair kDeregisterNull{.client = {.enter = unwind_both}};
constexpr small::Pair kUnwindTheFirst{.client = {.enter = unwind_the_first}};

// --- A lock across NmrDeregisterClient that the detach callback takes as well ---

void deregister_under_lock(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  client.attached = FALSE;
  (void)NmrDeregisterClient(client.registration);
  KeReleaseSpinLock(&client.lock, irql);
  (void)NmrWaitForClientDeregisterComplete(client.registration);
}

void deregister_after_lock(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  client.attached = FALSE;
  KeReleaseSpinLock(&client.lock, irql);
  kit::deregister_client(client.registration);
}

constexpr small::Pair kLockAcrossRegistrar{
    .client = {.detach = small::detach_counting, .unload = deregister_under_lock}};
constexpr small::Pair kLockDropped{
    .client = {.detach = small::detach_counting, .unload = deregister_after_lock}};

void add_unloads(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/unload-without-wait",
            "A client waits only if its deregistration returned STATUS_SUCCESS.",
            {"NMR-UNL-01"},
            "nmr/unload-without-wait-fixed",
            "Unloading a Client Module",
            {},
            small::make<kUnloadWithoutWait>},
           "The client waits if the answer is STATUS_PENDING.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/thread-outlives-unload",
            "A client is unloaded while its thread still runs.",
            {"NMR-UNL-03"},
            "nmr/thread-outlives-unload-fixed",
            "xdp-for-windows pull request 321",
            {},
            small::make<kThreadOutlives>},
           "The unload routine waits for the thread.", small::make<kBusy>);
  add_pair(list,
           {"nmr/wait-in-detach",
            "A client's detach callback waits for the deregistration that it is part of.",
            {"NMR-LIVE-01", "NMR-IRQL-02"},
            "nmr/wait-in-detach-fixed",
            "ebpf-for-windows pull request 3594",
            {},
            small::make<kWaitInDetach>},
           "The unload routine waits.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/lock-across-registrar",
            "A client deregisters under the spin lock that its detach callback takes.",
            {"NMR-LIVE-02"},
            "nmr/lock-across-registrar-fixed",
            "ebpf-for-windows issue 1186",
            {},
            small::make<kLockAcrossRegistrar>},
           "The client drops the lock first.", small::make<kLockDropped>);
}

void add_handles(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/deregister-after-wait",
            "A client deregisters once more after its wait returned.",
            {"NMR-HND-02"},
            "nmr/deregister-after-wait-fixed",
            "NmrWaitForClientDeregisterComplete reference page",
            {},
            small::make<kDeregisterAfterWait>},
           "The client deregisters once.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/deregister-as-provider",
            "A client passes its handle to NmrDeregisterProvider.",
            {"NMR-HND-03"},
            "nmr/deregister-as-provider-fixed",
            "Bug check 0x125, NMR_INVALID_STATE",
            {},
            small::make<kDeregisterAsProvider>},
           "The client passes it to NmrDeregisterClient.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/deregister-null",
            "A failed registration is undone along with those that succeeded.",
            {"NMR-REG-04"},
            "nmr/deregister-null-fixed",
            "ebpf-for-windows issue 2529",
            {},
            small::make<kDeregisterNull>},
           "Only what succeeded is undone.", small::make<kUnwindTheFirst>);
  add_pair(list,
           {"nmr/deregister-twice",
            "A client deregisters twice before it waits.",
            {"NMR-REG-05"},
            "nmr/deregister-twice-fixed",
            "ebpf-for-windows pull request 2396",
            {},
            small::make<kDeregisterTwice>},
           "The client deregisters once.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/wait-first",
            "A client waits before it deregisters.",
            {"NMR-REG-06"},
            "nmr/wait-first-fixed",
            "NmrWaitForClientDeregisterComplete reference page",
            {},
            small::make<kWaitFirst>},
           "The client deregisters, and then waits.", small::make<kCorrect>);
}

}  // namespace

void add_teardown(std::vector<Scenario>& list) {
  add_unloads(list);
  add_handles(list);
}

}  // namespace nmrcheck::designs
