// The list of strategies.
#include "sim/strategy/catalog.h"

#include <array>

#include "sim/strategy/bounded.h"
#include "sim/strategy/dfs_division.h"
#include "sim/strategy/dpor_division.h"
#include "sim/strategy/pct.h"
#include "sim/strategy/portfolio.h"
#include "sim/strategy/pos.h"
#include "sim/strategy/random.h"
#include "sim/strategy/surw.h"
#include "sim/strategy/urw.h"

namespace nmrcheck::sim {
namespace {

template <class S>
std::unique_ptr<Strategy> make() {
  return std::make_unique<S>();
}

template <class D>
std::unique_ptr<Division> divide() {
  return std::make_unique<D>();
}

constexpr std::array kStrategies{
    StrategyInfo{"dfs", "every interleaving once, depth first; exhaustive", true, false,
                 make<DfsStrategy>, divide<DfsDivision>},
    StrategyInfo{"dpor",
                 "every Mazurkiewicz trace once: interleavings that differ in the order of "
                 "independent steps only are one; exhaustive",
                 true, true, make<DporStrategy>, divide<DporDivision>},
    StrategyInfo{"bounded",
                 "every trace with no preemption, then with one, two, … (iterative context "
                 "bounding); the first violation has the fewest; exhaustive",
                 true, true, make<BoundedStrategy>},
    StrategyInfo{"random", "each enabled fiber and alternative equally likely; sampling", false,
                 false, make<RandomStrategy>},
    StrategyInfo{"pct",
                 "random priorities with 0 to 2 random changes (PCT, depth 1 to 3); sampling",
                 false, false, make<PctStrategy>},
    StrategyInfo{"pos", "random priorities, new ones after a lost race (POS); sampling", false,
                 false, make<PosStrategy>},
    StrategyInfo{"surw", "uniform over the orders of the steps on one object (SURW); sampling",
                 false, false, make<SurwStrategy>},
    StrategyInfo{"urw", "uniform over interleavings, by what fibers have left (URW); sampling",
                 false, false, make<UrwStrategy>},
    StrategyInfo{"portfolio", "random, pct, pos, surw and urw in turn; sampling", false, false,
                 make<PortfolioStrategy>},
};

}  // namespace

std::span<const StrategyInfo> strategies() { return kStrategies; }

const StrategyInfo* find_strategy(std::string_view name) {
  for (const StrategyInfo& info : kStrategies) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

}  // namespace nmrcheck::sim
