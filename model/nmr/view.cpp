// One case for each kind of event.
#include "model/nmr/view.h"

namespace nmrcheck::model {
namespace {

constexpr std::uint32_t kPending = 0x103;

const Passed kNothing{};
const BindingView kNoBindingView{};
const RegistrationView kNoRegistrationView{};

const Passed& passed(const Event& event) {
  return event.passed != nullptr ? *event.passed : kNothing;
}

bool succeeded(std::uint32_t status) { return status < 0x80000000u; }

}  // namespace

const BindingView& View::binding(BindingId id) const {
  return index(id) < bindings_.size() ? bindings_[index(id)] : kNoBindingView;
}

const RegistrationView& View::registration(RegistrationId id) const {
  return index(id) < registrations_.size() ? registrations_[index(id)] : kNoRegistrationView;
}

const NpiFacts* View::facts(const NpiId& npi) const {
  for (const NpiFacts& known : facts_) {
    if (known.npi == npi) return &known;
  }
  return nullptr;
}

BindingView& View::binding_at(BindingId id) {
  if (index(id) >= bindings_.size()) bindings_.resize(index(id) + 1);
  return bindings_[index(id)];
}

RegistrationView& View::registration_at(RegistrationId id) {
  if (index(id) >= registrations_.size()) registrations_.resize(index(id) + 1);
  return registrations_[index(id)];
}

void View::fold(const Event& event) {
  if (event.kind >= EventKind::kWskRegistered && event.kind <= EventKind::kWskSocketsChanged) {
    wsk_.fold(event);
    return;
  }
  if (event.binding != kNoBinding) fold_binding(event);
  if (event.registration != kNoRegistration) fold_registration(event);
  if (event.kind == EventKind::kNpiDeclared) facts_.push_back({*event.npi, event.status});
}

void View::fold_registration(const Event& event) {
  RegistrationView& registration = registration_at(event.registration);
  switch (event.kind) {
    case EventKind::kRegisterCalled:
      registration.side = event.side;
      registration.module = event.module;
      registration.characteristics = event.pointer;
      registration.context = passed(event).context;
      registration.has_cleanup = event.has_cleanup;
      registration.cell = event.cell;
      registration.bindings_max = event.block;
      if (event.description != nullptr) registration.description = *event.description;
      if (event.npi != nullptr) registration.npi = *event.npi;
      break;
    case EventKind::kRegisterReturned:
      registration.returned = true;
      registration.failed = !succeeded(event.status);
      registration.handle = passed(event).handle;
      if (!succeeded(event.status)) registration.closed = true;
      break;
    case EventKind::kRegistrationRolledBack:
      registration.rolled_back = true;
      break;
    case EventKind::kDeregisterCalled:
      ++registration.deregister_calls;
      break;
    case EventKind::kDeregisterReturned:
      registration.deregister_returned = true;
      if (event.status == 0) registration.closed = true;
      break;
    case EventKind::kWaitCalled:
      ++registration.wait_calls;
      break;
    case EventKind::kWaitReturned:
      registration.closed = true;
      break;
    default:
      break;
  }
}

void View::fold_attach(const Event& event, BindingView& binding) {
  SideView& side = binding.side(event.side);
  switch (event.kind) {
    case EventKind::kAttachCalled:
      side.module = event.module;
      side.registration = event.registration;
      side.handle = passed(event).handle;
      ++side.attach_callbacks;
      side.attach_returned = false;  // a client may try again after a refusal
      binding.side(peer_of(event.side)).registration = event.peer_registration;
      break;
    case EventKind::kAttachReturned:
      side.attach_returned = true;
      side.attach_status = event.status;
      if (event.side == Side::kClient) break;
      binding.accepted = succeeded(event.status);
      if (!binding.accepted) break;
      side.context = passed(event).context;
      side.dispatch = passed(event).dispatch;
      break;
    case EventKind::kClientAttachCalled:
      ++binding.attach_calls;
      binding.side(Side::kClient).context = passed(event).context;
      binding.side(Side::kClient).dispatch = passed(event).dispatch;
      break;
    case EventKind::kClientAttachReturned:
      binding.last_attach_status = event.status;
      if (succeeded(event.status)) binding.client_attached = true;
      break;
    default:
      break;
  }
}

void View::fold_binding(const Event& event) {
  BindingView& binding = binding_at(event.binding);
  SideView& side = binding.side(event.side);
  fold_attach(event, binding);
  switch (event.kind) {
    case EventKind::kDetachCalled:
      ++side.detach_calls;
      break;
    case EventKind::kDetachReturned:
      side.detach_returned = true;
      side.detach_status = event.status;
      if (event.status == kPending) break;
      side.done_by_return = side.done_by_return || side.completions == 0;
      side.done = true;
      break;
    case EventKind::kCompletionCalled:
      ++side.completions;
      if (side.detach_calls > 0 && !side.detach_returned) side.completed_early = true;
      side.done = true;
      break;
    case EventKind::kCallBegan:
      ++side.open_calls;
      break;
    case EventKind::kCallEnded:
      --side.open_calls;
      break;
    case EventKind::kReferenceTaken:
      ++side.references;
      side.declares_references = true;
      break;
    case EventKind::kReferenceDropped:
      --side.references;
      break;
    case EventKind::kRequestPended:
      ++side.requests;
      break;
    case EventKind::kRequestCompleted:
      --side.requests;
      break;
    case EventKind::kCleanupCalled:
      ++side.cleanup_calls;
      break;
    case EventKind::kCleanupReturned:
      side.cleanup_returned = true;
      break;
    case EventKind::kBindingClosed:
      ++side.closings;
      break;
    case EventKind::kCleanupNotAwaited:
      binding.cleanup_awaited = false;
      break;
    default:
      break;
  }
}

}  // namespace nmrcheck::model
