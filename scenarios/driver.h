// A driver that is compiled from its own C source by nmrcheck_add_driver.
#pragma once

#include <wdm.h>

#include "model/kernel/kernel.h"

namespace nmrcheck::kit {

// The path of the image that nmrcheck_add_driver(name …) builds.
#define NMRCHECK_DRIVER(name) NMRCHECK_DRIVER_##name

// One loaded driver, for one execution. Made and used on fibers.
class Driver {
 public:
  // Loads the image at `path`; `name` is what reports call it ("echo.sys"). Throws
  // std::runtime_error if the image cannot be loaded: the verdict is then harness.exception.
  Driver(const char* path, const char* name);

  // Runs DriverEntry and returns its status. If that is an error the image is unloaded at once.
  NTSTATUS enter();

  // Runs the routine that DriverEntry put into DriverObject->DriverUnload; the image is dead then.
  // Does nothing if DriverEntry failed. Without such a routine the driver stays loaded.
  void unload();

  // The function that the driver exports (EXPORTS) as `name`: find<NTSTATUS(ULONG)>("Send"). Call
  // it as code of the driver: in_driver, start_thread. Throws std::runtime_error if there is none.
  template <class Function>
  Function* find(const char* name) const {
    return reinterpret_cast<Function*>(find_export(name));
  }

  model::ModuleId module() const { return module_; }
  PDRIVER_OBJECT object() const { return object_; }

 private:
  void* find_export(const char* name) const;

  model::ModuleId module_;
  PDRIVER_OBJECT object_ = nullptr;  // in simulated memory
  bool running_ = false;
};

}  // namespace nmrcheck::kit
