// Registering: what failed calls leave, contexts that are not complete, handles and LUIDs that are
// not the driver's.
#include "scenarios/ndisif/catalog.h"
#include "scenarios/ndisif/provider.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using ndisif::Context;
using ndisif::Provider;

// --- One driver registers as several providers ---

struct Handles {
  NDIS_IF_PROVIDER_CHARACTERISTICS characteristics;
  NDIS_HANDLE handles[2];
};

template <int kProviders>
void drive_handles(model::World& world, const ParameterValues&) {
  const model::ModuleId driver = world.kernel().load("provider.sys");
  auto* own = kit::globals<Handles>(driver);
  const auto enter = [](void* globals) -> NTSTATUS {
    auto& made = *static_cast<Handles*>(globals);
    made.characteristics = ndisif::characteristics(ndisif::query_globals, ndisif::refuse_set);
    for (int i = 0; i < kProviders; ++i) {
      const NDIS_STATUS status =
          NdisIfRegisterProvider(&made.characteristics, nullptr, &made.handles[i]);
      if (status == NDIS_STATUS_SUCCESS) continue;
      if (i > 0) NdisIfDeregisterProvider(made.handles[0]);
      return status;
    }
    return STATUS_SUCCESS;
  };
  if (!NT_SUCCESS(kit::enter(driver, enter, own))) return;
  world.kernel().unload(driver, [own] {
    for (int i = kProviders; i-- > 0;) NdisIfDeregisterProvider(own->handles[i]);
  });
}

// --- Parts of registering, to be varied ---

// With a handle and a type that are right or not; notes nothing.
NDIS_STATUS register_with(Provider& provider, NDIS_HANDLE handle,
                          NET_IFTYPE type = ndisif::kIfType) {
  return NdisIfRegisterInterface(handle, ndisif::luid(type, provider.luid_index), &provider,
                                 &provider.information, &provider.index);
}

NDIS_STATUS give_up(Provider& provider, NDIS_STATUS status) {
  ndisif::stop(provider);
  return status;
}

// --- B18: what is not a listed error is taken for success ---

bool fails_as_listed(NDIS_STATUS status) {
  switch (status) {
    case NDIS_STATUS_RESOURCES:
    case NDIS_STATUS_INVALID_PARAMETER:
      return true;
    default:
      return false;
  }
}

NDIS_STATUS enter_with_list(Provider& provider) {
  NDIS_STATUS status = ndisif::register_provider(provider);
  if (status != NDIS_STATUS_SUCCESS) return status;
  status = ndisif::allocate_luid(provider);
  if (status != NDIS_STATUS_SUCCESS) return give_up(provider, status);
  status = register_with(provider, provider.handle);
  if (fails_as_listed(status)) return give_up(provider, status);
  provider.registered = TRUE;
  return NDIS_STATUS_SUCCESS;
}

// --- Whether registering succeeded is read off the handle ---

NDIS_STATUS enter_by_handle(Provider& provider) {
  provider.characteristics = ndisif::characteristics(ndisif::query_globals, ndisif::refuse_set);
  provider.information = ndisif::information();
  provider.values = {};
  NdisIfRegisterProvider(&provider.characteristics, nullptr, &provider.handle);
  if (provider.handle == nullptr) return NDIS_STATUS_RESOURCES;
  NDIS_STATUS status = ndisif::allocate_luid(provider);
  if (status != NDIS_STATUS_SUCCESS) return give_up(provider, status);
  status = ndisif::register_interface(provider);
  return provider.registered ? NDIS_STATUS_SUCCESS : give_up(provider, status);
}

NDIS_STATUS enter_by_status(Provider& provider) { return ndisif::start(provider); }

constexpr ndisif::Design kWithList{.enter = enter_with_list};
constexpr ndisif::Design kByHandle{.enter = enter_by_handle};
constexpr ndisif::Design kByStatus{.enter = enter_by_status};

// --- B5: the context is filled after the interface was registered ---

