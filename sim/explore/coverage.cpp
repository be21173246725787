// A sorted vector, and a short unsorted one that is merged into it now and then.
#include "sim/explore/coverage.h"

#include <algorithm>
#include <utility>

namespace nmrcheck::sim {
namespace {
constexpr std::size_t kRecentMax = 4096;
}

void InterleavingCounter::add(std::uint64_t hash) {
  if (full_) return;
  ++executions_;
  recent_.push_back(hash);
  if (recent_.size() >= std::min(kRecentMax, max_)) merge();
}

void InterleavingCounter::merge() {
  std::sort(recent_.begin(), recent_.end());
  std::vector<Seen> merged;
  merged.reserve(seen_.size() + recent_.size());
  auto old = seen_.begin();
  const auto take = [&merged](Seen next) {
    if (!merged.empty() && merged.back().hash == next.hash) {
      merged.back().again = true;
    } else {
      merged.push_back(next);
    }
  };
  for (const std::uint64_t hash : recent_) {
    while (old != seen_.end() && old->hash <= hash) take(*old++);
    take({hash, false});
  }
  while (old != seen_.end()) take(*old++);
  seen_ = std::move(merged);
  recent_.clear();
  full_ = seen_.size() >= max_;
}

InterleavingCounter::Summary InterleavingCounter::summary() {
  merge();
  Summary summary{executions_, seen_.size(), 0, full_};
  summary.seen_once = static_cast<std::uint64_t>(
      std::count_if(seen_.begin(), seen_.end(), [](const Seen& seen) { return !seen.again; }));
  return summary;
}

}  // namespace nmrcheck::sim
