// Loading images, and calling their entry and unload routines.
#include "scenarios/driver.h"

#include <filesystem>
#include <stdexcept>
#include <string>

#include "model/ddk/driver_program.h"

namespace nmrcheck::kit {
namespace {

// Where the image is: as it was built, or beside the installed program.
std::string located(const char* path) {
  std::error_code none;
  if (std::filesystem::exists(path, none)) return path;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", none);
  const std::filesystem::path installed = program.parent_path().parent_path() / "lib" / "nmrcheck" /
                                          "drivers" / std::filesystem::path(path).filename();
  return std::filesystem::exists(installed, none) ? installed.string() : path;
}

}  // namespace

Driver::Driver(const char* path, const char* name)
    : module_(model::current_world_images().load(located(path), name)) {
  DRIVER_OBJECT fresh{};
  fresh.Size = sizeof fresh;
  object_ = static_cast<PDRIVER_OBJECT>(model::current_kernel().lend_copy(&fresh, sizeof fresh));
}

NTSTATUS Driver::enter() {
  auto* entry = find<DRIVER_INITIALIZE>("DriverEntry");
  std::uint32_t status = 0;
  UNICODE_STRING no_path{};
  model::current_kernel().enter(
      module_, status, [&] { status = static_cast<std::uint32_t>(entry(object_, &no_path)); });
  running_ = model::nt_success(status);
  return static_cast<NTSTATUS>(status);
}

void Driver::unload() {
  if (!running_ || object_->DriverUnload == nullptr) return;
  running_ = false;
  model::current_kernel().unload(module_, [&] { object_->DriverUnload(object_); });
}

void* Driver::find_export(const char* name) const {
  void* found = model::current_world_images().find(module_, name);
  if (found == nullptr) {
    throw std::runtime_error(std::string("the driver exports no ") + name +
                             ": list it in EXPORTS of nmrcheck_add_driver");
  }
  return found;
}

}  // namespace nmrcheck::kit