template <bool kFilledFirst>
NDIS_STATUS enter_with_context(Provider& provider) {
  auto* context = static_cast<Context*>(ExAllocatePool2(
      POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, sizeof(Context), ndisif::kTag));
  if (context == nullptr) return NDIS_STATUS_RESOURCES;
  provider.memory = context;
  if (kFilledFirst) NMRCHECK_WRITE(context->values.oper_status, NET_IF_OPER_STATUS_UP);
  const NDIS_STATUS status = ndisif::start(provider, ndisif::query_context, context);
  if (status != NDIS_STATUS_SUCCESS) {
    ExFreePoolWithTag(context, ndisif::kTag);
    return status;
  }
  if (!kFilledFirst) NMRCHECK_WRITE(context->values.oper_status, NET_IF_OPER_STATUS_UP);
  return status;
}

constexpr ndisif::Design kFilledLate{.enter = enter_with_context<false>,
                                     .unload = ndisif::stop_and_free};
constexpr ndisif::Design kFilledFirst{.enter = enter_with_context<true>,
                                      .unload = ndisif::stop_and_free};

// --- A callback needs the index of its interface ---

template <bool kFromIndex>
NDIS_STATUS NTAPI query_with_lookup(NDIS_HANDLE given, NET_IF_OBJECT_ID object, PULONG length,
                                    PVOID buffer) {
  auto* provider = static_cast<Provider*>(given);
  if (ExAcquireRundownProtection(&provider->rundown)) {
    NET_LUID own{};
    NET_IFINDEX index = 0;
    if (kFromIndex) {
      NdisIfGetNetLuidFromInterfaceIndex(NMRCHECK_READ(provider->index), &own);
    } else {
      NdisIfGetInterfaceIndexFromNetLuid(ndisif::luid(ndisif::kIfType, provider->luid_index),
                                         &index);
    }
    ExReleaseRundownProtection(&provider->rundown);
  }
  return ndisif::query_globals(given, object, length, buffer);
}

template <bool kFromIndex>
NDIS_STATUS enter_with_lookup(Provider& provider) {
  ExInitializeRundownProtection(&provider.rundown);
  return ndisif::start(provider, query_with_lookup<kFromIndex>);
}

// No callback looks anything up once the index is about to go.
void stop_after_lookups(Provider& provider) {
  ExWaitForRundownProtectionRelease(&provider.rundown);
  ndisif::stop(provider);
}

constexpr ndisif::Design kByIndex{.enter = enter_with_lookup<true>, .unload = stop_after_lookups};
constexpr ndisif::Design kByLuid{.enter = enter_with_lookup<false>, .unload = stop_after_lookups};

// --- The address of the handle; a NET_LUID of another type ---

template <bool kAddress, NET_IFTYPE kType>
NDIS_STATUS enter_with_slip(Provider& provider) {
  NDIS_STATUS status = ndisif::register_provider(provider);
  if (status != NDIS_STATUS_SUCCESS) return status;
  status = ndisif::allocate_luid(provider);
  if (status != NDIS_STATUS_SUCCESS) return give_up(provider, status);
  status = register_with(provider, kAddress ? &provider.handle : provider.handle, kType);
  provider.registered = status == NDIS_STATUS_SUCCESS;
  return provider.registered ? NDIS_STATUS_SUCCESS : give_up(provider, status);
}

constexpr ndisif::Design kAddressOfHandle{.enter = enter_with_slip<true, ndisif::kIfType>};
constexpr ndisif::Design kOtherType{.enter = enter_with_slip<false, IF_TYPE_TUNNEL>};
constexpr ndisif::Design kNoSlip{.enter = enter_with_slip<false, ndisif::kIfType>};

// --- The device is started again, and the interface is registered a second time ---

void start_again(Provider& provider) {
  const NDIS_STATUS status = register_with(provider, provider.handle);
  const bool done = status == NDIS_STATUS_SUCCESS || status == NDIS_STATUS_DUPLICATE_OBJECTID;
  if (done) provider.registered = TRUE;
}

void start_if_not_started(Provider& provider) {
  if (!provider.registered) start_again(provider);
}

void join_and_stop(Provider& provider) {
  kit::join(provider.worker);
  ndisif::stop(provider);
}

