// A systematic search divided into parts that several OS threads explore at the same time.
//
// The search goes in rounds. The parts of a round stand in a fixed order, and what each of them
// explores depends on the rounds before only: not on the other parts, nor on when it runs. Their
// results are merged in order. So what is explored, in which order it counts, and what is found
// first are the same for every number of threads, one included.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sim/strategy/strategy.h"

namespace nmrcheck::sim {

inline constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};

// How finely a search is divided. What is found first depends on it, so that it is the same for
// every number of threads.
struct DivisionSizes {
  std::size_t parts_max = 64;  // of a round
  std::uint64_t part_executions = 256;
  std::uint64_t first_executions = 256;  // of the first part, which runs alone
};

class Part {
 public:
  virtual ~Part() = default;
  // A strategy object that explores this part, and no other, from its beginning. Called on any
  // thread, while other parts start too.
  virtual std::unique_ptr<Strategy> start() const = 0;

  // How many executions it takes before the round goes on without it. What is then left becomes
  // parts of later rounds.
  std::uint64_t executions_max = kUnlimited;
};

class Division {
 public:
  virtual ~Division() = default;

  // The parts of the next round. None: the space is exhausted.
  virtual std::vector<std::unique_ptr<Part>> next_round() = 0;

  // False if what earlier parts of the round found shows that this one, whose strategy is given,
  // left something out: its results do not count, and it comes again in a later round. Asked in
  // order, after the merge of the parts before it. The first part of a round stands.
  virtual bool stands(const Part&, const Strategy&) { return true; }

  // Takes over what a part's strategy left unexplored, and what it learned for others. Called for
  // the parts of a round in order; a search that ends within a round leaves the later ones out.
  virtual void merge(const Part& part, Strategy& strategy) = 0;

  // The share of the space that is explored by what was merged, where the division can tell.
  virtual std::optional<double> explored_fraction() const = 0;
};

}  // namespace nmrcheck::sim
