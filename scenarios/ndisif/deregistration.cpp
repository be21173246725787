// Deregistering: indexes that are somebody else's by now, providers that still have interfaces, and
// drivers that are still providers when they go.
#include "scenarios/ndisif/catalog.h"
#include "scenarios/ndisif/provider.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using ndisif::Provider;

// --- B3: a removed interface's index is kept, and given to another driver meanwhile ---

NTSTATUS enter_provider(void* globals) { return ndisif::start(*static_cast<Provider*>(globals)); }

template <bool kClears>
void drive_removal(model::World& world, const ParameterValues& values) {
  ndisif::set_up(world, values);
  const model::ModuleId driver = world.kernel().load("provider.sys");
  auto* own = kit::globals<Provider>(driver);
  const model::ModuleId neighbour = world.kernel().load("neighbour.sys");
  auto* other = kit::globals<Provider>(neighbour);
  if (!NT_SUCCESS(kit::enter(driver, enter_provider, own))) return;
  kit::in_driver(driver, "SurpriseRemoval", [own] {
    NdisIfDeregisterInterface(own->index);
    if (kClears) own->registered = FALSE;
  });
  const bool entered = NT_SUCCESS(kit::enter(neighbour, enter_provider, other));
  world.kernel().unload(driver, [own] { ndisif::stop(*own); });
  if (entered) world.kernel().unload(neighbour, [other] { ndisif::stop(*other); });
}

// --- B4: two interfaces, of which the second fails ---

struct TwoPorts {
  NDIS_HANDLE handle;
  NDIS_IF_PROVIDER_CHARACTERISTICS characteristics;
  NET_IF_INFORMATION information[2];
  UINT32 luid_indexes[2];
  NET_IFINDEX indexes[2];
  int ports;  // that are registered, from the first on
};

NDIS_STATUS NTAPI query_port(NDIS_HANDLE, NET_IF_OBJECT_ID object, PULONG length, PVOID buffer) {
  return ndisif::answer({}, object, length, buffer);
}

NDIS_STATUS add_port(TwoPorts& own) {
  const int port = own.ports;
  own.information[port] = ndisif::information(static_cast<UCHAR>(port + 1));
  NDIS_STATUS status = NdisIfAllocateNetLuidIndex(ndisif::kIfType, &own.luid_indexes[port]);
  if (status != NDIS_STATUS_SUCCESS) return status;
  status =
      NdisIfRegisterInterface(own.handle, ndisif::luid(ndisif::kIfType, own.luid_indexes[port]),
                              &own, &own.information[port], &own.indexes[port]);
  if (status == NDIS_STATUS_SUCCESS) {
    ++own.ports;
  } else {
    NdisIfFreeNetLuidIndex(ndisif::kIfType, own.luid_indexes[port]);
  }
  return status;
}

void remove_ports(TwoPorts& own) {
  while (own.ports > 0) {
    --own.ports;
    NdisIfDeregisterInterface(own.indexes[own.ports]);
    NdisIfFreeNetLuidIndex(ndisif::kIfType, own.luid_indexes[own.ports]);
  }
}

template <bool kRemoves>
NTSTATUS enter_ports(void* globals) {
  auto& own = *static_cast<TwoPorts*>(globals);
  own.characteristics = ndisif::characteristics(query_port, ndisif::refuse_set);
  NDIS_STATUS status = NdisIfRegisterProvider(&own.characteristics, nullptr, &own.handle);
  if (status != NDIS_STATUS_SUCCESS) return status;
  for (int i = 0; i < 2 && status == NDIS_STATUS_SUCCESS; ++i) status = add_port(own);
  if (status == NDIS_STATUS_SUCCESS) return status;
  if (kRemoves) remove_ports(own);
  NdisIfDeregisterProvider(own.handle);
  return status;
}

template <bool kRemoves>
void drive_ports(model::World& world, const ParameterValues& values) {
  ndisif::set_up(world, values);
  const model::ModuleId driver = world.kernel().load("provider.sys");
  auto* own = kit::globals<TwoPorts>(driver);
  if (!NT_SUCCESS(kit::enter(driver, enter_ports<kRemoves>, own))) return;
  world.kernel().unload(driver, [own] {
    remove_ports(*own);
    NdisIfDeregisterProvider(own->handle);
  });
}

// --- The interface is deregistered by another thread, which is not done yet ---

// Whoever gets the flag deregisters.
void deregister_interface_once(Provider& provider) {
  KeWaitForSingleObject(&provider.mutex, Executive, KernelMode, FALSE, nullptr);
  const BOOLEAN own = provider.registered;
  provider.registered = FALSE;
  KeReleaseMutex(&provider.mutex, FALSE);
  if (own) NdisIfDeregisterInterface(provider.index);
}

template <bool kWaits>
void unload_beside_removal(Provider& provider) {
  deregister_interface_once(provider);
  if (kWaits) kit::join(provider.worker);
  NdisIfDeregisterProvider(provider.handle);
  if (!kWaits) kit::join(provider.worker);
  NdisIfFreeNetLuidIndex(ndisif::kIfType, provider.luid_index);
}

constexpr ndisif::Design kNotAwaited{.enter = ndisif::enter_with_mutex,
                                     .unload = unload_beside_removal<false>,
                                     .thread = deregister_interface_once};
constexpr ndisif::Design kAwaited{.enter = ndisif::enter_with_mutex,
                                  .unload = unload_beside_removal<true>,
                                  .thread = deregister_interface_once};

// --- A thread registers an interface while the provider is deregistered ---

NDIS_STATUS enter_without_interface(Provider& provider) {
  return ndisif::register_provider(provider, query_port);
}

