// Events and vector clocks.
#include "sim/strategy/dpor_history.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace nmrcheck::sim {

std::span<const std::uint32_t> History::answers(std::size_t i) const {
  const std::size_t first = events_[i].answers_begin;
  const std::size_t end = i + 1 < events_.size() ? events_[i + 1].answers_begin : answers_.size();
  return {answers_.data() + first, end - first};
}

void History::truncate(std::size_t count) {
  if (count >= events_.size()) return;
  const std::uint32_t keep = events_[count].operations_begin;
  while (operations_.size() > keep) {
    last_on_[index(operations_.back().operation.object)] = operations_.back().before;
    operations_.pop_back();
  }
  answers_.resize(events_[count].answers_begin);
  for (std::size_t i = events_.size(); i-- > std::max<std::size_t>(count, 1);) {
    events_of_[events_[i].fiber].pop_back();
  }
  events_.resize(count);
  clocks_.resize(count * stride_);
  std::erase_if(unmade_, [&](const Later& later) { return later.at >= count; });
}

void History::restart() { fibers_ = 0; }

void History::see_fibers(std::span<const PendingStep> pending, std::uint32_t event) {
  const auto count = static_cast<std::uint32_t>(pending.size());
  if (count <= fibers_) return;
  if (count > spawned_by_.size()) {
    spawned_by_.resize(count);
    fiber_names_.resize(count);
    fiber_keys_.resize(count);
    if (events_of_.size() < count) events_of_.resize(count);
    ensure_stride(count);
  }
  for (; fibers_ < count; ++fibers_) {
    spawned_by_[fibers_] = event;
    const std::uint64_t key = pending[fibers_].fiber_key;
    if (fiber_keys_[fibers_] == key) continue;
    fiber_keys_[fibers_] = key;
    fiber_names_[fibers_] = labels_.fiber_name(key);
  }
}

std::uint32_t History::fiber_named(std::uint32_t name) const {
  for (std::uint32_t i = 0; i < fibers_; ++i) {
    if (fiber_names_[i] == name) return i;
  }
  return kNoEvent;
}

void History::ensure_stride(std::uint32_t fibers) {
  if (fibers <= stride_) return;
  const std::uint32_t wider = (fibers + 7u) & ~7u;
  std::vector<std::uint32_t> clocks(events_.size() * wider, 0);
  for (std::size_t i = 0; i < events_.size(); ++i) {
    std::copy_n(clocks_.begin() + static_cast<std::ptrdiff_t>(i * stride_), stride_,
                clocks.begin() + static_cast<std::ptrdiff_t>(i * wider));
  }
  clocks_ = std::move(clocks);
  stride_ = wider;
}

std::uint32_t History::object_name(std::uint32_t object, std::uint64_t key) {
  if (object >= object_names_.size()) {
    object_names_.resize(object + 1, 0);
    object_keys_.resize(object + 1, 0);  // no key is 0: keys are mixed bits
  }
  if (object_keys_[object] != key) {
    object_keys_[object] = key;
    object_names_[object] = labels_.object_name(key);
  }
  return object_names_[object];
}

void History::merge_access(std::uint32_t object, bool writes) {
  for (LabelAccess& access : scratch_) {
    if (access.object != object) continue;
    access.writes |= writes;
    return;
  }
  scratch_.push_back({object, writes});
}

LabelId History::make_label(std::uint32_t fiber, std::uint32_t position, bool timed_out) {
  return labels_.intern({fiber_names_[fiber], position, timed_out, scratch_, {}});
}

LabelId History::label_of(const ChoicePoint& point, std::uint32_t fiber) {
  scratch_.clear();
  const bool timed_out = (point.timed_out >> fiber & 1u) != 0;
  const Footprint& footprint = point.pending[fiber].footprint;
  for (const Operation* it = footprint.begin(); !timed_out && it != footprint.end(); ++it) {
    const std::uint32_t object = index(it->object);
    ObjectState state = point.states[object];
    for (const Operation* other = footprint.begin(); other != it; ++other) {
      if (other->object == it->object) apply(*other, state, FiberId{fiber});
    }
    const Access access = apply(*it, state, FiberId{fiber}).access;
    if (access == Access::kNone) continue;
    merge_access(object_name(object, point.object_keys[object]), access == Access::kWrite);
  }
  return make_label(fiber, static_cast<std::uint32_t>(events_of_[fiber].size()), timed_out);
}

void History::add_start() {
  assert(events_.empty());
  Event start;
  scratch_.clear();
  start.label = labels_.intern({Labels::kNobody, 0, false, scratch_, {}});
  events_.push_back(start);
  clocks_.assign(stride_, 0);
}

void History::add_answer(std::uint32_t answer) { answers_.push_back(answer); }

void History::join(std::uint32_t into, std::uint32_t from) {
  std::uint32_t* to = clocks_.data() + into * stride_;
  const std::uint32_t* other = clocks_.data() + from * stride_;
  for (std::uint32_t i = 0; i < fibers_; ++i) to[i] = std::max(to[i], other[i]);
}

