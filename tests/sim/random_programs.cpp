// An interpreter of random programs.
#include "tests/sim/random_programs.h"

#include <array>
#include <memory>

#include "sim/run/execution.h"

namespace nmrcheck::sim::test {
namespace {

constexpr std::array kKinds{"variable", "lock", "event", "rundown", "queue"};

class CodeProgram final : public Program {
 public:
  explicit CodeProgram(const Code& code) : code_(code) {}

  void run(Execution& x) override {
    for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
      for (ObjectId& object : objects_[kind]) object = x.create(kKinds[kind]);
    }
    power_ = x.create("power", {1, 0});
    for (std::size_t i = 0; i < code_.size(); ++i) {
      x.spawn("f", [this, &x, i] { run_fiber(x, code_[i]); });
    }
  }

 private:
  struct Fiber {
    std::uint64_t value = 0;
    FiberId child = kNoFiber;
  };

  void run_fiber(Execution& x, const std::vector<Instruction>& code) {
    Fiber self;
    for (const Instruction& instruction : code) act(x, self, instruction);
  }

  ObjectId object(std::size_t kind, const Fiber& self, const Instruction& instruction) const {
    const std::uint64_t which = instruction.which + (instruction.computed ? self.value : 0);
    return objects_[kind][which % 2];
  }

  static Op op_of(Verb verb) {
    static constexpr std::array kOps{
        Op::kRead,       Op::kWrite,          Op::kAdd,          Op::kCompareExchange,
        Op::kAwait,      Op::kUpdate,         Op::kLock,         Op::kUnlock,
        Op::kTryLock,    Op::kLockShared,     Op::kUnlockShared, Op::kTryLockShared,
        Op::kSet,        Op::kClear,          Op::kWait,         Op::kWaitConsume,
        Op::kTryWait,    Op::kTryWaitConsume, Op::kAcquire,      Op::kRelease,
        Op::kBeginDrain, Op::kDrain,          Op::kReopen,       Op::kPush,
        Op::kPop};
    return kOps[static_cast<std::size_t>(verb)];
  }

  static std::size_t kind_of(Verb verb) {
    if (verb < Verb::kLock) return 0;
    if (verb < Verb::kSet) return 1;
    if (verb < Verb::kEnter) return 2;
    if (verb < Verb::kPush) return 3;
    return 4;
  }

  void act(Execution& x, Fiber& self, const Instruction& instruction) {
    const ObjectId variable = object(0, self, instruction);
    const std::uint64_t value = instruction.value;
    switch (instruction.verb) {
      case Verb::kChoose: {
        // How many answers there are, and whether a second question follows, may depend on what was
        // read.
        const std::uint64_t seen = instruction.computed ? self.value : 0;
        if (instruction.computed && seen % 4 == 3) return;
        const auto options = static_cast<std::uint32_t>(2 + (value + seen) % 2);
        self.value = x.choose("which", options, static_cast<std::uint32_t>(value % 2));
        if (instruction.computed && self.value == 0) self.value = x.choose("again", 2, 0);
        return;
      }
      case Verb::kSpawn: {
        const std::uint64_t seen = self.value;
        self.child = x.spawn_joinable("child", [&x, variable, seen] {
          x.step({{variable, Op::kAdd, seen + 1, 0}}, "add");
        });
        return;
      }
      case Verb::kJoin:
        if (self.child != kNoFiber) x.join(self.child);
        return;
      case Verb::kBoth:
        x.step({{objects_[0][0], Op::kAdd, 1, 0}, {objects_[0][1], Op::kWrite, value, 0}}, "both");
        return;
      case Verb::kLockAdd:
        x.step({{object(1, self, instruction), Op::kLock, 0, 0}, {variable, Op::kAdd, 1, 0}},
               "lock and add");
        return;
      case Verb::kSleep:
        x.step_until({{object(4, self, instruction), Op::kSleep, 0, 0}}, x.now() + 1 + value,
                     "sleep");
        return;
      case Verb::kTimedWait:
        self.value = x.step_until({{object(2, self, instruction), Op::kWait, 0, 0}},
                                  x.now() + 1 + value, "timed wait")
                         .value_or(7);
        return;
      case Verb::kPlanted:
        if (self.value != value) return;
        x.fail({kAssertion, Severity::kS1, "planted", 0, {"planted", 1}});
      case Verb::kDurable:
        x.step({{power_, Op::kAwait, 1, 0}, {variable, Op::kAdd, 1 + value, 0}}, "durable");
        return;
      case Verb::kPowerFails:
        x.step({{power_, Op::kWrite, 0, 0}}, "power fails");
        x.leave_others_behind();
        return;
      default:
        break;
    }
    const Verb verb = instruction.verb;
    const ObjectId target = object(kind_of(verb), self, instruction);
    Operation operation{target, op_of(verb), value, value};
    if (verb == Verb::kWrite) operation.a = self.value + value;
    if (verb == Verb::kCompareExchange) operation.a = self.value;
    self.value = x.step({operation}, "act");
  }

