// The nine functions of the registrar, and the six callbacks, in their C form.
#define NMRCHECK_DDK_IMPLEMENTATION
#include <netioddk.h>

#include <array>
#include <cstring>

#include "model/ddk/callouts.h"
#include "model/ddk/driver_program.h"
#include "sim/core/rng.h"

namespace nmrcheck::model {
namespace {

// What an out parameter holds until the callee stores something.
void* const kUnset = reinterpret_cast<void*>(0xCDCDCDCDCDCDCDCDu);

const NPI_CLIENT_CHARACTERISTICS& client_of(const Registration& registration) {
  return *static_cast<const NPI_CLIENT_CHARACTERISTICS*>(registration.callbacks.characteristics);
}

const NPI_PROVIDER_CHARACTERISTICS& provider_of(const Registration& registration) {
  return *static_cast<const NPI_PROVIDER_CHARACTERISTICS*>(registration.callbacks.characteristics);
}

std::uint32_t bits(NTSTATUS status) { return static_cast<std::uint32_t>(status); }

// Mixes the bytes into `seed`.
std::uint64_t fingerprint(const void* bytes, std::size_t size, std::uint64_t seed) {
  std::uint64_t mixed = seed;
  for (std::size_t i = 0; i < size; ++i) {
    mixed = sim::mix64(mixed + static_cast<const unsigned char*>(bytes)[i]);
  }
  return mixed;
}

NTSTATUS register_module(Side side, const ModuleCallbacks& callbacks,
                         const NPI_REGISTRATION_INSTANCE& instance, HANDLE* handle) {
  if (instance.NpiId == nullptr) return STATUS_INVALID_PARAMETER;
  if (current_kernel().may_fail("registration")) return STATUS_INSUFFICIENT_RESOURCES;
  std::array<std::uint8_t, sizeof(NPIID)> npi{};
  std::memcpy(npi.data(), instance.NpiId, npi.size());
  ModuleCallbacks described = callbacks;
  described.malformed |= instance.Size < sizeof instance;
  described.versioned |= instance.Version != 0;
  return static_cast<NTSTATUS>(
      current_world().registrar().register_module(side, described, npi, handle));
}

}  // namespace

Callouts::Instance DdkCallouts::instance_of(const Registration& module) {
  const void* instance = module.side == Side::kClient
                             ? &client_of(module).ClientRegistrationInstance
                             : &provider_of(module).ProviderRegistrationInstance;
  return {instance, sizeof(NPI_REGISTRATION_INSTANCE)};
}

std::uint32_t DdkCallouts::client_attach(const Registration& client, const void* peer_instance,
                                         void* binding_handle) {
  return bits(client_of(client).ClientAttachProvider(
      binding_handle, client.callbacks.context,
      static_cast<PNPI_REGISTRATION_INSTANCE>(peer_instance)));
}

Callouts::ProviderAnswer DdkCallouts::provider_attach(const Registration& provider,
                                                      const void* peer_instance,
                                                      void* binding_handle, void* client_context,
                                                      const void* client_dispatch) {
  PVOID context = kUnset;
  CONST VOID* dispatch = kUnset;
  const NTSTATUS status = provider_of(provider).ProviderAttachClient(
      binding_handle, provider.callbacks.context,
      static_cast<PNPI_REGISTRATION_INSTANCE>(peer_instance), client_context, client_dispatch,
      &context, &dispatch);
  return {bits(status), context, dispatch, context != kUnset, dispatch != kUnset};
}

std::uint32_t DdkCallouts::detach(const Registration& module, void* binding_context) {
  return bits(module.side == Side::kClient
                  ? client_of(module).ClientDetachProvider(binding_context)
                  : provider_of(module).ProviderDetachClient(binding_context));
}

Description DdkCallouts::describe(const Registration& module) {
  const bool client = module.side == Side::kClient;
  const NPI_REGISTRATION_INSTANCE& instance =
      client ? client_of(module).ClientRegistrationInstance
             : provider_of(module).ProviderRegistrationInstance;
  Description description;
  description.version = client ? client_of(module).Version : provider_of(module).Version;
  description.instance_version = instance.Version;
  description.lengths_fit =
      client ? client_of(module).Length == sizeof(NPI_CLIENT_CHARACTERISTICS)
             : provider_of(module).Length == sizeof(NPI_PROVIDER_CHARACTERISTICS);
  description.lengths_fit = description.lengths_fit && instance.Size == sizeof instance;
  description.has_attach = client ? client_of(module).ClientAttachProvider != nullptr
                                  : provider_of(module).ProviderAttachClient != nullptr;
  description.has_detach = client ? client_of(module).ClientDetachProvider != nullptr
                                  : provider_of(module).ProviderDetachClient != nullptr;
  description.npi = instance.NpiId;
  description.module_id = instance.ModuleId;
  description.npi_characteristics = instance.NpiSpecificCharacteristics;
  description.fingerprint = fingerprint(instance.NpiId, sizeof(NPIID), 0);
  if (instance.ModuleId == nullptr) return description;
  const NPI_MODULEID& id = *instance.ModuleId;
  description.lengths_fit = description.lengths_fit && id.Length == sizeof id;
  description.module_id_type = static_cast<std::uint32_t>(id.Type);
  description.fingerprint = fingerprint(&id.Length, sizeof id.Length, description.fingerprint);
  description.fingerprint = fingerprint(&id.Type, sizeof id.Type, description.fingerprint);
  description.fingerprint = fingerprint(&id.Guid, sizeof id.Guid, description.fingerprint);
  return description;
}

bool DdkCallouts::has_cleanup(const Registration& module) {
  return module.side == Side::kClient
             ? client_of(module).ClientCleanupBindingContext != nullptr
             : provider_of(module).ProviderCleanupBindingContext != nullptr;
}

void DdkCallouts::cleanup(const Registration& module, void* binding_context) {
  if (module.side == Side::kClient) {
    client_of(module).ClientCleanupBindingContext(binding_context);
  } else {
    provider_of(module).ProviderCleanupBindingContext(binding_context);
  }
}

}  // namespace nmrcheck::model

