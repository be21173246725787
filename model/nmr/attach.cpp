// Offers and attachment.
#include <algorithm>

#include "model/nmr/registrar.h"

namespace nmrcheck::model {
namespace {

using sim::Op;

// Like those of registrations, at other addresses.
constexpr std::uintptr_t kBindingHandles = 0xFFFFE00100001000u;
constexpr std::uintptr_t kHandleStride = 0x40;

void* binding_handle(std::uint32_t number, Side side) {
  return reinterpret_cast<void*>(kBindingHandles + (2 * number + index(side)) * kHandleStride);
}

// What a refused client's out parameters may hold.
void* const kGarbage = reinterpret_cast<void*>(std::uintptr_t{0xBADBADBADBADBAD0u});

enum BindingHandles : std::uint32_t { kOneForBoth, kOneForEach, kOnesOfLast };  // CP-20

}  // namespace

std::optional<BindingId> Registrar::find_binding(Side side, const void* handle) const {
  const auto value = reinterpret_cast<std::uintptr_t>(handle) - kBindingHandles;
  const std::uintptr_t position = value / kHandleStride;
  if (value % kHandleStride != 0 || position / 2 >= bindings_.size()) return std::nullopt;
  if (bindings_[position / 2].side(side).handle != handle) return std::nullopt;
  return BindingId{static_cast<std::uint32_t>(position / 2)};
}

// Proposes a binding with every counterpart that can still be offered; part of the registering
// step. Returns the index of the first one.
std::uint32_t Registrar::match(RegistrationId id) {
  const auto first = static_cast<std::uint32_t>(bindings_.size());
  const Registration& made = registrations_[index(id)];
  for (std::uint32_t i = 0; i < registrations_.size(); ++i) {
    const Registration& other = registrations_[i];
    const bool live = other.state == RegistrationState::kRegistering ||
                      other.state == RegistrationState::kRegistered;
    if (other.side == made.side || !live || other.npi != made.npi || i == index(id)) continue;
    if (other.module == made.module && ask(28) == 1) continue;
    Binding& binding = bindings_.emplace_back();
    binding.registrations[index(made.side)] = id;
    binding.registrations[index(other.side)] = RegistrationId{i};
    binding.object = execution_.create("binding");
    const BindingId binding_id{static_cast<std::uint32_t>(bindings_.size() - 1)};
    for (BindingSide& side : binding.sides) {
      side.done_flag = execution_.create("side of the binding");
    }
    number_handles(binding_id);
  }
  return first;
}

// Gives a new binding handles of its own, and finds the first binding of the same two modules.
void Registrar::number_handles(BindingId id) {
  Binding& binding = bindings_[index(id)];
  const auto module_of = [this](const Binding& any, Side side) {
    return registrations_[index(any.registration(side))].module;
  };
  const ModuleId client = module_of(binding, Side::kClient);
  const ModuleId provider = module_of(binding, Side::kProvider);
  // No module sees both values unless it has both sides.
  const bool one =
      client == provider && ask(20, 1u << kOneForBoth | 1u << kOneForEach) == kOneForBoth;
  binding.handle_number = index(id);
  binding.handle_owner = id;
  for (const Side side : {Side::kClient, Side::kProvider}) {
    binding.side(side).handle = binding_handle(index(id), one ? Side::kClient : side);
  }
  std::uint32_t first = 0;
  while (module_of(bindings_[first], Side::kClient) != client ||
         module_of(bindings_[first], Side::kProvider) != provider) {
    ++first;
  }
  binding.pair_first = BindingId{first};
  if (first == index(id)) binding.pair_latest = id;
}

// `after_first` is called after the first of them.
void Registrar::make_offers(std::uint32_t first, std::uint32_t count,
                            sim::FunctionRef after_first) {
  if (count == 0) return;
  const bool worker = ask(1) == 1;
  const std::uint32_t order = count > 1 ? ask(4) : 0;
  const bool reversed = order == 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    const BindingId id{first + (reversed ? count - 1 - i : i)};
    if (worker || (order == 2 && i + 1 < count)) {
      execution_.spawn("nmr worker", [this, id] { run_offer(id); });
    } else {
      run_offer(id);
    }
    if (i == 0) after_first();
  }
}