constexpr ndisif::Design kStartedTwice{.unload = join_and_stop, .thread = start_again};
constexpr ndisif::Design kStartedOnce{.unload = join_and_stop, .thread = start_if_not_started};

void add_incomplete(std::vector<Scenario>& list) {
  add_pair(list,
           {"ndisif/context-filled-late",
            "An interface's context is filled after the interface was registered.",
            {"NDISIF-REG-03"},
            "ndisif/context-filled-late-fixed",
            "NdisIfRegisterInterface reference page: it does not say when callbacks begin",
            {ndisif::kRequests},
            ndisif::make<kFilledLate>},
           "The context is filled first.", ndisif::make<kFilledFirst>);
  add_pair(list,
           {"ndisif/callback-needs-index",
            "A callback looks its interface up by the index, which may not be stored yet.",
            {"NDISIF-REG-03"},
            "ndisif/callback-needs-index-fixed",
            "NdisIfRegisterInterface reference page: it does not say when callbacks begin",
            {ndisif::kRequests},
            ndisif::make<kByIndex>},
           "It is looked up by the NET_LUID, which is known before.", ndisif::make<kByLuid>);
}

}  // namespace

void add_ndisif_registration(std::vector<Scenario>& list) {
  add_pair(list,
           {"ndisif/second-provider",
            "A driver registers twice as an interface provider, once for each kind of interface.",
            {"NDISIF-REG-01"},
            "ndisif/second-provider-fixed",
            "NdisIfRegisterProvider reference page: one call, from DriverEntry",
            {kit::kFaults},
            kit::make<drive_handles<2>>},
           "It registers once.", kit::make<drive_handles<1>>);
  add_pair(list,
           {"ndisif/status-enumerated",
            "A driver takes any status of NdisIfRegisterInterface for success that is not one of "
            "two errors.",
            {"NDISIF-REG-02"},
            "ndisif/status-enumerated-fixed",
            "Registering a Network Interface: other statuses are possible",
            {ndisif::kRequests, kit::kFaults},
            ndisif::make<kWithList>},
           "The status is compared with success.", ndisif::make<kByStatus>);
  add_pair(list,
           {"ndisif/handle-instead-of-status",
            "A driver tells by the provider handle whether it registered.",
            {"NDISIF-REG-02"},
            "ndisif/handle-instead-of-status-fixed",
            "NdisIfRegisterProvider reference page: the handle is told only of success",
            {ndisif::kRequests, kit::kFaults},
            ndisif::make<kByHandle>},
           "It tells by the status.", ndisif::make<kByStatus>);
  add_incomplete(list);
  add_pair(list,
           {"ndisif/address-of-handle",
            "An interface is registered with the address of the provider handle.",
            {"NDISIF-REG-04"},
            "ndisif/address-of-handle-fixed",
            "NdisIfRegisterInterface reference page; NDIS_HANDLE takes any pointer",
            {ndisif::kRequests},
            ndisif::make<kAddressOfHandle>},
           "It is registered with the handle.", ndisif::make<kNoSlip>);
  add_pair(list,
           {"ndisif/interface-of-other-type",
            "An interface's LUID index was allocated for another interface type.",
            {"NDISIF-REG-05"},
            "ndisif/interface-of-other-type-fixed",
            "NdisIfAllocateNetLuidIndex reference page; Using a NET_LUID Index",
            {ndisif::kRequests},
            ndisif::make<kOtherType>},
           "It was allocated for that type.", ndisif::make<kNoSlip>);
  add_pair(list,
           {"ndisif/duplicate-taken-for-done",
            "An interface is registered a second time, and NDIS_STATUS_DUPLICATE_OBJECTID is taken "
            "for success.",
            {"NDISIF-REG-06"},
            "ndisif/duplicate-taken-for-done-fixed",
            "NdisIfRegisterInterface reference page",
            {ndisif::kRequests},
            ndisif::make<kStartedTwice>},
           "The driver knows that it is registered.", ndisif::make<kStartedOnce>);
}

}  // namespace nmrcheck::designs
