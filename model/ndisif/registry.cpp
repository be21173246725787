// Choice points, handles, and providers.
#include "model/ndisif/registry.h"

#include <algorithm>
#include <bit>

#include "model/ndisif/call.h"
#include "model/ndisif/choices.h"

namespace nmrcheck::model {
namespace {

using sim::Op;

// Handles look like kernel addresses, which no driver may dereference.
constexpr std::uintptr_t kProviderHandles = 0xFFFFE00100001000u;
constexpr std::uintptr_t kHandleStride = 0x40;

// Keys of objects that different fibers may be the first to need.
constexpr std::uint64_t kDirectoryKey = 0x6E64697369660000u;
constexpr std::uint64_t kLuidsKey = 0x6E64697369661000u;

enum HeaderAnswer : std::uint32_t {  // alternatives of U02
  kLargeAccepted,
  kLargeNotSupported,
  kSmallInvalid,
  kSmallNotSupported,
  kRevisionNotSupported,
  kRevisionAccepted,
  kRevisionZeroInvalid,
};

enum HandlerAnswer : std::uint32_t {  // alternatives of U03
  kNoQueryInvalid,
  kNoQueryAccepted,
  kNoSetInvalid,
  kNoSetAccepted,
  kReservedIgnored,
  kReservedInvalid,
};

}  // namespace

InterfaceRegistry::InterfaceRegistry(Kernel& kernel, const Profile& profile,
                                     InterfaceCallouts& callouts)
    : kernel_(kernel),
      execution_(kernel.execution()),
      answers_(kernel.execution(), profile),
      callouts_(callouts) {}

// --- Choice points ---

std::uint32_t InterfaceRegistry::ask(std::uint32_t choice, Alternatives possible) {
  return answers_.ask(interface_choice(choice), possible);
}

// Whoever needs the answer updates the same object, so that the first to ask is told from the
// others.
std::uint32_t InterfaceRegistry::row(std::uint32_t choice, Alternatives possible) {
  if (rows_.size() <= boot()) rows_.resize(boot() + 1);
  Alternatives& answers = rows_[boot()][choice];
  if ((answers & possible) == 0) answers |= bit(ask(choice, possible));
  return static_cast<std::uint32_t>(std::countr_zero(answers & possible));
}

// --- What all functions share ---

std::uint32_t InterfaceRegistry::boot() const { return kernel_.power().boot(); }

sim::ObjectId InterfaceRegistry::directory() {
  if (directories_.size() <= boot()) directories_.resize(boot() + 1, sim::kNoObject);
  sim::ObjectId& object = directories_[boot()];
  if (object == sim::kNoObject) {
    object = execution_.create("interface registry", {}, kDirectoryKey + boot());
  }
  return object;
}

sim::ObjectId InterfaceRegistry::luids() {
  if (luids_ == sim::kNoObject) luids_ = execution_.create("LUID indexes", {}, kLuidsKey);
  return luids_;
}

// LUID indexes are durable: what depends on them is ordered with a power failure.
void InterfaceRegistry::add_luids(sim::Footprint& footprint, sim::Op op) {
  footprint.add({luids(), op});
  kernel_.power().add_on(footprint);
}

// The image lives while its code runs, and an unload is judged by what runs.
void InterfaceRegistry::add_image(sim::Footprint& footprint, ModuleId module) const {
  if (module != kNoModule) footprint.add({kernel_.module(module).image, Op::kRead});
}

void InterfaceRegistry::emit(EventKind kind, const char* function, const InterfaceFacts& facts,
                             std::uint32_t status, std::uint32_t block, const void* pointer) {
  kernel_.emit({.kind = kind,
                .module = kernel_.current_module(),
                .status = status,
                .block = block,
                .pointer = pointer,
                .name = function,
                .interfaces = &facts});
}

InterfaceRegistry::Call::Call(InterfaceRegistry& registry, const char* function)
    : registry_(registry), function_(function) {
  Kernel& kernel = registry.kernel_;
  kernel.require_irql_at_most(kPassiveLevel, function);
  module_ = kernel.current_module();
  kernel.push({FrameKind::kInterfaceFunction, module_, kNoBinding, Side::kClient, function});
}

void InterfaceRegistry::Call::step(sim::Footprint footprint, const char* action) const {
  registry_.add_image(footprint, module_);
  registry_.execution_.step(footprint, action, registry_.kernel_.place());
}

std::optional<std::uint32_t> InterfaceRegistry::injected_failure(const char* function) {
  if (!kernel_.may_fail(function)) return std::nullopt;
  const std::uint32_t other =
      execution_.choose("status of the failure", 2, 0, sim::Asked::kBounded);
  return other == 0 ? kStatusInsufficientResources : kStatusUnsuccessful;
}

// Of two errors either may be seen. Success is none.
std::uint32_t InterfaceRegistry::first_of_two(std::uint32_t first, std::uint32_t other) {
  if (nt_success(first)) return other;
  if (nt_success(other) || other == first) return first;
  return execution_.choose("which of two errors is seen", 2, 0, sim::Asked::kBounded) == 0 ? first
                                                                                           : other;
}

// --- Providers ---

// The ladder of validations: what is wrong with the header comes before what is wrong with the
// rest.
std::uint32_t InterfaceRegistry::judge_characteristics(const ProviderDescription& given) {
  std::uint32_t first = kStatusSuccess;
  std::uint32_t other = kStatusSuccess;
  const auto refuse_if = [&](bool refused, std::uint32_t error) {
    if (!refused) return;
    if (nt_success(first)) first = error;
    if (nt_success(other) && error != first) other = error;
  };
  const HeaderDescription& header = given.header;
  const bool small = header.size < kCharacteristicsBytes;
  if (header.revision == 0) {
    const std::uint32_t answer = row(2, bit(kRevisionNotSupported) | bit(kRevisionZeroInvalid));
    refuse_if(true,
              answer == kRevisionNotSupported ? kStatusNotSupported : kStatusInvalidParameter);
  } else if (header.revision > 1) {
    const Alternatives accepted = small ? 0 : bit(kRevisionAccepted);
    refuse_if(row(2, bit(kRevisionNotSupported) | accepted) == kRevisionNotSupported,
              kStatusNotSupported);
  }
  if (small) {
    const std::uint32_t answer = row(2, bit(kSmallInvalid) | bit(kSmallNotSupported));
    refuse_if(true, answer == kSmallInvalid ? kStatusInvalidParameter : kStatusNotSupported);
  }
  if (header.size > kCharacteristicsBytes) {
    refuse_if(row(2, bit(kLargeAccepted) | bit(kLargeNotSupported)) == kLargeNotSupported,
              kStatusNotSupported);
  }
  if (header.type != kObjectTypeDefault) {
    const std::uint32_t answer = row(1);
    refuse_if(answer != 2, answer == 0 ? kStatusInvalidParameter : kStatusNotSupported);
  }
  if (small) return first_of_two(first, other);  // the rest is not there
  if (!given.has_query) {
    refuse_if(row(3, bit(kNoQueryInvalid) | bit(kNoQueryAccepted)) == kNoQueryInvalid,
              kStatusInvalidParameter);
  }
  if (!given.has_set) {
    refuse_if(row(3, bit(kNoSetInvalid) | bit(kNoSetAccepted)) == kNoSetInvalid,
              kStatusInvalidParameter);
  }
  if (given.reserved) {
    refuse_if(row(3, bit(kReservedIgnored) | bit(kReservedInvalid)) == kReservedInvalid,
              kStatusInvalidParameter);
  }
  return first_of_two(first, other);
}

std::uint32_t InterfaceRegistry::register_provider(const void* characteristics,
                                                   const ProviderDescription& given,
                                                   void** handle) {
  const Call call(*this, "NdisIfRegisterProvider");
  const bool fails = kernel_.may_fail(call.function());
  sim::Footprint footprint{{directory(), Op::kUpdate}};
  kernel_.add_variable(footprint, handle, Op::kUpdate);
  kernel_.power().add_on(footprint);  // handles tell in which order providers of all boots came
  call.step(footprint);
  InterfaceFacts facts{.boot = boot(), .characteristics = &given};
  call.emit(EventKind::kIfProviderCalled, facts, 0, 0, characteristics);
  std::uint32_t status = judge_characteristics(given);
  const bool second = std::any_of(providers_.begin(), providers_.end(), [&](const IfProvider& own) {
    return own.module == call.module() && own.live;
  });
  if (nt_success(status) && second && row(7) == 1) status = kStatusInvalidParameter;
  if (nt_success(status) && fails) status = kStatusInsufficientResources;
  if (!nt_success(status)) {
    spoil(handle, kPoisonProviderHandle);
  } else {
    const IfProviderId id{static_cast<std::uint32_t>(providers_.size())};
    IfProvider& made = providers_.emplace_back();
    made.module = call.module();
    made.boot = boot();
    made.characteristics = characteristics;
    made.handlers = callouts_.handlers_of(characteristics);
    made.handle = reinterpret_cast<void*>(kProviderHandles + index(id) * kHandleStride);
    made.live = true;
    made.turn = execution_.create("the provider's turn");
    *handle = made.handle;
    facts.provider = id;
  }
  call.emit(EventKind::kIfProviderReturned, facts, status);
  return status;
}

std::optional<IfProviderId> InterfaceRegistry::find_provider(const void* handle) const {
  const auto value = reinterpret_cast<std::uintptr_t>(handle) - kProviderHandles;
  if (value % kHandleStride != 0 || value / kHandleStride >= providers_.size()) return std::nullopt;
  return IfProviderId{static_cast<std::uint32_t>(value / kHandleStride)};
}

// A restart ends providers without a call.
bool InterfaceRegistry::lives(IfProviderId id) const {
  const IfProvider& provider = providers_[index(id)];
  return provider.live && provider.boot == boot();
}

// U28. Requires: the step that is on updates the directory.
std::uint32_t InterfaceRegistry::count_interfaces(IfProviderId id) {
  std::uint32_t count = 0;
  for (const Interface& interface : interfaces_) {
    if (interface.provider != id || interface.state == InterfaceState::kGone) continue;
    const bool closing = interface.state == InterfaceState::kClosing;
    if (!closing || row(28) == 0) ++count;
  }
  return count;
}

// Callbacks that NdisIfDeregisterInterface did not wait for (U10), or does not yet (U28): the
// provider's deregistration does (U12). Requires: the step that is on names the directory, which
// the states of interfaces are read from.
void InterfaceRegistry::wait_for_callbacks(IfProviderId id) {
  for (std::uint32_t i = 0; i < interface_count(); ++i) {
    const Interface& interface = interfaces_[i];
    const bool waited_for = interface.state == InterfaceState::kGone && interface.leaving == 0;
    if (interface.provider != id || interface.state == InterfaceState::kKnown || waited_for) {
      continue;
    }
    execution_.step({{interface.calls, Op::kBeginDrain}}, "choose no more", kernel_.place());
    execution_.step({{interface.calls, Op::kDrain}, {directory(), Op::kRead}}, "wait for callbacks",
                    kernel_.place());
  }
}

void InterfaceRegistry::deregister_provider(void* handle) {
  const Call call(*this, "NdisIfDeregisterProvider");
  sim::Footprint footprint{{directory(), Op::kUpdate}};
  call.step(footprint);
  const std::optional<IfProviderId> found = find_provider(handle);
  InterfaceFacts facts{.boot = boot()};
  if (found) facts.provider = *found;
  call.emit(EventKind::kIfProviderHandleUsed, facts, 0, 0, handle);
  if (!found || !lives(*found)) return;
  call.emit(EventKind::kIfProviderDeregistering, facts, 0, count_interfaces(*found), handle);
  providers_[index(*found)].live = false;
  wait_for_callbacks(*found);
  sim::Footprint end{{directory(), Op::kUpdate}};
  call.step(end, "return");
  call.emit(EventKind::kIfProviderDeregistered, facts);
}

}  // namespace nmrcheck::model
