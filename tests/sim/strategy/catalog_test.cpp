// What every strategy of the catalog owes to those who use it.
#include "sim/strategy/catalog.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/sim/programs.h"
#include "tests/sim/strategy/rates.h"

namespace nmrcheck::sim {
namespace {

constexpr std::uint64_t kExecutions = 200;
constexpr Seed kSeed{5};

// Passes every question on, and looks at the answers.
class Watched final : public Strategy {
 public:
  explicit Watched(Strategy& inner) : inner_(inner) {}

  void number_execution(std::uint64_t number) override { inner_.number_execution(number); }
  bool begin_execution(Seed seed) override { return inner_.begin_execution(seed); }
  Pick pick(const ChoicePoint& point) override {
    EXPECT_EQ(point.enabled & ~point.alive, 0u);
    const auto picked = inner_.pick(point);
    if (!picked) return picked;
    const bool possible = point.kind == ChoiceKind::kFiber
                              ? *picked < kFibersMax && (point.enabled >> *picked & 1) == 1
                              : *picked < point.options;
    EXPECT_TRUE(possible);
    legal_ = legal_ && possible;
    return legal_ ? picked : std::nullopt;
  }
  bool legal() const { return legal_; }

 private:
  Strategy& inner_;
  bool legal_ = true;
};

// Children of children, joins, questions, deadlines and yields.
ProgramFactory variety() {
  return test::program([](Execution& x) {
    const ObjectId flag = x.create("flag");
    const ObjectId never = x.create("never");
    const FiberId child = x.spawn_joinable("child", [&x, flag] {
      x.spawn("grandchild", [&x, flag] {
        if (x.choose("write", 3, 1) != 2) test::do_op(x, flag, Op::kWrite, 1);
        test::do_op(x, flag, Op::kAdd, 1);
      });
      test::do_op(x, flag, Op::kRead);
    });
    x.spawn("sleeper", [&x, never] { x.step_until({{never, Op::kSleep}}, x.now() + 10, "sleep"); });
    for (int i = 0; i < 3 && test::do_op(x, flag, Op::kRead) == 0; ++i) x.yield("yield");
    x.join(child);
    if (x.choose("late", 2) == 1) test::do_op(x, flag, Op::kWrite, 3);
  });
}

// One fiber polls until the other, after `before` steps of its own, sets the flag.
ProgramFactory polling(bool yields, int before) {
  return test::parallel([=](Execution& x) -> test::Bodies {
    const ObjectId flag = x.create("flag");
    const ObjectId other = x.create("other");
    return {[=, &x] {
              while (test::do_op(x, flag, Op::kRead) == 0) {
                if (yields) x.yield("yield");
              }
              test::do_op(x, other, Op::kAdd, 1);
            },
            [=, &x] {
              for (int i = 0; i < before; ++i) test::do_op(x, other, Op::kAdd, 1);
              test::do_op(x, flag, Op::kWrite, 1);
            }};
  });
}

std::vector<ProgramFactory> programs() {
  std::vector<ProgramFactory> all{variety()};
  for (const test::Rates& program : test::rates()) all.push_back(program.factory);
  return all;
}

class CatalogTest : public testing::TestWithParam<std::string> {
 protected:
  const StrategyInfo& info() const { return *find_strategy(GetParam()); }

  // Runs execution `number` of the search; nothing when the space is exhausted.
  std::optional<Outcome> run(Strategy& strategy, const ProgramFactory& factory,
                             std::uint64_t number) {
    strategy.number_execution(number);
    if (!strategy.begin_execution(fork(kSeed, number))) return std::nullopt;
    const auto program = factory();
    return execution_.run(*program, strategy);
  }