// Joins the events that an access depends on which follows `operation` on its object.
void History::join_dependent(std::uint32_t into, std::uint32_t operation, bool writes) {
  while (operation != kNoEvent) {
    const EventOperation& before = operations_[operation];
    const bool wrote = before.access == Access::kWrite;
    if (wrote || writes) join(into, before.event);
    if (wrote) return;  // it depends on all that came before
    operation = writes ? before.before : before.last_write;
  }
}

// When time moves on no fiber can go: what follows depends on all that came before.
void History::join_past_time(std::uint32_t into) {
  std::uint32_t end = into;  // of the events before time moved on last
  while (end > 1 && events_[end - 1].clock_advances == advances_) --end;
  for (std::uint32_t fiber = 0; fiber < fibers_; ++fiber) {
    const std::vector<std::uint32_t>& made = events_of_[fiber];
    const auto past = std::lower_bound(made.begin(), made.end(), end) - made.begin();
    clocks_[into * stride_ + fiber] = static_cast<std::uint32_t>(past);
  }
}

void History::add(const ChoicePoint& point, std::uint32_t fiber) {
  const auto number = static_cast<std::uint32_t>(events_.size());
  std::vector<std::uint32_t>& own = events_of_[fiber];
  Event event;
  event.fiber = fiber;
  event.position = static_cast<std::uint32_t>(own.size());
  event.own_before = own.empty() ? kNoEvent : own.back();
  event.previous = own.empty() ? spawned_by_[fiber] : own.back();
  event.operations_begin = static_cast<std::uint32_t>(operations_.size());
  event.answers_begin = static_cast<std::uint32_t>(answers_.size());
  event.clock_advances = point.clock_advances;
  event.timed_out = (point.timed_out >> fiber & 1u) != 0;
  own.push_back(number);
  clocks_.resize((number + 1) * stride_, 0);
  join(number, event.previous);
  advances_ = point.clock_advances;
  if (events_[event.previous].clock_advances != advances_) join_past_time(number);
  scratch_.clear();
  const Footprint& footprint = point.pending[fiber].footprint;
  for (const Operation* it = footprint.begin(); !event.timed_out && it != footprint.end(); ++it) {
    const std::uint32_t object = index(it->object);
    if (object >= last_on_.size()) last_on_.resize(object + 1, kNoEvent);
    EventOperation made;
    made.operation = *it;
    made.event = number;
    made.before = last_on_[object];
    made.state = point.states[object];
    // An earlier operation of this very step on the object?
    if (made.before != kNoEvent && operations_[made.before].event == number) {
      made.state = operations_[made.before].state;
      apply(operations_[made.before].operation, made.state, FiberId{fiber});
    }
    ObjectState after = made.state;
    made.access = apply(*it, after, FiberId{fiber}).access;
    if (made.access == Access::kNone) continue;
    if (made.before != kNoEvent) {
      const EventOperation& before = operations_[made.before];
      made.last_write = before.access == Access::kWrite ? made.before : before.last_write;
      join_dependent(number, made.before, made.access == Access::kWrite);
    }
    merge_access(object_name(object, point.object_keys[object]), made.access == Access::kWrite);
    last_on_[object] = static_cast<std::uint32_t>(operations_.size());
    operations_.push_back(made);
  }
  clocks_[number * stride_ + fiber] = event.position + 1;
  event.label = make_label(fiber, event.position, event.timed_out);
  events_.push_back(event);
}

void History::states_before_last(std::span<const ObjectState> states,
                                 std::vector<ObjectState>& before) const {
  before.assign(states.begin(), states.end());
  for (std::size_t i = operations_.size(); i-- > events_.back().operations_begin;) {
    before[index(operations_[i].operation.object)] = operations_[i].state;
  }
}

std::uint64_t History::fibers_before_last() const {
  std::uint64_t fibers = 0;
  for (std::uint32_t i = 0; i < fibers_; ++i) {
    if (spawned_by_[i] + 1 < events_.size()) fibers |= std::uint64_t{1} << i;
  }
  return fibers;
}

void History::add_unmade(std::uint32_t at, std::uint64_t fibers,
                         std::span<const PendingStep> pending,
                         std::span<const std::uint64_t> object_keys,
                         std::span<const ObjectState> states) {
  for (; fibers != 0; fibers &= fibers - 1) {
    const auto fiber = static_cast<std::uint32_t>(std::countr_zero(fibers));
    Later later;
    later.at = at;
    later.fiber = fiber;
    const std::vector<std::uint32_t>& own = events_of_[fiber];
    later.position = static_cast<std::uint32_t>(own.size());
    later.previous = own.empty() ? spawned_by_[fiber] : own.back();
    later.clock_advances = events_.back().clock_advances;
    for (const Operation& operation : pending[fiber].footprint) {
      const std::uint32_t object = index(operation.object);
      if (object >= last_on_.size()) last_on_.resize(object + 1, kNoEvent);
      object_name(object, object_keys[object]);
      later.operations[later.count] = operation;
      later.states[later.count] = states[object];
      std::uint32_t last = last_on_[object];
      while (last != kNoEvent && operations_[last].event >= at) last = operations_[last].before;
      later.last[later.count] = last;
      later.accesses[later.count] = Access::kNone;
      ++later.count;
    }
    if (later.count > 0) unmade_.push_back(later);
  }
}

}  // namespace nmrcheck::sim
