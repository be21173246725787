// A sorted vector, and a short unsorted one that is merged into it now and then.
#include "sim/explore/coverage.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <numeric>

namespace nmrcheck::sim {
namespace {
constexpr std::size_t kRecentMin = 4096;
}

void TraceCounter::add(std::uint64_t hash, std::size_t sampler) {
  assert(sampler < kSamplersMax);
  if (full_) return;
  ++executions_[sampler];
  Seen seen{hash, {}};
  seen.times[sampler] = 1;
  recent_.push_back(seen);
  // In proportion to what is known, so that merging costs each execution the same.
  if (recent_.size() >= std::min(std::max(kRecentMin, seen_.size() / 2), max_)) merge();
}

void TraceCounter::merge() {
  const auto before = [](const Seen& left, const Seen& right) { return left.hash < right.hash; };
  std::sort(recent_.begin(), recent_.end(), before);
  std::vector<Seen> merged;
  merged.reserve(seen_.size() + recent_.size());
  std::merge(seen_.begin(), seen_.end(), recent_.begin(), recent_.end(), std::back_inserter(merged),
             before);
  seen_.clear();
  for (const Seen& next : merged) {
    if (seen_.empty() || seen_.back().hash != next.hash) {
      seen_.push_back(next);
      continue;
    }
    for (std::size_t i = 0; i < kSamplersMax; ++i) {
      std::uint8_t& times = seen_.back().times[i];
      times = static_cast<std::uint8_t>(std::min(times + next.times[i], 2));
    }
  }
  recent_.clear();
  full_ = seen_.size() >= max_;
}

TraceCounter::Summary TraceCounter::summary() {
  merge();
  Summary summary{0, seen_.size(), 0, full_};
  for (const std::uint64_t executions : executions_) summary.executions += executions;
  for (const Seen& seen : seen_) {
    summary.seen_once += std::accumulate(seen.times.begin(), seen.times.end(), 0) == 1 ? 1 : 0;
  }
  return summary;
}

TraceCounter::Summary TraceCounter::summary(std::size_t sampler) {
  assert(sampler < kSamplersMax);
  merge();
  Summary summary{executions_[sampler], 0, 0, full_};
  for (const Seen& seen : seen_) {
    summary.distinct += seen.times[sampler] > 0 ? 1 : 0;
    summary.seen_once += seen.times[sampler] == 1 ? 1 : 0;
  }
  return summary;
}

}  // namespace nmrcheck::sim