  Execution execution_;
};

// The strategies that sample.
class SamplerTest : public CatalogTest {};

TEST_P(CatalogTest, AnswersOnlyWithWhatIsOffered) {
  for (const ProgramFactory& factory : programs()) {
    const auto inner = info().make();
    Watched strategy(*inner);
    for (std::uint64_t i = 0; i < kExecutions && run(strategy, factory, i); ++i) {
      ASSERT_TRUE(strategy.legal());
    }
    EXPECT_EQ(inner->divergence(), nullptr);
  }
}

TEST_P(CatalogTest, EveryScheduleReplays) {
  for (const ProgramFactory& factory : programs()) {
    const auto strategy = info().make();
    for (std::uint64_t i = 0; i < kExecutions; ++i) {
      const auto outcome = run(*strategy, factory, i);
      if (!outcome) break;
      if (outcome->ending == Ending::kCovered) continue;
      const Replayed again = replay(factory, outcome->schedule, {});
      ASSERT_FALSE(again.divergence.has_value());
      ASSERT_EQ(again.outcome.schedule, outcome->schedule);
      ASSERT_EQ(again.outcome.hash, outcome->hash);
      ASSERT_EQ(again.outcome.violation.has_value(), outcome->violation.has_value());
    }
  }
}

TEST_P(CatalogTest, TheSameSeedsGiveTheSameExecutions) {
  for (const ProgramFactory& factory : programs()) {
    const auto left = info().make();
    const auto right = info().make();
    for (std::uint64_t i = 0; i < kExecutions; ++i) {
      const auto one = run(*left, factory, i);
      const auto other = run(*right, factory, i);
      ASSERT_EQ(one.has_value(), other.has_value());
      if (!one) break;
      ASSERT_EQ(one->schedule, other->schedule);
      ASSERT_EQ(one->hash, other->hash);
    }
  }
}

// So that a search gives the same on any number of OS threads, each with a strategy object of its
// own: an execution depends on the surveyed ones and on its seed.
TEST_P(SamplerTest, AnExecutionDoesNotDependOnWhichOthersTheObjectRan) {
  for (const ProgramFactory& factory : programs()) {
    const auto all = info().make();
    const auto some = info().make();
    for (std::uint64_t i = 0; i < kExecutions; ++i) {
      const auto one = run(*all, factory, i);
      if (i >= some->survey_executions() && i % 3 != 1) continue;
      const auto other = run(*some, factory, i);
      ASSERT_EQ(one->schedule, other->schedule) << "execution " << i;
      ASSERT_EQ(one->hash, other->hash);
    }
  }
}

TEST_P(SamplerTest, AnExecutionNeedsTheSurveyedOnesOnly) {
  for (const ProgramFactory& factory : programs()) {
    const auto all = info().make();
    for (std::uint64_t i = 0; i < kExecutions; ++i) {
      const auto one = run(*all, factory, i);
      if (i < all->survey_executions() || i % 19 != 0) continue;  // 19: every sampler has a turn
      const auto fresh = info().make();
      for (std::uint64_t k = 0; k < fresh->survey_executions(); ++k) run(*fresh, factory, k);
      const auto other = run(*fresh, factory, i);
      ASSERT_EQ(one->schedule, other->schedule) << "execution " << i;
      ASSERT_EQ(one->hash, other->hash);
    }
  }
}

TEST_P(SamplerTest, PollingLoopsEnd) {
  for (const bool yields : {true, false}) {
    for (const int before : {0, 20}) {
      const auto strategy = info().make();
      for (std::uint64_t i = 0; i < kExecutions; ++i) {
        const auto outcome = run(*strategy, polling(yields, before), i);
        ASSERT_EQ(outcome->ending, Ending::kComplete) << "execution " << i;
      }
    }
  }
}

std::vector<std::string> names(bool samplers_only) {
  std::vector<std::string> chosen;
  for (const StrategyInfo& info : strategies()) {
    if (!info.exhaustive || !samplers_only) chosen.emplace_back(info.name);
  }
  return chosen;
}

std::string name_of(const testing::TestParamInfo<std::string>& instance) { return instance.param; }

INSTANTIATE_TEST_SUITE_P(All, CatalogTest, testing::ValuesIn(names(false)), name_of);
INSTANTIATE_TEST_SUITE_P(All, SamplerTest, testing::ValuesIn(names(true)), name_of);

}  // namespace
}  // namespace nmrcheck::sim
