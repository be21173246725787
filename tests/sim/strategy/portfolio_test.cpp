// The samplers' turns.
#include "sim/strategy/portfolio.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "sim/strategy/catalog.h"
#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

constexpr Seed kSeed{3};

Outcome run(Strategy& strategy, const ProgramFactory& factory, std::uint64_t number) {
  Execution execution;
  strategy.begin_execution(fork(kSeed, number));
  const auto program = factory();
  return execution.run(*program, strategy);
}

TEST(PortfolioTest, ItsSamplersAreThoseOfTheCatalog) {
  for (const StrategyInfo& info : strategies()) {
    bool in_turn = false;
    for (const std::string_view name : PortfolioStrategy::kSamplers) in_turn |= name == info.name;
    EXPECT_EQ(in_turn, !info.exhaustive && info.name != "portfolio") << info.name;
  }
}

TEST(PortfolioTest, EachExecutionIsThatOfItsSamplerAlone) {
  for (const ProgramFactory& factory : {test::twostage(), test::token_ring(), test::carter01()}) {
    PortfolioStrategy portfolio;
    std::array<std::unique_ptr<Strategy>, PortfolioStrategy::kSamplers.size()> alone;
    for (std::size_t i = 0; i < alone.size(); ++i) {
      alone[i] = find_strategy(PortfolioStrategy::kSamplers[i])->make();
    }
    std::array<std::uint64_t, PortfolioStrategy::kSamplers.size()> turns{};
    for (std::uint64_t number = 0; number < 132; ++number) {
      const Outcome one = run(portfolio, factory, number);
      ++turns[portfolio.sampler()];
      for (std::size_t i = 0; i < alone.size(); ++i) {
        const Outcome other = run(*alone[i], factory, number);
        if (i != portfolio.sampler()) continue;
        EXPECT_EQ(one.schedule, other.schedule) << "execution " << number;
        EXPECT_EQ(one.hash, other.hash) << "execution " << number;
      }
    }
    // 32 surveyed random walks, then 100 executions in turn.
    EXPECT_EQ(turns, (std::array<std::uint64_t, 5>{52, 20, 20, 20, 20}));
  }
}

// Execution 32, the first behind the surveyed ones, is number 2 of a round of five.
TEST(PortfolioTest, TurnsGoByTheNumberOfTheExecution) {
  PortfolioStrategy portfolio;
  std::uint64_t number = 0;
  for (; number < kSurveyExecutions; ++number) run(portfolio, test::account(), number);
  for (const auto& [next, name] :
       std::initializer_list<std::pair<std::uint64_t, const char*>>{{32, "pos"},
                                                                    {33, "surw"},
                                                                    {34, "urw"},
                                                                    {35, "random"},
                                                                    {36, "pct"},
                                                                    {1'000'003, "surw"}}) {
    portfolio.number_execution(next);
    run(portfolio, test::account(), next);
    EXPECT_EQ(portfolio.samplers()[portfolio.sampler()], name) << next;
  }
}

}  // namespace
}  // namespace nmrcheck::sim
