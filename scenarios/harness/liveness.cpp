// What the harness says of programs that get no further: polls, circles, signals that nobody heard.
//
// These programs use the fibers directly, without drivers.
#include "scenarios/harness/catalog.h"
#include "sim/run/execution.h"

namespace nmrcheck::designs {
namespace {

using sim::Execution;
using sim::ObjectId;
using sim::Op;

using Body = void (*)(Execution& execution);

template <Body kBody>
std::unique_ptr<sim::Program> make(const ParameterValues&, const model::Profile&) {
  return std::make_unique<sim::FunctionProgram>(kBody);
}

#define HERE \
  sim::Place { __FILE__, __LINE__ }

ObjectId named(Execution& execution, const char* name) {
  const ObjectId object = execution.create(name);
  if (execution.traced()) execution.rename(object, name);
  return object;
}

// Each of two fibers says that it wants to go, and lets the other one go first. With kTurns,
// Peterson's turn decides when both want.
template <bool kTurns>
void be_polite(Execution& execution) {
  struct Flags {
    ObjectId wants[2];
    ObjectId turn;
  };
  const Flags flags{{named(execution, "left wants"), named(execution, "right wants")},
                    named(execution, "turn")};
  const auto enter = [&execution, flags](std::uint64_t self) {
    const std::uint64_t other = 1 - self;
    execution.step({{flags.wants[self], Op::kWrite, 1}}, "write", HERE);
    if (kTurns) execution.step({{flags.turn, Op::kWrite, other}}, "write", HERE);
    while (execution.step({{flags.wants[other], Op::kRead}}, "read", HERE) != 0) {
      if (kTurns && execution.step({{flags.turn, Op::kRead}}, "read", HERE) == self) break;
      execution.yield("yield", HERE);
    }
    execution.step({{flags.wants[self], Op::kWrite, 0}}, "write", HERE);
  };
  execution.spawn("left", [enter] { enter(0); });
  execution.spawn("right", [enter] { enter(1); });
}

template <bool kEnds>
void count(Execution& execution) {
  const ObjectId value = named(execution, "value");
  while (!kEnds || execution.state(value).a < 3) {
    execution.step({{value, Op::kAdd, 1}}, "add", HERE);
  }
}

// Crossed locks, while a third fiber works on.
template <bool kOrdered>
void cross_beside_others(Execution& execution) {
  const ObjectId first = named(execution, "lock A");
  const ObjectId second = named(execution, "lock B");
  const auto both = [&execution](ObjectId outer, ObjectId inner) {
    execution.step({{outer, Op::kLock}}, "lock", HERE);
    execution.step({{inner, Op::kLock}}, "lock", HERE);
    execution.step({{inner, Op::kUnlock}}, "unlock", HERE);
    execution.step({{outer, Op::kUnlock}}, "unlock", HERE);
  };
  execution.spawn("left", [=] { both(first, second); });
  execution.spawn("right", [=] { kOrdered ? both(first, second) : both(second, first); });
  execution.spawn("other", [&execution] {
    const ObjectId work = named(execution, "work");
    for (int i = 0; i < 2; ++i) execution.step({{work, Op::kAdd, 1}}, "add", HERE);
  });
}

// A fiber looks at a flag before it waits for the event. The event is pulsed, or stays set.
template <bool kStays>
void pulse(Execution& execution) {
  const ObjectId done = named(execution, "done");
  const ObjectId event = named(execution, "the event");
  execution.spawn("waiter", [&execution, done, event] {
    if (execution.step({{done, Op::kRead}}, "read", HERE) != 0) return;
    execution.step({{event, Op::kWait}}, "wait", HERE);
  });
  execution.spawn("worker", [&execution, done, event] {
    execution.step({{done, Op::kWrite, 1}}, "write", HERE);
    execution.step({{event, Op::kSet}}, "set", HERE);
    if (!kStays) execution.step({{event, Op::kClear}}, "clear", HERE);
  });
}

#undef HERE

}  // namespace

void add_liveness(std::vector<Scenario>& list) {
  add_pair(list, "harness/livelock", "harness/livelock-fixed", sim::kLivelock,
           "Two fibers let each other go first, for ever.", "Whose turn it is decides.",
           make<be_polite<false>>, make<be_polite<true>>);
  add_pair(list, "harness/partial-deadlock", "harness/partial-deadlock-fixed", sim::kDeadlock,
           "Two fibers take two locks in opposite order while a third one works on.",
           "Both take them in the same order.", make<cross_beside_others<false>>,
           make<cross_beside_others<true>>);
  add_pair(list, "harness/lost-wakeup", "harness/lost-wakeup-fixed", sim::kLostWakeup,
           "An event is set and cleared between a fiber's look at a flag and its wait.",
           "The event stays set.", make<pulse<false>>, make<pulse<true>>);
  add_pair(list, "harness/step-limit", "harness/step-limit-fixed", sim::kStepLimit,
           "A fiber counts without end.", "It counts to three.", make<count<false>>,
           make<count<true>>);
}

}  // namespace nmrcheck::designs
