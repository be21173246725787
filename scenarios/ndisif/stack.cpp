// The stack of interfaces: a MUX driver's internal interface, and who is above whom.
#include <array>
#include <utility>

#include "scenarios/ndisif/catalog.h"
#include "scenarios/ndisif/drivers.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using ndisif::Driver;
using ndisif::Provider;

constexpr ndisif::Design kPlain{};

// --- A MUX driver: its internal interface is between its virtual miniport and the adapter ---

struct Mux {
  Provider internal;
  NET_IFINDEX virtual_miniport;
  NET_IFINDEX bound;
  BOOLEAN above_added;  // the virtual miniport is above the internal interface
  BOOLEAN below_added;
};

struct MuxDesign {
  void (*bind)(Mux& mux);
  void (*unbind)(Mux& mux);
};

BOOLEAN add(NET_IFINDEX higher, NET_IFINDEX lower) {
  return NdisIfAddIfStackEntry(higher, lower) == NDIS_STATUS_SUCCESS;
}

void bind_and_remember(Mux& mux) {
  mux.above_added = add(mux.virtual_miniport, mux.internal.index);
  mux.below_added = add(mux.internal.index, mux.bound);
}

void bind_and_hope(Mux& mux) {
  add(mux.virtual_miniport, mux.internal.index);
  add(mux.internal.index, mux.bound);
  mux.above_added = mux.below_added = TRUE;
}

void delete_added(Mux& mux) {
  if (mux.above_added) NdisIfDeleteIfStackEntry(mux.virtual_miniport, mux.internal.index);
  if (mux.below_added) NdisIfDeleteIfStackEntry(mux.internal.index, mux.bound);
}

void delete_then_deregister(Mux& mux) {
  delete_added(mux);
  ndisif::stop(mux.internal);
}

void deregister_then_delete(Mux& mux) {
  NdisIfDeregisterInterface(mux.internal.index);
  mux.internal.registered = FALSE;
  delete_added(mux);
  ndisif::stop(mux.internal);
}

// The adapter and the virtual miniport are interfaces of other drivers, which outlast the MUX.
template <const MuxDesign& kDesign>
void drive_mux(model::World& world, const ParameterValues& values) {
  ndisif::set_up(world, values);
  const Driver adapter = ndisif::load("adapter.sys", 1, kPlain);
  const Driver above = ndisif::load("miniport.sys", 2, kPlain);
  const bool adapter_entered = ndisif::enter(adapter);
  const bool above_entered = ndisif::enter(above);
  const model::ModuleId driver = world.kernel().load("mux.sys");
  auto* mux = kit::globals<Mux>(driver);
  mux->internal.number = 3;
  const auto entry = [](void* globals) -> NTSTATUS {
    return ndisif::start(static_cast<Mux*>(globals)->internal);
  };
  if (adapter_entered && above_entered) {
    mux->virtual_miniport = above.provider->index;
    mux->bound = adapter.provider->index;
    if (NT_SUCCESS(kit::enter(driver, entry, mux))) {
      kit::in_driver(driver, "ProtocolBindAdapterEx", [&] { kDesign.bind(*mux); });
      world.kernel().unload(driver, [&] { kDesign.unbind(*mux); });
    }
  }
  if (above_entered) ndisif::unload(above);
  if (adapter_entered) ndisif::unload(adapter);
}

constexpr MuxDesign kRight{bind_and_remember, delete_then_deregister};
constexpr MuxDesign kHopes{bind_and_hope, delete_then_deregister};
constexpr MuxDesign kLateDelete{bind_and_remember, deregister_then_delete};

// --- Two interfaces whose roles are swapped ---

struct Team {
  NET_IFINDEX higher;
  NET_IFINDEX lower;
  BOOLEAN added;
};

template <bool kDeletesFirst>
void drive_team(model::World& world, const ParameterValues& values) {
  ndisif::set_up(world, values);
  const Driver one = ndisif::load("one.sys", 1, kPlain);
  const Driver two = ndisif::load("two.sys", 2, kPlain);
  const bool first = ndisif::enter(one);
  const bool second = ndisif::enter(two);
  const model::ModuleId driver = world.kernel().load("team.sys");
  auto* team = kit::globals<Team>(driver);
  const auto swap_roles = [team] {
    if (kDeletesFirst && team->added) NdisIfDeleteIfStackEntry(team->higher, team->lower);
    std::swap(team->higher, team->lower);
    team->added = add(team->higher, team->lower);
  };
  if (first && second) {
    team->higher = one.provider->index;
    team->lower = two.provider->index;
    kit::in_driver(driver, "bind", [team] { team->added = add(team->higher, team->lower); });
    kit::in_driver(driver, "swap roles", swap_roles);
  }
  world.kernel().unload(driver, [team] {
    if (team->added) NdisIfDeleteIfStackEntry(team->higher, team->lower);
  });
  if (second) ndisif::unload(two);
  if (first) ndisif::unload(one);
}

