// Deviations from the default scheduler.
#include "sim/explore/guided.h"

#include <algorithm>
#include <bit>

namespace nmrcheck::sim {
namespace {

bool possible(const ChoicePoint& point, std::uint32_t picked) {
  if (point.kind == ChoiceKind::kValue) return picked < point.options;
  return picked < kFibersMax && (point.enabled & mask_of(FiberId{picked})) != 0;
}

}  // namespace

Deviation PointCounter::name(const ChoicePoint& point) {
  const std::uint32_t fiber = point.current == kNoFiber ? kFibersMax : index(point.current);
  const auto kind = static_cast<std::size_t>(point.kind);
  return {point.kind, fiber, counts_[kind][fiber]++, 0};
}

std::uint32_t PointCounter::default_answer(const ChoicePoint& point) {
  if (point.kind == ChoiceKind::kValue) return point.default_option;
  if (point.current_enabled()) return index(point.current);
  return static_cast<std::uint32_t>(std::countr_zero(point.enabled));
}

GuidedStrategy::GuidedStrategy(std::vector<Deviation> deviations)
    : deviations_(std::move(deviations)) {
  std::sort(deviations_.begin(), deviations_.end());
}

bool GuidedStrategy::begin_execution(Seed) {
  counter_.reset();
  preemptions_ = value_deviations_ = 0;
  return true;
}

std::optional<std::uint32_t> GuidedStrategy::pick(const ChoicePoint& point) {
  const Deviation here = counter_.name(point);
  const auto entry = std::lower_bound(deviations_.begin(), deviations_.end(), here);
  std::uint32_t picked = PointCounter::default_answer(point);
  const bool applies = entry != deviations_.end() && entry->kind == here.kind &&
                       entry->fiber == here.fiber && entry->position == here.position;
  if (applies && possible(point, entry->picked)) picked = entry->picked;
  if (point.kind == ChoiceKind::kValue) {
    value_deviations_ += picked != point.default_option;
  } else {
    preemptions_ += point.current_enabled() && picked != index(point.current);
  }
  return picked;
}

bool DeviationRecorder::begin_execution(Seed seed) {
  counter_.reset();
  deviations_.clear();
  return followed_.begin_execution(seed);
}

std::optional<std::uint32_t> DeviationRecorder::pick(const ChoicePoint& point) {
  Deviation here = counter_.name(point);
  const std::optional<std::uint32_t> picked = followed_.pick(point);
  if (picked && *picked != PointCounter::default_answer(point)) {
    here.picked = *picked;
    deviations_.push_back(here);
  }
  return picked;
}

}  // namespace nmrcheck::sim
