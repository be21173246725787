// Vector clocks, and the cheapest path through the positions of the fibers.
#include "sim/explore/partial_order.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <queue>
#include <tuple>
#include <utility>

namespace nmrcheck::sim {
namespace {

void join(std::vector<std::uint32_t>& clock, const std::vector<std::uint32_t>& other) {
  if (clock.size() < other.size()) clock.resize(other.size(), 0);
  for (std::size_t i = 0; i < other.size(); ++i) clock[i] = std::max(clock[i], other[i]);
}

}  // namespace

std::vector<Touch> touches_of(const ChoicePoint& point, std::uint32_t picked) {
  std::vector<Touch> touches;
  if ((point.timed_out & mask_of(FiberId{picked})) != 0) return touches;
  for (const Operation& operation : point.pending[picked].footprint) {
    const std::uint64_t key = point.object_keys[index(operation.object)];
    auto touch = std::find_if(touches.begin(), touches.end(),
                              [key](const Touch& t) { return t.object == key; });
    if (touch == touches.end()) {
      const ObjectState& state = point.states[index(operation.object)];
      touch = touches.insert(touches.end(), {key, false, state, state});
    }
    touch->writes |= apply(operation, touch->after, FiberId{picked}).access == Access::kWrite;
  }
  return touches;
}

bool OrderRecorder::begin_execution(Seed seed) {
  events_.clear();
  fibers_.clear();
  objects_.clear();
  clock_advances_ = 0;
  barrier_.clear();
  too_long_ = false;
  return followed_.begin_execution(seed);
}

std::vector<OrderRecorder::Blocker> OrderRecorder::needs_of(
    const Footprint& footprint, std::span<const std::uint64_t> object_keys) {
  std::vector<Blocker> needs;
  for (const Operation& operation : footprint) {
    if (may_block(operation.op)) needs.push_back({object_keys[index(operation.object)], operation});
  }
  return needs;
}

// The fiber's position in fibers_, where it is put when it is seen first.
std::uint32_t OrderRecorder::fiber_at(const ChoicePoint& point, std::uint32_t id) {
  const std::uint64_t key = point.pending[id].fiber_key;
  for (std::uint32_t i = 0; i < fibers_.size(); ++i) {
    if (fibers_[i].key == key) return i;
  }
  Fiber& made = fibers_.emplace_back();
  made.key = key;
  if (!events_.empty()) made.clock = events_.back().clock;  // the step that started it
  return static_cast<std::uint32_t>(fibers_.size() - 1);
}

Pick OrderRecorder::pick(const ChoicePoint& point) {
  const Pick picked = followed_.pick(point);
  too_long_ = too_long_ || events_.size() == kStepsMax;
  if (!picked || point.kind == ChoiceKind::kValue || too_long_) return picked;
  for (Fiber& fiber : fibers_) fiber.waiting = false;
  for (std::uint64_t left = point.alive; left != 0; left &= left - 1) {
    const auto id = static_cast<std::uint32_t>(std::countr_zero(left));
    Fiber& fiber = fibers_[fiber_at(point, id)];
    fiber.waiting = id != *picked;
    fiber.timed_out = (point.timed_out & mask_of(FiberId{id})) != 0;
    fiber.needs = needs_of(point.pending[id].footprint, point.object_keys);
  }
  if (point.clock_advances != clock_advances_) {  // nothing moves past that
    clock_advances_ = point.clock_advances;
    for (const Fiber& fiber : fibers_) join(barrier_, fiber.clock);
  }
  const std::uint32_t self = fiber_at(point, *picked);
  Fiber& fiber = fibers_[self];
  const auto number = static_cast<std::uint32_t>(events_.size());
  Event event{self, static_cast<std::uint32_t>(fiber.events.size()), fiber.timed_out, fiber.needs,
              fiber.clock};
  join(event.clock, barrier_);
  const std::vector<Touch> touches = touches_of(point, *picked);
  for (const Touch& touch : touches) {
    Object& object =
        objects_.try_emplace(touch.object, Object{touch.before, {}, {}, {}}).first->second;
    join(event.clock, touch.writes ? object.clock : object.written);
    if (touch.writes) object.changes.push_back({number, touch.after});
  }
  if (event.clock.size() <= self) event.clock.resize(self + 1, 0);
  event.clock[self] = event.position + 1;
  for (const Touch& touch : touches) {
    Object& object = objects_[touch.object];
    join(object.clock, event.clock);
    if (touch.writes) join(object.written, event.clock);
  }
  fiber.clock = event.clock;
  fiber.events.push_back(number);
  events_.push_back(std::move(event));
  return picked;
}

// What the fibers wait for in a deadlock: the last one to wait was not seen at any choice.
void OrderRecorder::end_execution(const ExecutionEnd& end) {
  followed_.end_execution(end);
  if (!end.complete || too_long_) return;
  for (Fiber& fiber : fibers_) {
    fiber.waiting = false;
    for (std::uint64_t left = end.alive; left != 0; left &= left - 1) {
      const PendingStep& pending = end.pending[static_cast<std::uint32_t>(std::countr_zero(left))];
      if (pending.fiber_key != fiber.key) continue;
      fiber.waiting = true;
      fiber.timed_out = false;
      fiber.needs = needs_of(pending.footprint, end.object_keys);
    }
  }
}

// The search for an order. A state is how many steps each fiber took, and who took the last.
class Arrangement {
 public:
  Arrangement(const OrderRecorder& record, bool only_past) : record_(record) {
    for (const OrderRecorder::Fiber& fiber : record.fibers_) {
      goal_.push_back(static_cast<std::uint32_t>(fiber.events.size()));
    }
    if (!only_past) return;
    const std::vector<std::uint32_t>& past = record.events_.back().clock;
    for (std::size_t i = 0; i < goal_.size(); ++i) goal_[i] = i < past.size() ? past[i] : 0;
  }

