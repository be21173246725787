// One module under test, alone with maximal peers: who comes, who calls, who leaves.
#pragma once

#include <array>
#include <span>

#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/peers.h"

namespace nmrcheck::designs::alone {

using peers::Peer;

// Who deregisters while calls may be in progress.
enum Leaver : std::uint32_t { kModule, kPeers, kAll };

inline constexpr Parameter leaves(Leaver usual) {
  return {"leaves", "who leaves during calls: 0 the module, 1 its peers, 2 all", usual, 0, 2};
}
inline constexpr Parameter callers(std::int64_t usual) {
  return {"callers", "threads for each binding that call the module", usual, 0, 2};
}

inline std::uint32_t value(const ParameterValues& values, const char* name) {
  return static_cast<std::uint32_t>(values.at(name));
}

inline peers::Habits habits(const ParameterValues& values) {
  return {.callers = value(values, "callers")};
}

// A driver with globals of type G.
template <class G>
struct Module {
  void (*enter)(G&) = nullptr;
  std::array<void (*)(G&), 2> threads{};  // run while its peers may leave; null: none
  void (*unload)(G&) = nullptr;           // deregisters; the threads are joined afterwards
  G* globals = nullptr;
  model::ModuleId driver{};
};

// Loads the module: peers that are loaded afterwards are unloaded by `drive`.
template <class G>
Module<G> load(model::World& world, const char* name, Module<G> module) {
  module.driver = world.kernel().load(name);
  module.globals = kit::globals<G>(module.driver);
  return module;
}

template <class G>
void unload(model::World& world, const Module<G>& module,
            const std::array<sim::FiberId, 2>& threads) {
  world.kernel().unload(module.driver, [&] {
    module.unload(*module.globals);
    for (std::size_t i = 0; i < threads.size(); ++i) {
      if (module.threads[i] != nullptr) kit::join(threads[i]);
    }
  });
}

// The peers register, then the module; its threads run while `leaver` leaves; all are unloaded.
template <class G>
void drive(model::World& world, const Module<G>& module, std::span<Peer* const> others,
           std::uint32_t leaver) {
  constexpr std::size_t kOthersMax = 6;
  std::array<sim::FiberId, 2> threads{};
  std::array<sim::FiberId, kOthersMax> leavers{};
  G* globals = module.globals;
  for (Peer* peer : others) peers::enter(*peer);
  kit::in_driver(module.driver, "DriverEntry", [&] { module.enter(*globals); });
  for (std::size_t i = 0; i < threads.size(); ++i) {
    if (module.threads[i] == nullptr) continue;
    threads[i] = kit::start_thread(module.driver, "module's thread",
                                   [globals, code = module.threads[i]] { code(*globals); });
  }
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (leaver == kPeers) peers::leave(*others[i]);
    if (leaver == kAll) leavers[i] = peers::start_leaving(*others[i]);
  }
  unload(world, module, threads);
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (leaver == kAll) kit::join(leavers[i]);
    peers::unload(world, *others[i]);
  }
}

// A client of the kit's NPI against one maximal provider. Parameters: leaves, callers.
template <class G, const Module<G>& kModule>
void drive_client(model::World& world, const ParameterValues& values) {
  const Module<G> module = load(world, "client.sys", kModule);
  const std::array others{
      peers::load_provider(world, "provider.sys", peers::kKitProvider, habits(values))};
  drive<G>(world, module, others, value(values, "leaves"));
}

// A provider of the kit's NPI against one maximal client.
template <class G, const Module<G>& kModule>
void drive_provider(model::World& world, const ParameterValues& values) {
  const Module<G> module = load(world, "provider.sys", kModule);
  const std::array others{
      peers::load_client(world, "client.sys", peers::kKitClient, habits(values))};
  drive<G>(world, module, others, value(values, "leaves"));
}

template <class G, const Module<G>& kModule>
inline constexpr auto make_client = kit::make<drive_client<G, kModule>>;
template <class G, const Module<G>& kModule>
inline constexpr auto make_provider = kit::make<drive_provider<G, kModule>>;

}  // namespace nmrcheck::designs::alone
