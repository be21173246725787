// Hashes of steps from the hashes of those that they depend on.
#include "sim/strategy/prefix_hash.h"

namespace nmrcheck::sim {

void PrefixHash::begin_execution() {
  running_ = {};
  started_ = false;
  prefix_ = {};
  clock_advances_ = 0;
  time_moved_ = false;
  last_of_.clear();
  last_writes_.clear();
}

void PrefixHash::finish_step() {
  prefix_.add(running_.hash);
  if (!started_) return;
  last_of_[running_.fiber] = running_.hash;
  for (std::uint32_t i = 0; i < running_.touched_count; ++i) {
    const Touched& touched = running_.touched[i];
    if (!touched.writes) continue;
    if (touched.object >= last_writes_.size()) last_writes_.resize(touched.object + 1);
    last_writes_[touched.object] = running_.hash;
  }
}

void PrefixHash::at_point(const ChoicePoint& point) {
  finish_step();
  last_of_.resize(point.pending.size(), running_.hash);  // new fibers: the step spawned them
  time_moved_ = point.clock_advances != clock_advances_;
  clock_advances_ = point.clock_advances;
}

// Notes what the step touches, each object once, by what its operations really do.
void PrefixHash::touch(const ChoicePoint& point, Step& step) {
  const Footprint& footprint = point.pending[step.fiber].footprint;
  for (const Operation* it = footprint.begin(); it != footprint.end(); ++it) {
    const std::uint32_t object = index(it->object);
    ObjectState state = point.states[object];
    for (const Operation* other = footprint.begin(); other != it; ++other) {
      if (other->object == it->object) apply(*other, state, FiberId{step.fiber});
    }
    const Access access = apply(*it, state, FiberId{step.fiber}).access;
    if (access == Access::kNone) continue;
    const bool writes = access == Access::kWrite;
    std::uint32_t i = 0;
    while (i < step.touched_count && step.touched[i].object != object) ++i;
    if (i == step.touched_count) step.touched[step.touched_count++] = {object, false};
    step.touched[i].writes |= writes;
  }
}

PrefixHash::Step PrefixHash::step_of(const ChoicePoint& point, std::uint32_t fiber) const {
  Step step;
  step.fiber = fiber;
  const bool timed_out = (point.timed_out >> fiber & 1u) != 0;
  if (!timed_out) touch(point, step);
  step.hash = last_of_[fiber];
  step.hash.mix(point.pending[fiber].fiber_key + (timed_out ? 1 : 0));
  // When time moves on no fiber can go: what follows depends on all that came before.
  step.hash.mix(clock_advances_);
  for (std::uint32_t i = 0; i < step.touched_count; ++i) {
    const Touched& touched = step.touched[i];
    step.hash.mix(point.object_keys[touched.object] + (touched.writes ? 1 : 0));
    const bool written = touched.object < last_writes_.size();
    step.hash.mix(written ? last_writes_[touched.object] : Hash128{});
  }
  return step;
}

Hash128 PrefixHash::with_step(const ChoicePoint& point, std::uint32_t fiber) const {
  Hash128 longer = prefix_;
  longer.add(step_of(point, fiber).hash);
  return longer;
}

void PrefixHash::begin_step(const ChoicePoint& point, std::uint32_t fiber) {
  running_ = step_of(point, fiber);
  started_ = true;
}

const Hash128& PrefixHash::end() {
  finish_step();
  return prefix_;
}

}  // namespace nmrcheck::sim
