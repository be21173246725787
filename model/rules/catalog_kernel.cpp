// Rules of the kernel and the harness, which check them themselves.
#include <array>

#include "model/rules/checks.h"
#include "model/rules/tables.h"

namespace nmrcheck::model::tables {
namespace {

constexpr std::array kRules{
    RuleInfo{"KRN-POOL-01", Severity::kS1, kDriver, "Freed pool memory is not used.",
             "Driver Verifier, special pool", "Keep the memory until the last user is gone."},
    RuleInfo{"KRN-POOL-02", Severity::kS1, kDriver,
             "Pool memory is freed once, by the pointer that the allocation returned.",
             "Driver Verifier, pool checks", "Give each allocation one owner."},
    RuleInfo{"KRN-POOL-04", Severity::kS1, kDriver, "Freed pool memory is not written.",
             "Driver Verifier, special pool", "Keep the memory until the last user is gone."},
    RuleInfo{"KRN-POOL-05", Severity::kS5, kDriver,
             "Pool memory is freed with the tag with which it was allocated.",
             "ExFreePoolWithTag reference page; bug check 0xC2, subtype 0xA",
             "Name the allocation's tag once and use that name for both."},
    RuleInfo{"KRN-IMAGE-01", Severity::kS2, kDriver, "The data of an unloaded image is not used.",
             "follows from unloading",
             "Stop every thread, callback and work item of the driver before unload returns."},
    RuleInfo{"KRN-POOL-07", Severity::kS1, kDriver,
             "Memory is accessed inside of the block that was allocated.",
             "Driver Verifier, special pool",
             "Compare the size that was allocated with what the code at the place needs."},
    RuleInfo{
        "KRN-IMAGE-02", Severity::kS2, kDriver, "The code of an unloaded image does not run.",
        "follows from unloading",
        "Wait for every thread, DPC, timer, callback and work item of the driver in its unload "
        "routine."},
    RuleInfo{
        "KRN-RACE-01", Severity::kS5, kDriver,
        "Of two accesses to the same bytes that nothing orders, of which one writes, both are "
        "atomic or volatile.",
        "C17, 5.1.2.4; Windows Driver Kit, \"Interlocked variable access\"",
        "Guard both with one lock, or make both Interlocked, or ReadNoFence and WriteNoFence."},
    RuleInfo{"KRN-OBJECT-01", Severity::kS1, kDriver,
             "Kernel objects are initialized before use, and used as what they are.",
             "wdm.h reference pages of the initialization functions", "Initialize the object."},
    RuleInfo{
        "KRN-OBJECT-02", Severity::kS1, kDriver,
        "An executive resource or lookaside list is initialized once, and deleted while nobody "
        "uses it, before its memory is freed or its image unloaded.",
        "ExDeleteResourceLite reference page; Driver Verifier, pool checks (0xC4, 0xD2)",
        "Delete it where its memory is freed."},
    RuleInfo{"KRN-LOCK-01", Severity::kS1, kDriver,
             "A lock is released by the thread that holds it, in the mode it was acquired.",
             "Driver Verifier, deadlock detection", "Pair acquire and release on every path."},
    RuleInfo{"KRN-LOCK-02", Severity::kS3, kDriver,
             "Spin locks and push locks are not recursive, and whoever holds an executive resource "
             "shared does not wait for it exclusively.",
             "KeAcquireSpinLock, ExAcquirePushLockExclusive and ExAcquireResourceExclusiveLite "
             "reference pages",
             "Split the function into one that locks and one that expects the lock."},
    RuleInfo{"KRN-LOCK-03", Severity::kS3, kDriver,
             "The routine of a thread, work item, DPC or timer releases what it acquired before it "
             "returns.",
             "Driver Verifier, deadlock detection (0xC4, 0x1007)",
             "Pair acquire and release on every path."},
    RuleInfo{"KRN-LOCK-04", Severity::kS3, kDriver,
             "Threads that may run at the same time acquire locks in one order: no circle of "
             "acquisitions, though no thread waited for another this time.",
             "Driver Verifier, deadlock detection (0xC4, 0x1001)",
             "Fix one order for the locks, or guard both with a lock that is acquired first."},
    RuleInfo{"KRN-RUN-01", Severity::kS1, kDriver,
             "Rundown protection is released only after it was acquired.",
             "ExReleaseRundownProtection reference page", "Release on the paths that acquired."},
    RuleInfo{"KRN-RUN-02", Severity::kS1, kDriver,
             "Rundown protection is not initialized while references are held.",
             "ExInitializeRundownProtection reference page; ebpf-for-windows pull request 4117",
             "Initialize before the object is published."},
    RuleInfo{"KRN-WORK-01", Severity::kS1, kDriver,
             "A work item is neither freed nor queued again before its routine has begun.",
             "IoFreeWorkItem and IoQueueWorkItem reference pages",
             "Free it in its routine, or wait for that."},
    RuleInfo{"KRN-IRQL-01", Severity::kS4, kDriver,
             "Each function is called at an IRQL that it allows.",
             "wdm.h and netioddk.h reference pages", "Move the call to a work item."},
    RuleInfo{"KRN-IRQL-02", Severity::kS4, kDriver,
             "KeRaiseIrql does not lower the IRQL, KeLowerIrql does not raise it, and a routine "
             "returns at the IRQL at which it began.",
             "KeRaiseIrql and KeLowerIrql reference pages; Driver Verifier (0xC4, 0x30 and 0x31)",
             "Keep what KeRaiseIrql stored, and lower to that on every path."},
    RuleInfo{"KRN-APC-01", Severity::kS3, kDriver,
             "A push lock or executive resource is acquired while normal kernel APCs are disabled.",
             "ExAcquirePushLockExclusive and ExAcquireResourceExclusiveLite reference pages",
             "Call KeEnterCriticalRegion before, and KeLeaveCriticalRegion after the release."},
    RuleInfo{"KRN-APC-02", Severity::kS3, kDriver,
             "Critical and guarded regions are left as often as they were entered, before the "
             "routine of a thread, work item, DPC or timer returns.",
             "KeEnterCriticalRegion reference page; bug check 0x1, APC_INDEX_MISMATCH",
             "Leave the region on every path."},
    RuleInfo{"KRN-ASSERT-01", Severity::kS1, kDriver,
             "The driver's own assertions hold, and it does not ask for a bug check.",
             "NT_ASSERT, RtlFailFast, KeBugCheckEx", "See the assertion's place."},
    RuleInfo{"harness.deadlock", Severity::kS3, kHarness,
             "Some fiber can always go on, and none wait for each other in a circle.",
             "the harness", "The message says who waits for what, and who holds it since when."},
    RuleInfo{
        "harness.livelock", Severity::kS3, kHarness,
        "Fibers that run get further some time: they do not go round in a circle.", "the harness",
        "The message says what each repeats. Wait for an event, or yield, or let one give up."},
    RuleInfo{"harness.lost-wakeup", Severity::kS3, kHarness,
             "No event is set and cleared before the fiber waits that needs it.", "the harness",
             "Leave the event set until it was seen; do not pulse it."},
    RuleInfo{"harness.assertion", Severity::kS1, kHarness,
             "The assertions of a program without drivers hold.", "the harness",
             "See the assertion's place."},
    RuleInfo{"harness.step-limit", Severity::kS3, kHarness,
             "An execution ends within the limit of steps.", "the harness",
             "Look for a loop that counts; raise the limit if the program is just long."},
    RuleInfo{"harness.exception", Severity::kS1, kHarness,
             "No exception leaves a fiber of the checked program.", "the harness",
             "Catch it where it can be handled."},
    RuleInfo{
        "harness.crash", Severity::kS1, kHarness,
        "The checked program does not fault: no NULL dereference, no division by zero.",
        "the harness",
        "The message names the last announced step before the fault; for a driver in C, also the "
        "line and the calls."},
    RuleInfo{"harness.stack-overflow", Severity::kS1, kHarness, "A fiber stays within its stack.",
             "the harness", "Look for unbounded recursion."},
    RuleInfo{"harness.endless-step", Severity::kS3, kHarness,
             "Code between two announced steps ends.", "the harness",
             "Look for a loop that neither waits nor accesses shared memory."},
};

}  // namespace

std::span<const RuleInfo> kernel_rules() { return kRules; }

}  // namespace nmrcheck::model::tables
