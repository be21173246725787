// Races by the definition: all events of a sequence, the whole order between them, all pairs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/image/races.h"

namespace nmrcheck::model::test {

// One operation of a step on an object.
struct Touch {
  sim::ObjectId object;
  bool writes;
};

struct Event {
  enum class Kind : std::uint8_t { kStep, kSpawn, kAccess, kForget };

  Kind kind;
  sim::FiberId fiber;            // that does it
  std::vector<Touch> touches{};  // kStep
  sim::FiberId child{};          // kSpawn
  MemoryAccess access{};         // kAccess; kForget: address and bytes
};

// Keeps every event and the whole relation "ordered before", as the closure of its edges: from each
// event of a fiber to its next, from each step to later ones that touch a common object of which
// one writes it, and from a spawn to the child's first event.
class NaiveRaces {
 public:
  void add(const Event& event) {
    const std::size_t now = events_.size();
    events_.push_back(event);
    std::vector<bool> before(now, false);
    for (std::size_t i = now; i-- > 0;) {
      if (before[i]) continue;
      const bool program_order = events_[i].fiber == event.fiber;
      if (program_order || common(events_[i], event) || spawns(events_[i], event)) {
        before[i] = true;
        for (std::size_t j = 0; j < i; ++j) before[j] = before[j] || before_[i][j];
      }
    }
    before_.push_back(std::move(before));
  }

  // True if events `i` < `k` are accesses that race on a byte of [first, last].
  bool race(std::size_t i, std::size_t k, std::uintptr_t first = 0,
            std::uintptr_t last = UINTPTR_MAX) const {
    const Event& one = events_[i];
    const Event& other = events_[k];
    if (one.kind != Event::Kind::kAccess || other.kind != Event::Kind::kAccess) return false;
    if (before_[k][i]) return false;
    if (!one.access.write && !other.access.write) return false;
    if (one.access.atomic && other.access.atomic) return false;
    for (std::uintptr_t byte = other.access.address; byte < end(other); ++byte) {
      if (byte < first || byte > last) continue;
      if (byte >= one.access.address && byte < end(one) && !forgotten(byte, i, k)) return true;
    }
    return false;
  }

  // The latest event that races with event `k` in the first granule that has one; nothing if there
  // is none.
  std::optional<std::size_t> latest_race(std::size_t k) const {
    constexpr std::uintptr_t kBytes = RaceDetector::kGranuleBytes;
    const Event& event = events_[k];
    for (std::uintptr_t granule = event.access.address / kBytes * kBytes; granule < end(event);
         granule += kBytes) {
      for (std::size_t i = k; i-- > 0;) {
        if (race(i, k, granule, granule + kBytes - 1)) return i;
      }
    }
    return std::nullopt;
  }

  const Event& event(std::size_t i) const { return events_[i]; }
  std::size_t size() const { return events_.size(); }

 private:
  static std::uintptr_t end(const Event& event) {
    return event.access.address + event.access.bytes;
  }
  static bool common(const Event& one, const Event& other) {
    for (const Touch& mine : one.touches) {
      for (const Touch& theirs : other.touches) {
        if (mine.object == theirs.object && (mine.writes || theirs.writes)) return true;
      }
    }
    return false;
  }
  static bool spawns(const Event& one, const Event& other) {
    return one.kind == Event::Kind::kSpawn && one.child == other.fiber;
  }
  bool forgotten(std::uintptr_t byte, std::size_t i, std::size_t k) const {
    for (std::size_t j = i + 1; j < k; ++j) {
      const Event& event = events_[j];
      if (event.kind == Event::Kind::kForget && byte >= event.access.address && byte < end(event)) {
        return true;
      }
    }
    return false;
  }

  std::vector<Event> events_;
  std::vector<std::vector<bool>> before_;  // before_[k][i]: event i is ordered before event k
};

}  // namespace nmrcheck::model::test