void come_and_go(Provider& provider) {
  if (ndisif::allocate_luid(provider) != NDIS_STATUS_SUCCESS) return;
  const NDIS_STATUS status = ndisif::register_interface(provider);
  if (status == NDIS_STATUS_SUCCESS) NdisIfDeregisterInterface(provider.index);
  NdisIfFreeNetLuidIndex(ndisif::kIfType, provider.luid_index);
}

template <bool kWaits>
void unload_beside_arrival(Provider& provider) {
  if (kWaits) kit::join(provider.worker);
  NdisIfDeregisterProvider(provider.handle);
  if (!kWaits) kit::join(provider.worker);
}

constexpr ndisif::Design kArrivalNotAwaited{.enter = enter_without_interface,
                                            .unload = unload_beside_arrival<false>,
                                            .thread = come_and_go};
constexpr ndisif::Design kArrivalAwaited{
    .enter = enter_without_interface, .unload = unload_beside_arrival<true>, .thread = come_and_go};

// --- Error paths that deregister the provider twice, or not at all: B16 ---

enum class Undo { kTwice, kOnce, kNever };

template <Undo kUndo>
NDIS_STATUS enter_and_undo(Provider& provider) {
  NDIS_STATUS status = enter_without_interface(provider);
  if (status != NDIS_STATUS_SUCCESS) return status;
  status = ndisif::allocate_luid(provider);
  if (provider.has_luid) return status;
  if (kUndo != Undo::kNever) NdisIfDeregisterProvider(provider.handle);
  if (kUndo == Undo::kTwice) NdisIfDeregisterProvider(provider.handle);
  return status;
}

constexpr ndisif::Design kUndoneTwice{.enter = enter_and_undo<Undo::kTwice>};
constexpr ndisif::Design kUndoneOnce{.enter = enter_and_undo<Undo::kOnce>};
constexpr ndisif::Design kNotUndone{.enter = enter_and_undo<Undo::kNever>};

void unload_as_provider(Provider& provider) {
  NdisIfDeregisterInterface(provider.index);
  NdisIfFreeNetLuidIndex(ndisif::kIfType, provider.luid_index);
}

constexpr ndisif::Design kUnloadedAsProvider{.unload = unload_as_provider};
constexpr ndisif::Design kRight{};

void add_provider_ends(std::vector<Scenario>& list) {
  add_pair(list,
           {"ndisif/arrival-beside-unload",
            "The unload routine deregisters the provider while a thread may register an interface.",
            {"NDISIF-DEREG-02", "NDISIF-DEREG-03"},
            "ndisif/arrival-beside-unload-fixed",
            "NdisIfDeregisterProvider reference page: the handle is not used after the call",
            {ndisif::kRequests},
            ndisif::make<kArrivalNotAwaited>},
           "It waits for the thread first.", ndisif::make<kArrivalAwaited>);
  add_pair(list,
           {"ndisif/provider-deregistered-twice",
            "An error path of DriverEntry deregisters the provider, and the common clean-up again.",
            {"NDISIF-DEREG-03"},
            "ndisif/provider-deregistered-twice-fixed",
            "NdisIfDeregisterProvider reference page",
            {kit::kFaults},
            ndisif::make<kUndoneTwice>},
           "Only the common clean-up does.", ndisif::make<kUndoneOnce>);
  add_pair(list,
           {"ndisif/failed-entry-as-provider",
            "DriverEntry fails after it registered the provider, and does not deregister it.",
            {"NDISIF-DEREG-04"},
            "ndisif/failed-entry-as-provider-fixed",
            "NdisIfRegisterProvider reference page: a driver deregisters before it is unloaded",
            {kit::kFaults},
            ndisif::make<kNotUndone>},
           "It deregisters the provider before it fails.", ndisif::make<kUndoneOnce>);
  add_pair(list,
           {"ndisif/unload-as-provider",
            "The unload routine deregisters the interface and not the provider.",
            {"NDISIF-DEREG-04"},
            "ndisif/unload-as-provider-fixed",
            "NdisIfRegisterProvider reference page: a driver deregisters before it is unloaded",
            {ndisif::kRequests},
            ndisif::make<kUnloadedAsProvider>},
           "It deregisters both.", ndisif::make<kRight>);
}

}  // namespace

void add_ndisif_deregistration(std::vector<Scenario>& list) {
  add_pair(list,
           {"ndisif/stale-index",
            "Unload deregisters the interface that surprise removal has deregistered, by an index "
            "that another driver has got meanwhile.",
            {"NDISIF-DEREG-01"},
            "ndisif/stale-index-fixed",
            "NdisIfDeregisterInterface reference page; Allocating an Interface Index",
            {ndisif::kRequests},
            kit::make<drive_removal<false>>},
           "Surprise removal notes that it deregistered.", kit::make<drive_removal<true>>);
  add_pair(list,
           {"ndisif/missed-interface",
            "When the second interface cannot be registered, the error path deregisters the "
            "provider and forgets the first.",
            {"NDISIF-DEREG-02"},
            "ndisif/missed-interface-fixed",
            "NdisIfDeregisterProvider reference page; bug check 0x7C, parameter 0x17",
            {ndisif::kRequests, kit::kFaults},
            kit::make<drive_ports<false>>},
           "It deregisters the first interface before.", kit::make<drive_ports<true>>);
  add_pair(list,
           {"ndisif/removal-not-awaited",
            "The unload routine deregisters the provider while a thread may still be inside "
            "NdisIfDeregisterInterface.",
            {"NDISIF-DEREG-02"},
            "ndisif/removal-not-awaited-fixed",
            "NdisIfDeregisterProvider reference page; bug check 0x7C, parameter 0x17",
            {ndisif::kRequests},
            ndisif::make<kNotAwaited>},
           "It waits for the thread first.", ndisif::make<kAwaited>);
  add_provider_ends(list);
}

}  // namespace nmrcheck::designs
