// One driver without a registrar: its globals, a thread, and its unload routine.
#pragma once

#include "scenarios/kit.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs::alone {

constexpr ULONG kTag = 'enoA';

struct Driver {
  PVOID memory;
  KSPIN_LOCK lock;
  KSPIN_LOCK second_lock;
  KEVENT event;
  EX_RUNDOWN_REF users;
  LONG value;
  KDPC dpc;
  DRIVER_OBJECT object;
};

struct Code {
  void (*enter)(Driver& driver) = nullptr;
  void (*thread)(Driver& driver) = nullptr;
  void (*unload)(Driver& driver) = nullptr;  // begins while the thread runs
};

// Loads the driver, runs its code, joins the thread and unloads.
inline void drive(model::World& world, const Code& code) {
  const model::ModuleId id = world.kernel().load("driver.sys");
  auto* driver = kit::globals<Driver>(id);
  if (code.enter != nullptr) kit::in_driver(id, "DriverEntry", [&] { code.enter(*driver); });
  sim::FiberId thread{};
  if (code.thread != nullptr) {
    thread = kit::start_thread(id, "thread", [driver, run = code.thread] { run(*driver); });
  }
  const auto unload = [&] {
    if (code.unload != nullptr) code.unload(*driver);
    if (code.thread != nullptr) kit::join(thread);
  };
  world.kernel().unload(id, [&unload] { unload(); });
}

template <const Code& kCode>
void drive_code(model::World& world, const ParameterValues&) {
  drive(world, kCode);
}

template <const Code& kCode>
inline constexpr auto make = kit::make<drive_code<kCode>>;

}  // namespace nmrcheck::designs::alone