bool Registrar::late(const Binding& binding) const {
  for (const RegistrationId id : binding.registrations) {
    if (registrations_[index(id)].state >= RegistrationState::kDeregistering) return true;
  }
  return false;
}

// Decides whether the proposed offer is made, and pins both registrations if so.
bool Registrar::begin_offer(BindingId id) {
  Binding& binding = bindings_[index(id)];
  const Registration& client = registrations_[index(binding.registration(Side::kClient))];
  const Registration& provider = registrations_[index(binding.registration(Side::kProvider))];
  announce(id,
           {{binding.object, Op::kUpdate},
            {client.pins, Op::kAdd, 1},
            {provider.pins, Op::kAdd, 1},
            {client.object, Op::kRead},
            {provider.object, Op::kRead}},
           "offer");
  const bool closed =
      client.state == RegistrationState::kClosed || provider.state == RegistrationState::kClosed;
  if (!closed && (!late(binding) || ask(10) == 1)) return true;
  close_unattached(id);
  return false;
}

void Registrar::close_unattached(BindingId id) {
  bindings_[index(id)].phase = BindingPhase::kClosed;
  release_both(id);
}

// Two modules that had a binding before attach again. The old one may still be on its way (CP-33):
// returns false if the offer is left to a worker that waits for its end. If it is closed, its
// handle values may be used again (CP-20).
bool Registrar::begin_again(BindingId id) {
  Binding& binding = bindings_[index(id)];
  Binding& first = bindings_[index(binding.pair_first)];
  if (binding.pair_first == id || (!may_answer(33, 0) && !may_answer(20, kOnesOfLast))) return true;
  announce(id, {{first.object, Op::kUpdate}}, "last binding");
  const BindingId old_id = first.pair_latest;
  Binding& old = bindings_[index(old_id)];
  first.pair_latest = id;
  const std::uint32_t number = old.handle_number;
  const Registration& client = registrations_[index(old.registration(Side::kClient))];
  const Registration& provider = registrations_[index(old.registration(Side::kProvider))];
  announce(id,
           {{first.object, Op::kUpdate},
            {old.object, Op::kRead},
            {bindings_[number].object, Op::kUpdate},
            {client.object, Op::kRead},
            {provider.object, Op::kRead}},
           "last binding");
  if (old.phase == BindingPhase::kDetaching || old.phase == BindingPhase::kCleanup) {
    if (ask(33) == 1) return true;
    const bool client_leaves = client.state >= RegistrationState::kDeregistering;
    const sim::ObjectId pins = client_leaves ? client.pins : provider.pins;
    execution_.spawn("nmr worker", [this, id, pins] {
      announce(id, {{pins, Op::kAwait, 0}}, "await last binding");
      attach(id);
    });
    return false;
  }
  const bool free = old.phase == BindingPhase::kClosed && old.handle_number == number &&
                    bindings_[number].handle_owner == old_id;
  const bool one = binding.sides[0].handle == binding.sides[1].handle;
  const Alternatives own = 1u << (one ? kOneForBoth : kOneForEach);
  if (!free || ask(20, own | 1u << kOnesOfLast) != kOnesOfLast) return true;
  bindings_[number].handle_owner = id;
  binding.handle_number = number;
  for (const Side side : {Side::kClient, Side::kProvider}) {
    binding.side(side).handle = old.side(side).handle;
  }
  return true;
}

void Registrar::run_offer(BindingId id) {
  if (begin_again(id)) attach(id);
}

void Registrar::attach(BindingId id) {
  if (!begin_offer(id)) return;
  Binding& binding = bindings_[index(id)];
  binding.phase = BindingPhase::kClientDeciding;
  binding.attach_running = true;
  const std::uint32_t status = call_client_attach(id);
  binding.attach_running = false;
  if (binding.phase == BindingPhase::kClientDeciding) {
    close_unattached(id);
    return;
  }
  if (binding.phase != BindingPhase::kProviderAttached) {  // detaching already, or done (CP-06)
    release_sides(id);
    return;
  }
  binding.phase = BindingPhase::kAttached;
  // A client that rejects after the provider accepted breaks NMR-ATT-03; the binding is detached so
  // that the provider learns of it (CP-23).
  if ((late(binding) || !nt_success(status)) && claim_detach(id, false)) start_detach(id);
}

