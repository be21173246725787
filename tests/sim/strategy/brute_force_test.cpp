// Depth-first search against an enumerator that shares no code with it, on random programs.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/strategy/dfs.h"
#include "sim/strategy/replay.h"
#include "tests/sim/programs.h"

namespace nmrcheck::sim {
namespace {

// What a fiber does next. kSkip asks a question with two answers, outside of steps; the second one
// skips the next instruction.
enum class Verb {
  kAdd,
  kLock,
  kUnlock,
  kTryLock,
  kSet,
  kWait,
  kConsume,
  kEnter,
  kLeave,
  kRundown,
  kSkip
};
constexpr int kVerbs = 11;

struct Instruction {
  Verb verb = Verb::kAdd;
  std::uint32_t which = 0;  // one of two variables, locks, events or rundowns
};

using Code = std::vector<std::vector<Instruction>>;  // by fiber

// Final states of all executions, with "deadlock" or "end", and how many executions have them.
using Results = std::map<std::string, std::uint64_t>;

// --- The independent enumerator: a recursion over explicit states ---

struct World {
  std::array<int, 2> sum{}, owner{-1, -1}, signalled{}, users{}, closing{};
  std::vector<std::size_t> next;  // instruction of each fiber
};

class Enumerator {
 public:
  explicit Enumerator(const Code& code) : code_(code) {
    World world;
    world.next.assign(code.size(), 0);
    settle(world, 0);
  }
  const Results& results() const { return results_; }

 private:
  // Answers the questions that fibers from `fiber` on have reached, in every way, then runs.
  void settle(World world, std::size_t fiber) {
    for (; fiber < code_.size(); ++fiber) {
      if (!at_question(world, fiber)) continue;
      World skipping = world;
      skipping.next[fiber] += 2;
      world.next[fiber] += 1;
      settle(world, fiber);
      settle(skipping, fiber);
      return;
    }
    run(world);
  }

  bool at_question(const World& world, std::size_t fiber) const {
    return world.next[fiber] < code_[fiber].size() &&
           code_[fiber][world.next[fiber]].verb == Verb::kSkip;
  }

  void run(const World& world) {
    bool ended = true;
    bool stuck = true;
    for (std::size_t fiber = 0; fiber < code_.size(); ++fiber) {
      if (world.next[fiber] >= code_[fiber].size()) continue;
      ended = false;
      World after = world;
      if (!act(after, code_[fiber][world.next[fiber]], static_cast<int>(fiber))) continue;
      stuck = false;
      ++after.next[fiber];
      settle(after, 0);
    }
    if (stuck) ++results_[describe(world, ended)];
  }

  // Returns false if the fiber has to wait.
  static bool act(World& w, const Instruction& instruction, int fiber) {
    const std::uint32_t i = instruction.which;
    switch (instruction.verb) {
      case Verb::kAdd:
        w.sum[i] = w.sum[i] * 2 + fiber + 1;
        return true;
      case Verb::kLock:
        if (w.owner[i] >= 0) return false;
        w.owner[i] = fiber;
        return true;
      case Verb::kUnlock:
        w.owner[i] = -1;
        return true;
      case Verb::kTryLock:
        if (w.owner[i] < 0) w.owner[i] = fiber;
        return true;
      case Verb::kSet:
        w.signalled[i] = 1;
        return true;
      case Verb::kWait:
        return w.signalled[i] == 1;
      case Verb::kConsume:
        if (w.signalled[i] == 0) return false;
        w.signalled[i] = 0;
        return true;
      case Verb::kEnter:
        if (w.closing[i] == 0) ++w.users[i];
        return true;
      case Verb::kLeave:
        if (w.users[i] > 0) --w.users[i];
        return true;
      default:
        w.closing[i] = 1;
        return true;
    }
  }

  static std::string describe(const World& w, bool ended) {
    std::string text = ended ? "end" : "deadlock";
    for (int i = 0; i < 2; ++i) {
      for (const int value : {w.sum[i], w.owner[i] + 1, w.signalled[i], w.users[i], w.closing[i]}) {
        text += " " + std::to_string(value);
      }
    }
    return text;
  }

  const Code& code_;
  Results results_;
};

// --- The same program on the engine ---

struct Shared {
  std::array<ObjectId, 2> sum, lock, event, rundown;
  std::array<std::uint64_t, 2> value{};
};

constexpr std::array kNames{"f0", "f1", "f2"};

void act(Execution& x, Shared& shared, const Instruction& instruction, std::uint64_t fiber) {
  const std::uint32_t i = instruction.which;
  const auto on = [&](ObjectId object, Op op) { test::do_op(x, object, op); };
  switch (instruction.verb) {
    case Verb::kAdd:
      on(shared.sum[i], Op::kUpdate);
      shared.value[i] = shared.value[i] * 2 + fiber + 1;
      return;
    case Verb::kLock:
      return on(shared.lock[i], Op::kLock);
    case Verb::kUnlock:
      return on(shared.lock[i], Op::kUnlock);
    case Verb::kTryLock:
      return on(shared.lock[i], Op::kTryLock);
    case Verb::kSet:
      return on(shared.event[i], Op::kSet);
    case Verb::kWait:
      return on(shared.event[i], Op::kWait);
    case Verb::kConsume:
      return on(shared.event[i], Op::kWaitConsume);
    case Verb::kEnter:
      return on(shared.rundown[i], Op::kAcquire);
    case Verb::kLeave:
      return on(shared.rundown[i], Op::kRelease);
    default:
      return on(shared.rundown[i], Op::kBeginDrain);
  }
}

class CodeProgram final : public Program {
 public:
  explicit CodeProgram(const Code& code) : code_(code) {}

