// dfs visits every interleaving exactly once, held against counts and an independent enumerator.
#include "sim/strategy/dfs.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "sim/run/execution.h"

namespace nmrcheck::sim {
namespace {

// A program as data: what each fiber does, in order, to a few shared objects.
struct Instruction {
  enum Kind { kAdd, kWriteIfZero, kLock, kUnlock, kSet, kWait, kChoose, kKinds };
  Kind kind;
  int object;
};
using Listing = std::vector<std::vector<Instruction>>;

constexpr int kObjects = 2;

// Runs a listing on fibers; writes down "fiber:position:result" for each step.
class ListedProgram final : public Program {
 public:
  ListedProgram(const Listing& listing, std::string& log) : listing_(listing), log_(log) {}

  void run(Execution& execution) override {
    for (int i = 0; i < kObjects; ++i) {
      variables_[i] = execution.create("variable");
      locks_[i] = execution.create("lock");
      events_[i] = execution.create("event");
    }
    for (std::size_t fiber = 0; fiber < listing_.size(); ++fiber) {
      execution.spawn("fiber", [this, &execution, fiber] { interpret(execution, fiber); });
    }
  }

 private:
  void interpret(Execution& execution, std::size_t fiber) {
    for (const Instruction& instruction : listing_[fiber]) {
      const std::uint64_t result = step(execution, instruction);
      log_ += static_cast<char>('a' + fiber);
      log_ += std::to_string(result);
    }
  }

  std::uint64_t step(Execution& execution, const Instruction& instruction) {
    const int i = instruction.object;
    switch (instruction.kind) {
      case Instruction::kAdd:
        return execution.step({{variables_[i], Op::kAdd, 1}}, "add");
      case Instruction::kWriteIfZero:
        return execution.step({{variables_[i], Op::kCompareExchange, 0, 5}}, "cas");
      case Instruction::kLock:
        return execution.step({{locks_[i], Op::kTryLock}}, "try lock");
      case Instruction::kUnlock:
        return execution.step({{locks_[i], Op::kUnlock}}, "unlock");
      case Instruction::kSet:
        return execution.step({{events_[i], Op::kSet}}, "set");
      case Instruction::kWait:
        return execution.step({{events_[i], Op::kWait}}, "wait");
      default:
        return execution.step({{variables_[i], Op::kRead}}, "read") * 10 +
               execution.choose("which", 2);
    }
  }

  const Listing& listing_;
  std::string& log_;
  ObjectId variables_[kObjects]{}, locks_[kObjects]{}, events_[kObjects]{};
};

// The same semantics by plain recursion, without fibers, strategies or the project's operations.
struct State {
  std::vector<std::size_t> position;
  int variable[kObjects]{};
  bool locked[kObjects]{};
  bool signaled[kObjects]{};
};

void enumerate(const Listing& listing, const State& state, const std::string& log,
               std::multiset<std::string>& logs) {
  bool stuck = true;
  for (std::size_t fiber = 0; fiber < listing.size(); ++fiber) {
    if (state.position[fiber] == listing[fiber].size()) continue;
    const Instruction& instruction = listing[fiber][state.position[fiber]];
    const int i = instruction.object;
    if (instruction.kind == Instruction::kWait && !state.signaled[i]) continue;
    stuck = false;
    State next = state;
    ++next.position[fiber];
    int result = 0;
    switch (instruction.kind) {
      case Instruction::kAdd:
        result = next.variable[i]++;
        break;
      case Instruction::kWriteIfZero:
        result = state.variable[i];
        if (result == 0) next.variable[i] = 5;
        break;
      case Instruction::kLock:
        result = state.locked[i] ? 0 : 1;
        next.locked[i] = true;
        break;
      case Instruction::kUnlock:
        next.locked[i] = false;
        break;
      case Instruction::kSet:
        result = state.signaled[i] ? 1 : 0;
        next.signaled[i] = true;
        break;
      case Instruction::kWait:
        result = 1;
        break;
      default:
        result = state.variable[i] * 10;
    }
    const char name = static_cast<char>('a' + fiber);
    enumerate(listing, next, log + name + std::to_string(result), logs);
    if (instruction.kind == Instruction::kChoose) {
      enumerate(listing, next, log + name + std::to_string(result + 1), logs);
    }
  }
  if (stuck) logs.insert(log);
}

std::multiset<std::string> explore_all(const Listing& listing) {
  std::multiset<std::string> logs;
  Execution execution;
  DfsStrategy strategy;
  while (strategy.begin_execution(Seed{0})) {
    std::string log;
    ListedProgram program(listing, log);
    execution.run(program, strategy);
    EXPECT_EQ(strategy.divergence(), nullptr);
    logs.insert(log);
  }
  EXPECT_EQ(strategy.explored_fraction(), 1.0);
  return logs;
}

Listing adders(std::size_t fibers, std::size_t steps) {
  return Listing(fibers, std::vector<Instruction>(steps, {Instruction::kAdd, 0}));
}

TEST(DfsTest, VisitsTheSixInterleavingsOfTwoTimesTwoSteps) {
  const std::multiset<std::string> expected{"a0a1b2b3", "a0b1a2b3", "a0b1b2a3",
                                            "b0a1a2b3", "b0a1b2a3", "b0b1a2a3"};
  EXPECT_EQ(explore_all(adders(2, 2)), expected);
}

TEST(DfsTest, CountsAreMultinomial) {
  EXPECT_EQ(explore_all(adders(2, 5)).size(), 252u);   // 10! / (5! 5!)
  EXPECT_EQ(explore_all(adders(3, 3)).size(), 1680u);  // 9! / (3! 3! 3!)
  EXPECT_EQ(explore_all(adders(4, 2)).size(), 2520u);  // 8! / (2!)^4
}

TEST(DfsTest, FirstExecutionNeverPreemptsAndTakesDefaults) {
  std::string log;
  const Listing listing{{{Instruction::kChoose, 0}, {Instruction::kAdd, 0}},
                        {{Instruction::kAdd, 0}}};
  ListedProgram program(listing, log);
  Execution execution;
  DfsStrategy strategy;
  strategy.begin_execution(Seed{0});
  execution.run(program, strategy);
  EXPECT_EQ(log, "a0a0b1");
}

RC_GTEST_PROP(DfsTest, AgreesWithAnIndependentEnumerator, ()) {
  const auto fibers = *rc::gen::inRange(2, 4);
  Listing listing;
  for (int i = 0; i < fibers; ++i) {
    const auto count = *rc::gen::inRange(0, fibers == 2 ? 5 : 4);
    std::vector<Instruction> body;
    for (int k = 0; k < count; ++k) {
      body.push_back(
          {static_cast<Instruction::Kind>(*rc::gen::inRange<int>(0, Instruction::kKinds)),
           *rc::gen::inRange(0, kObjects)});
    }
    listing.push_back(body);
  }
  std::multiset<std::string> expected;
  State start;
  start.position.assign(listing.size(), 0);
  enumerate(listing, start, "", expected);
  RC_ASSERT(explore_all(listing) == expected);
}

}  // namespace
}  // namespace nmrcheck::sim
