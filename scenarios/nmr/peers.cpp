// One binding of a peer is one word of state: its references, and whether new ones may be taken.
//
// The binding itself holds the first reference. A thread of the peer drops it some time after the
// detach callback, and whoever drops the last one completes the detach. Threads are work items that
// pin the image, and bindings lie in the image: neither is joined or freed by hand.
#include "scenarios/nmr/peers.h"

#include <array>

namespace nmrcheck::peers {
namespace {

constexpr std::uint32_t kBindingsMax = 8;  // that a peer ever has; it refuses those that follow

struct State {
  std::uint16_t references;
  bool open;     // attached: references may be taken
  bool closing;  // the detach callback was called: no more are
};

struct Bound {
  Peer* peer;
  model::BindingId binding;  // as rules number it
  HANDLE handle;
  PVOID context;  // the module's, with its table
  const void* dispatch;
  State state;
};

}  // namespace

struct Peer {
  model::ModuleId driver;
  model::Side side;
  Npi npi;
  Habits habits;
  HANDLE registration;  // null if not registered
  NPI_CLIENT_CHARACTERISTICS client;
  NPI_PROVIDER_CHARACTERISTICS provider;
  LONG bound_count;
  std::array<Bound, kBindingsMax> bounds;
};

namespace {

// A step on the state, which the code up to the next step may read and change.
State& at(Bound& bound) {
  nmrcheck_plain_write(&bound.state, sizeof bound.state, "state of the peer's binding");
  return bound.state;
}

// Tells rules of a reference. What it is judged by is ordered by the steps on the state.
void tell(const Bound& bound, model::EventKind fact) {
  model::current_kernel().emit({.kind = fact,
                                .side = bound.peer->side,
                                .module = bound.peer->driver,
                                .binding = bound.binding,
                                .name = "reference of the peer"});
}

bool take(Bound& bound) {
  State& state = at(bound);
  if (!state.open || state.closing) return false;
  ++state.references;
  tell(bound, model::EventKind::kReferenceTaken);
  return true;
}

// Drops the reference of the binding itself, or of a call.
void drop_any(Bound& bound, bool of_call) {
  State& state = at(bound);
  if (of_call) tell(bound, model::EventKind::kReferenceDropped);
  --state.references;
  if (state.references > 0) return;
  if (bound.peer->side == model::Side::kClient) {
    NmrClientDetachProviderComplete(bound.handle);
  } else {
    NmrProviderDetachClientComplete(bound.handle);
  }
}

void drop(Bound& bound) { drop_any(bound, true); }
void drop_binding(Bound& bound) { drop_any(bound, false); }

// Runs `routine` on a thread of the peer's own, which its unload waits for.
template <void (*kRoutine)(Bound&)>
void start(const char* name, Bound& bound) {
  model::Work work;
  work.run = [](const model::Work& given) { kRoutine(*static_cast<Bound*>(given.arguments[0])); };
  work.arguments[0] = &bound;
  model::current_kernel().queue_work(name, true, work);
}

std::uint32_t choose(const char* question, std::uint32_t count) {
  return model::current_kernel().execution().choose(question, count);
}

// --- Attach ---

NTSTATUS decide(const Peer& peer) {
  constexpr std::array kAnswers{STATUS_SUCCESS, STATUS_NOINTERFACE, STATUS_INSUFFICIENT_RESOURCES};
  if (!peer.habits.declines) return STATUS_SUCCESS;
  return kAnswers[choose("how the peer answers an offer", kAnswers.size())];
}

Bound* make_bound(Peer& peer, HANDLE handle) {
  const auto number = static_cast<std::uint32_t>(InterlockedIncrement(&peer.bound_count));
  if (number > kBindingsMax) return nullptr;
  Bound& bound = peer.bounds[number - 1];
  bound.peer = &peer;
  const model::Kernel& kernel = model::current_kernel();
  bound.binding = kernel.frames(kernel.execution().current()).back().binding;
  bound.handle = handle;
  bound.state.references = 1;
  return &bound;
}

void call_module(Bound& bound) {
  if (!take(bound)) return;
  bound.peer->npi.call(bound.dispatch, bound.context);
  drop(bound);
}

void open(Bound& bound, PVOID context, const void* dispatch) {
  const Peer& peer = *bound.peer;
  const std::uint32_t callers = peer.npi.call == nullptr ? 0 : peer.habits.callers;
  bound.context = context;
  bound.dispatch = dispatch;
  at(bound).open = true;
  for (std::uint32_t i = 0; i < callers; ++i) start<call_module>("caller of the peer", bound);
}

NTSTATUS attach_provider(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Peer& peer = *static_cast<Peer*>(context);
  const NTSTATUS answer = decide(peer);
  if (!NT_SUCCESS(answer)) return answer;
  Bound* bound = make_bound(peer, handle);
  if (bound == nullptr) return STATUS_NOINTERFACE;
  PVOID provider = nullptr;
  CONST VOID* dispatch = nullptr;
  const NTSTATUS status =
      NmrClientAttachProvider(handle, bound, peer.npi.dispatch, &provider, &dispatch);
  if (NT_SUCCESS(status)) open(*bound, provider, dispatch);
  return status;
}

NTSTATUS attach_client(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE, PVOID client,
                       CONST VOID* client_dispatch, PVOID* provider_context,
                       CONST VOID** provider_dispatch) {
  Peer& peer = *static_cast<Peer*>(context);
  const NTSTATUS answer = decide(peer);
  if (!NT_SUCCESS(answer)) return answer;
  Bound* bound = make_bound(peer, handle);
  if (bound == nullptr) return STATUS_NOINTERFACE;
  *provider_context = bound;
  *provider_dispatch = peer.npi.dispatch;
  open(*bound, client, client_dispatch);
  return STATUS_SUCCESS;
}

// --- Detach ---

enum Ending : std::uint32_t {
  kLater,   // STATUS_PENDING, and a thread drops the binding's reference
  kInside,  // STATUS_PENDING, and the callback drops it before it returns
  kAtOnce,  // STATUS_SUCCESS: no call is in progress
};

NTSTATUS detach(PVOID context) {
  Bound& bound = *static_cast<Bound*>(context);
  State& state = at(bound);
  state.closing = true;
  const std::uint32_t endings = state.references == 1 ? kAtOnce + 1 : kInside + 1;
  const bool chooses = bound.peer->habits.hurries;
  const std::uint32_t ending = chooses ? choose("how the peer ends a detach", endings) : kLater;
  if (ending == kAtOnce) return STATUS_SUCCESS;
  if (ending == kInside) {
    drop_binding(bound);
  } else {
    start<drop_binding>("closer of the peer", bound);
  }
  return STATUS_PENDING;
}

// --- Requests ---

void complete_request(Bound& bound) {
  nmrcheck_request_completed(bound.peer->npi.dispatch, &bound);
  bound.peer->npi.complete(bound.dispatch, bound.context);
  drop(bound);
}

NTSTATUS serve_kit(PVOID context) { return serve(context); }

constexpr kit::ClientDispatch kClientTable = {serve_kit};
constexpr kit::ProviderDispatch kProviderTable = {serve_kit};

void notify(const void* dispatch, void* context) {
  NMRCHECK_CALL(static_cast<const kit::ClientDispatch*>(dispatch), Notify, context);
}

void request(const void* dispatch, void* context) {
  NMRCHECK_CALL(static_cast<const kit::ProviderDispatch*>(dispatch), Request, context);
}

Peer* load(model::World& world, model::Side side, const char* name, const Npi& npi,
           const Habits& habits) {
  const model::ModuleId driver = world.kernel().load(name);
  Peer* peer = kit::globals<Peer>(driver);
  peer->driver = driver;
  peer->side = side;
  peer->npi = npi;
  peer->habits = habits;
  peer->client = kit::client_characteristics(attach_provider, detach, nullptr);
  peer->provider = kit::provider_characteristics(attach_client, detach, nullptr);
  if (npi.id != nullptr) {
    peer->client.ClientRegistrationInstance.NpiId = npi.id;
    peer->provider.ProviderRegistrationInstance.NpiId = npi.id;
  }
  return peer;
}

void register_peer(Peer& peer) {
  const NTSTATUS status = peer.side == model::Side::kClient
                              ? NmrRegisterClient(&peer.client, &peer, &peer.registration)
                              : NmrRegisterProvider(&peer.provider, &peer, &peer.registration);
  if (!NT_SUCCESS(status)) peer.registration = nullptr;
}

void deregister_peer(Peer& peer) {
  if (peer.registration == nullptr) return;
  if (peer.side == model::Side::kClient) {
    kit::deregister_client(peer.registration);
  } else {
    kit::deregister_provider(peer.registration);
  }
  peer.registration = nullptr;
}

}  // namespace

const Npi kKitClient{.dispatch = &kClientTable, .call = request};
const Npi kKitProvider{.dispatch = &kProviderTable, .call = notify};

NTSTATUS serve(void* context) {
  Bound& bound = *static_cast<Bound*>(context);
  const Peer& peer = *bound.peer;
  if (!peer.habits.pends || peer.npi.complete == nullptr) return STATUS_SUCCESS;
  if (choose("how the peer answers a request", 2) == 0 || !take(bound)) return STATUS_SUCCESS;
  nmrcheck_request_pended(peer.npi.dispatch, &bound);  // NMR-DET-09: on the module's behalf
  start<complete_request>("completer of the peer", bound);
  return STATUS_PENDING;
}

Peer* load_client(model::World& world, const char* name, const Npi& npi, const Habits& habits) {
  return load(world, model::Side::kClient, name, npi, habits);
}

Peer* load_provider(model::World& world, const char* name, const Npi& npi, const Habits& habits) {
  return load(world, model::Side::kProvider, name, npi, habits);
}

void enter(Peer& peer) {
  kit::in_driver(peer.driver, "DriverEntry", [&peer] { register_peer(peer); });
}

void leave(Peer& peer) {
  kit::in_driver(peer.driver, "leave", [&peer] { deregister_peer(peer); });
}

sim::FiberId start_leaving(Peer& peer) {
  return kit::start_thread(peer.driver, "leaver", [&peer] { deregister_peer(peer); });
}

void unload(model::World& world, Peer& peer) {
  world.kernel().unload(peer.driver, [&peer] { deregister_peer(peer); });
}

}  // namespace nmrcheck::peers