  void run(Execution& x) override {
    for (std::size_t i = 0; i < 2; ++i) {
      shared_.sum[i] = x.create("sum");
      shared_.lock[i] = x.create("lock");
      shared_.event[i] = x.create("event");
      shared_.rundown[i] = x.create("rundown");
    }
    for (std::size_t fiber = 0; fiber < code_.size(); ++fiber) {
      x.spawn(kNames.at(fiber), [this, &x, fiber] { run_fiber(x, fiber); });
    }
  }

  std::string describe(const Execution& x, bool ended) const {
    std::string text = ended ? "end" : "deadlock";
    for (std::size_t i = 0; i < 2; ++i) {
      const std::uint64_t owner = x.state(shared_.lock[i]).a;  // main is fiber 0
      for (const std::uint64_t value :
           {shared_.value[i], owner == 0 ? 0 : owner - 1, x.state(shared_.event[i]).a,
            x.state(shared_.rundown[i]).a, x.state(shared_.rundown[i]).b}) {
        text += " " + std::to_string(value);
      }
    }
    return text;
  }

 private:
  void run_fiber(Execution& x, std::size_t fiber) {
    const std::vector<Instruction>& code = code_[fiber];
    for (std::size_t i = 0; i < code.size(); ++i) {
      if (code[i].verb == Verb::kSkip) {
        i += x.choose("skip", 2);
      } else {
        act(x, shared_, code[i], fiber);
      }
    }
  }

  const Code& code_;
  Shared shared_;
};

Results search(const Code& code) {
  Results results;
  Execution execution({.partial_deadlocks = false});  // every trace to its end
  DfsStrategy dfs;
  while (dfs.begin_execution(Seed{0})) {
    CodeProgram program(code);
    const Outcome& outcome = execution.run(program, dfs);
    const bool ended = outcome.ending == Ending::kComplete;
    if (!ended) {
      const std::string& rule = outcome.violation.value().rule;
      RC_ASSERT(rule == kDeadlock || rule == kLostWakeup);
    }
    ++results[program.describe(execution, ended)];
  }
  RC_ASSERT(dfs.divergence() == nullptr);
  return results;
}

// Two fibers of up to four instructions, or three of up to three.
Code any_code() {
  const auto fibers = *rc::gen::inRange<std::size_t>(2, 4);
  Code code(fibers);
  for (std::vector<Instruction>& fiber : code) {
    const auto length = *rc::gen::inRange<std::size_t>(0, fibers == 2 ? 5 : 4);
    for (std::size_t i = 0; i < length; ++i) {
      fiber.push_back({static_cast<Verb>(*rc::gen::inRange(0, kVerbs)),
                       *rc::gen::inRange<std::uint32_t>(0, 2)});
    }
  }
  return code;
}

RC_GTEST_PROP(BruteForceTest, DfsFindsEveryExecutionOnce, ()) {
  const Code code = any_code();
  const Results expected = Enumerator(code).results();
  RC_CLASSIFY(expected.begin()->first.starts_with("deadlock"), "deadlocks");
  RC_ASSERT(search(code) == expected);
}

// Crossed locks by hand: 4 executions end, 2 do not.
TEST(BruteForceTest, TheEnumeratorKnowsCrossedLocks) {
  const Instruction a{Verb::kLock, 0}, b{Verb::kLock, 1};
  const Instruction free_a{Verb::kUnlock, 0}, free_b{Verb::kUnlock, 1};
  const Code code{{a, b, free_b, free_a}, {b, a, free_a, free_b}};
  const Results results = Enumerator(code).results();
  const Results expected{{"end 0 0 0 0 0 0 0 0 0 0", 4}, {"deadlock 0 1 0 0 0 0 2 0 0 0", 2}};
  EXPECT_EQ(results, expected);
  EXPECT_EQ(search(code), expected);
}

// Law: replay(schedule) == outcome.
RC_GTEST_PROP(BruteForceTest, EveryScheduleReplays, ()) {
  const Code code = any_code();
  const auto factory = [&code] { return std::make_unique<CodeProgram>(code); };
  const Outcome first = test::run_random(factory, Seed{*rc::gen::arbitrary<std::uint64_t>()});
  const Replayed again = replay(factory, first.schedule, {});
  RC_ASSERT(!again.divergence);
  RC_ASSERT(again.outcome.schedule == first.schedule);
  RC_ASSERT(again.outcome.hash == first.hash);
  RC_ASSERT(again.outcome.steps == first.steps);
  RC_ASSERT(again.outcome.ending == first.ending);
  RC_ASSERT(again.outcome.violation.has_value() == first.violation.has_value());
  if (first.violation) RC_ASSERT(again.outcome.violation->message == first.violation->message);
}

}  // namespace
}  // namespace nmrcheck::sim