  const Code& code_;
  std::array<std::array<ObjectId, 2>, kKinds.size()> objects_{};
  ObjectId power_ = kNoObject;
};

}  // namespace

Code random_code(Rng& rng, std::uint32_t steps_max) {
  Code code(2 + rng.below(3));
  std::uint32_t left = steps_max;
  // Few verbs in one program, so that its steps meet.
  std::array<Verb, 5> verbs{};
  for (Verb& verb : verbs) verb = static_cast<Verb>(rng.below(kVerbs));
  for (std::vector<Instruction>& fiber : code) {
    const std::uint32_t length = rng.below(5);
    for (std::uint32_t i = 0; i < length && left > 0; ++i, --left) {
      const Verb verb =
          rng.below(4) == 0 ? static_cast<Verb>(rng.below(kVerbs)) : verbs[rng.below(5)];
      fiber.push_back({verb, rng.below(2), rng.below(3), rng.below(3) == 0});
    }
  }
  return code;
}

Code faulty_code(Rng& rng, std::uint32_t steps_max) {
  Code code = random_code(rng, steps_max);
  for (std::uint32_t i = 0; i < 2; ++i) {
    std::vector<Instruction>& fiber = code[rng.below(static_cast<std::uint32_t>(code.size()))];
    const std::uint32_t at = rng.below(static_cast<std::uint32_t>(fiber.size()) + 1);
    const Verb verb = rng.below(2) == 0 ? Verb::kRead : Verb::kAdd;
    const std::array failing{Instruction{verb, rng.below(2), 1, false},
                             Instruction{Verb::kPlanted, 0, rng.below(3), false}};
    fiber.insert(fiber.begin() + at, failing.begin(), failing.end());
  }
  return code;
}

namespace {

Code with_power_failure(Rng& rng, Code code) {
  for (std::vector<Instruction>& fiber : code) {
    for (Instruction& instruction : fiber) {
      if (instruction.verb != Verb::kPlanted && rng.below(3) == 0) {
        instruction.verb = Verb::kDurable;
      }
    }
  }
  std::vector<Instruction>& crashing = code[rng.below(static_cast<std::uint32_t>(code.size()))];
  const std::uint32_t at = rng.below(static_cast<std::uint32_t>(crashing.size()) + 1);
  // Behind the failure this fiber is another boot's: its steps need no power of the first.
  for (std::size_t i = at; i < crashing.size(); ++i) {
    if (crashing[i].verb == Verb::kDurable) crashing[i].verb = Verb::kAdd;
  }
  crashing.insert(crashing.begin() + at, Instruction{Verb::kPowerFails, 0, 0, false});
  return code;
}

}  // namespace

Code crashing_code(Rng& rng, std::uint32_t steps_max) {
  return with_power_failure(rng, random_code(rng, steps_max));
}

Code faulty_crashing_code(Rng& rng, std::uint32_t steps_max) {
  return with_power_failure(rng, faulty_code(rng, steps_max));
}

Code planted_code(Rng& rng) {
  static constexpr std::array kVerbsHere{Verb::kRead,   Verb::kWrite,           Verb::kWrite,
                                         Verb::kAdd,    Verb::kCompareExchange, Verb::kLock,
                                         Verb::kUnlock, Verb::kChoose};
  Code code(2 + rng.below(2));
  for (std::vector<Instruction>& fiber : code) {
    const std::uint32_t length = 2 + rng.below(6 - 2 * static_cast<std::uint32_t>(code.size() - 1));
    for (std::uint32_t i = 0; i < length; ++i) {
      fiber.push_back(
          {kVerbsHere[rng.below(kVerbsHere.size())], rng.below(2), rng.below(3), false});
    }
  }
  std::vector<Instruction>& fiber = code[rng.below(static_cast<std::uint32_t>(code.size()))];
  fiber.push_back({Verb::kRead, rng.below(2), 0, false});
  fiber.push_back({Verb::kPlanted, 0, rng.below(3), false});
  return code;
}

std::string to_string(const Code& code) {
  std::string text;
  for (const std::vector<Instruction>& fiber : code) {
    text += "[";
    for (const Instruction& i : fiber) {
      text += " " + std::to_string(static_cast<int>(i.verb)) + ":" + std::to_string(i.which) + ":" +
              std::to_string(i.value) + (i.computed ? "c" : "");
    }
    text += " ] ";
  }
  return text;
}

ProgramFactory program_of(const Code& code) {
  return [code = std::make_shared<const Code>(code)] {
    struct Holder final : Program {
      explicit Holder(std::shared_ptr<const Code> held) : code(std::move(held)), program(*code) {}
      void run(Execution& x) override { program.run(x); }
      std::shared_ptr<const Code> code;
      CodeProgram program;
    };
    return std::make_unique<Holder>(code);
  };
}

}  // namespace nmrcheck::sim::test
