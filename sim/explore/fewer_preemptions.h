// The search that proves a number of preemptions to be the fewest, or finds fewer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "sim/explore/explorer.h"
#include "sim/explore/guided.h"

namespace nmrcheck::sim {

// Depth first through all executions with at most so many preemptions and deviations of values.
// What begins like an execution that was seen, up to the order of steps that do not conflict, and
// with as many preemptions or more, is abandoned as covered.
// Source: Musuvathi, Qadeer, "Iterative context bounding for systematic testing of multithreaded
// programs", PLDI 2007; the cache of happens-before hashes is that of CHESS (OSDI 2008).
// Limit: beginnings are told apart by 64-bit hashes.
class PreemptionBoundedStrategy final : public Strategy {
 public:
  PreemptionBoundedStrategy(std::uint32_t preemptions_max, std::uint32_t deviations_max)
      : preemptions_max_(preemptions_max), deviations_max_(deviations_max) {}

  bool begin_execution(Seed seed) override;
  std::optional<std::uint32_t> pick(const ChoicePoint& point) override;

  // False if some execution could not be followed: the program is not deterministic.
  bool followed() const { return followed_; }

  // Beginnings that are remembered; later ones are explored again.
  static constexpr std::size_t kSeenMax = 200'000;

 private:
  struct Entry {
    std::uint32_t picked = 0;
    std::uint64_t todo = 0;  // alternatives that are not explored
  };
  struct Trail {  // what happened to an object
    std::uint64_t written = 0;
    std::uint64_t read = 0;
  };

  std::optional<std::uint32_t> answer(const ChoicePoint& point);
  std::uint64_t alternatives(const ChoicePoint& point) const;
  bool seen(const ChoicePoint& point);
  void count(const ChoicePoint& point, std::uint32_t picked);

  std::uint32_t preemptions_max_;
  std::uint32_t deviations_max_;
  std::vector<Entry> path_;
  std::size_t depth_ = 0;
  std::uint32_t preemptions_ = 0;
  std::uint32_t deviations_ = 0;
  bool followed_ = true;
  std::map<std::uint64_t, std::uint64_t> fibers_;  // a hash of what each did and saw, by key
  std::map<std::uint64_t, Trail> objects_;
  std::map<std::uint64_t, std::uint32_t> seen_;  // the fewest preemptions that led there
};

struct FewerBudget {
  std::uint32_t executions_max = 0;
  std::uint64_t steps_max = 0;
};

struct Fewer {
  bool complete = false;         // everything below the bound was tried, or something was found
  std::uint32_t executions = 0;  // with those that were abandoned
  std::vector<Deviation> deviations;  // of what was found
  bool found = false;
};

// Tries all executions with 0, then 1, … up to `below.preemptions` - 1 preemptions and at most
// `below.deviations` deviations of values, until `fails` says yes.
Fewer search_fewer_preemptions(const ProgramFactory& factory, Execution& execution,
                               const Size& below, const FewerBudget& budget,
                               const std::function<bool(const Outcome&)>& fails);

}  // namespace nmrcheck::sim