using nmrcheck::model::current_kernel;
using nmrcheck::model::current_world;
using nmrcheck::model::Side;

extern "C" {

NTSTATUS NmrRegisterClient(PNPI_CLIENT_CHARACTERISTICS ClientCharacteristics, PVOID ClientContext,
                           PHANDLE NmrClientHandle) {
  const NPI_CLIENT_CHARACTERISTICS& own = *ClientCharacteristics;
  const bool malformed = own.Length < sizeof own || own.ClientAttachProvider == nullptr ||
                         own.ClientDetachProvider == nullptr;
  return nmrcheck::model::register_module(
      Side::kClient, {ClientCharacteristics, ClientContext, malformed, own.Version != 0},
      own.ClientRegistrationInstance, NmrClientHandle);
}

NTSTATUS NmrRegisterProvider(PNPI_PROVIDER_CHARACTERISTICS ProviderCharacteristics,
                             PVOID ProviderContext, PHANDLE NmrProviderHandle) {
  const NPI_PROVIDER_CHARACTERISTICS& own = *ProviderCharacteristics;
  const bool malformed = own.Length < sizeof own || own.ProviderAttachClient == nullptr ||
                         own.ProviderDetachClient == nullptr;
  return nmrcheck::model::register_module(
      Side::kProvider, {ProviderCharacteristics, ProviderContext, malformed, own.Version != 0},
      own.ProviderRegistrationInstance, NmrProviderHandle);
}

NTSTATUS NmrDeregisterClient(HANDLE NmrClientHandle) {
  return static_cast<NTSTATUS>(
      current_world().registrar().deregister(Side::kClient, NmrClientHandle));
}

NTSTATUS NmrDeregisterProvider(HANDLE NmrProviderHandle) {
  return static_cast<NTSTATUS>(
      current_world().registrar().deregister(Side::kProvider, NmrProviderHandle));
}

NTSTATUS NmrWaitForClientDeregisterComplete(HANDLE NmrClientHandle) {
  return static_cast<NTSTATUS>(current_world().registrar().wait(Side::kClient, NmrClientHandle));
}

NTSTATUS NmrWaitForProviderDeregisterComplete(HANDLE NmrProviderHandle) {
  return static_cast<NTSTATUS>(
      current_world().registrar().wait(Side::kProvider, NmrProviderHandle));
}

NTSTATUS NmrClientAttachProvider(HANDLE NmrBindingHandle, PVOID ClientBindingContext,
                                 CONST VOID* ClientDispatch, PVOID* ProviderBindingContext,
                                 CONST VOID** ProviderDispatch) {
  if (current_kernel().may_fail("attach")) return STATUS_INSUFFICIENT_RESOURCES;
  return static_cast<NTSTATUS>(current_world().registrar().client_attach_provider(
      NmrBindingHandle, ClientBindingContext, ClientDispatch, ProviderBindingContext,
      ProviderDispatch));
}

VOID NmrClientDetachProviderComplete(HANDLE NmrBindingHandle) {
  current_world().registrar().detach_complete(Side::kClient, NmrBindingHandle);
}

VOID NmrProviderDetachClientComplete(HANDLE NmrBindingHandle) {
  current_world().registrar().detach_complete(Side::kProvider, NmrBindingHandle);
}

}  // extern "C"
