// Registration, offers and attachment.
#include "model/nmr/registrar.h"

#include <fmt/format.h>

#include <bit>

#include "model/nmr/choices.h"

namespace nmrcheck::model {
namespace {

using sim::Op;

// Handles look like kernel addresses, which no driver may dereference: doing so is a crash.
constexpr std::uintptr_t kRegistrationHandles = 0xFFFFE00000001000u;
constexpr std::uintptr_t kBindingHandles = 0xFFFFE00100001000u;
constexpr std::uintptr_t kHandleStride = 0x40;

void* registration_handle(RegistrationId id) {
  return reinterpret_cast<void*>(kRegistrationHandles + index(id) * kHandleStride);
}

void* binding_handle(BindingId id, Side side) {
  return reinterpret_cast<void*>(kBindingHandles + (2 * index(id) + index(side)) * kHandleStride);
}

const char* function_name(Side side, const char* client, const char* provider) {
  return side == Side::kClient ? client : provider;
}

}  // namespace

Registrar::Registrar(Kernel& kernel, const Profile& profile, Callouts& callouts)
    : kernel_(kernel),
      execution_(kernel.execution()),
      profile_(profile),
      callouts_(callouts),
      directory_(kernel.execution().create("registrar")) {}

// Asks a choice point among what the profile allows; its default is the first alternative offered.
std::uint32_t Registrar::ask(std::uint32_t number) {
  const Alternatives allowed = profile_.allowed[number];
  if (std::has_single_bit(allowed)) return static_cast<std::uint32_t>(std::countr_zero(allowed));
  const ChoicePointInfo& info = choice_point(number);
  const std::uint32_t preferred = info.default_alternative;
  const auto count = static_cast<std::uint32_t>(std::popcount(allowed));
  std::uint32_t picked = execution_.choose(info.question, count);
  std::uint32_t answer = preferred;
  if (picked != 0) {
    Alternatives others = allowed & ~(Alternatives{1} << preferred);
    for (; picked > 1; --picked) others &= others - 1;
    answer = static_cast<std::uint32_t>(std::countr_zero(others));
  }
  if (execution_.traced() && answer != preferred) {
    execution_.note(fmt::format("{}: {}", info.question, info.alternatives[answer]));
  }
  return answer;
}

std::optional<RegistrationId> Registrar::find_registration(const void* handle) const {
  const auto value = reinterpret_cast<std::uintptr_t>(handle) - kRegistrationHandles;
  if (value % kHandleStride != 0 || value / kHandleStride >= registrations_.size()) {
    return std::nullopt;
  }
  return RegistrationId{static_cast<std::uint32_t>(value / kHandleStride)};
}

std::optional<BindingId> Registrar::find_binding(Side side, const void* handle) const {
  const auto value = reinterpret_cast<std::uintptr_t>(handle) - kBindingHandles;
  const std::uintptr_t position = value / kHandleStride;
  if (value % kHandleStride != 0 || position / 2 >= bindings_.size() ||
      position % 2 != index(side)) {
    return std::nullopt;
  }
  return BindingId{static_cast<std::uint32_t>(position / 2)};
}

std::uint32_t Registrar::register_module(Side side, const ModuleCallbacks& callbacks,
                                         const std::array<std::uint8_t, 16>& npi, void** handle) {
  const char* function = function_name(side, "NmrRegisterClient", "NmrRegisterProvider");
  kernel_.require_irql_at_most(kPassiveLevel, function);
  const RegistrationId id{static_cast<std::uint32_t>(registrations_.size())};
  Registration& made = registrations_.emplace_back();
  made.side = side;
  made.module = kernel_.current_module();
  made.callbacks = callbacks;
  made.npi = npi;
  made.has_cleanup = callouts_.has_cleanup(made);
  made.object = execution_.create("registration");
  made.pins = execution_.create("bindings of the registration");
  made.handle = registration_handle(id);
  const sim::Place place = kernel_.place();
  const FrameScope frame(kernel_, {FrameKind::kRegistrar, made.module, kNoBinding, side, function});
  execution_.step({{directory_, Op::kUpdate}}, function, place);
  kernel_.emit({.kind = EventKind::kRegisterCalled,
                .side = side,
                .module = made.module,
                .registration = id,
                .pointer = callbacks.characteristics,
                .name = function});
  const std::uint32_t first = match(id);
  const std::uint32_t count = binding_count() - first;
  const bool handle_first = ask(2) == 0;
  if (handle_first) store_handle(handle, made.handle);
  make_offers(first, count);
  if (!handle_first) store_handle(handle, made.handle);
  if (made.state == RegistrationState::kRegistering) made.state = RegistrationState::kRegistered;
  kernel_.emit({.kind = EventKind::kRegisterReturned,
                .side = side,
                .module = made.module,
                .registration = id,
                .name = function});
  return kStatusSuccess;
}

// The variable may be one that other fibers read: storing is then a step.
void Registrar::store_handle(void** handle, void* value) {
  if (kernel_.block_of(handle)) kernel_.access(handle, true, "store the handle");
  *handle = value;
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
  execution_.step({{binding.object, Op::kUpdate},
                   {client.pins, Op::kAdd, 1},
                   {provider.pins, Op::kAdd, 1},
                   {client.object, Op::kRead},
                   {provider.object, Op::kRead}},
                  "offer", kernel_.place());
  const bool closed =
      client.state == RegistrationState::kClosed || provider.state == RegistrationState::kClosed;
  if (!closed && (!late(binding) || ask(10) == 1)) return true;
  close_unattached(id);
  return false;
}

void Registrar::close_unattached(BindingId id) {
  bindings_[index(id)].phase = BindingPhase::kClosed;
  for (const Side side : {Side::kClient, Side::kProvider}) release(id, side);
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
  const Registration& client = registrations_[index(binding.registration(Side::kClient))];
  const Registration& provider = registrations_[index(binding.registration(Side::kProvider))];
  execution_.step(
      {{binding.object, Op::kUpdate}, {client.object, Op::kRead}, {provider.object, Op::kRead}},
      "attached", kernel_.place());
  kernel_.emit({.kind = EventKind::kAttachReturned,
                .side = Side::kClient,
                .module = client.module,
                .binding = id,
                .status = status});
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
  kernel_.emit({.kind = EventKind::kAttachCalled,
                .side = Side::kClient,
                .module = client.module,
                .binding = id,
                .name = frame.name});
  const std::uint32_t status =
      callouts_.client_attach(client, provider, binding.side(Side::kClient).handle);
  if (binding.phase == BindingPhase::kClientDeciding) {
    kernel_.emit({.kind = EventKind::kAttachReturned,
                  .side = Side::kClient,
                  .module = client.module,
                  .binding = id,
                  .status = status,
                  .name = frame.name});
  }
  return status;
}

std::uint32_t Registrar::client_attach_provider(void* handle, void* client_context,
                                                const void* client_dispatch,
                                                void** provider_context,
                                                const void** provider_dispatch) {
  constexpr const char* kFunction = "NmrClientAttachProvider";
  const std::optional<BindingId> found = find_binding(Side::kClient, handle);
  const BindingId id = found.value_or(kNoBinding);
  kernel_.emit(
      {.kind = EventKind::kBindingHandleUsed, .binding = id, .pointer = handle, .name = kFunction});
  if (!found || bindings_[index(id)].phase != BindingPhase::kClientDeciding) {
    return kStatusInvalidDeviceState;
  }
  Binding& binding = bindings_[index(id)];
  const Registration& client = registrations_[index(binding.registration(Side::kClient))];
  const Registration& provider = registrations_[index(binding.registration(Side::kProvider))];
  const sim::Place place = kernel_.place();
  kernel_.emit({.kind = EventKind::kClientAttachCalled, .binding = id, .name = kFunction});
  const FrameScope scope(kernel_,
                         {FrameKind::kRegistrar, client.module, id, Side::kClient, kFunction});
  binding.phase = BindingPhase::kProviderDeciding;
  binding.side(Side::kClient).context = client_context;
  binding.side(Side::kClient).dispatch = client_dispatch;
  const Frame frame{FrameKind::kAttach, provider.module, id, Side::kProvider,
                    "ProviderAttachClient"};
  kernel_.push(frame);
  kernel_.emit({.kind = EventKind::kAttachCalled,
                .side = Side::kProvider,
                .module = provider.module,
                .binding = id,
                .name = frame.name});
  const Callouts::ProviderAnswer answer = callouts_.provider_attach(
      provider, client, binding.side(Side::kProvider).handle, client_context, client_dispatch);
  execution_.step(
      {{binding.object, Op::kUpdate}, {binding.side(Side::kProvider).done_flag, Op::kUpdate}},
      "return", kernel_.place());
  kernel_.emit({.kind = EventKind::kAttachReturned,
                .side = Side::kProvider,
                .module = provider.module,
                .binding = id,
                .status = answer.status,
                .block = (answer.context_stored ? 1u : 0u) | (answer.dispatch_stored ? 2u : 0u),
                .name = frame.name});
  kernel_.pop();
  kernel_.set_place(place);
  if (nt_success(answer.status)) {
    binding.phase = BindingPhase::kProviderAttached;
    binding.side(Side::kProvider).context = answer.context;
    binding.side(Side::kProvider).dispatch = answer.dispatch;
    *provider_context = answer.context;
    *provider_dispatch = answer.dispatch;
    binding.attach_call_returned = true;
  } else {
    binding.phase = BindingPhase::kClientDeciding;
  }
  kernel_.emit({.kind = EventKind::kClientAttachReturned,
                .binding = id,
                .status = answer.status,
                .name = kFunction});
  return answer.status;
}

std::uint32_t Registrar::wait(Side side, void* handle) {
  const char* function = function_name(side, "NmrWaitForClientDeregisterComplete",
                                       "NmrWaitForProviderDeregisterComplete");
  kernel_.require_irql_at_most(kApcLevel, function);
  const std::optional<RegistrationId> found = find_registration(handle);
  const RegistrationId id = found.value_or(kNoRegistration);
  kernel_.emit({.kind = EventKind::kRegistrationHandleUsed,
                .side = side,
                .module = kernel_.current_module(),
                .registration = id,
                .pointer = handle,
                .name = function});
  if (!found || registrations_[index(id)].side != side ||
      registrations_[index(id)].state != RegistrationState::kDeregistering) {
    return kStatusInvalidParameter;
  }
  Registration& waiting = registrations_[index(id)];
  const sim::Place place = kernel_.place();
  kernel_.emit({.kind = EventKind::kWaitCalled,
                .side = side,
                .module = waiting.module,
                .registration = id,
                .name = function});
  const FrameScope scope(kernel_,
                         {FrameKind::kRegistrar, waiting.module, kNoBinding, side, function});
  execution_.step({{waiting.pins, Op::kAwait, 0}, {waiting.object, Op::kUpdate}}, function, place);
  waiting.state = RegistrationState::kClosed;
  kernel_.emit({.kind = EventKind::kWaitReturned,
                .side = side,
                .module = waiting.module,
                .registration = id,
                .name = function});
  return kStatusSuccess;
}

BindingId Registrar::begin_call(const void* dispatch, const void* peer_context, const char* name) {
  // The latest binding whose peer gave this table and context.
  BindingId id = kNoBinding;
  Side caller = Side::kClient;
  for (std::uint32_t i = 0; i < 2 * binding_count(); ++i) {
    const Side owner = i % 2 == 0 ? Side::kClient : Side::kProvider;
    const BindingSide& side = bindings_[i / 2].side(owner);
    if (side.dispatch != dispatch || side.context != peer_context) continue;
    id = BindingId{i / 2};
    caller = peer_of(owner);
  }
  if (id == kNoBinding) {
    kernel_.push({FrameKind::kCall, kernel_.current_module(), id, caller, name});
    return id;
  }
  const Binding& binding = bindings_[index(id)];
  const ModuleId callee = registrations_[index(binding.registration(peer_of(caller)))].module;
  execution_.step({{binding.side(caller).done_flag, Op::kRead}}, name, kernel_.place());
  kernel_.emit({.kind = EventKind::kCallBegan,
                .side = caller,
                .module = callee,
                .binding = id,
                .name = name});
  kernel_.push({FrameKind::kCall, callee, id, caller, name});
  return id;
}

void Registrar::end_call() {
  const Frame frame = kernel_.frames(execution_.current()).back();
  if (frame.binding != kNoBinding) {
    const Binding& binding = bindings_[index(frame.binding)];
    execution_.step({{binding.side(frame.side).done_flag, Op::kRead}}, "return", kernel_.place());
  }
  kernel_.pop();
  if (frame.binding == kNoBinding) return;
  kernel_.emit({.kind = EventKind::kCallEnded,
                .side = frame.side,
                .module = frame.module,
                .binding = frame.binding,
                .name = frame.name});
}

}  // namespace nmrcheck::model