// --- Three drivers, each of which puts its interface above another: only the last is wrong ---

constexpr std::size_t kMembers = 3;

template <bool kCircle>
void drive_three(model::World& world, const ParameterValues& values) {
  ndisif::set_up(world, values);
  constexpr std::array kNames{"a.sys", "b.sys", "c.sys"};
  std::array<Driver, kMembers> drivers;
  std::array<bool, kMembers> entered{};
  bool all = true;
  for (std::size_t i = 0; i < kMembers; ++i) {
    drivers[i] = ndisif::load(kNames[i], static_cast<UCHAR>(i + 1), kPlain);
    entered[i] = ndisif::enter(drivers[i]);
    all = all && entered[i];
  }
  std::array<sim::FiberId, kMembers> adding{};
  for (std::size_t i = 0; all && i < kMembers; ++i) {
    const bool last = i + 1 == kMembers;
    const NET_IFINDEX own = drivers[i].provider->index;
    const NET_IFINDEX other = drivers[last ? 0 : i + 1].provider->index;
    // c above a closes the circle; a above c says the same as the two others together.
    const NET_IFINDEX higher = last && !kCircle ? other : own;
    const NET_IFINDEX lower = last && !kCircle ? own : other;
    adding[i] = kit::start_thread(drivers[i].module, "adds", [higher, lower] {
      if (add(higher, lower)) NdisIfDeleteIfStackEntry(higher, lower);
    });
  }
  for (std::size_t i = 0; all && i < kMembers; ++i) kit::join(adding[i]);
  for (std::size_t i = 0; i < kMembers; ++i) {
    if (entered[i]) ndisif::unload(drivers[i]);
  }
}

}  // namespace

void add_ndisif_stack(std::vector<Scenario>& list) {
  list.push_back({"ndisif/mux-internal-interface",
                  "A MUX driver puts its internal interface between its virtual miniport and the "
                  "adapter, and takes away what it could put there before the interface goes.",
                  {},
                  "",
                  "Maintaining a Network Interface Stack",
                  {ndisif::kNoRequests, kit::kFaults},
                  kit::make<drive_mux<kRight>>});
  add_pair(list,
           {"ndisif/stack-entry-not-added",
            "The status of NdisIfAddIfStackEntry is ignored: a pair is deleted that was not added.",
            {"NDISIF-STK-02"},
            "ndisif/stack-entry-not-added-fixed",
            "NdisIfDeleteIfStackEntry reference page",
            {ndisif::kNoRequests, kit::kFaults},
            kit::make<drive_mux<kHopes>>},
           "What was added is remembered.", kit::make<drive_mux<kRight>>);
  add_pair(list,
           {"ndisif/stack-entry-outlives-interface",
            "A pair is deleted when one of its interfaces is deregistered already.",
            {"NDISIF-STK-02"},
            "ndisif/stack-entry-outlives-interface-fixed",
            "NdisIfAddIfStackEntry reference page: a deregistration removes the pairs",
            {ndisif::kNoRequests},
            kit::make<drive_mux<kLateDelete>>},
           "The pairs are deleted before the interface.", kit::make<drive_mux<kRight>>);
  add_pair(list,
           {"ndisif/stack-loop",
            "When two interfaces swap roles the pair of the old order is left.",
            {"NDISIF-STK-01"},
            "ndisif/stack-loop-fixed",
            "Bug Check 0x7C: BUGCODE_NDIS_DRIVER",
            {ndisif::kNoRequests},
            kit::make<drive_team<false>>},
           "It is deleted before the new one is added.", kit::make<drive_team<true>>);
  add_pair(list,
           {"ndisif/stack-loop-of-three",
            "Three drivers put their interfaces above one another's, in a circle: whoever comes "
            "last stops the machine.",
            {"NDISIF-STK-01"},
            "ndisif/stack-loop-of-three-fixed",
            "Bug Check 0x7C: BUGCODE_NDIS_DRIVER",
            {ndisif::kNoRequests},
            kit::make<drive_three<true>>},
           "They agree on what is on top.", kit::make<drive_three<false>>);
}

}  // namespace nmrcheck::designs
