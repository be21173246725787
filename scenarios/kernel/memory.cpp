// Drivers that misuse pool memory and the data of an image.
#include "scenarios/kernel/alone.h"
#include "scenarios/kernel/catalog.h"

namespace nmrcheck::designs {
namespace {

using alone::Code;
using alone::Driver;

void allocate(Driver& driver) {
  driver.memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(LONG), alone::kTag);
}

void release(Driver& driver) { ExFreePoolWithTag(driver.memory, alone::kTag); }

// Takes the memory from whoever else might free it too.
void release_if_mine(Driver& driver) {
  const PVOID memory = InterlockedExchangePointer(&driver.memory, nullptr);
  if (memory != nullptr) ExFreePoolWithTag(memory, alone::kTag);
}

void use(Driver& driver) { InterlockedIncrement(static_cast<LONG*>(driver.memory)); }

void use_and_tell(Driver& driver) {
  use(driver);
  KeSetEvent(&driver.event, 0, FALSE);
}

void allocate_with_event(Driver& driver) {
  KeInitializeEvent(&driver.event, NotificationEvent, FALSE);
  allocate(driver);
}

void wait_and_release(Driver& driver) {
  KeWaitForSingleObject(&driver.event, Executive, KernelMode, FALSE, nullptr);
  release(driver);
}

constexpr Code kUseAfterFree{.enter = allocate, .thread = use, .unload = release};
constexpr Code kUseBeforeFree{
    .enter = allocate_with_event, .thread = use_and_tell, .unload = wait_and_release};

constexpr Code kDoubleFree{.enter = allocate, .thread = release, .unload = release};
constexpr Code kSingleFree{.enter = allocate, .thread = release_if_mine, .unload = release_if_mine};

constexpr Code kLeak{.enter = allocate};
constexpr Code kNoLeak{.enter = allocate, .unload = release};

// --- An access behind the end ---

template <ULONG kIndex>
void read_element(Driver& driver) {
  allocate(driver);
  const auto* bytes = static_cast<const UCHAR*>(driver.memory);
  if (bytes != nullptr) (void)NMRCHECK_READ(bytes[kIndex]);
  release(driver);
}

constexpr Code kOverrun{.enter = read_element<sizeof(LONG)>};
constexpr Code kLastByte{.enter = read_element<sizeof(LONG) - 1>};

// --- A work item that is on its way ---

void run_work_item(PDEVICE_OBJECT, PVOID context) {
  KeSetEvent(&static_cast<Driver*>(context)->event, 0, FALSE);
}

void queue_work_item(Driver& driver) {
  KeInitializeEvent(&driver.event, NotificationEvent, FALSE);
  DEVICE_OBJECT* const device = nullptr;
  driver.memory = IoAllocateWorkItem(device);
  if (driver.memory == nullptr) return;
  IoQueueWorkItem(static_cast<PIO_WORKITEM>(driver.memory), run_work_item, DelayedWorkQueue,
                  &driver);
}

void free_work_item(Driver& driver) { IoFreeWorkItem(static_cast<PIO_WORKITEM>(driver.memory)); }

void wait_and_free_work_item(Driver& driver) {
  KeWaitForSingleObject(&driver.event, Executive, KernelMode, FALSE, nullptr);
  free_work_item(driver);
}

constexpr Code kFreedWhileQueued{.enter = queue_work_item, .unload = free_work_item};
constexpr Code kFreedWhenRun{.enter = queue_work_item, .unload = wait_and_free_work_item};

// --- A write that nobody announces: only the end of the execution shows it ---

void write_silently(Driver& driver) { *static_cast<volatile LONG*>(driver.memory) = 1; }

void release_then_write(Driver& driver) {
  release(driver);
  write_silently(driver);
}

void write_then_release(Driver& driver) {
  write_silently(driver);
  release(driver);
}

constexpr Code kWriteAfterFree{.enter = allocate, .unload = release_then_write};
constexpr Code kWriteBeforeFree{.enter = allocate, .unload = write_then_release};

// --- One driver reads another's global ---

void read_image(model::World& world, bool in_time) {
  const model::ModuleId reader = world.kernel().load("reader.sys");
  const model::ModuleId owner = world.kernel().load("owner.sys");
  auto* globals = kit::globals<Driver>(owner);
  const sim::FiberId thread =
      kit::start_thread(reader, "reader", [globals] { (void)NMRCHECK_READ(globals->value); });
  world.kernel().unload(owner, [thread, in_time] {
    if (in_time) kit::join(thread);
  });
  world.kernel().unload(reader, [thread] { kit::join(thread); });
}

void read_image_at_any_time(model::World& world, const ParameterValues&) {
  read_image(world, false);
}

void read_image_in_time(model::World& world, const ParameterValues&) { read_image(world, true); }

}  // namespace

void add_kernel_memory(std::vector<Scenario>& list) {
  add_pair(list,
           {"kernel/use-after-free",
            "A thread uses memory that the unload routine frees.",
            {"KRN-POOL-01"},
            "kernel/use-after-free-fixed",
            "Driver Verifier, special pool",
            {},
            alone::make<kUseAfterFree>},
           "The unload routine waits for the thread to say that it is finished.",
           alone::make<kUseBeforeFree>);
  add_pair(list,
           {"kernel/double-free",
            "A thread and the unload routine free the same memory.",
            {"KRN-POOL-02"},
            "kernel/double-free-fixed",
            "Driver Verifier, pool checks",
            {},
            alone::make<kDoubleFree>},
           "Whoever takes the pointer frees it.", alone::make<kSingleFree>);
  add_pair(list,
           {"kernel/leak",
            "A driver is unloaded and leaves memory behind.",
            {"KRN-POOL-03"},
            "kernel/leak-fixed",
            "Driver Verifier, pool tracking",
            {},
            alone::make<kLeak>},
           "The unload routine frees it.", alone::make<kNoLeak>);
  add_pair(list,
           {"kernel/write-after-free",
            "A driver writes to memory that it freed, without an annotation.",
            {"KRN-POOL-04"},
            "kernel/write-after-free-fixed",
            "Driver Verifier, special pool",
            {},
            alone::make<kWriteAfterFree>},
           "It writes first.", alone::make<kWriteBeforeFree>);
  add_pair(list,
           {"kernel/overrun",
            "A driver reads behind the end of its memory.",
            {"KRN-POOL-07"},
            "kernel/overrun-fixed",
            "Driver Verifier, special pool",
            {},
            alone::make<kOverrun>},
           "It reads the last byte.", alone::make<kLastByte>);
  add_pair(list,
           {"kernel/work-item-freed-early",
            "The unload routine frees a work item that may still be queued.",
            {"KRN-WORK-01"},
            "kernel/work-item-freed-early-fixed",
            "IoFreeWorkItem reference page",
            {},
            alone::make<kFreedWhileQueued>},
           "It waits until the work item has run.", alone::make<kFreedWhenRun>);
  add_pair(list,
           {"kernel/stale-image",
            "A driver reads a variable of another driver, which may be unloaded.",
            {"KRN-IMAGE-01"},
            "kernel/stale-image-fixed",
            "DRIVER_UNLOAD callback reference page",
            {},
            kit::make<read_image_at_any_time>},
           "The owner waits for the reader.", kit::make<read_image_in_time>);
}

}  // namespace nmrcheck::designs
