// Drivers that leave something behind when they are unloaded.
#include "scenarios/kernel/alone.h"
#include "scenarios/kernel/catalog.h"

namespace nmrcheck::designs {
namespace {

using alone::Code;
using alone::Driver;

// --- A device object ---

void create_device(Driver& driver) {
  PDEVICE_OBJECT device = nullptr;
  (void)IoCreateDevice(&driver.object, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
  driver.memory = device;
}

void delete_device(Driver& driver) {
  if (driver.memory != nullptr) IoDeleteDevice(static_cast<PDEVICE_OBJECT>(driver.memory));
}

constexpr Code kDeviceLeft{.enter = create_device};
constexpr Code kDeviceDeleted{.enter = create_device, .unload = delete_device};

// --- A DPC ---

void count(PKDPC, PVOID context, PVOID, PVOID) { ++static_cast<Driver*>(context)->value; }

void queue_dpc(Driver& driver) {
  KeInitializeDpc(&driver.dpc, count, &driver);
  (void)KeInsertQueueDpc(&driver.dpc, nullptr, nullptr);
}

void flush_dpcs(Driver&) { KeFlushQueuedDpcs(); }

constexpr Code kDpcLeft{.enter = queue_dpc};
constexpr Code kDpcFlushed{.enter = queue_dpc, .unload = flush_dpcs};

}  // namespace

void add_kernel_unload(std::vector<Scenario>& list) {
  add_pair(list,
           {"kernel/device-not-deleted",
            "A driver is unloaded with the device object that DriverEntry made.",
            {"KRN-POOL-03"},
            "kernel/device-not-deleted-fixed",
            "IoDeleteDevice reference page",
            {},
            alone::make<kDeviceLeft>},
           "Its unload routine deletes the device.", alone::make<kDeviceDeleted>);
  add_pair(list,
           {"kernel/dpc-outlives-unload",
            "A driver is unloaded while a DPC that it queued has not run.",
            {"NMR-UNL-03"},
            "kernel/dpc-outlives-unload-fixed",
            "KeFlushQueuedDpcs reference page",
            {},
            alone::make<kDpcLeft>},
           "Its unload routine flushes the queued DPCs.", alone::make<kDpcFlushed>);
}

}  // namespace nmrcheck::designs
