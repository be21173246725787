// Drivers that misuse regions without APCs, the IRQL, and locks that have an owner.
#include "scenarios/kernel/alone.h"
#include "scenarios/kernel/catalog.h"

namespace nmrcheck::designs {
namespace {

using alone::Code;
using alone::Driver;

// --- A push lock that an APC can keep from being released ---

EX_PUSH_LOCK& push_lock(Driver& driver) { return driver.lock; }

void count_under_push_lock(Driver& driver) {
  ExAcquirePushLockExclusive(&push_lock(driver));
  ++driver.value;
  ExReleasePushLockExclusive(&push_lock(driver));
}

void count_in_region(Driver& driver) {
  KeEnterCriticalRegion();
  count_under_push_lock(driver);
  KeLeaveCriticalRegion();
}

constexpr Code kPushLockWithApcs{.thread = count_under_push_lock, .unload = count_under_push_lock};
constexpr Code kPushLockInRegion{.thread = count_in_region, .unload = count_in_region};

// --- A path that returns without leaving the region ---

void leave_on_success(Driver& driver) {
  KeEnterCriticalRegion();
  if (InterlockedIncrement(&driver.value) > 1) return;
  KeLeaveCriticalRegion();
}

void leave_always(Driver& driver) {
  KeEnterCriticalRegion();
  InterlockedIncrement(&driver.value);
  KeLeaveCriticalRegion();
}

constexpr Code kRegionLeft{.thread = leave_on_success, .unload = leave_always};
constexpr Code kRegionPaired{.thread = leave_always, .unload = leave_always};

// --- A path that returns with the lock ---

void release_on_success(Driver& driver) {
  KIRQL irql;
  KeAcquireSpinLock(&driver.lock, &irql);
  if (++driver.value > 1) return;
  KeReleaseSpinLock(&driver.lock, irql);
}

void release_always(Driver& driver) {
  KIRQL irql;
  KeAcquireSpinLock(&driver.lock, &irql);
  ++driver.value;
  KeReleaseSpinLock(&driver.lock, irql);
}

constexpr Code kLockKept{.thread = release_on_success, .unload = release_always};
constexpr Code kLockReleased{.thread = release_always, .unload = release_always};

// --- Two raises of the IRQL, undone in the wrong order ---

void restore_in_wrong_order(Driver&) {
  KIRQL first;
  KIRQL second;
  KeRaiseIrql(APC_LEVEL, &first);
  KeRaiseIrql(DISPATCH_LEVEL, &second);
  KeLowerIrql(first);
  KeLowerIrql(second);
}

void restore_in_order(Driver&) {
  KIRQL first;
  KIRQL second;
  KeRaiseIrql(APC_LEVEL, &first);
  KeRaiseIrql(DISPATCH_LEVEL, &second);
  KeLowerIrql(second);
  KeLowerIrql(first);
}

constexpr Code kLoweredUp{.thread = restore_in_wrong_order};
constexpr Code kLoweredInOrder{.thread = restore_in_order};

// --- A resource in memory that is freed ---

ERESOURCE* resource(Driver& driver) { return static_cast<ERESOURCE*>(driver.memory); }

void make_resource(Driver& driver) {
  driver.memory = ExAllocatePoolZero(NonPagedPoolNx, sizeof(ERESOURCE), alone::kTag);
  ExInitializeResourceLite(resource(driver));
  KeInitializeEvent(&driver.event, NotificationEvent, FALSE);
}

void write_under_resource(Driver& driver) {
  ExEnterCriticalRegionAndAcquireResourceExclusive(resource(driver));
  ++driver.value;
  ExReleaseResourceAndLeaveCriticalRegion(resource(driver));
  KeSetEvent(&driver.event, 0, FALSE);
}

void wait_and_free(Driver& driver) {
  KeWaitForSingleObject(&driver.event, Executive, KernelMode, FALSE, nullptr);
  ExFreePoolWithTag(driver.memory, alone::kTag);
}

void wait_delete_and_free(Driver& driver) {
  KeWaitForSingleObject(&driver.event, Executive, KernelMode, FALSE, nullptr);
  ExDeleteResourceLite(resource(driver));
  ExFreePoolWithTag(driver.memory, alone::kTag);
}

constexpr Code kResourceFreed{
    .enter = make_resource, .thread = write_under_resource, .unload = wait_and_free};
constexpr Code kResourceDeleted{
    .enter = make_resource, .thread = write_under_resource, .unload = wait_delete_and_free};

// --- Memory that is freed with another tag ---

void allocate(Driver& driver) {
  driver.memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(LONG), alone::kTag);
}

void free_with_other_tag(Driver& driver) { ExFreePoolWithTag(driver.memory, 'rehO'); }
void free_with_its_tag(Driver& driver) { ExFreePoolWithTag(driver.memory, alone::kTag); }

constexpr Code kOtherTag{.enter = allocate, .unload = free_with_other_tag};
constexpr Code kSameTag{.enter = allocate, .unload = free_with_its_tag};

void add_regions(std::vector<Scenario>& list) {
  add_pair(list,
           {"kernel/push-lock-with-apcs",
            "A driver acquires a push lock outside of a critical region.",
            {"KRN-APC-01"},
            "kernel/push-lock-with-apcs-fixed",
            "ExAcquirePushLockExclusive reference page",
            {},
            alone::make<kPushLockWithApcs>},
           "It enters one first.", alone::make<kPushLockInRegion>);
  add_pair(list,
           {"kernel/region-not-left",
            "A path through a function returns without leaving its critical region.",
            {"KRN-APC-02"},
            "kernel/region-not-left-fixed",
            "KeEnterCriticalRegion reference page",
            {},
            alone::make<kRegionLeft>},
           "Every path leaves it.", alone::make<kRegionPaired>);
  add_pair(list,
           {"kernel/lowered-upwards",
            "A driver undoes two raises of the IRQL in the wrong order.",
            {"KRN-IRQL-02"},
            "kernel/lowered-upwards-fixed",
            "KeLowerIrql reference page",
            {},
            alone::make<kLoweredUp>},
           "It undoes the last one first.", alone::make<kLoweredInOrder>);
}

}  // namespace

void add_kernel_regions(std::vector<Scenario>& list) {
  add_regions(list);
  add_pair(list,
           {"kernel/lock-kept",
            "A thread ends with a spin lock that one of its paths does not release.",
            {"KRN-LOCK-03"},
            "kernel/lock-kept-fixed",
            "Driver Verifier, deadlock detection",
            {},
            alone::make<kLockKept>},
           "Every path releases it.", alone::make<kLockReleased>);
  add_pair(list,
           {"kernel/resource-freed",
            "A driver frees memory in which an executive resource is still in use.",
            {"KRN-OBJECT-02"},
            "kernel/resource-freed-fixed",
            "ExDeleteResourceLite reference page",
            {},
            alone::make<kResourceFreed>},
           "It deletes the resource first.", alone::make<kResourceDeleted>);
  add_pair(list,
           {"kernel/other-tag",
            "A driver frees pool memory with a tag that is not the allocation's.",
            {"KRN-POOL-05"},
            "kernel/other-tag-fixed",
            "ExFreePoolWithTag reference page",
            {},
            alone::make<kOtherTag>},
           "It uses the same tag.", alone::make<kSameTag>);
}

}  // namespace nmrcheck::designs
