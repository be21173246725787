// The requester: calls providers back, at any moment at which it may, with any buffer.
#include <algorithm>
#include <array>
#include <cstring>

#include "model/ndisif/choices.h"
#include "model/ndisif/objects.h"
#include "model/ndisif/registry.h"

namespace nmrcheck::model {
namespace {

using sim::Op;

constexpr std::size_t kGuardBytes = 16;
constexpr std::uint8_t kGuardByte = 0x5C;
// Each callback is made with one of them first. Bytes that an answer leaves as they were are told
// from bytes that happen to have that value by asking again with the other.
constexpr std::array<std::uint8_t, 2> kPoisons{0xA5, 0x3A};
constexpr std::uint32_t kUnknownBytes = 8;  // offered for an object whose size nobody knows
constexpr std::uint32_t kLargeBytes = 4096;
constexpr std::uint32_t kPromiscuousBytes = 4;
constexpr std::uint64_t kTicksOfMillisecond = 10'000;

enum Length : std::uint32_t { kExact, kNone, kOne, kOneLess, kOneMore, kLarge, kLengths };
constexpr std::array<std::uint32_t, 5> kSetBytes{0, 1, 4, 8, 516};

// Simulated memory with guards before and behind; dead and unmapped when it is taken back.
class Guarded {
 public:
  Guarded(Kernel& kernel, std::uint32_t bytes, std::uint8_t fill) : kernel_(kernel), bytes_(bytes) {
    std::vector<std::uint8_t> image(bytes + 2 * kGuardBytes, kGuardByte);
    std::fill_n(image.begin() + kGuardBytes, bytes, fill);
    block_ = static_cast<std::uint8_t*>(kernel.lend_copy(image.data(), image.size()));
  }
  std::uint8_t* begin() const { return block_ + kGuardBytes; }
  const void* block() const { return block_; }
  // False if simulated memory is used up.
  bool exists() const { return block_ != nullptr; }
  bool intact() const {
    const auto guards = [](const std::uint8_t* at) {
      return std::all_of(at, at + kGuardBytes,
                         [](std::uint8_t byte) { return byte == kGuardByte; });
    };
    return guards(block_) && guards(block_ + kGuardBytes + bytes_);
  }
  void take_back() const { kernel_.take_back(block_); }

