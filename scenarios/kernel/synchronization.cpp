// Drivers that misuse events, locks, rundown protection and the IRQL.
#include "scenarios/kernel/alone.h"
#include "scenarios/kernel/catalog.h"

namespace nmrcheck::designs {
namespace {

using alone::Code;
using alone::Driver;

// --- An event that nobody initialized ---

void set_event(Driver& driver) { KeSetEvent(&driver.event, 0, FALSE); }

void initialize_event(Driver& driver) {
  KeInitializeEvent(&driver.event, NotificationEvent, FALSE);
}

constexpr Code kUninitializedEvent{.thread = set_event};
constexpr Code kInitializedEvent{.enter = initialize_event, .thread = set_event};

// --- A path that releases without having acquired ---

void release_on_every_path(Driver& driver) {
  KIRQL irql = PASSIVE_LEVEL;
  const bool busy = InterlockedIncrement(&driver.value) > 1;
  if (!busy) KeAcquireSpinLock(&driver.lock, &irql);
  KeReleaseSpinLock(&driver.lock, irql);
}

void release_what_was_acquired(Driver& driver) {
  if (InterlockedIncrement(&driver.value) > 1) return;
  KIRQL irql;
  KeAcquireSpinLock(&driver.lock, &irql);
  KeReleaseSpinLock(&driver.lock, irql);
}

constexpr Code kReleaseUnheld{.thread = release_on_every_path, .unload = release_on_every_path};
constexpr Code kReleaseHeld{.thread = release_what_was_acquired,
                            .unload = release_what_was_acquired};

// --- A function that locks, called by one that holds the lock ---

void add_one(Driver& driver) {
  KIRQL irql;
  KeAcquireSpinLock(&driver.lock, &irql);
  ++driver.value;
  KeReleaseSpinLock(&driver.lock, irql);
}

void add_two_recursively(Driver& driver) {
  KIRQL irql;
  KeAcquireSpinLock(&driver.lock, &irql);
  ++driver.value;
  add_one(driver);
  KeReleaseSpinLock(&driver.lock, irql);
}

void add_two_in_turn(Driver& driver) {
  add_one(driver);
  add_one(driver);
}

constexpr Code kRecursiveLock{.thread = add_two_recursively};
constexpr Code kLockInTurn{.thread = add_two_in_turn};

// --- Rundown protection ---

void release_unasked(Driver& driver) {
  (void)ExAcquireRundownProtection(&driver.users);
  ExReleaseRundownProtection(&driver.users);
}

void release_if_acquired(Driver& driver) {
  if (ExAcquireRundownProtection(&driver.users)) ExReleaseRundownProtection(&driver.users);
}

void run_down(Driver& driver) { ExWaitForRundownProtectionRelease(&driver.users); }

void initialize_rundown(Driver& driver) { ExInitializeRundownProtection(&driver.users); }

constexpr Code kRundownUnderflow{
    .enter = initialize_rundown, .thread = release_unasked, .unload = run_down};
constexpr Code kRundownPaired{
    .enter = initialize_rundown, .thread = release_if_acquired, .unload = run_down};
// The unload routine stands for whatever initializes after the object was published.
constexpr Code kRundownReset{.thread = release_if_acquired, .unload = initialize_rundown};

// --- A wait while a spin lock is held ---

void wait_under_lock(Driver& driver) {
  KIRQL irql;
  KeAcquireSpinLock(&driver.lock, &irql);
  KeWaitForSingleObject(&driver.event, Executive, KernelMode, FALSE, nullptr);
  KeReleaseSpinLock(&driver.lock, irql);
}

void wait_before_lock(Driver& driver) {
  KeWaitForSingleObject(&driver.event, Executive, KernelMode, FALSE, nullptr);
  add_one(driver);
}

constexpr Code kWaitAtDispatch{
    .enter = initialize_event, .thread = set_event, .unload = wait_under_lock};
constexpr Code kWaitAtPassive{
    .enter = initialize_event, .thread = set_event, .unload = wait_before_lock};

// --- An assertion that only one order of two threads keeps ---

void publish(Driver& driver) { NMRCHECK_WRITE(driver.value, 1); }

void publish_and_tell(Driver& driver) {
  publish(driver);
  set_event(driver);
}

void expect_published(Driver& driver) { NT_ASSERT(NMRCHECK_READ(driver.value) == 1); }

void wait_and_expect_published(Driver& driver) {
  KeWaitForSingleObject(&driver.event, Executive, KernelMode, FALSE, nullptr);
  expect_published(driver);
}

constexpr Code kAssertionFails{.thread = publish, .unload = expect_published};
constexpr Code kAssertionHolds{
    .enter = initialize_event, .thread = publish_and_tell, .unload = wait_and_expect_published};

void add_locks(std::vector<Scenario>& list) {
  add_pair(list,
           {"kernel/release-unheld",
            "A path through a function releases a spin lock that it did not acquire.",
            {"KRN-LOCK-01"},
            "kernel/release-unheld-fixed",
            "Driver Verifier, deadlock detection",
            {},
            alone::make<kReleaseUnheld>},
           "It returns instead.", alone::make<kReleaseHeld>);
  add_pair(list,
           {"kernel/recursive-lock",
            "A function that holds a spin lock calls one that acquires it.",
            {"KRN-LOCK-02"},
            "kernel/recursive-lock-fixed",
            "KeAcquireSpinLock reference page",
            {},
            alone::make<kRecursiveLock>},
           "It calls the other without the lock.", alone::make<kLockInTurn>);
  add_pair(list,
           {"kernel/wait-at-dispatch",
            "A driver waits for an event while it holds a spin lock.",
            {"KRN-IRQL-01"},
            "kernel/wait-at-dispatch-fixed",
            "KeWaitForSingleObject reference page",
            {},
            alone::make<kWaitAtDispatch>},
           "It waits first.", alone::make<kWaitAtPassive>);
}

void add_rundown(std::vector<Scenario>& list) {
  add_pair(list,
           {"kernel/rundown-underflow",
            "A driver releases rundown protection although it was refused.",
            {"KRN-RUN-01"},
            "kernel/rundown-underflow-fixed",
            "ExReleaseRundownProtection reference page",
            {},
            alone::make<kRundownUnderflow>},
           "It releases what it acquired.", alone::make<kRundownPaired>);
  add_pair(list,
           {"kernel/rundown-reset",
            "Rundown protection is initialized after it was published.",
            {"KRN-RUN-01", "KRN-RUN-02"},
            "kernel/rundown-reset-fixed",
            "ebpf-for-windows pull request 4117",
            {},
            alone::make<kRundownReset>},
           "It is initialized first.", alone::make<kRundownPaired>);
}

void add_objects(std::vector<Scenario>& list) {
  add_pair(list,
           {"kernel/uninitialized-event",
            "A driver sets an event that was never initialized.",
            {"KRN-OBJECT-01"},
            "kernel/uninitialized-event-fixed",
            "KeInitializeEvent reference page",
            {},
            alone::make<kUninitializedEvent>},
           "DriverEntry initializes it.", alone::make<kInitializedEvent>);
  add_pair(list,
           {"kernel/assertion",
            "A driver asserts what its other thread has not done yet.",
            {"KRN-ASSERT-01"},
            "kernel/assertion-fixed",
            "NT_ASSERT reference page",
            {},
            alone::make<kAssertionFails>},
           "It waits for the other thread.", alone::make<kAssertionHolds>);
}

}  // namespace

void add_kernel_synchronization(std::vector<Scenario>& list) {
  add_locks(list);
  add_rundown(list);
  add_objects(list);
}

}  // namespace nmrcheck::designs
