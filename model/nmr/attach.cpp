// Offers and attachment.
#include <algorithm>

#include "model/nmr/registrar.h"

namespace nmrcheck::model {
namespace {

using sim::Op;

// Like those of registrations, at other addresses.
constexpr std::uintptr_t kBindingHandles = 0xFFFFE00100001000u;
constexpr std::uintptr_t kHandleStride = 0x40;

void* binding_handle(BindingId id, Side side) {
  return reinterpret_cast<void*>(kBindingHandles + (2 * index(id) + index(side)) * kHandleStride);
}

}  // namespace

std::optional<BindingId> Registrar::find_binding(Side side, const void* handle) const {
  const auto value = reinterpret_cast<std::uintptr_t>(handle) - kBindingHandles;
  const std::uintptr_t position = value / kHandleStride;
  if (value % kHandleStride != 0 || position / 2 >= bindings_.size() ||
      position % 2 != index(side)) {
    return std::nullopt;
  }
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
    Binding& binding = bindings_.emplace_back();
    binding.registrations[index(made.side)] = id;
    binding.registrations[index(other.side)] = RegistrationId{i};
    binding.object = execution_.create("binding");
    const BindingId binding_id{static_cast<std::uint32_t>(bindings_.size() - 1)};
    for (const Side side : {Side::kClient, Side::kProvider}) {
      binding.side(side).done_flag = execution_.create("side of the binding");
      binding.side(side).handle = binding_handle(binding_id, side);
    }
  }
  return first;
}

void Registrar::make_offers(std::uint32_t first, std::uint32_t count) {
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

void Registrar::run_offer(BindingId id) {
  if (!begin_offer(id)) return;
  Binding& binding = bindings_[index(id)];
  binding.phase = BindingPhase::kClientDeciding;
  const std::uint32_t status = call_client_attach(id);
  if (binding.phase == BindingPhase::kClientDeciding) {
    close_unattached(id);
    return;
  }
  if (binding.phase != BindingPhase::kProviderAttached) return;  // detaching already (CP-06)
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
  const std::uint32_t status =
      callouts_.client_attach(client, provider, binding.side(Side::kClient).handle);
  announce(
      id, {{binding.object, Op::kUpdate}, {client.object, Op::kRead}, {provider.object, Op::kRead}},
      nt_success(status) ? "attached" : "not attached");
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

// True inside the ClientAttachProvider callback of the binding, on the current fiber.
bool Registrar::in_client_attach(BindingId id) const {
  const std::vector<Frame>& frames = kernel_.frames(execution_.current());
  return std::any_of(frames.begin(), frames.end(), [id](const Frame& frame) {
    return frame.kind == FrameKind::kAttach && frame.side == Side::kClient && frame.binding == id;
  });
}

std::uint32_t Registrar::client_attach_provider(void* handle, void* client_context,
                                                const void* client_dispatch,
                                                void** provider_context,
                                                const void** provider_dispatch) {
  constexpr const char* kFunction = "NmrClientAttachProvider";
  kernel_.require_irql_at_most(kPassiveLevel, kFunction);
  const std::optional<BindingId> found = find_binding(Side::kClient, handle);
  const BindingId id = found.value_or(kNoBinding);
  // Inside the callback the binding belongs to this fiber: nothing that others do shows here.
  if (found && !in_client_attach(id)) {
    announce(id, {{bindings_[index(id)].object, Op::kUpdate}}, kFunction);
  }
  kernel_.emit(
      {.kind = EventKind::kBindingHandleUsed, .binding = id, .pointer = handle, .name = kFunction});
  if (!found || bindings_[index(id)].phase != BindingPhase::kClientDeciding) {
    return kStatusInvalidDeviceState;
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
  const Callouts::ProviderAnswer answer = callouts_.provider_attach(
      provider, client, binding.side(Side::kProvider).handle, client_context, client_dispatch);
  announce(id,
           {{binding.object, Op::kUpdate}, {binding.side(Side::kProvider).done_flag, Op::kUpdate}},
           "return");
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
    binding.attach_call_returned = true;
  } else {
    binding.phase = BindingPhase::kClientDeciding;
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
