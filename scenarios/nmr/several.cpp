// Many clients, many providers, all maximal: each attaches to each, calls, and leaves when it
// likes.
//
// There is no module under test: the scenarios show that the peers are correct, and the registrar's
// own duties are checked on many bindings at once.
#include <array>

#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/peers.h"

namespace nmrcheck::designs {
namespace {

using peers::Peer;

constexpr std::uint32_t kPeersMax = 3;  // of each kind
constexpr std::array kClientNames{"client1.sys", "client2.sys", "client3.sys"};
constexpr std::array kProviderNames{"provider1.sys", "provider2.sys", "provider3.sys"};

std::uint32_t value(const ParameterValues& values, const char* name) {
  return static_cast<std::uint32_t>(values.at(name));
}

struct Crowd {
  std::array<Peer*, 2 * kPeersMax> peers{};
  std::uint32_t count = 0;

  void add(Peer* peer) { peers[count++] = peer; }
};

Crowd load(model::World& world, const ParameterValues& values) {
  const peers::Habits habits{.callers = value(values, "callers"),
                             .declines = value(values, "declines") == 1,
                             .hurries = value(values, "hurries") == 1};
  Crowd crowd;
  for (std::uint32_t i = 0; i < value(values, "providers"); ++i) {
    crowd.add(peers::load_provider(world, kProviderNames[i], peers::kKitProvider, habits));
  }
  for (std::uint32_t i = 0; i < value(values, "clients"); ++i) {
    crowd.add(peers::load_client(world, kClientNames[i], peers::kKitClient, habits));
  }
  return crowd;
}

// All register; each leaves on a thread of its own.
void drive_leaving(model::World& world, const ParameterValues& values) {
  const Crowd crowd = load(world, values);
  std::array<sim::FiberId, 2 * kPeersMax> threads{};
  for (std::uint32_t i = 0; i < crowd.count; ++i) peers::enter(*crowd.peers[i]);
  for (std::uint32_t i = 0; i < crowd.count; ++i) {
    threads[i] = peers::start_leaving(*crowd.peers[i]);
  }
  for (std::uint32_t i = 0; i < crowd.count; ++i) kit::join(threads[i]);
  for (std::uint32_t i = 0; i < crowd.count; ++i) peers::unload(world, *crowd.peers[i]);
}

// All register; each in turn leaves and registers again, `rounds` times.
void drive_returning(model::World& world, const ParameterValues& values) {
  const Crowd crowd = load(world, values);
  for (std::uint32_t i = 0; i < crowd.count; ++i) peers::enter(*crowd.peers[i]);
  for (std::uint32_t round = 0; round < value(values, "rounds"); ++round) {
    Peer& peer = *crowd.peers[round % crowd.count];
    peers::leave(peer);
    peers::enter(peer);
  }
  for (std::uint32_t i = 0; i < crowd.count; ++i) peers::unload(world, *crowd.peers[i]);
}

std::vector<Parameter> parameters(std::int64_t clients, std::int64_t providers) {
  return {{"clients", "maximal clients", clients, 1, kPeersMax},
          {"providers", "maximal providers", providers, 1, kPeersMax},
          {"callers", "threads for each binding and side that call the peer", 0, 0, 2},
          {"declines", "1: peers may refuse or fail to attach", 0, 0, 1},
          {"hurries", "1: peers may end a detach at once or inside its callback", 0, 0, 1}};
}

}  // namespace

void add_several(std::vector<Scenario>& list) {
  constexpr std::string_view kSource = "Network Module Registrar Architecture Overview";
  list.push_back({"nmr/both-leave",
                  "A client and a provider deregister at the same time, and both detaches pend.",
                  {},
                  "",
                  kSource,
                  parameters(1, 1),
                  kit::make<drive_leaving>});
  list.push_back({"nmr/many-clients",
                  "Several clients of one provider, all of which deregister at the same time.",
                  {},
                  "",
                  kSource,
                  parameters(2, 1),
                  kit::make<drive_leaving>});
  list.push_back({"nmr/many-providers",
                  "Several providers of one client, all of which deregister at the same time.",
                  {},
                  "",
                  kSource,
                  parameters(1, 2),
                  kit::make<drive_leaving>});
  std::vector<Parameter> rounds = parameters(1, 1);
  rounds.push_back({"rounds", "times that a driver leaves and registers again", 1, 1, 4});
  list.push_back({"nmr/register-again",
                  "Drivers that deregister and register again while their peers stay.",
                  {},
                  "",
                  kSource,
                  rounds,
                  kit::make<drive_returning>});
}

}  // namespace nmrcheck::designs