std::uint32_t Registrar::call_client_attach(BindingId id) {
  Binding& binding = bindings_[index(id)];
  const Registration& client = registrations_[index(binding.registration(Side::kClient))];
  const Registration& provider = registrations_[index(binding.registration(Side::kProvider))];
  const Frame frame{FrameKind::kAttach, client.module, id, Side::kClient, "ClientAttachProvider"};
  const FrameScope scope(kernel_, frame);
  const Passed given{.handle = binding.side(Side::kClient).handle,
                     .context = client.callbacks.context};
  kernel_.emit({.kind = EventKind::kAttachCalled,
                .side = Side::kClient,
                .module = client.module,
                .registration = binding.registration(Side::kClient),
                .peer_registration = binding.registration(Side::kProvider),
                .binding = id,
                .name = frame.name,
                .passed = &given});
  const Shown shown = show_instance(binding.registration(Side::kProvider));
  const std::uint32_t status =
      callouts_.client_attach(client, shown.instance, binding.side(Side::kClient).handle);
  sim::Footprint footprint{
      {binding.object, Op::kUpdate}, {client.object, Op::kRead}, {provider.object, Op::kRead}};
  kernel_.add_taking_back(footprint, shown.copy);
  announce(id, footprint, nt_success(status) ? "attached" : "not attached");
  kernel_.take_back(shown.copy);
  kernel_.emit({.kind = EventKind::kAttachReturned,
                .side = Side::kClient,
                .module = client.module,
                .binding = id,
                .status = status,
                .name = frame.name});
  return status;
}

// What the side lent is freed rightly once the binding is finished, or the registration closed.
void Registrar::judge_frees(const Binding& binding, Side side) {
  const BindingSide& lent = binding.side(side);
  kernel_.judge_frees(lent.context, binding.object);
  kernel_.judge_frees(lent.context, registrations_[index(binding.registration(side))].object);
  kernel_.judge_frees(lent.dispatch, binding.object);
}

// The binding in whose ClientAttachProvider callback the current fiber is, if it got that handle.
std::optional<BindingId> Registrar::attaching_with(const void* handle) const {
  const std::vector<Frame>& frames = kernel_.frames(execution_.current());
  const auto found = std::find_if(frames.rbegin(), frames.rend(), [&](const Frame& frame) {
    return frame.kind == FrameKind::kAttach && frame.side == Side::kClient &&
           bindings_[index(frame.binding)].side(Side::kClient).handle == handle;
  });
  if (found == frames.rend()) return std::nullopt;
  return found->binding;
}

// The step in which a function is given a binding handle, with `completes` one that makes the side
// done. Returns the binding that has the handle now.
std::optional<BindingId> Registrar::use_binding_handle(Side side, const void* handle,
                                                       bool completes, const char* action) {
  std::optional<BindingId> found = find_binding(side, handle);
  if (!found) return std::nullopt;
  const auto use = [&](const Binding& binding) {
    sim::Footprint footprint;
    if (completes) footprint.add({binding.side(side).done_flag, Op::kWrite, 1});
    footprint.add({binding.object, Op::kUpdate});
    announce(*found, footprint, action);
  };
  use(bindings_[index(*found)]);
  const BindingId owner = bindings_[index(*found)].handle_owner;
  if (owner == *found) return found;
  found = owner;
  use(bindings_[index(owner)]);
  return found;
}