  std::vector<std::uint64_t> find() {
    const std::size_t start = number_of(std::vector<std::uint32_t>(goal_.size(), 0), kNone);
    nodes_[start].cost = {0, 0};
    queue_.push({{0, 0}, start});
    while (!queue_.empty()) {
      const auto [cost, at] = queue_.top();
      queue_.pop();
      if (cost != nodes_[at].cost) continue;
      if (nodes_[at].taken == goal_) return path_to(at);
      if (nodes_.size() > OrderRecorder::kStatesMax) return greedy();
      extend(at);
    }
    return {};
  }

 private:
  static constexpr std::uint32_t kNone = kFibersMax;
  using Cost = std::pair<std::uint32_t, std::uint32_t>;  // preemptions, switches
  using Taken = std::vector<std::uint32_t>;

  struct Node {
    Taken taken;
    std::uint32_t last = kNone;
    Cost cost{~0u, ~0u};
    std::size_t from = 0;
  };

  std::size_t number_of(Taken taken, std::uint32_t last) {
    const auto [entry, made] = numbers_.try_emplace({std::move(taken), last}, nodes_.size());
    if (made) nodes_.push_back({entry->first.first, last, {~0u, ~0u}, 0});
    return entry->second;
  }

  static bool happened(const std::vector<std::uint32_t>& clock, const Taken& taken,
                       std::uint32_t except) {
    for (std::size_t i = 0; i < clock.size(); ++i) {
      if (i != except && clock[i] > taken[i]) return false;
    }
    return true;
  }

  bool ready(const Taken& taken, std::uint32_t fiber) const {
    if (taken[fiber] == goal_[fiber]) return false;
    const auto& events = record_.fibers_[fiber].events;
    return happened(record_.events_[events[taken[fiber]]].clock, taken, fiber);
  }

  const ObjectState& state_of(const OrderRecorder::Object& object, const Taken& taken) const {
    // The changes are ordered among each other: those that happened are the first ones.
    const auto next = std::partition_point(
        object.changes.begin(), object.changes.end(), [&](const OrderRecorder::Change& change) {
          const OrderRecorder::Event& event = record_.events_[change.event];
          return event.position < taken[event.fiber];
        });
    return next == object.changes.begin() ? object.initial : std::prev(next)->after;
  }

  // True if the fiber could go on, so that a switch away from it is a preemption.
  bool could_go_on(const Taken& taken, std::uint32_t number) const {
    const OrderRecorder::Fiber& fiber = record_.fibers_[number];
    const bool executed = taken[number] < fiber.events.size();
    if (!executed && !fiber.waiting) return false;  // it ended
    const auto& needs = executed ? record_.events_[fiber.events[taken[number]]].needs : fiber.needs;
    return std::all_of(needs.begin(), needs.end(), [&](const OrderRecorder::Blocker& need) {
      const auto object = record_.objects_.find(need.object);
      return object == record_.objects_.end() ||  // never touched: waits for good, or never will
             enabled(need.operation, state_of(object->second, taken));
    });
  }

  void extend(std::size_t at) {
    const Taken taken = nodes_[at].taken;
    const std::uint32_t last = nodes_[at].last;
    const Cost cost = nodes_[at].cost;
    const bool busy = last != kNone && could_go_on(taken, last);
    for (std::uint32_t fiber = 0; fiber < goal_.size(); ++fiber) {
      if (!ready(taken, fiber)) continue;
      Taken next = taken;
      ++next[fiber];
      const std::size_t to = number_of(std::move(next), fiber);
      const bool switches = last != kNone && fiber != last;
      const Cost sum{cost.first + (switches && busy ? 1 : 0), cost.second + (switches ? 1 : 0)};
      if (sum >= nodes_[to].cost) continue;
      nodes_[to].cost = sum;
      nodes_[to].from = at;
      queue_.push({sum, to});
    }
  }

  std::vector<std::uint64_t> path_to(std::size_t at) const {
    std::vector<std::uint64_t> order;
    for (; nodes_[at].last != kNone; at = nodes_[at].from) {
      order.push_back(record_.fibers_[nodes_[at].last].key);
    }
    std::reverse(order.begin(), order.end());
    return order;
  }

  // Stays on a fiber as long as the order allows.
  std::vector<std::uint64_t> greedy() const {
    std::vector<std::uint64_t> order;
    Taken taken(goal_.size(), 0);
    std::uint32_t fiber = 0;
    while (taken != goal_) {
      for (std::uint32_t tried = 0; !ready(taken, fiber) && tried < goal_.size(); ++tried) {
        fiber = tried;
      }
      ++taken[fiber];
      order.push_back(record_.fibers_[fiber].key);
    }
    return order;
  }

  using Waiting = std::pair<Cost, std::size_t>;

  const OrderRecorder& record_;
  Taken goal_;
  std::vector<Node> nodes_;
  std::map<std::pair<Taken, std::uint32_t>, std::size_t> numbers_;
  std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> queue_;
};

std::vector<std::uint64_t> OrderRecorder::fewest_preemptions(bool only_past) const {
  if (too_long_ || events_.empty()) return {};
  return Arrangement(*this, only_past).find();
}

}  // namespace nmrcheck::sim
