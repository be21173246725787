// Registration: what may fail, the handle's value, and when it is stored.
#include "model/nmr/registrar.h"

namespace nmrcheck::model {
namespace {

using sim::Op;

// Handles look like kernel addresses, which no driver may dereference: doing so is a crash.
constexpr std::uintptr_t kRegistrationHandles = 0xFFFFE00000001000u;
constexpr std::uintptr_t kHandleStride = 0x40;

// What a failed registration may leave in the handle variable.
void* const kGarbageHandle = reinterpret_cast<void*>(std::uintptr_t{0xBADBADBADBADBAD0u});

enum HandleStored : std::uint32_t {  // alternatives of CP-02
  kBeforeOffers,
  kAfterOffers,
  kAfterFirstOffer,
  kLeftUntouched,
  kNullStored,
  kGarbageStored,
};

constexpr Alternatives bit(std::uint32_t alternative) { return Alternatives{1} << alternative; }

void* registration_handle(std::uint32_t number) {
  return reinterpret_cast<void*>(kRegistrationHandles + number * kHandleStride);
}

}  // namespace

std::optional<RegistrationId> Registrar::find_registration(const void* handle) const {
  const auto value = reinterpret_cast<std::uintptr_t>(handle) - kRegistrationHandles;
  if (value % kHandleStride != 0 || value / kHandleStride >= registrations_.size()) {
    return std::nullopt;
  }
  return RegistrationId{static_cast<std::uint32_t>(value / kHandleStride)};
}

std::uint32_t Registrar::register_module(Side side, const ModuleCallbacks& callbacks,
                                         const NpiId& npi, void** handle) {
  const char* function = side == Side::kClient ? "NmrRegisterClient" : "NmrRegisterProvider";
  kernel_.require_irql_at_most(kPassiveLevel, function);
  const ModuleId module = kernel_.current_module();
  const sim::Place place = kernel_.place();
  const FrameScope frame(kernel_, {FrameKind::kRegistrar, module, kNoBinding, side, function});
  sim::Footprint footprint{{directory_, Op::kUpdate}};
  add_image(footprint, module);
  kernel_.add_variable(footprint, handle, Op::kUpdate);
  execution_.step(footprint, function, place);
  const RegistrationId id{static_cast<std::uint32_t>(registrations_.size())};
  Registration& made = registrations_.emplace_back();
  made.side = side;
  made.module = module;
  made.callbacks = callbacks;
  made.npi = npi;
  made.has_cleanup = callouts_.has_cleanup(made);
  made.object = execution_.create("registration");
  made.pins = execution_.create("bindings of the registration");
  made.handle_number = index(id);
  made.handle_owner = id;
  made.handle = registration_handle(made.handle_number);
  const Description description = callouts_.describe(made);
  for (const auto& [characteristics, limit] : limits_) {
    if (characteristics == callbacks.characteristics) made.bindings_max = limit;
  }
  for (const void* lent :
       {callbacks.characteristics, static_cast<const void*>(callbacks.context), description.npi,
        description.module_id, description.npi_characteristics}) {
    kernel_.judge_frees(lent, made.object);
  }
  kernel_.watch(handle);
  const Passed given{.context = callbacks.context};
  kernel_.emit({.kind = EventKind::kRegisterCalled,
                .side = side,
                .module = made.module,
                .registration = id,
                .block = made.bindings_max,
                .pointer = callbacks.characteristics,
                .name = function,
                .passed = &given,
                .npi = &npi,
                .description = &description,
                .cell = handle,
                .has_cleanup = made.has_cleanup});
  if (refuses(callbacks)) {
    close(id);
    return fail_registration(id, handle, kStatusInvalidParameter, function);
  }
  lend_instance(id);
  const std::uint32_t first = match(id);
  const std::uint32_t count = binding_count() - first;
  number_handle(id);
  // Without an offer nothing lies between the two moments.
  std::uint32_t stored = kAfterOffers;
  if (count > 0) {
    stored =
        ask(2, bit(kBeforeOffers) | bit(kAfterOffers) | (count > 1 ? bit(kAfterFirstOffer) : 0));
  }
  if (stored == kBeforeOffers) store_handle(handle, made.handle);
  make_offers(first, count, [&] {
    if (stored == kAfterFirstOffer) store_handle(handle, made.handle);
  });
  if (count > 0 && ask(3) == 1) {
    roll_back(id);
    return fail_registration(id, handle, kStatusInsufficientResources, function);
  }
  if (stored == kAfterOffers) store_handle(handle, made.handle);
  if (made.state == RegistrationState::kRegistering) made.state = RegistrationState::kRegistered;
  const Passed handed_out{.handle = made.handle};
  kernel_.emit({.kind = EventKind::kRegisterReturned,
                .side = side,
                .module = made.module,
                .registration = id,
                .name = function,
                .passed = &handed_out});
  return kStatusSuccess;
}

// CP-26. What is well formed is never refused.
bool Registrar::refuses(const ModuleCallbacks& callbacks) {
  if (callbacks.malformed) return ask(26, bit(0) | bit(1)) == 1;
  return callbacks.versioned && ask(26, bit(0) | bit(2)) == 2;
}

// CP-21: a module that registers again may get the value that its last registration of this kind
// had. All of these have the number of the first, whose object guards who has the value now.
void Registrar::number_handle(RegistrationId id) {
  if (!may_answer(21, 1)) return;
  Registration& made = registrations_[index(id)];
  std::uint32_t first = 0;
  while (registrations_[first].module != made.module || registrations_[first].side != made.side) {
    ++first;
  }
  if (first == index(id)) return;
  Registration& root = registrations_[first];
  sim::Footprint look{{root.object, Op::kUpdate}};
  add_image(look, made.module);
  execution_.step(look, "last registration", kernel_.place());
  const RegistrationId owner = root.handle_owner;
  if (index(owner) != first) {
    look.add({registrations_[index(owner)].object, Op::kRead});
    execution_.step(look, "last registration", kernel_.place());
  }
  const Registration& last = registrations_[index(owner)];
  const bool free = root.handle_owner == owner && last.handle != nullptr &&
                    last.state == RegistrationState::kClosed;
  if (!free || ask(21) != 1) return;
  made.handle_number = first;
  made.handle = registration_handle(first);
  root.handle_owner = id;
}

// The variable may be one that other fibers read: storing is then a step.
void Registrar::store_handle(void** handle, void* value) {
  if (kernel_.block_of(handle)) kernel_.access(handle, true, "store the handle");
  *handle = value;
  kernel_.unwatch(handle);
}

// Requires: the registration is closed.
std::uint32_t Registrar::fail_registration(RegistrationId id, void** handle, std::uint32_t status,
                                           const char* function) {
  Registration& failed = registrations_[index(id)];
  failed.handle = nullptr;
  const std::uint32_t left = ask(2, bit(kLeftUntouched) | bit(kNullStored) | bit(kGarbageStored));
  if (left == kNullStored) store_handle(handle, nullptr);
  if (left == kGarbageStored) store_handle(handle, kGarbageHandle);
  kernel_.unwatch(handle);
  kernel_.emit({.kind = EventKind::kRegisterReturned,
                .side = failed.side,
                .module = failed.module,
                .registration = id,
                .status = status,
                .name = function});
  return status;
}

// CP-03: detaches what attached and waits until all of it is cleaned up.
void Registrar::roll_back(RegistrationId id) {
  Registration& undone = registrations_[index(id)];
  sim::Footprint footprint{{undone.object, Op::kUpdate}, {directory_, Op::kUpdate}};
  add_image(footprint, undone.module);
  execution_.step(footprint, "roll back", kernel_.place());
  undone.state = RegistrationState::kDeregistering;
  kernel_.emit({.kind = EventKind::kRegistrationRolledBack,
                .side = undone.side,
                .module = undone.module,
                .registration = id});
  detach_all(id);
  sim::Footprint drained{{undone.pins, Op::kAwait, 0}, {undone.object, Op::kUpdate}};
  add_image(drained, undone.module);
  kernel_.add_taking_back(drained, undone.instance_copy);
  execution_.step(drained, "rolled back", kernel_.place());
  close(id);
}

// Part of the step that closes the registration.
void Registrar::close(RegistrationId id) {
  Registration& closed = registrations_[index(id)];
  closed.state = RegistrationState::kClosed;
  kernel_.take_back(closed.instance_copy);
  closed.instance_copy = nullptr;
}

// --- The registration instance (CP-27) ---

// The strictest of what is allowed is taken without a question: a use that is good there is good
// with the others.
void Registrar::lend_instance(RegistrationId id) {
  if (strictest(27) != 1) return;
  Registration& lender = registrations_[index(id)];
  const Callouts::Instance own = callouts_.instance_of(lender);
  if (own.address != nullptr) lender.instance_copy = kernel_.lend_copy(own.address, own.bytes);
}

Registrar::Shown Registrar::show_instance(RegistrationId id) {
  const Registration& lender = registrations_[index(id)];
  if (lender.instance_copy != nullptr) return {lender.instance_copy, nullptr};
  const Callouts::Instance own = callouts_.instance_of(lender);
  if (strictest(27) != 2 || own.address == nullptr) return {own.address, nullptr};
  const void* copy = kernel_.lend_copy(own.address, own.bytes);
  return {copy != nullptr ? copy : own.address, copy};
}

}  // namespace nmrcheck::model
