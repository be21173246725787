// Calls drivers' callbacks through the structures that they registered.
#pragma once

#include "model/ndisif/registry.h"
#include "model/nmr/registrar.h"

namespace nmrcheck::model {

class DdkCallouts final : public Callouts {
 public:
  Instance instance_of(const Registration& module) override;
  std::uint32_t client_attach(const Registration& client, const void* peer_instance,
                              void* binding_handle) override;
  ProviderAnswer provider_attach(const Registration& provider, const void* peer_instance,
                                 void* binding_handle, void* client_context,
                                 const void* client_dispatch) override;
  std::uint32_t detach(const Registration& module, void* binding_context) override;
  Description describe(const Registration& module) override;
  bool has_cleanup(const Registration& module) override;
  void cleanup(const Registration& module, void* binding_context) override;
};

class DdkInterfaceCallouts final : public InterfaceCallouts {
 public:
  std::uint32_t query(const ProviderHandlers& handlers, void* context, std::uint32_t object,
                      std::uint32_t* length, void* buffer) override;
  std::uint32_t set(const ProviderHandlers& handlers, void* context, std::uint32_t object,
                    std::uint32_t length, void* buffer) override;
  ProviderHandlers handlers_of(const void* characteristics) override;
};

}  // namespace nmrcheck::model
