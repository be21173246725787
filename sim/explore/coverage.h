// How many different interleavings a sampling search saw, and how likely the next one is new.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nmrcheck::sim {

// Counts executions by their hash, in bounded memory: when kInterleavingsMax are known it stops,
// and all numbers are those of the executions counted until then.
class InterleavingCounter {
 public:
  static constexpr std::size_t kInterleavingsMax = 200'000;

  explicit InterleavingCounter(std::size_t max = kInterleavingsMax) : max_(max) {}

  void add(std::uint64_t hash);

  struct Summary {
    std::uint64_t executions = 0;  // that were counted
    std::uint64_t distinct = 0;
    std::uint64_t seen_once = 0;
    bool full = false;  // counting stopped

    // Good-Turing estimate of the probability that one more execution is a new interleaving.
    // Source: Good, "The population frequencies of species", 1953.
    double unseen_mass() const {
      return executions == 0 ? 1.0
                             : static_cast<double>(seen_once) / static_cast<double>(executions);
    }
  };
  Summary summary();

 private:
  struct Seen {
    std::uint64_t hash = 0;
    bool again = false;
  };

  void merge();

  std::size_t max_;
  std::uint64_t executions_ = 0;
  bool full_ = false;
  std::vector<Seen> seen_;             // sorted, each hash once
  std::vector<std::uint64_t> recent_;  // not merged yet
};

}  // namespace nmrcheck::sim
