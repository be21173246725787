// LUID indexes within one boot: whose they are, and when they are free.
#include "scenarios/ndisif/catalog.h"
#include "scenarios/ndisif/drivers.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using ndisif::Provider;

constexpr ndisif::Design kPlain{};

// Frees what is free too late: first, again, or as of another type.
void free_first(Provider& provider) {
  NdisIfFreeNetLuidIndex(ndisif::kIfType, provider.luid_index);
  provider.has_luid = FALSE;
  ndisif::stop(provider);
}

void free_twice(Provider& provider) {
  NdisIfDeregisterInterface(provider.index);
  provider.registered = FALSE;
  NdisIfFreeNetLuidIndex(ndisif::kIfType, provider.luid_index);
  ndisif::stop(provider);
}

void free_other_type(Provider& provider) {
  NdisIfDeregisterInterface(provider.index);
  provider.registered = FALSE;
  NdisIfFreeNetLuidIndex(IF_TYPE_TUNNEL, provider.luid_index);
  provider.has_luid = FALSE;
  ndisif::stop(provider);
}

// Looks up what it has just removed.
void free_then_look_up(Provider& provider) {
  const NET_LUID luid = ndisif::luid(ndisif::kIfType, provider.luid_index);
  NdisIfDeregisterInterface(provider.index);
  provider.registered = FALSE;
  NdisIfFreeNetLuidIndex(ndisif::kIfType, provider.luid_index);
  provider.has_luid = FALSE;
  ndisif::look_up(luid);
  ndisif::stop(provider);
}

// Without a record the index is lost with the driver.
void keep(Provider& provider) {
  provider.has_luid = FALSE;
  ndisif::stop(provider);
}

// The interface cannot be registered, and the index that was allocated for it is forgotten.
NDIS_STATUS enter_or_forget(Provider& provider) {
  NDIS_STATUS status = ndisif::register_provider(provider);
  if (status != NDIS_STATUS_SUCCESS) return status;
  status = ndisif::allocate_luid(provider);
  if (status == NDIS_STATUS_SUCCESS) status = ndisif::register_interface(provider);
  provider.has_luid = provider.registered;
  if (status != NDIS_STATUS_SUCCESS) NdisIfDeregisterProvider(provider.handle);
  return status;
}

constexpr ndisif::Design kFreesFirst{.unload = free_first};
constexpr ndisif::Design kFreesTwice{.unload = free_twice};
constexpr ndisif::Design kFreesOtherType{.unload = free_other_type};
constexpr ndisif::Design kUsesFreed{.unload = free_then_look_up};
constexpr ndisif::Design kKeeps{.unload = keep};
constexpr ndisif::Design kForgets{.enter = enter_or_forget};

// Beside the provider, another driver allocates and registers, and so takes what is free.
template <const ndisif::Design& kDesign>
void drive_with_thief(model::World& world, const ParameterValues& values) {
  ndisif::set_up(world, values);
  const sim::FiberId thief = ndisif::start_driver("other.sys", 2, kPlain);
  ndisif::run_driver("provider.sys", 1, kDesign);
  world.execution().join(thief);
}

}  // namespace

void add_ndisif_luids(std::vector<Scenario>& list) {
  add_pair(list,
           {"ndisif/luid-freed-before-deregister",
            "The LUID index is freed while the interface is registered, and another driver gets "
            "it.",
            {"NDISIF-LUID-02"},
            "ndisif/luid-freed-before-deregister-fixed",
            "NdisIfFreeNetLuidIndex reference page",
            {ndisif::kNoRequests},
            kit::make<drive_with_thief<kFreesFirst>>},
           "It is freed when the interface is deregistered.", kit::make<drive_with_thief<kPlain>>);
  add_pair(list,
           {"ndisif/luid-used-after-free",
            "The interface's LUID is looked up when its index is free.",
            {"NDISIF-LUID-02"},
            "ndisif/luid-used-after-free-fixed",
            "NdisIfFreeNetLuidIndex reference page",
            {ndisif::kNoRequests},
            ndisif::make<kUsesFreed>},
           "It is forgotten with the index.", ndisif::make<kPlain>);
  add_pair(list,
           {"ndisif/luid-freed-twice",
            "The removal of the interface and the unload both free its LUID index: the second may "
            "be another driver's.",
            {"NDISIF-LUID-01"},
            "ndisif/luid-freed-twice-fixed",
            "NdisIfFreeNetLuidIndex reference page",
            {ndisif::kNoRequests},
            kit::make<drive_with_thief<kFreesTwice>>},
           "It is freed once.", kit::make<drive_with_thief<kPlain>>);
  add_pair(list,
           {"ndisif/free-with-other-type",
            "A LUID index is freed for another interface type than it was allocated for.",
            {"NDISIF-LUID-01"},
            "ndisif/free-with-other-type-fixed",
            "NdisIfFreeNetLuidIndex reference page",
            {ndisif::kNoRequests},
            ndisif::make<kFreesOtherType>},
           "The types agree.", ndisif::make<kPlain>);
  add_pair(list,
           {"ndisif/luid-neither-freed-nor-recorded",
            "The driver leaves without freeing its LUID index, and keeps no record of it.",
            {"NDISIF-LUID-04"},
            "ndisif/luid-neither-freed-nor-recorded-fixed",
            "NdisIfAllocateNetLuidIndex reference page",
            {ndisif::kNoRequests},
            ndisif::make<kKeeps>},
           "It frees the index.", ndisif::make<kPlain>);
  add_pair(list,
           {"ndisif/luid-lost-on-failure",
            "NdisIfRegisterInterface fails, and the LUID index of the new interface is forgotten.",
            {"NDISIF-LUID-04"},
            "ndisif/luid-lost-on-failure-fixed",
            "NdisIfRegisterInterface reference page",
            {ndisif::kNoRequests, kit::kFaults},
            ndisif::make<kForgets>},
           "What was allocated is freed.", ndisif::make<kPlain>);
}

}  // namespace nmrcheck::designs
