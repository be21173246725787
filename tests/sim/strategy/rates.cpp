// The known rates, and their statistics.
#include "tests/sim/strategy/rates.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nmrcheck::sim::test {
namespace {

constexpr std::uint64_t kExecutions = 20'000;
constexpr double kErrorsMax = 4.9;  // standard errors: a false alarm in a million
constexpr Seed kSeed{7};

bool breaks_a_rule(Execution& execution, Strategy& strategy, const ProgramFactory& factory,
                   std::uint64_t number) {
  EXPECT_TRUE(strategy.begin_execution(fork(kSeed, number)));
  const auto program = factory();
  return execution.run(*program, strategy).violation.has_value();
}

}  // namespace

std::vector<Rates> rates() {
  const auto n = [](double probability) {
    return std::array{probability, probability, probability};
  };
  return {
      // The audit's longest path has 4 steps: it either fails at its last read, and the execution
      // ends before the unlock, or it reads less. The transfers have 5. It is not the first that
      // gets the lock with 10/14, and then the last with 5/9.
      {"account", account(), 14, 1 / 3., 25 / 63., n(1 / 3.), 0.334},
      {"token_ring", token_ring(), 24, 1 / 6., 125 / 1596., n(1 / 6.), 0.167},
      {"deadlock01", deadlock01(), 10, 1 / 2., 5 / 9., {0, 1 / 10., 9 / 50.}, 0.335},
      {"carter01", carter01(), 16, 1 / 2., 2 / 3., {0, 1 / 4., 105 / 256.}, 0.503},
      {"bluetooth", bluetooth(), 10, 5 / 128., 1 / 63., {0, 1 / 20., 7 / 100.}, 0.067},
      {"twostage", twostage(), 14, 1 / 64., 1 / 44., {0, 3 / 28., 29 / 196.}, 0.084},
      {"reorder(2)", reorder(2), 8, 4 / 81., 1 / 7., {0, 1 / 24., 13 / 192.}, 0.100},
      {"reorder(3)", reorder(3), 10, 39 / 1024., 23 / 175., {0, 1 / 40., 17 / 400.}, 0.079},
      {"detach", detach_use_after_free(), 6, 73 / 324., 13 / 45., {0, 1 / 6., 2 / 9.}, 0.297},
      {"rundown", detach_rundown(), 9, 0, 0, n(0), 0},
  };
}

void expect_rate(Strategy& strategy, const Rates& program, double probability, double counted) {
  Execution execution;
  std::uint64_t number = 0;
  while (number < strategy.survey_executions()) {
    breaks_a_rule(execution, strategy, program.factory, number++);
  }
  std::uint64_t found = 0;
  for (std::uint64_t i = 0; i < kExecutions; ++i) {
    found += breaks_a_rule(execution, strategy, program.factory, number++) ? 1 : 0;
  }
  const double rounding = counted > 0 ? 0.0005 : 0;
  const double samples = 1.0 / kExecutions + (counted > 0 ? 1 / counted : 0);
  const double error = std::sqrt(probability * (1 - probability) * samples);
  EXPECT_NEAR(static_cast<double>(found) / kExecutions, probability, kErrorsMax * error + rounding)
      << program.name;
}

void survey(Strategy& strategy, const ProgramFactory& factory) {
  Execution execution;
  for (std::uint64_t number = 0; number < strategy.survey_executions(); ++number) {
    breaks_a_rule(execution, strategy, factory, number);
  }
}

Orders count_orders(Strategy& strategy,
                    const std::function<ProgramFactory(std::string& order)>& make,
                    std::uint64_t executions) {
  std::string order;
  const ProgramFactory factory = make(order);
  survey(strategy, factory);
  Orders orders;
  Execution execution;
  for (std::uint64_t i = 0; i < executions; ++i) {
    order.clear();
    breaks_a_rule(execution, strategy, factory, strategy.survey_executions() + i);
    ++orders[order];
  }
  return orders;
}

double chi_square_of_uniform(const Orders& orders) {
  double executions = 0;
  for (const auto& [order, count] : orders) executions += static_cast<double>(count);
  const double mean = executions / static_cast<double>(orders.size());
  double chi_square = 0;
  for (const auto& [order, count] : orders) {
    const double difference = static_cast<double>(count) - mean;
    chi_square += difference * difference / mean;
  }
  return chi_square;
}

void spell(Execution& execution, ObjectId object, int steps, char letter, std::string& order) {
  for (int i = 0; i < steps; ++i) {
    do_op(execution, object, Op::kAdd, 1);
    order += letter;
  }
}

}  // namespace nmrcheck::sim::test