 private:
  Kernel& kernel_;
  std::uint32_t bytes_;
  std::uint8_t* block_ = nullptr;
};

}  // namespace

void InterfaceRegistry::start_requests(InterfaceId id) {
  for (std::uint32_t i = 0; i < requests_.per_interface; ++i) {
    execution_.spawn("requester", [this, id] { run_request(id); });
  }
}

void InterfaceRegistry::run_request(InterfaceId id) {
  const Interface& interface = interfaces_[index(id)];
  // Chosen: from now on a strong deregistration waits for it.
  const sim::Footprint choose{{interface.calls, Op::kAcquire}};
  if (execution_.step(choose, "choose a request", kernel_.place()) == 0) return;
  if (!enter(id)) return;
  Exchange& exchange = exchanges_.emplace_back();
  const ProviderHandlers& handlers = providers_[index(interface.provider)].handlers;
  exchange.request = choose_request(handlers);
  if (!exchange.request.set && handlers.query == nullptr) return leave(id);  // U03 (b)
  fire(id, exchange);
  constexpr std::uint32_t kRetry = 1;     // U21 (b)
  constexpr std::uint32_t kCompared = 1;  // U26 (b)
  const Answer& answer = exchange.answer;
  if (!nt_success(answer.status) && !answer.set && answer.reported > answer.offered &&
      answer.reported <= kLargeBytes && ask(21) == kRetry) {
    exchange.request.length = answer.reported;
    fire(id, exchange);
  }
  if (requests_.compares && !answer.set && ask(26) == kCompared) compare(id, exchange);
  leave(id);
}

// Between being chosen and being entered, a weak deregistration may have returned (U10).
bool InterfaceRegistry::enter(InterfaceId id) {
  constexpr std::uint32_t kEnteredOnly = 1;  // U10 (b)
  const Interface& interface = interfaces_[index(id)];
  sim::Footprint footprint{{interface.object, Op::kRead}};
  if (interface.one_at_a_time != sim::kNoObject) {
    footprint.add({interface.one_at_a_time, Op::kLock});
  }
  add_image(footprint, providers_[index(interface.provider)].module);
  execution_.step(footprint, "enter a callback", kernel_.place());
  if (interface.state != InterfaceState::kGone || interface.leaving != kEnteredOnly) return true;
  leave(id);
  return false;
}

// What was chosen is over, or given up.
void InterfaceRegistry::leave(InterfaceId id) {
  const Interface& interface = interfaces_[index(id)];
  sim::Footprint footprint{{interface.calls, Op::kRelease}};
  if (interface.one_at_a_time != sim::kNoObject) {
    footprint.add({interface.one_at_a_time, Op::kUnlock});
  }
  execution_.step(footprint, "leave", kernel_.place());
}

InterfaceRegistry::Request InterfaceRegistry::choose_request(const ProviderHandlers& handlers) {
  Request request;
  const std::span<const ObjectInfo> all = interface_objects();
  const std::span<const std::uint32_t> named = requests_.identifiers;
  const std::size_t known = std::min<std::size_t>(requests_.objects, all.size());
  const auto objects = static_cast<std::uint32_t>(named.empty() ? known : named.size());
  request.set = requests_.sets && handlers.set != nullptr && ask(23) == 1;  // U03 (d)
  std::uint32_t which = 0;
  if (objects > 1) which = execution_.choose("object", objects, 0, sim::Asked::kBounded);
  request.object = named.empty() ? all[which].id : named[which];
  if (request.set) {
    constexpr auto kCount = static_cast<std::uint32_t>(kSetBytes.size());
    request.length = kSetBytes[execution_.choose("length", kCount, 0, sim::Asked::kBounded)];
    return request;
  }
  const ObjectInfo* object = find_object(request.object);
  std::uint32_t need = object == nullptr ? kUnknownBytes : object->bytes;
  if (request.object == kOidPromiscuousMode && ask(22) == 1) need = kPromiscuousBytes;
  request.length = need;
  if (!requests_.lengths) return request;
  switch (execution_.choose("length", kLengths, 0, sim::Asked::kBounded)) {
    case kNone:
      request.length = 0;
      break;
    case kOne:
      request.length = 1;
      break;
    case kOneLess:
      request.length = need - 1;
      break;
    case kOneMore:
      request.length = need + 1;
      break;
    case kLarge:
      request.length = kLargeBytes;
      break;
    default:
      break;
  }
  return request;
}

// Asks, and once more if the answer may be incomplete: bytes that are poison both times are.
void InterfaceRegistry::fire(InterfaceId id, Exchange& exchange) {
  exchange.first.clear();
  call_back(id, exchange, kPoisons[0]);
  const bool doubtful = exchange.answer.status == kStatusSuccess && !exchange.request.set &&
                        std::find(exchange.bytes.begin(), exchange.bytes.end(), kPoisons[0]) !=
                            exchange.bytes.begin() + exchange.answer.written();
  if (!doubtful) return;
  exchange.first = exchange.bytes;
  call_back(id, exchange, kPoisons[1]);
}

// One callback, on the current fiber, which is inside the interface's rundown.
void InterfaceRegistry::call_back(InterfaceId id, Exchange& exchange, std::uint8_t poison) {
  const Request& request = exchange.request;
  const Interface& interface = interfaces_[index(id)];
  const IfProvider& provider = providers_[index(interface.provider)];
  const char* name = request.set ? "IF_SET_OBJECT" : "IF_QUERY_OBJECT";
  const Guarded buffer(kernel_, request.length, poison);
  const Guarded length(kernel_, sizeof(std::uint32_t), 0);
  Answer& answer = exchange.answer;
  answer = {.set = request.set, .object = request.object, .offered = request.length};
  if (!buffer.exists() || !length.exists()) {
    answer.status = kStatusInsufficientResources;  // NDIS has no memory to ask with
    return;
  }
  auto* cell = reinterpret_cast<std::uint32_t*>(length.begin());
  *cell = request.length;
  void* const given = request.length == 0 ? nullptr : buffer.begin();
  Frame frame{FrameKind::kInterfaceCallback, provider.module, kNoBinding, Side::kProvider, name};
  frame.interface = id;
  const sim::Place place = kernel_.place();
  kernel_.push(frame);
  InterfaceFacts facts{.provider = interface.provider,
                       .interface = id,
                       .index = interface.index,
                       .luid = interface.luid,
                       .boot = interface.boot};
  kernel_.emit({.kind = EventKind::kIfCallbackCalled,
                .module = provider.module,
                .block = request.object,
                .pointer = given,
                .name = name,
                .cell = cell,
                .interfaces = &facts});
  constexpr std::uint32_t kReread = 1;
  if (answers_.strictest(interface_choice(6)) == kReread) {
    kernel_.touch(interface.information, "read the information");
  }
  ProviderHandlers handlers = provider.handlers;
  if (answers_.strictest(interface_choice(5)) == kReread) {
    kernel_.touch(provider.characteristics, "read the handlers");
    handlers = callouts_.handlers_of(provider.characteristics);
  }
  if (request.set) {
    answer.status =
        callouts_.set(handlers, interface.context, request.object, request.length, given);
  } else {
    answer.status = callouts_.query(handlers, interface.context, request.object, cell, given);
  }
  // The return is a step of its own: others may come between it and what the callback did last.
  sim::Footprint end{{interface.object, Op::kRead}};
  add_image(end, provider.module);
  kernel_.add_taking_back(end, buffer.block());
  kernel_.add_taking_back(end, length.block());
  execution_.step(end, "return", kernel_.place());
  answer.reported = request.set ? 0 : *cell;
  exchange.bytes.assign(buffer.begin(), buffer.begin() + request.length);
  answer.bytes = exchange.bytes.data();
  answer.guards_intact = buffer.intact() && length.intact();
  answer.uptime_ms = execution_.now() / kTicksOfMillisecond;
  answer.closing = interface.closing;
  for (std::uint32_t i = 0; i < answer.written() && i < exchange.first.size(); ++i) {
    if (exchange.bytes[i] != poison || exchange.first[i] != kPoisons[0]) continue;
    answer.first_unwritten = i;
    break;
  }
  buffer.take_back();
  length.take_back();
  facts.answer = &answer;
  emit(EventKind::kIfCallbackReturned, name, facts, answer.status);
  kernel_.pop();
  kernel_.set_place(place);
}

// Asks for all values at once, and compares with the answer, if nobody else changed what the two
// callbacks used.
void InterfaceRegistry::compare(InterfaceId id, const Exchange& single) {
  if (single.answer.status != kStatusSuccess) return;
  Exchange& whole = exchanges_.emplace_back();
  whole.request = {.object = kOidInterfaceInfo, .length = find_object(kOidInterfaceInfo)->bytes};
  Exchange& again = exchanges_.emplace_back();
  again.request = single.request;
  if (!comparisons_.observing) execution_.observe_steps(comparisons_);
  comparisons_.observing = true;
  Comparison& comparison = comparisons_.all.emplace_back(Comparison{execution_.current()});
  fire(id, whole);
  fire(id, again);
  comparison.fiber = sim::kNoFiber;  // over
  const bool both = whole.answer.status == kStatusSuccess && again.answer.status == kStatusSuccess;
  if (!both || comparison.changed) return;
  const Interface& interface = interfaces_[index(id)];
  const InterfaceFacts facts{.provider = interface.provider,
                             .interface = id,
                             .index = interface.index,
                             .luid = interface.luid,
                             .boot = interface.boot,
                             .answer = &again.answer,
                             .compared = &whole.answer};
  kernel_.emit({.kind = EventKind::kIfAnswersCompared,
                .module = providers_[index(interface.provider)].module,
                .name = "IF_QUERY_OBJECT",
                .interfaces = &facts});
}

// That another fiber came between two uses of one object is the same in all orders of independent
// steps.
void InterfaceRegistry::Comparisons::on_step(sim::FiberId fiber, const sim::Footprint& footprint,
                                             std::span<const sim::Access> made) {
  for (Comparison& comparison : all) {
    if (comparison.fiber == sim::kNoFiber) continue;
    for (std::size_t i = 0; i < footprint.size(); ++i) {
      const sim::ObjectId object = footprint.begin()[i].object;
      const auto known = std::find_if(comparison.used.begin(), comparison.used.end(),
                                      [&](const auto& used) { return used.first == object; });
      const bool used = known != comparison.used.end();
      if (fiber != comparison.fiber) {
        if (used && made[i] == sim::Access::kWrite) known->second = true;
      } else if (used) {
        comparison.changed |= known->second;
      } else {
        comparison.used.emplace_back(object, false);
      }
    }
  }
}

}  // namespace nmrcheck::model
