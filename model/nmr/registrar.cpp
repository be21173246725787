// Choice points, registration handles, waiting, and calls through dispatch tables.
#include "model/nmr/registrar.h"

#include <fmt/format.h>

#include <bit>

#include "model/nmr/choices.h"

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
      profile_(profile),
      callouts_(callouts),
      directory_(kernel.execution().create("registrar")) {
  kernel.set_irql_decider(*this);
}

// With the questions of another profile, the answers are that profile's too, as far as this one has
// them.
std::uint32_t Registrar::ask(std::uint32_t number, Alternatives possible) {
  const ChoicePointInfo& info = choice_point(number);
  const auto among = [&](const Profile& profile) {
    const Alternatives allowed = profile.allowed[number] & possible;
    if (allowed != 0) return allowed;
    const Alternatives usual = possible & (Alternatives{1} << info.default_alternative);
    return usual != 0 ? usual : possible & info.all();
  };
  const auto preferred = [&](Alternatives allowed) {
    const bool usual = (allowed >> info.default_alternative & 1) != 0;
    return usual ? info.default_alternative : static_cast<std::uint32_t>(std::countr_zero(allowed));
  };
  const Alternatives asked = among(profile_.questions != nullptr ? *profile_.questions : profile_);
  std::uint32_t answer = preferred(asked);
  if (!std::has_single_bit(asked)) {
    const auto count = static_cast<std::uint32_t>(std::popcount(asked));
    std::uint32_t picked = execution_.choose(info.question, count, 0, sim::Asked::kBounded);
    if (picked != 0) {
      Alternatives others = asked & ~(Alternatives{1} << answer);
      for (; picked > 1; --picked) others &= others - 1;
      answer = static_cast<std::uint32_t>(std::countr_zero(others));
    }
  }
  const Alternatives allowed = among(profile_);
  if ((allowed >> answer & 1) == 0) answer = preferred(allowed);
  if (execution_.traced() && answer != preferred(allowed)) {
    execution_.note(fmt::format("{}: {}", info.question, info.alternatives[answer]));
  }
  return answer;
}

bool Registrar::may_answer(std::uint32_t number, std::uint32_t alternative) const {
  const Profile& asked = profile_.questions != nullptr ? *profile_.questions : profile_;
  return ((asked.allowed[number] | profile_.allowed[number]) >> alternative & 1) != 0;
}

std::uint32_t Registrar::strictest(std::uint32_t number) const {
  return static_cast<std::uint32_t>(std::bit_width(profile_.allowed[number])) - 1;
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
  execution_.step(footprint, "drained", place);
  close(id);
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
  sim::Footprint footprint{{binding.side(caller).done_flag, Op::kRead}};
  add_image(footprint, callee);
  execution_.step(footprint, name, kernel_.place());
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

}  // namespace nmrcheck::model
