// Deregistration, detach, completion, cleanup.
#include "model/nmr/registrar.h"

namespace nmrcheck::model {
namespace {

using sim::Op;

enum DetachOrder : std::uint32_t {  // alternatives of CP-12
  kClientFirst,
  kProviderFirst,
  kBothAtOnce,
  kStagedClientFirst,
  kStagedProviderFirst,
};

}  // namespace

std::uint32_t Registrar::deregister(Side side, void* handle) {
  const char* function = side == Side::kClient ? "NmrDeregisterClient" : "NmrDeregisterProvider";
  kernel_.require_irql_at_most(kDispatchLevel, function);
  const FrameScope scope(
      kernel_, {FrameKind::kRegistrar, kernel_.current_module(), kNoBinding, side, function});
  const std::optional<RegistrationId> found = use_handle(side, handle, Op::kUpdate, function);
  if (!found || registrations_[index(*found)].state >= RegistrationState::kDeregistering) {
    return kStatusInvalidParameter;
  }
  const RegistrationId id = *found;
  Registration& leaving = registrations_[index(id)];
  leaving.state = RegistrationState::kDeregistering;
  kernel_.emit({.kind = EventKind::kDeregisterCalled,
                .side = side,
                .module = leaving.module,
                .registration = id,
                .name = function});
  detach_all(id);
  std::uint32_t status = kStatusPending;
  if (may_answer(30, 1)) {
    sim::Footprint footprint{{leaving.pins, Op::kRead}, {leaving.object, Op::kUpdate}};
    add_image(footprint, leaving.module);
    kernel_.add_taking_back(footprint, leaving.instance_copy);
    const bool finished = execution_.step(footprint, "return", kernel_.place()) == 0;
    if (finished && ask(30) == 1) {
      close(id);
      status = kStatusSuccess;
    }
  }
  kernel_.emit({.kind = EventKind::kDeregisterReturned,
                .side = side,
                .module = leaving.module,
                .registration = id,
                .status = status,
                .name = function});
  return status;
}

// Claims the registration's bindings, one after another, and starts their detach.
void Registrar::detach_all(RegistrationId id) {
  const Side side = registrations_[index(id)].side;
  const std::uint32_t count = binding_count();  // no later one is of this registration
  std::uint32_t own = 0;
  for (const Binding& binding : bindings_) own += binding.registration(side) == id ? 1 : 0;
  const std::uint32_t order = own > 1 ? ask(5) : 0;
  for (std::uint32_t turn = 0; turn < count; ++turn) {
    const std::uint32_t i = order == 1 ? count - 1 - turn : turn;
    if (bindings_[i].registration(side) != id || !claim_detach(BindingId{i}, true)) continue;
    if (order == 2 || ask(11) == 1) {
      execution_.spawn("nmr worker", [this, i] { start_detach(BindingId{i}); });
    } else {
      start_detach(BindingId{i});
    }
  }
}

// A step on the binding. Before or after it the code of either module may run.
void Registrar::announce(BindingId id, sim::Footprint footprint, const char* action) {
  add_images(footprint, bindings_[index(id)]);
  add_gates(footprint, bindings_[index(id)]);
  execution_.step(footprint, action, kernel_.place());
}

// Exactly one caller gets true for a binding: it starts the detach.
bool Registrar::claim_detach(BindingId id, bool from_deregister) {
  Binding& binding = bindings_[index(id)];
  if (from_deregister) {
    announce(id, {{binding.object, Op::kUpdate}}, "detach");
    if (binding.phase != BindingPhase::kAttached && binding.phase != BindingPhase::kProposed) {
      kernel_.emit({.kind = EventKind::kDeregisterMet,
                    .binding = id,
                    .block = static_cast<std::uint32_t>(binding.phase)});
    }
  }
  bool ready = binding.phase == BindingPhase::kAttached;
  if (binding.phase == BindingPhase::kProviderAttached) {
    const std::uint32_t overlap = ask(6);
    ready = overlap == 2 || (overlap == 1 && binding.attach_call_returned);
  }
  if (ready) binding.phase = BindingPhase::kDetaching;
  return ready;
}

void Registrar::start_detach(BindingId id) { notify_both(id, ask(12)); }

void Registrar::notify_both(BindingId id, std::uint32_t order) {
  const bool provider_first = order == kProviderFirst || order == kStagedProviderFirst;
  const Side first = provider_first ? Side::kProvider : Side::kClient;
  if (order == kBothAtOnce) {
    execution_.spawn("nmr worker", [this, id, first] { call_detach(id, peer_of(first)); });
    call_detach(id, first);
    return;
  }
  call_detach(id, first);
  const bool staged = order == kStagedClientFirst || order == kStagedProviderFirst;
  if (staged && !bindings_[index(id)].side(first).done) {
    notify_when_done(id, first);
  } else {
    call_detach(id, peer_of(first));
  }
}

void Registrar::notify_when_done(BindingId id, Side first) {
  execution_.spawn("nmr worker", [this, id, first] {
    const Binding& binding = bindings_[index(id)];
    announce(id, {{binding.side(first).done_flag, Op::kAwait, 1}, {binding.object, Op::kUpdate}},
             "await first side");
    call_detach(id, peer_of(first));
  });
}

void Registrar::call_detach(BindingId id, Side side) {
  Binding& binding = bindings_[index(id)];
  const Registration& module = registrations_[index(binding.registration(side))];
  const bool client = side == Side::kClient;
  Frame frame{FrameKind::kDetach, module.module, id, side,
              client ? "ClientDetachProvider" : "ProviderDetachClient"};
  frame.calls = binding.side(side).done_flag;
  const sim::Place place = kernel_.place();
  kernel_.push(frame);
  binding.side(side).detach_called = true;
  const Passed given{.context = binding.side(side).context};
  kernel_.emit({.kind = EventKind::kDetachCalled,
                .side = side,
                .module = module.module,
                .binding = id,
                .name = frame.name,
                .passed = &given});
  kernel_.open_irql(17);
  const std::uint32_t status = callouts_.detach(module, binding.side(side).context);
  // The return is a step: a completion on another fiber may come before it.
  const bool done = status != kStatusPending;
  announce(id,
           {{binding.side(side).done_flag, done ? Op::kWrite : Op::kUpdate, 1},
            {binding.object, Op::kUpdate}},
           client ? "client detach returns" : "provider detach returns");
  kernel_.close_irql();
  kernel_.emit({.kind = EventKind::kDetachReturned,
                .side = side,
                .module = module.module,
                .binding = id,
                .status = status,
                .name = frame.name});
  kernel_.pop();
  kernel_.set_place(place);
  binding.side(side).detach_returned = true;
  if (done) binding.side(side).done = true;
  if (binding.phase == BindingPhase::kDetaching) {
    finish_side_if_ready(id);
  } else {
    release_sides(id);  // the cleanup did not wait for this return, but the registration does
  }
}

void Registrar::detach_complete(Side side, void* handle) {
  const char* function =
      side == Side::kClient ? "NmrClientDetachProviderComplete" : "NmrProviderDetachClientComplete";
  kernel_.require_irql_at_most(kDispatchLevel, function);
  Event use{
      .kind = EventKind::kBindingHandleUsed, .side = side, .pointer = handle, .name = function};
  const std::optional<BindingId> known = find_binding(side, handle);
  if (!known) {
    kernel_.emit(use);
    return;
  }
  const ModuleId module = registrations_[index(bindings_[index(*known)].registration(side))].module;
  const FrameScope scope(kernel_, {FrameKind::kRegistrar, module, *known, side, function});
  const BindingId id = use_binding_handle(side, handle, true, function).value_or(*known);
  Binding& binding = bindings_[index(id)];
  use.binding = id;
  kernel_.emit(use);
  kernel_.emit({.kind = EventKind::kCompletionCalled,
                .side = side,
                .module = module,
                .binding = id,
                .name = function});
  if (!binding.side(side).done) {
    binding.side(side).done = true;
    finish_side_if_ready(id);
  }
  kernel_.emit({.kind = EventKind::kCompletionReturned,
                .side = side,
                .module = module,
                .binding = id,
                .name = function});
}

// Called in the step that changed a side. Starts the cleanup when both sides are done, once.
void Registrar::finish_side_if_ready(BindingId id) {
  Binding& binding = bindings_[index(id)];
  const BindingSide& client = binding.side(Side::kClient);
  const BindingSide& provider = binding.side(Side::kProvider);
  if (binding.phase != BindingPhase::kDetaching || !client.done || !provider.done) return;
  const bool all_returned = client.detach_returned && provider.detach_returned;
  if (!client.detach_called || !provider.detach_called) return;  // the other call is still to come
  if (!all_returned && ask(14) == 0) return;                     // the last return will come here
  binding.phase = BindingPhase::kCleanup;
  binding.wait_policy = ask(18);
  binding.tails_may_run_on = !all_returned && ask(19) == 1;
  if (binding.wait_policy == 2) {
    kernel_.emit({.kind = EventKind::kCleanupNotAwaited, .binding = id});
    release_sides(id);
  }
  run_cleanup(id);
}

void Registrar::run_cleanup(BindingId id) {
  // Whether the finishing thread is at DISPATCH_LEVEL is asked when something depends on it.
  const bool here = may_answer(16, 0) || may_answer(16, 2);
  const std::uint32_t where = ask(16, here ? (may_answer(16, 0) ? 1u : 4u) | 2u : 2u);
  const std::uint32_t order = ask(15);
  const Side first = order == 1 ? Side::kProvider : Side::kClient;
  if (where == 1) {
    execution_.spawn("nmr worker", [this, id, first] {
      call_cleanup(id, first, false);
      call_cleanup(id, peer_of(first), false);
    });
    return;
  }
  if (order == 2) {
    execution_.spawn("nmr worker", [this, id, first] { call_cleanup(id, peer_of(first), false); });
    call_cleanup(id, first, true);
    return;
  }
  call_cleanup(id, first, true);
  call_cleanup(id, peer_of(first), true);
}

// `may_be_raised`: perhaps at DISPATCH_LEVEL.
void Registrar::call_cleanup(BindingId id, Side side, bool may_be_raised) {
  Binding& binding = bindings_[index(id)];
  const Registration& module = registrations_[index(binding.registration(side))];
  if (module.has_cleanup) {
    if (kernel_.module(module.module).unloaded) {  // CP-18: the wait did not wait for the cleanup
      std::string message =
          kernel_.module(module.module).name + " is unloaded, and its cleanup callback is called";
      kernel_.broken("NMR-UNL-03", std::move(message));
    }
    Frame frame{
        FrameKind::kCleanup, module.module, id, side,
        side == Side::kClient ? "ClientCleanupBindingContext" : "ProviderCleanupBindingContext"};
    const sim::Place place = kernel_.place();
    frame.calls = binding.side(side).done_flag;
    kernel_.push(frame);
    const Passed given{.context = binding.side(side).context};
    kernel_.emit({.kind = EventKind::kCleanupCalled,
                  .side = side,
                  .module = module.module,
                  .binding = id,
                  .name = frame.name,
                  .passed = &given});
    if (may_be_raised) kernel_.open_irql(16);
    callouts_.cleanup(module, binding.side(side).context);
    announce(id, {{binding.object, Op::kUpdate}}, "cleanup returns");
    if (may_be_raised) kernel_.close_irql();
    kernel_.emit({.kind = EventKind::kCleanupReturned,
                  .side = side,
                  .module = module.module,
                  .binding = id,
                  .name = frame.name});
    kernel_.pop();
    kernel_.set_place(place);
  }
  binding.side(side).cleaned = true;
  release_sides(id);
}

// Unpins the registrations that may drain now: their waits return when the cleanups are done that
// CP-18 names, and the callbacks have returned, but for the tails of CP-19.
void Registrar::release_sides(BindingId id) {
  Binding& binding = bindings_[index(id)];
  const bool all = binding.side(Side::kClient).cleaned && binding.side(Side::kProvider).cleaned;
  if (all) binding.phase = BindingPhase::kClosed;
  std::array<bool, 2> ready{};  // decided in the step that is on, not in the releases
  for (const Side side : {Side::kClient, Side::kProvider}) {
    const bool own =
        binding.wait_policy == 2 || (binding.wait_policy == 1 && binding.side(side).cleaned);
    const bool attaching = side == Side::kClient && binding.attach_running;  // CP-06
    const bool left =
        !attaching && (binding.side(side).detach_returned || binding.tails_may_run_on);
    ready[index(side)] = (all || own) && left && !binding.side(side).released;
    if (ready[index(side)]) binding.side(side).released = true;
  }
  for (const Side side : {Side::kClient, Side::kProvider}) {
    if (ready[index(side)]) release(id, side);
  }
}

void Registrar::release_both(BindingId id) {
  for (BindingSide& side : bindings_[index(id)].sides) side.released = true;
  for (const Side side : {Side::kClient, Side::kProvider}) release(id, side);
}

// Requires: the side is marked as released, by the caller alone.
void Registrar::release(BindingId id, Side side) {
  const Binding& binding = bindings_[index(id)];
  const RegistrationId registration = binding.registration(side);
  sim::Footprint footprint{{registrations_[index(registration)].pins, Op::kAdd, ~std::uint64_t{0}}};
  if (binding.phase != BindingPhase::kClosed) {  // a cleanup callback may follow in this very step
    footprint.add({binding.object, Op::kUpdate});
    add_images(footprint, binding);
    add_gates(footprint, binding);
  }
  execution_.step(footprint, "release registration", kernel_.place());
  kernel_.emit({.kind = EventKind::kBindingClosed,
                .side = side,
                .registration = registration,
                .binding = id});
}

}  // namespace nmrcheck::model
