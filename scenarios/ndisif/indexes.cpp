// Interface indexes that are out of date: of the driver's own interface, and of its binding.
#include "scenarios/ndisif/catalog.h"
#include "scenarios/ndisif/drivers.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using ndisif::Driver;
using ndisif::Provider;

constexpr ndisif::Design kPlain{};

// --- The interface is removed while another thread asks for its LUID ---

void lock(Provider& provider) {
  KeWaitForSingleObject(&provider.mutex, Executive, KernelMode, FALSE, nullptr);
}

void ask(NET_IFINDEX index) {
  NET_LUID luid{};
  static_cast<void>(NdisIfGetNetLuidFromInterfaceIndex(index, &luid));
}

void ask_once(Provider& provider) { ask(NMRCHECK_READ(provider.index)); }

void ask_if_registered(Provider& provider) {
  lock(provider);
  if (provider.registered) ask(provider.index);
  KeReleaseMutex(&provider.mutex, FALSE);
}

void remove_and_join(Provider& provider) {
  lock(provider);
  NdisIfDeregisterInterface(provider.index);
  provider.registered = FALSE;
  KeReleaseMutex(&provider.mutex, FALSE);
  kit::join(provider.worker);
  ndisif::stop(provider);
}

constexpr ndisif::Design kStale{ndisif::enter_with_mutex, remove_and_join, ask_once};
constexpr ndisif::Design kGuarded{ndisif::enter_with_mutex, remove_and_join, ask_if_registered};

// --- A protocol driver above an adapter, on which a filter comes and goes ---

struct Protocol {
  Provider own;
  NDIS_HANDLE binding;
  NET_IFINDEX bound;  // the highest interface under the binding; 0: unknown
  BOOLEAN added;
};

void query(Protocol& protocol) {
  NET_IFINDEX lowest = 0;
  NET_LUID bound_luid{};
  NET_LUID lowest_luid{};
  const NDIS_STATUS status = NdisIfQueryBindingIfIndex(protocol.binding, &protocol.bound,
                                                       &bound_luid, &lowest, &lowest_luid);
  if (status != NDIS_STATUS_SUCCESS) protocol.bound = 0;
}

void stack(Protocol& protocol) {
  protocol.added = protocol.bound != 0 &&
                   NdisIfAddIfStackEntry(protocol.own.index, protocol.bound) == NDIS_STATUS_SUCCESS;
}

void unstack(Protocol& protocol) {
  if (protocol.added) NdisIfDeleteIfStackEntry(protocol.own.index, protocol.bound);
  protocol.added = FALSE;
}

struct ProtocolDesign {
  // NetEventPause, before the filter goes, and NetEventRestart, after that.
  void (*pause)(Protocol& protocol);
  void (*restart)(Protocol& protocol);
  bool queries_after_close = false;
};

constexpr ProtocolDesign kRemembers{[](Protocol&) {}, stack};
constexpr ProtocolDesign kQueriesAgain{unstack, [](Protocol& protocol) {
                                         query(protocol);
                                         stack(protocol);
                                       }};
constexpr ProtocolDesign kQueriesLate{unstack, [](Protocol&) {}, true};

template <const ProtocolDesign& kDesign>
void drive_protocol(model::World& world, const ParameterValues& values) {
  ndisif::set_up(world, values);
  const Driver adapter = ndisif::load("adapter.sys", 1, kPlain);
  const Driver filter = ndisif::load("filter.sys", 2, kPlain);
  const bool first = ndisif::enter(adapter);
  const bool second = ndisif::enter(filter);
  const model::ModuleId driver = world.kernel().load("protocol.sys");
  auto* protocol = kit::globals<Protocol>(driver);
  protocol->own.number = 3;
  const auto entry = [](void* globals) -> NTSTATUS {
    return ndisif::start(static_cast<Protocol*>(globals)->own);
  };
  const bool entered = first && second && NT_SUCCESS(kit::enter(driver, entry, protocol));
  if (entered) {
    const NET_IFINDEX lowest = adapter.provider->index;
    protocol->binding = world.interfaces().open_binding(filter.provider->index, lowest);
    kit::in_driver(driver, "ProtocolBindAdapterEx", [protocol] {
      query(*protocol);
      stack(*protocol);
    });
    kit::in_driver(driver, "NetEventPause", [protocol] { kDesign.pause(*protocol); });
    ndisif::unload(filter);
    world.interfaces().rebind(protocol->binding, lowest, lowest);
    kit::in_driver(driver, "NetEventRestart", [protocol] { kDesign.restart(*protocol); });
    kit::in_driver(driver, "ProtocolUnbindAdapterEx", [&world, protocol] {
      if (!kDesign.queries_after_close) unstack(*protocol);
      world.interfaces().close_binding(protocol->binding);
      if (kDesign.queries_after_close) query(*protocol);
    });
    world.kernel().unload(driver, [protocol] { ndisif::stop(protocol->own); });
  } else if (second) {
    ndisif::unload(filter);
  }
  if (first) ndisif::unload(adapter);
}

}  // namespace

void add_ndisif_indexes(std::vector<Scenario>& list) {
  add_pair(list,
           {"ndisif/lookup-of-stale-index",
            "A thread asks for the LUID of an index whose interface another thread deregisters.",
            {"NDISIF-IDX-01"},
            "ndisif/lookup-of-stale-index-fixed",
            "NdisIfDeregisterInterface reference page: the index may be given to others",
            {ndisif::kNoRequests},
            ndisif::make<kStale>},
           "Index and deregistration are guarded by one mutex.", ndisif::make<kGuarded>);
  add_pair(list,
           {"ndisif/stale-binding-index",
            "The index that a binding told is used when the filter that had it is gone.",
            {"NDISIF-BIND-01"},
            "ndisif/stale-binding-index-fixed",
            "NdisIfQueryBindingIfIndex reference page",
            {ndisif::kNoRequests},
            kit::make<drive_protocol<kRemembers>>},
           "It is forgotten when the binding pauses, and queried again when it restarts.",
           kit::make<drive_protocol<kQueriesAgain>>);
  add_pair(list,
           {"ndisif/query-closed-binding",
            "A binding is queried when NdisCloseAdapterEx was called.",
            {"NDISIF-BIND-01"},
            "ndisif/query-closed-binding-fixed",
            "NdisCloseAdapterEx reference page",
            {ndisif::kNoRequests},
            kit::make<drive_protocol<kQueriesLate>>},
           "It is queried while it is open.", kit::make<drive_protocol<kQueriesAgain>>);
}

}  // namespace nmrcheck::designs
