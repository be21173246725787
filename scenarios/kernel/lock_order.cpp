// Drivers that acquire two locks in two orders.
#include "scenarios/kernel/alone.h"
#include "scenarios/kernel/catalog.h"

namespace nmrcheck::designs {
namespace {

using alone::Code;
using alone::Driver;

void count_under(KSPIN_LOCK& outer, KSPIN_LOCK& inner, Driver& driver) {
  KIRQL irql;
  KeAcquireSpinLock(&outer, &irql);
  KeAcquireSpinLockAtDpcLevel(&inner);
  ++driver.value;
  KeReleaseSpinLockFromDpcLevel(&inner);
  KeReleaseSpinLock(&outer, irql);
}

void first_then_second(Driver& driver) { count_under(driver.lock, driver.second_lock, driver); }
void second_then_first(Driver& driver) { count_under(driver.second_lock, driver.lock, driver); }

constexpr Code kTwoOrders{.thread = first_then_second, .unload = second_then_first};
constexpr Code kOneOrder{.thread = first_then_second, .unload = first_then_second};

// --- Two orders, and an event that keeps them apart ---

void initialize(Driver& driver) { KeInitializeEvent(&driver.event, NotificationEvent, FALSE); }

void lock_and_tell(Driver& driver) {
  first_then_second(driver);
  KeSetEvent(&driver.event, 0, FALSE);
}

void wait_and_lock(Driver& driver) {
  KeWaitForSingleObject(&driver.event, Executive, KernelMode, FALSE, nullptr);
  second_then_first(driver);
}

constexpr Code kOrdersInTurn{.enter = initialize, .thread = lock_and_tell, .unload = wait_and_lock};

}  // namespace

void add_kernel_lock_order(std::vector<Scenario>& list) {
  add_pair(list,
           {"kernel/lock-order",
            "A thread and the unload routine acquire two spin locks in two orders.",
            {"KRN-LOCK-04", "harness.deadlock"},
            "kernel/lock-order-fixed",
            "Driver Verifier, deadlock detection",
            {},
            alone::make<kTwoOrders>},
           "Both acquire them in one order.", alone::make<kOneOrder>);
  list.push_back({"kernel/lock-orders-in-turn",
                  "Two spin locks are acquired in two orders, the second one after an event.",
                  {},
                  "",
                  "Driver Verifier, deadlock detection",
                  {},
                  alone::make<kOrdersInTurn>});
}

}  // namespace nmrcheck::designs
