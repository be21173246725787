// Interfaces: registering, looking up, deregistering.
#include <algorithm>
#include <array>

#include "model/ndisif/call.h"
#include "model/ndisif/choices.h"
#include "model/ndisif/registry.h"

namespace nmrcheck::model {
namespace {

using sim::Op;

bool contents_valid(const InterfaceDescription& given) {
  return enums_in_range(given) && given.address_length <= kAddressBytesMax &&
         given.name_length <= kNameBytesMax && given.name_length % 2 == 0;
}

}  // namespace

// What is wrong whatever the tables hold.
std::uint32_t InterfaceRegistry::judge_version(const HeaderDescription& header) {
  if (header.revision != 1 || header.size < kInformationBytes) {
    constexpr std::array kStatuses{kStatusInvalidParameter, kStatusNotSupported, kStatusBadVersion};
    return kStatuses[execution_.choose("status for a wrong version",
                                       static_cast<std::uint32_t>(kStatuses.size()), 0,
                                       sim::Asked::kBounded)];
  }
  if (header.type == kObjectTypeDefault) return kStatusSuccess;
  const std::uint32_t answer = row(1);
  return answer == 2 ? kStatusSuccess : answer == 0 ? kStatusInvalidParameter : kStatusNotSupported;
}

// What is wrong with the rest.
std::uint32_t InterfaceRegistry::judge_information(std::uint64_t luid,
                                                   const InterfaceDescription& given) {
  const bool luid_valid = reserved_of(luid) == 0 && type_of(luid) != 0 && has_luid(luid);
  if ((!contents_valid(given) || !luid_valid) && row(15) == 0) {
    return kStatusInvalidParameter;
  }
  if (find_luid(luid)) return kStatusDuplicateObjectId;
  const bool guid_taken =
      std::any_of(interfaces_.begin(), interfaces_.end(), [&](const Interface& other) {
        return other.state == InterfaceState::kKnown && other.boot == boot() &&
               other.guid == given.guid;
      });
  if (guid_taken && row(27) == 1) return kStatusInvalidParameter;
  return kStatusSuccess;
}

// The interface of this boot that came last of those for which matches(interface) is true.
template <class Matches>
std::optional<InterfaceId> InterfaceRegistry::find_latest(Matches matches) const {
  const std::uint32_t present = boot();
  for (std::uint32_t i = interface_count(); i-- > 0;) {
    if (interfaces_[i].boot == present && matches(interfaces_[i])) return InterfaceId{i};
  }
  return std::nullopt;
}

std::optional<InterfaceId> InterfaceRegistry::find_interface(std::uint32_t wanted) const {
  return find_latest([&](const Interface& interface) {
    return interface.index == wanted && interface.state == InterfaceState::kKnown;
  });
}

// Dead or alive.
InterfaceId InterfaceRegistry::latest_with_index(std::uint32_t wanted) const {
  return find_latest([&](const Interface& interface) { return interface.index == wanted; })
      .value_or(kNoInterface);
}

std::optional<InterfaceId> InterfaceRegistry::find_luid(std::uint64_t luid) const {
  return find_latest([&](const Interface& interface) {
    return interface.luid == luid && interface.state == InterfaceState::kKnown;
  });
}

// U14. Returns 0 if all are in use.
std::uint32_t InterfaceRegistry::choose_index() {
  const auto free = [&](std::uint32_t wanted) { return !find_interface(wanted); };
  std::uint32_t lowest = 1;
  while (lowest <= indexes_max_ && !free(lowest)) ++lowest;
  if (lowest > indexes_max_) return 0;
  std::uint32_t recent = lowest;
  for (const FreedIndex& freed : freed_indexes_) {
    if (freed.boot == boot() && free(freed.index)) recent = freed.index;
  }
  std::uint32_t other = lowest + 1;
  while (other <= indexes_max_ && !free(other)) ++other;
  Alternatives possible = bit(0);
  if (recent != lowest) possible |= bit(1);
  if (other <= indexes_max_) possible |= bit(2);
  const std::uint32_t answer = ask(14, possible);
  return answer == 0 ? lowest : answer == 1 ? recent : other;
}

std::uint32_t InterfaceRegistry::register_interface(void* handle, std::uint64_t luid, void* context,
                                                    const void* information,
                                                    const InterfaceDescription& given,
                                                    std::uint32_t* stored) {
  const Call call(*this, "NdisIfRegisterInterface");
  const std::optional<std::uint32_t> failure = injected_failure(call.function());
  sim::Footprint footprint{{directory(), Op::kUpdate}};
  add_luids(footprint, Op::kRead);
  kernel_.add_variable(footprint, stored, Op::kUpdate);
  call.step(footprint);
  const std::optional<IfProviderId> owner = find_provider(handle);
  InterfaceFacts facts{.luid = luid, .boot = boot(), .information = &given};
  if (owner) facts.provider = *owner;
  call.emit(EventKind::kIfProviderHandleUsed, facts, 0, 0, handle);
  if (!owner || !lives(*owner)) return kStatusInvalidParameter;
  call.emit(EventKind::kInterfaceCalled, facts, 0, 0, information);
  const std::uint32_t version = judge_version(given.header);
  std::uint32_t status = judge_information(luid, given);
  if (!nt_success(version)) status = first_of_two(version, status);
  if (nt_success(status) && failure) status = *failure;
  const std::uint32_t chosen = nt_success(status) ? choose_index() : 0;
  if (nt_success(status) && chosen == 0) status = kStatusInsufficientResources;
  if (!nt_success(status)) {
    spoil(stored, kPoisonIndex);
    call.emit(EventKind::kInterfaceReturned, facts, status);
    return status;
  }
  const InterfaceId id{interface_count()};
  Interface& made = interfaces_.emplace_back();
  made.provider = *owner;
  made.boot = boot();
  made.index = chosen;
  made.luid = luid;
  made.context = context;
  made.information = information;
  made.guid = given.guid;
  made.calls = execution_.create("callbacks of the interface");
  made.object = execution_.create("interface");
  if (requests_.per_interface > 1) {
    const std::uint32_t together = row(9);
    if (together == 1) made.one_at_a_time = execution_.create("the interface's turn");
    if (together == 2) made.one_at_a_time = providers_[index(*owner)].turn;
  }
  facts.interface = id;
  facts.index = chosen;
  call.emit(EventKind::kInterfaceInserted, facts);
  const bool early =
      answers_.may_answer(interface_choice(8), 0) || answers_.may_answer(interface_choice(8), 2);
  if (early) start_requests(id);
  sim::Footprint end{{directory(), Op::kUpdate}};
  kernel_.add_variable(end, stored, Op::kUpdate);
  call.step(end, "return");
  made.returned = true;
  *stored = chosen;
  call.emit(EventKind::kInterfaceReturned, facts);
  if (!early) start_requests(id);
  return kStatusSuccess;
}

// Callbacks of the interface that the current fiber is inside of.
std::uint32_t InterfaceRegistry::calls_on_this_fiber(InterfaceId id) const {
  const std::vector<Frame>& frames = kernel_.frames(execution_.current());
  return static_cast<std::uint32_t>(
      std::count_if(frames.begin(), frames.end(), [&](const Frame& frame) {
        return frame.kind == FrameKind::kInterfaceCallback && frame.interface == id;
      }));
}

void InterfaceRegistry::deregister_interface(std::uint32_t given) {
  const Call call(*this, "NdisIfDeregisterInterface");
  sim::Footprint footprint{{directory(), Op::kUpdate}};
  call.step(footprint);
  const std::optional<InterfaceId> found = find_interface(given);
  InterfaceFacts facts{
      .interface = found.value_or(latest_with_index(given)), .index = given, .boot = boot()};
  if (found) facts.provider = interfaces_[index(*found)].provider;
  call.emit(EventKind::kInterfaceIndexUsed, facts, found ? 1 : 0);
  if (!found) return;
  const std::uint32_t waits = row(10);
  Interface& leaving = interfaces_[index(*found)];
  facts.luid = leaving.luid;
  const std::uint32_t own = calls_on_this_fiber(*found);
  const std::uint32_t inside = own > 0 ? row(11) : 0;
  call.emit(EventKind::kInterfaceDeregistering, facts, inside, own);
  leaving.state = InterfaceState::kClosing;
  leaving.leaving = waits;
  freed_indexes_.push_back({boot(), given});
  std::erase_if(pairs_, [&](const Pair& pair) {
    return pair.boot == boot() && (pair.higher == given || pair.lower == given);
  });
  execution_.step({{leaving.calls, Op::kBeginDrain}, {leaving.object, Op::kUpdate}}, "close",
                  kernel_.place());
  leaving.closing = true;
  sim::Footprint end{{leaving.object, Op::kUpdate}, {directory(), Op::kUpdate}};
  if (waits == 0) end.add({leaving.calls, Op::kAwait, inside == 1 ? own : 0});
  call.step(end, "return");
  leaving.state = InterfaceState::kGone;
  call.emit(EventKind::kInterfaceDeregistered, facts);
}

std::uint32_t InterfaceRegistry::index_of_luid(std::uint64_t luid, std::uint32_t* stored) {
  const Call call(*this, "NdisIfGetInterfaceIndexFromNetLuid");
  const bool settled = !answers_.may_answer(interface_choice(31), 1);
  sim::Footprint footprint{{directory(), settled ? Op::kRead : Op::kUpdate}};
  add_luids(footprint, Op::kRead);
  kernel_.add_variable(footprint, stored, Op::kUpdate);
  call.step(footprint);
  InterfaceFacts facts{.luid = luid, .boot = boot()};
  for (std::uint32_t i = 0; i < interface_count(); ++i) {
    const Interface& interface = interfaces_[i];
    if (interface.luid != luid || interface.boot != boot()) continue;
    if (interface.state == InterfaceState::kGone) continue;
    if (interface.state == InterfaceState::kClosing && row(31) == 0) continue;
    if (!interface.returned && ask(8, bit(0) | bit(2)) != 2) continue;
    *stored = interface.index;
    facts.interface = InterfaceId{i};
    facts.index = interface.index;
    call.emit(EventKind::kLuidUsed, facts);
    return kStatusSuccess;
  }
  spoil(stored, kPoisonIndex);
  call.emit(EventKind::kLuidUsed, facts, kStatusInterfaceNotFound);
  return kStatusInterfaceNotFound;
}

std::uint32_t InterfaceRegistry::luid_of_index(std::uint32_t wanted, std::uint64_t* stored) {
  const Call call(*this, "NdisIfGetNetLuidFromInterfaceIndex");
  // An update: whether the index is out of date depends on what lookups, which read, told before.
  sim::Footprint footprint{{directory(), Op::kUpdate}};
  kernel_.add_variable(footprint, stored, Op::kUpdate);
  call.step(footprint);
  const std::optional<InterfaceId> found = find_interface(wanted);
  InterfaceFacts facts{
      .interface = found.value_or(latest_with_index(wanted)), .index = wanted, .boot = boot()};
  call.emit(EventKind::kInterfaceIndexUsed, facts, found ? 1 : 0);
  if (found && (interfaces_[index(*found)].returned || ask(8, bit(0) | bit(2)) == 2)) {
    *stored = interfaces_[index(*found)].luid;
    return kStatusSuccess;
  }
  spoil(stored, kPoisonLuid);
  return kStatusInterfaceNotFound;
}

}  // namespace nmrcheck::model