std::uint32_t Registrar::client_attach_provider(void* handle, void* client_context,
                                                const void* client_dispatch,
                                                void** provider_context,
                                                const void** provider_dispatch) {
  constexpr const char* kFunction = "NmrClientAttachProvider";
  kernel_.require_irql_at_most(kPassiveLevel, kFunction);
  // Inside the callback the binding belongs to this fiber: nothing that others do shows here.
  std::optional<BindingId> found = attaching_with(handle);
  if (!found) found = use_binding_handle(Side::kClient, handle, false, kFunction);
  const BindingId id = found.value_or(kNoBinding);
  kernel_.emit(
      {.kind = EventKind::kBindingHandleUsed, .binding = id, .pointer = handle, .name = kFunction});
  if (!found || bindings_[index(id)].phase != BindingPhase::kClientDeciding) {
    return ask(25) == 0 ? kStatusInvalidParameter : kStatusInvalidDeviceState;
  }
  Binding& binding = bindings_[index(id)];
  const Registration& client = registrations_[index(binding.registration(Side::kClient))];
  const Registration& provider = registrations_[index(binding.registration(Side::kProvider))];
  const sim::Place place = kernel_.place();
  const Passed offered{.context = client_context, .dispatch = client_dispatch};
  kernel_.emit({.kind = EventKind::kClientAttachCalled,
                .binding = id,
                .name = kFunction,
                .passed = &offered});
  const FrameScope scope(kernel_,
                         {FrameKind::kRegistrar, client.module, id, Side::kClient, kFunction});
  binding.phase = BindingPhase::kProviderDeciding;
  binding.side(Side::kClient).context = client_context;
  binding.side(Side::kClient).dispatch = client_dispatch;
  judge_frees(binding, Side::kClient);
  const Frame frame{FrameKind::kAttach, provider.module, id, Side::kProvider,
                    "ProviderAttachClient"};
  kernel_.push(frame);
  const Passed given{.handle = binding.side(Side::kProvider).handle,
                     .context = provider.callbacks.context,
                     .peer_context = client_context,
                     .peer_dispatch = client_dispatch};
  kernel_.emit({.kind = EventKind::kAttachCalled,
                .side = Side::kProvider,
                .module = provider.module,
                .registration = binding.registration(Side::kProvider),
                .peer_registration = binding.registration(Side::kClient),
                .binding = id,
                .name = frame.name,
                .passed = &given});
  const Shown shown = show_instance(binding.registration(Side::kClient));
  const Callouts::ProviderAnswer answer =
      callouts_.provider_attach(provider, shown.instance, binding.side(Side::kProvider).handle,
                                client_context, client_dispatch);
  sim::Footprint footprint{{binding.object, Op::kUpdate},
                           {binding.side(Side::kProvider).done_flag, Op::kUpdate}};
  kernel_.add_taking_back(footprint, shown.copy);
  announce(id, footprint, "return");
  kernel_.take_back(shown.copy);
  const Passed answered{.context = answer.context, .dispatch = answer.dispatch};
  kernel_.emit({.kind = EventKind::kAttachReturned,
                .side = Side::kProvider,
                .module = provider.module,
                .binding = id,
                .status = answer.status,
                .block = (answer.context_stored ? 1u : 0u) | (answer.dispatch_stored ? 2u : 0u),
                .name = frame.name,
                .passed = &answered});
  kernel_.pop();
  kernel_.set_place(place);
  if (nt_success(answer.status)) {
    binding.phase = BindingPhase::kProviderAttached;
    binding.side(Side::kProvider).context = answer.context;
    binding.side(Side::kProvider).dispatch = answer.dispatch;
    judge_frees(binding, Side::kProvider);
    *provider_context = answer.context;
    *provider_dispatch = answer.dispatch;
    if (may_answer(6, 2)) announce(id, {{binding.object, Op::kUpdate}}, "attach call returns");
    binding.attach_call_returned = true;
  } else {
    binding.phase = BindingPhase::kClientDeciding;
    const std::uint32_t left = ask(22);
    if (left != 0) *provider_context = left == 1 ? nullptr : kGarbage;
    if (left != 0) *provider_dispatch = left == 1 ? nullptr : kGarbage;
  }
  const Passed handed_out{.peer_context = binding.side(Side::kProvider).context,
                          .peer_dispatch = binding.side(Side::kProvider).dispatch};
  kernel_.emit({.kind = EventKind::kClientAttachReturned,
                .binding = id,
                .status = answer.status,
                .name = kFunction,
                .passed = &handed_out});
  return answer.status;
}

}  // namespace nmrcheck::model
