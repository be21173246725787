// How many different traces a sampling search saw, and how likely the next one is new.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nmrcheck::sim {

// Counts executions by the hash of their trace, and by who made them, in bounded memory: when
// kTracesMax are known it stops, and all numbers are those of the executions counted until then.
class TraceCounter {
 public:
  static constexpr std::size_t kTracesMax = 200'000;
  static constexpr std::size_t kSamplersMax = 8;

  explicit TraceCounter(std::size_t max = kTracesMax) : max_(max) {}

  // Requires: sampler < kSamplersMax.
  void add(std::uint64_t hash, std::size_t sampler = 0);

  struct Summary {
    std::uint64_t executions = 0;  // that were counted
    std::uint64_t distinct = 0;
    std::uint64_t seen_once = 0;
    bool full = false;  // counting stopped

    // Good-Turing estimate of the probability that one more execution is a new trace.
    // Source: Good, "The population frequencies of species", 1953.
    double unseen_mass() const {
      return executions == 0 ? 1.0
                             : static_cast<double>(seen_once) / static_cast<double>(executions);
    }
  };
  // Of all samplers together.
  Summary summary();
  // Of one sampler's executions, as if there were no others.
  Summary summary(std::size_t sampler);

 private:
  struct Seen {
    std::uint64_t hash = 0;
    std::array<std::uint8_t, kSamplersMax> times{};  // by sampler; 2 stands for more
  };

  void merge();

  std::size_t max_;
  std::array<std::uint64_t, kSamplersMax> executions_{};
  bool full_ = false;
  std::vector<Seen> seen_;    // sorted, each hash once
  std::vector<Seen> recent_;  // not merged yet
};

}  // namespace nmrcheck::sim
