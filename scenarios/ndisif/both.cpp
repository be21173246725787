// One driver that is a network module and an interface provider: queries of its interface ask the
// module's peer.
#include "model/world.h"
#include "scenarios/ndisif/catalog.h"
#include "scenarios/ndisif/provider.h"
#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

// The globals. The context of the interface is they.
struct Both : small::Driver {
  ndisif::Provider interfaces;
};

ndisif::Values values_of(bool peer_is_there) {
  return {.oper_status = peer_is_there ? NET_IF_OPER_STATUS_UP : NET_IF_OPER_STATUS_DOWN};
}

// The query counts as a call into the peer: a detach waits for it.
NDIS_STATUS NTAPI query_counted(NDIS_HANDLE context, NET_IF_OBJECT_ID object, PULONG length,
                                PVOID buffer) {
  auto& own = *static_cast<Both*>(context);
  const bool attached = small::begin_call(own);
  if (attached) {
    small::request_of_peer(own);
    small::end_call(own);
  }
  return ndisif::answer(values_of(attached), object, length, buffer);
}

// It looks whether the peer is there, and calls it.
NDIS_STATUS NTAPI query_unguarded(NDIS_HANDLE context, NET_IF_OBJECT_ID object, PULONG length,
                                  PVOID buffer) {
  auto& own = *static_cast<Both*>(context);
  KIRQL irql;
  KeAcquireSpinLock(&own.lock, &irql);
  const bool attached = own.attached;
  KeReleaseSpinLock(&own.lock, irql);
  if (attached) small::request_of_peer(own);
  return ndisif::answer(values_of(attached), object, length, buffer);
}

template <auto kQuery>
void enter(small::Driver& driver) {
  auto& own = static_cast<Both&>(driver);
  small::register_client(own);
  ndisif::start(own.interfaces, kQuery, &own);
}

// In either order: neither of the two registrars knows of the other.
void unload(small::Driver& driver) {
  auto& own = static_cast<Both&>(driver);
  sim::Execution& execution = model::current_world().execution();
  const bool interface_first = execution.choose("what is deregistered first", 2) == 0;
  if (interface_first) ndisif::stop(own.interfaces);
  small::unload_client(own);
  if (!interface_first) ndisif::stop(own.interfaces);
}

template <auto kQuery>
constexpr small::Pair kPair{.client = {.attach = small::attach_to_call,
                                       .detach = small::detach_counting,
                                       .enter = enter<kQuery>,
                                       .unload = unload,
                                       .bytes = sizeof(Both)}};

constexpr small::Pair kUnguarded = kPair<query_unguarded>;
constexpr small::Pair kCounted = kPair<query_counted>;

}  // namespace

void add_ndisif_both(std::vector<Scenario>& list) {
  add_pair(
      list,
      {.name = "ndisif/module-and-provider",
       .summary = "A query of an interface calls the peer of the same driver's NMR client, "
                  "which may be detaching.",
       .expected = {"NMR-DET-10", "NMR-DET-03"},
       .twin = "ndisif/module-and-provider-fixed",
       .source = "ClientDetachProvider and IF_QUERY_OBJECT reference pages",
       .make = small::make<kUnguarded>},
      "The query counts as a call, which the detach waits for; either registration goes first.",
      small::make<kCounted>);
}

}  // namespace nmrcheck::designs
