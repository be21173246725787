// Deviations from the default scheduler.
#include "sim/explore/guided.h"

#include <algorithm>
#include <bit>

namespace nmrcheck::sim {
namespace {

std::uint64_t key_of(const ChoicePoint& point, std::uint32_t fiber) {
  return point.pending[fiber].fiber_key;
}

// The answer that `picked` names at `point`, or nothing if it is impossible there.
std::optional<std::uint32_t> resolve(const ChoicePoint& point, std::uint64_t picked) {
  if (point.kind == ChoiceKind::kValue) {
    if (picked >= point.options) return std::nullopt;
    return static_cast<std::uint32_t>(picked);
  }
  for (std::uint64_t left = point.enabled; left != 0; left &= left - 1) {
    const auto fiber = static_cast<std::uint32_t>(std::countr_zero(left));
    if (key_of(point, fiber) == picked) return fiber;
  }
  return std::nullopt;
}

}  // namespace

bool is_preemption(const ChoicePoint& point, std::uint32_t picked) {
  return point.kind == ChoiceKind::kFiber && point.current_enabled() &&
         picked != index(point.current) && !point.pending[index(point.current)].yielding;
}

bool is_value_deviation(const ChoicePoint& point, std::uint32_t picked) {
  return point.kind == ChoiceKind::kValue && picked != point.default_option;
}

Deviation PointCounter::name(const ChoicePoint& point) {
  const bool start = point.current == kNoFiber;
  const std::uint32_t fiber = start ? kFibersMax : index(point.current);
  const auto kind = static_cast<std::size_t>(point.kind);
  return {point.kind, start ? 0 : key_of(point, fiber), counts_[kind][fiber]++, 0};
}

std::uint32_t PointCounter::default_answer(const ChoicePoint& point) {
  if (point.kind == ChoiceKind::kValue) return point.default_option;
  if (point.current_enabled()) return index(point.current);
  return static_cast<std::uint32_t>(std::countr_zero(point.enabled));
}

GuidedStrategy::GuidedStrategy(std::vector<Deviation> deviations, bool lists_alternatives)
    : deviations_(std::move(deviations)), lists_alternatives_(lists_alternatives) {
  std::sort(deviations_.begin(), deviations_.end());
}

bool GuidedStrategy::begin_execution(Seed) {
  counter_.reset();
  preemptions_ = value_deviations_ = 0;
  alternatives_.clear();
  return true;
}

void GuidedStrategy::list_alternatives(const ChoicePoint& point, Deviation here,
                                       std::uint32_t picked) {
  if (point.kind == ChoiceKind::kValue) {
    for (here.picked = 0; here.picked < point.options; ++here.picked) {
      if (here.picked != picked) alternatives_.push_back(here);
    }
    return;
  }
  for (std::uint64_t left = point.enabled; left != 0; left &= left - 1) {
    const auto fiber = static_cast<std::uint32_t>(std::countr_zero(left));
    here.picked = key_of(point, fiber);
    if (fiber != picked) alternatives_.push_back(here);
  }
}

Pick GuidedStrategy::pick(const ChoicePoint& point) {
  const Deviation here = counter_.name(point);
  const auto entry = std::lower_bound(deviations_.begin(), deviations_.end(), here);
  std::uint32_t picked = PointCounter::default_answer(point);
  const bool applies = entry != deviations_.end() && entry->kind == here.kind &&
                       entry->fiber == here.fiber && entry->position == here.position;
  if (applies) picked = resolve(point, entry->picked).value_or(picked);
  if (lists_alternatives_) {
    if (applies) {
      alternatives_.clear();
    } else {
      list_alternatives(point, here, picked);
    }
  }
  value_deviations_ += is_value_deviation(point, picked);
  preemptions_ += is_preemption(point, picked);
  return picked;
}

OrderedStrategy::OrderedStrategy(std::vector<std::uint64_t> order,
                                 const std::vector<Deviation>& deviations)
    : order_(std::move(order)) {
  for (const Deviation& deviation : deviations) {
    if (deviation.kind == ChoiceKind::kValue) values_.push_back(deviation);
  }
  std::sort(values_.begin(), values_.end());
}

bool OrderedStrategy::begin_execution(Seed) {
  next_ = 0;
  counter_.reset();
  return true;
}

Pick OrderedStrategy::pick(const ChoicePoint& point) {
  const Deviation here = counter_.name(point);
  const std::uint32_t otherwise = PointCounter::default_answer(point);
  if (point.kind == ChoiceKind::kFiber) {
    while (next_ < order_.size()) {
      if (const auto picked = resolve(point, order_[next_++])) return picked;
    }
    return otherwise;
  }
  const auto entry = std::lower_bound(values_.begin(), values_.end(), here);
  const bool applies =
      entry != values_.end() && entry->fiber == here.fiber && entry->position == here.position;
  return applies ? resolve(point, entry->picked).value_or(otherwise) : otherwise;
}

bool DeviationRecorder::begin_execution(Seed seed) {
  counter_.reset();
  deviations_.clear();
  order_.clear();
  preemptions_ = value_deviations_ = 0;
  asked_ = false;
  return followed_.begin_execution(seed);
}

Pick DeviationRecorder::pick(const ChoicePoint& point) {
  Deviation here = counter_.name(point);
  const Pick picked = followed_.pick(point);
  if (picked && point.kind == ChoiceKind::kFiber) order_.push_back(key_of(point, *picked));
  asked_ = asked_ || (point.kind == ChoiceKind::kValue && point.options > 1);
  if (picked && *picked != PointCounter::default_answer(point)) {
    here.picked = point.kind == ChoiceKind::kValue ? *picked : key_of(point, *picked);
    deviations_.push_back(here);
    value_deviations_ += is_value_deviation(point, *picked);
    preemptions_ += is_preemption(point, *picked);
  }
  return picked;
}

}  // namespace nmrcheck::sim
