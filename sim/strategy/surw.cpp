// The selectively uniform random walk.
#include "sim/strategy/surw.h"

#include <cassert>

#include "sim/strategy/draw.h"

namespace nmrcheck::sim {

bool SurwStrategy::begin_execution(Seed seed) {
  rng_ = Rng(seed);
  surveying_ = survey_.begin_execution();
  interest_.reset();
  if (!surveying_) choose_interest();
  return true;
}

std::optional<std::uint64_t> SurwStrategy::interesting_object() const {
  if (!interest_) return std::nullopt;
  return static_cast<std::uint64_t>(*interest_);
}

void SurwStrategy::choose_interest() {
  const bool lifetime = rng_.below(4) > 0 && !survey_.lifetimes().empty();
  const std::vector<Interest>& objects = lifetime ? survey_.lifetimes() : survey_.shared();
  if (objects.empty()) return;
  interest_ = objects[rng_.below(static_cast<std::uint32_t>(objects.size()))];
  auto found = counts_.find(*interest_);
  if (found == counts_.end()) {
    found = counts_.emplace(*interest_, survey_.counts(*interest_)).first;
  }
  remaining_.begin_execution(found->second);
  intended_ = kNoFiber;
  steps_ = 0;
}

// True if the fiber's pending step touches the interesting object.
bool SurwStrategy::interesting(const ChoicePoint& point, FiberId fiber) const {
  for (const Operation& operation : point.pending[index(fiber)].footprint) {
    if (Interest{point.object_keys[index(operation.object)]} == *interest_) return true;
  }
  return false;
}

std::uint32_t SurwStrategy::left(const ChoicePoint& point, FiberId fiber) const {
  return remaining_.of(fiber, interesting(point, fiber));
}

bool SurwStrategy::may_be_intended(const ChoicePoint& point, FiberId fiber) const {
  return contains(point.enabled, fiber) && !point.pending[index(fiber)].yielding &&
         left(point, fiber) > 0;
}

// An intended fiber that started others passes the intention on to them by their share.
void SurwStrategy::meet_newcomers(const ChoicePoint& point) {
  while (remaining_.newcomers(point)) {
    const FiberId newcomer = remaining_.meet(point);
    const FiberId parent = remaining_.last();
    if (parent == kNoFiber || parent != intended_) continue;
    const std::uint32_t share = remaining_.of(newcomer, false);
    const std::uint32_t rest = remaining_.of(parent, false);
    if (share > 0 && rng_.below(share + rest) < share) intended_ = newcomer;
  }
}

void SurwStrategy::draw_intended(const ChoicePoint& point) {
  intended_ = draw_weighted(rng_, point.enabled, [&](FiberId fiber) {
    return may_be_intended(point, fiber) ? left(point, fiber) : 0;
  });
}

Pick SurwStrategy::pick(const ChoicePoint& point) {
  if (point.kind == ChoiceKind::kValue) return rng_.below(point.options);
  if (surveying_) {
    const FiberId any = draw_any(rng_, point.enabled);
    survey_.add(point, any);
    return index(any);
  }
  if (!interest_ || ++steps_ > std::uint64_t{2} * survey_.steps_longest()) {
    return index(draw_any(rng_, point.enabled));
  }
  meet_newcomers(point);
  if (!may_be_intended(point, intended_)) draw_intended(point);
  std::uint64_t candidates = 0;
  for (std::uint64_t rest = point.enabled; rest != 0; rest &= rest - 1) {
    const FiberId fiber = first_of(rest);
    if (fiber == intended_ || !interesting(point, fiber)) candidates |= mask_of(fiber);
  }
  if (candidates == 0) candidates = point.enabled;  // all wait for the interesting object to change
  const FiberId next = draw_any(rng_, candidates);
  const bool of_interest = interesting(point, next);
  if (of_interest) intended_ = kNoFiber;
  remaining_.took(next, of_interest);
  return index(next);
}

}  // namespace nmrcheck::sim
