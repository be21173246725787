// When an interface's context may be freed, and what must not be held while it is deregistered.
#include "scenarios/ndisif/catalog.h"
#include "scenarios/ndisif/provider.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using ndisif::Provider;

// --- The static provider: what callbacks read is never freed ---

constexpr ndisif::Design kStatic{};

// --- B1: the context is freed as soon as the deregistration returned ---

struct Context {
  ndisif::Values values;
};

NDIS_STATUS NTAPI query_context(NDIS_HANDLE given, NET_IF_OBJECT_ID object, PULONG length,
                                PVOID buffer) {
  const auto* context = static_cast<const Context*>(given);
  return ndisif::answer({NMRCHECK_READ(context->values.oper_status)}, object, length, buffer);
}

NDIS_STATUS enter_with_context(Provider& provider) {
  auto* context =
      static_cast<Context*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Context), ndisif::kTag));
  if (context == nullptr) return NDIS_STATUS_RESOURCES;
  context->values = {};
  provider.memory = context;
  const NDIS_STATUS status = ndisif::start(provider, query_context, context);
  if (status != NDIS_STATUS_SUCCESS) ExFreePoolWithTag(context, ndisif::kTag);
  return status;
}

void free_when_deregistered(Provider& provider) {
  NdisIfDeregisterInterface(provider.index);
  provider.registered = FALSE;
  ExFreePoolWithTag(provider.memory, ndisif::kTag);
  ndisif::stop(provider);
}

void free_at_the_end(Provider& provider) {
  ndisif::stop(provider);
  ExFreePoolWithTag(provider.memory, ndisif::kTag);
}

constexpr ndisif::Design kFreedAtOnce{.enter = enter_with_context,
                                      .unload = free_when_deregistered};
constexpr ndisif::Design kFreedAtTheEnd{.enter = enter_with_context, .unload = free_at_the_end};

}  // namespace

void add_ndisif_lifetime(std::vector<Scenario>& list) {
  list.push_back({"ndisif/static-provider",
                  "One interface whose context is a global; callbacks read what is never freed.",
                  {},
                  "",
                  "Registering as an Interface Provider",
                  {ndisif::kRequests, kit::kFaults},
                  ndisif::make<kStatic>});
  add_pair(list,
           {"ndisif/free-after-deregister",
            "The interface's context is freed as soon as NdisIfDeregisterInterface has returned.",
            {"NDISIF-CB-01"},
            "ndisif/free-after-deregister-fixed",
            "NdisIfDeregisterInterface reference page: it says nothing of callbacks in progress",
            {ndisif::kRequests},
            ndisif::make<kFreedAtOnce>},
           "The context is freed when NdisIfDeregisterProvider has returned.",
           ndisif::make<kFreedAtTheEnd>);
}

}  // namespace nmrcheck::designs
