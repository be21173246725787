// The scenarios' shared parts.
#include "scenarios/kit.h"

#include <utility>

namespace nmrcheck::kit {
namespace {

constexpr NPIID kNpi = {
    0x5a3c1f70, 0x6e2b, 0x4d19, {0x9a, 0x41, 0x7b, 0x0c, 0x2e, 0x55, 0x18, 0xd3}};

NPI_MODULEID module_id(ULONG number) {
  NPI_MODULEID id{};
  id.Length = sizeof id;
  id.Type = MIT_GUID;
  id.Guid = {number, 0x2f10, 0x4c77, {0x8e, 0x21, 0x90, 0x3d, 0x6a, 0x0f, 0x44, 0xb8}};
  return id;
}

const NPI_MODULEID kClientModule = module_id(1);
const NPI_MODULEID kProviderModule = module_id(2);

NPI_REGISTRATION_INSTANCE instance(const NPI_MODULEID* module) {
  NPI_REGISTRATION_INSTANCE made{};
  made.Size = sizeof made;
  made.NpiId = &kNpi;
  made.ModuleId = module;
  return made;
}

}  // namespace

NPI_CLIENT_CHARACTERISTICS client_characteristics(PNPI_CLIENT_ATTACH_PROVIDER_FN attach,
                                                  PNPI_CLIENT_DETACH_PROVIDER_FN detach,
                                                  PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN cleanup) {
  return {0, sizeof(NPI_CLIENT_CHARACTERISTICS), attach, detach, cleanup, instance(&kClientModule)};
}

NPI_PROVIDER_CHARACTERISTICS provider_characteristics(
    PNPI_PROVIDER_ATTACH_CLIENT_FN attach, PNPI_PROVIDER_DETACH_CLIENT_FN detach,
    PNPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN cleanup) {
  return {
      0, sizeof(NPI_PROVIDER_CHARACTERISTICS), attach, detach, cleanup, instance(&kProviderModule)};
}

void in_driver(model::ModuleId driver, const char* name, sim::FunctionRef code) {
  const model::FrameScope frame(
      model::current_kernel(),
      {model::FrameKind::kModuleCode, driver, model::kNoBinding, model::Side::kClient, name});
  code();
}

NTSTATUS enter(model::ModuleId driver, NTSTATUS (*entry)(void* globals), void* globals) {
  std::uint32_t status = 0;
  model::current_kernel().enter(driver, status,
                                [&] { status = static_cast<std::uint32_t>(entry(globals)); });
  return static_cast<NTSTATUS>(status);
}

sim::FiberId start_thread(model::ModuleId driver, const char* name, std::function<void()> code) {
  const model::FrameScope frame(
      model::current_kernel(),
      {model::FrameKind::kModuleCode, driver, model::kNoBinding, model::Side::kClient, name});
  return model::current_kernel().start_thread(name, std::move(code));
}

void join(sim::FiberId thread) { model::current_kernel().join_thread(thread); }

bool registered(NTSTATUS status, HANDLE& handle) {
  if (!NT_SUCCESS(status)) handle = nullptr;
  return NT_SUCCESS(status);
}

void deregister_client(HANDLE handle) {
  if (handle == nullptr) return;
  if (NmrDeregisterClient(handle) == STATUS_PENDING) NmrWaitForClientDeregisterComplete(handle);
}

void deregister_provider(HANDLE handle) {
  if (handle == nullptr) return;
  if (NmrDeregisterProvider(handle) == STATUS_PENDING) {
    NmrWaitForProviderDeregisterComplete(handle);
  }
}

void FunctionDriverProgram::drive(model::World& world) {
  const auto faults = values_.find(std::string(kFaults.name));
  if (faults != values_.end()) {
    world.kernel().allow_faults(static_cast<std::uint32_t>(faults->second));
  }
  drive_(world, values_);
}

}  // namespace nmrcheck::kit
