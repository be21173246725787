// Registration handles, waiting, and calls through dispatch tables.
#include "model/nmr/registrar.h"

#include <fmt/format.h>

#include <algorithm>

namespace nmrcheck::model {
namespace {

using sim::Op;

const char* function_name(Side side, const char* client, const char* provider) {
  return side == Side::kClient ? client : provider;
}

}  // namespace

Registrar::Registrar(Kernel& kernel, const Profile& profile, Callouts& callouts)
    : kernel_(kernel),
      execution_(kernel.execution()),
      answers_(kernel.execution(), profile),
      callouts_(callouts),
      directory_(kernel.execution().create("registrar")) {
  kernel.set_irql_decider(*this);
}

// CP-16 (a) or (c), or CP-17.
bool Registrar::decide_raised(std::uint32_t number) {
  const std::uint32_t raised = number == 16 ? 2 : 1;
  return ask(number, 1 | (Alternatives{1} << raised)) == raised;
}

// The image lives while its code runs, and an unload is judged by what runs.
void Registrar::add_image(sim::Footprint& footprint, ModuleId module) const {
  if (module != kNoModule) footprint.add({kernel_.module(module).image, Op::kRead});
}

// How many bindings of a module are attached is judged where one attaches and where one ends.
void Registrar::add_gates(sim::Footprint& footprint, const Binding& binding) const {
  for (const RegistrationId id : binding.registrations) {
    const Registration& declared = registrations_[index(id)];
    const bool named = std::any_of(
        footprint.begin(), footprint.end(),
        [&](const sim::Operation& operation) { return operation.object == declared.object; });
    if (declared.bindings_max > 0 && !named) footprint.add({declared.object, Op::kUpdate});
  }
}

void Registrar::add_images(sim::Footprint& footprint, const Binding& binding) const {
  for (const RegistrationId id : binding.registrations) {
    add_image(footprint, registrations_[index(id)].module);
  }
}

// The step in which a function is given a registration handle. Returns the registration if it is of
// the function's side.
std::optional<RegistrationId> Registrar::use_handle(Side side, void* handle, Op op,
                                                    const char* function) {
  const ModuleId module = kernel_.current_module();
  std::optional<RegistrationId> found = find_registration(handle);
  sim::Footprint footprint;
  if (found) footprint.add({registrations_[index(*found)].object, op});
  if (!found || op == Op::kUpdate) footprint.add({directory_, op});
  add_image(footprint, module);
  execution_.step(footprint, function, kernel_.place());
  if (found && registrations_[index(*found)].handle_owner != *found) {  // CP-21
    found = registrations_[index(*found)].handle_owner;
    sim::Footprint owners{{registrations_[index(*found)].object, op}};
    add_image(owners, module);
    execution_.step(owners, function, kernel_.place());
  }
  if (found && registrations_[index(*found)].handle != handle) found.reset();
  kernel_.emit({.kind = EventKind::kRegistrationHandleUsed,
                .side = side,
                .module = module,
                .registration = found.value_or(kNoRegistration),
                .pointer = handle,
                .name = function});
  if (!found || registrations_[index(*found)].side != side) return std::nullopt;
  return found;
}

std::uint32_t Registrar::wait(Side side, void* handle) {
  const char* function = function_name(side, "NmrWaitForClientDeregisterComplete",
                                       "NmrWaitForProviderDeregisterComplete");
  kernel_.require_irql_at_most(kApcLevel, function);
  const sim::Place place = kernel_.place();
  const ModuleId module = kernel_.current_module();
  const FrameScope scope(kernel_, {FrameKind::kRegistrar, module, kNoBinding, side, function});
  const std::optional<RegistrationId> found = use_handle(side, handle, Op::kRead, function);
  if (!found || registrations_[index(*found)].state != RegistrationState::kDeregistering) {
    return kStatusInvalidParameter;
  }
  const RegistrationId id = *found;
  Registration& waiting = registrations_[index(id)];
  kernel_.emit({.kind = EventKind::kWaitCalled,
                .side = side,
                .module = waiting.module,
                .registration = id,
                .name = function});
  sim::Footprint footprint{{waiting.pins, Op::kAwait, 0}, {waiting.object, Op::kUpdate}};
  add_image(footprint, module);
  kernel_.add_taking_back(footprint, waiting.instance_copy);
  const Description before = callouts_.describe(waiting);
  kernel_.add_variable(footprint, before.npi, Op::kRead);
  kernel_.add_variable(footprint, before.module_id, Op::kRead);
  execution_.step(footprint, "drained", place);
  const Description description = callouts_.describe(waiting);
  close(id);
  kernel_.emit({.kind = EventKind::kWaitReturned,
                .side = side,
                .module = waiting.module,
                .registration = id,
                .name = function,
                .description = &description});
  return kStatusSuccess;
}

BindingId Registrar::guard_calls(void* handle, sim::ObjectId guard) {
  const BindingId id = find_binding(Side::kClient, handle).value_or(kNoBinding);
  if (id != kNoBinding) bindings_[index(id)].side(Side::kClient).call_guard = guard;
  return id;
}

// The latest binding whose peer gave this table and context to the calling module, or else to any:
// a peer with one context for all gives every module the same.
Registrar::Lent Registrar::find_lent(const void* dispatch, const void* peer_context) const {
  const ModuleId user = kernel_.current_module();
  Lent lent;
  bool to_user = false;
  for (std::uint32_t i = 0; i < 2 * binding_count(); ++i) {
    const Side owner = i % 2 == 0 ? Side::kClient : Side::kProvider;
    const Binding& binding = bindings_[i / 2];
    const BindingSide& side = binding.side(owner);
    if (side.dispatch != dispatch || side.context != peer_context) continue;
    const RegistrationId taker = binding.registration(peer_of(owner));
    const bool own = registrations_[index(taker)].module == user;
    if (to_user && !own) continue;
    lent = {BindingId{i / 2}, peer_of(owner)};
    to_user = own;
  }
  return lent;
}

BindingId Registrar::begin_call(const void* dispatch, const void* peer_context, const char* name) {
  if (dispatch == nullptr) call_null_table(name);
  const auto [id, caller] = find_lent(dispatch, peer_context);
  if (id == kNoBinding) {
    kernel_.push({FrameKind::kCall, kernel_.current_module(), id, caller, name});
    return id;
  }
  begin_call_of(id, caller, name);
  return id;
}

void Registrar::begin_direct_call(ModuleId callee, const void* argument, const char* name) {
  Lent by_context;
  Lent only;
  bool several = false;
  for (std::uint32_t i = 0; i < 2 * binding_count(); ++i) {
    const Side owner = i % 2 == 0 ? Side::kClient : Side::kProvider;
    const Binding& binding = bindings_[i / 2];
    if (registrations_[index(binding.registration(owner))].module != callee) continue;
    if (registrations_[index(binding.registration(peer_of(owner)))].module !=
        kernel_.current_module()) {
      continue;
    }
    several |= only.binding != kNoBinding;
    only = {BindingId{i / 2}, peer_of(owner)};
    if (argument != nullptr && binding.side(owner).context == argument) by_context = only;
  }
  const Lent lent = by_context.binding != kNoBinding || several ? by_context : only;
  if (lent.binding == kNoBinding) {
    sim::Footprint footprint;
    add_image(footprint, callee);
    execution_.step(footprint, name, kernel_.place());
    kernel_.push({FrameKind::kCall, callee, kNoBinding, Side::kClient, name});
  } else {
    begin_call_of(lent.binding, lent.caller, name);
  }
}

void Registrar::begin_call_of(BindingId id, Side caller, const char* name) {
  const Binding& binding = bindings_[index(id)];
  const ModuleId callee = registrations_[index(binding.registration(peer_of(caller)))].module;
  sim::Footprint footprint{{binding.side(caller).done_flag, Op::kRead}};
  add_image(footprint, callee);
  if (binding.side(caller).call_guard != sim::kNoObject) {
    footprint.add({binding.side(caller).call_guard, Op::kRead});
  }
  execution_.step(footprint, name, kernel_.place());
  kernel_.emit({.kind = EventKind::kCallBegan,
                .side = caller,
                .module = callee,
                .binding = id,
                .name = name});
  kernel_.push({FrameKind::kCall, callee, id, caller, name});
}

void Registrar::end_call() {
  const Frame frame = kernel_.frames(execution_.current()).back();
  if (frame.binding != kNoBinding) {
    const Binding& binding = bindings_[index(frame.binding)];
    sim::Footprint footprint{{binding.side(frame.side).done_flag, Op::kRead}};
    add_image(footprint, frame.module);
    execution_.step(footprint, "return", kernel_.place());
  }
  kernel_.pop();
  if (frame.binding == kNoBinding) return;
  kernel_.emit({.kind = EventKind::kCallEnded,
                .side = frame.side,
                .module = frame.module,
                .binding = frame.binding,
                .name = frame.name});
}

// What a client may call depends on how far its bindings are: the step names the latest of them.
void Registrar::call_null_table(const char* name) {
  constexpr std::uint32_t kNamedMax = 6;
  const ModuleId caller = kernel_.current_module();
  sim::Footprint footprint{{directory_, Op::kRead}};
  std::uint32_t named = 0;
  for (std::uint32_t i = binding_count(); i-- > 0 && named < kNamedMax;) {
    const RegistrationId client = bindings_[i].registration(Side::kClient);
    if (registrations_[index(client)].module != caller) continue;
    footprint.add({bindings_[i].object, Op::kRead});
    ++named;
  }
  execution_.step(footprint, name, kernel_.place());
  kernel_.emit({.kind = EventKind::kNullTableCalled, .module = caller, .name = name});
}

void Registrar::limit_bindings(const void* characteristics, std::uint32_t bindings) {
  limits_.emplace_back(characteristics, bindings);
}

void Registrar::tell_use(EventKind fact, const void* dispatch, const void* peer_context) {
  const auto [id, user] = find_lent(dispatch, peer_context);
  if (id == kNoBinding) return;
  const char* action = fact == EventKind::kReferenceTaken     ? "take reference"
                       : fact == EventKind::kReferenceDropped ? "drop reference"
                       : fact == EventKind::kRequestPended    ? "request pends"
                                                              : "request completes";
  announce(id, {{bindings_[index(id)].side(user).done_flag, Op::kRead}}, action);
  kernel_.emit({.kind = fact,
                .side = user,
                .module = registrations_[index(bindings_[index(id)].registration(user))].module,
                .binding = id,
                .name = action});
}

}  // namespace nmrcheck::model
