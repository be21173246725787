// What the harness says of programs that crash, never end, or throw: verdicts, not dead processes.
//
// These programs use the fibers directly, without drivers.
#include <stdexcept>

#include "scenarios/harness/catalog.h"
#include "sim/run/execution.h"

namespace nmrcheck::designs {
namespace {

using sim::Execution;
using sim::Op;

using Body = void (*)(Execution& execution);

template <Body kBody>
std::unique_ptr<sim::Program> make(const ParameterValues&, const model::Profile&) {
  return std::make_unique<sim::FunctionProgram>(kBody);
}

#define HERE \
  sim::Place { __FILE__, __LINE__ }

// Two fibers race to use and to clear one pointer. The pointer itself is volatile so that the
// compiler keeps the access.
template <bool kChecked>
__attribute__((no_sanitize("undefined"))) void use_pointer(Execution& execution) {
  struct Shared {
    int value = 7;
    int* volatile pointer = &value;
  };
  const auto block = execution.heap().allocate(sizeof(Shared), 1, {});
  auto* shared = new (execution.heap().block(*block).address) Shared;
  const sim::ObjectId pointer = execution.create("pointer");
  execution.spawn("clear", [=, &execution] {
    execution.step({{pointer, Op::kUpdate}}, "clear pointer", HERE);
    shared->pointer = nullptr;
  });
  execution.step({{pointer, Op::kRead}}, "use pointer", HERE);
  if (kChecked && shared->pointer == nullptr) return;
  const volatile int used = *shared->pointer;
  (void)used;
}

int descend(int depth, bool bounded) {
  volatile char frame[512];
  frame[0] = static_cast<char>(depth);
  if (bounded && depth > 20) return frame[0];
  return descend(depth + 1, bounded) + frame[0];
}

template <bool kBounded>
void recurse(Execution& execution) {
  const sim::ObjectId object = execution.create("object");
  execution.step({{object, Op::kUpdate}}, "recurse", HERE);
  const volatile int result = descend(0, kBounded);
  (void)result;
}

template <bool kCaught>
void throw_exception(Execution& execution) {
  const sim::ObjectId object = execution.create("object");
  execution.step({{object, Op::kUpdate}}, "throw", HERE);
  try {
    throw std::runtime_error("nobody expects it");
  } catch (const std::runtime_error&) {
    if (!kCaught) throw;
  }
}

template <bool kEnds>
void loop_without_step(Execution& execution) {
  const sim::ObjectId object = execution.create("object");
  execution.step({{object, Op::kUpdate}}, "loop", HERE);
  volatile int rounds = 0;
  while (!kEnds || rounds < 1000) rounds = (rounds + 1) % 10'000;
}

template <bool kOrdered>
void cross_locks(Execution& execution) {
  const sim::ObjectId first = execution.create("lock A");
  const sim::ObjectId second = execution.create("lock B");
  const auto both = [&execution](sim::ObjectId outer, sim::ObjectId inner) {
    execution.step({{outer, Op::kLock}}, "lock", HERE);
    execution.step({{inner, Op::kLock}}, "lock", HERE);
    execution.step({{inner, Op::kUnlock}}, "unlock", HERE);
    execution.step({{outer, Op::kUnlock}}, "unlock", HERE);
  };
  execution.spawn("left", [=] { both(first, second); });
  execution.spawn("right", [=] { kOrdered ? both(first, second) : both(second, first); });
}

template <bool kGivesUp>
void poll(Execution& execution) {
  const sim::ObjectId flag = execution.create("flag");
  for (int tries = 0; !kGivesUp || tries < 3; ++tries) {
    if (execution.step({{flag, Op::kRead}}, "poll flag", HERE) != 0) return;
  }
}

#undef HERE

}  // namespace

void add_pair(std::vector<Scenario>& list, std::string_view name, std::string_view fixed,
              std::string_view rule, std::string_view summary, std::string_view fixed_summary,
              decltype(Scenario::make) faulty, decltype(Scenario::make) correct) {
  list.push_back({name, summary, {rule}, fixed, "own", {}, faulty});
  list.push_back({fixed, fixed_summary, {}, name, "own", {}, correct});
}

void add_verdicts(std::vector<Scenario>& list) {
  add_pair(list, "harness/null-pointer", "harness/null-pointer-fixed", sim::kCrash,
           "A pointer is used while another fiber clears it.", "The pointer is checked first.",
           make<use_pointer<false>>, make<use_pointer<true>>);
  add_pair(list, "harness/recursion", "harness/recursion-fixed", sim::kStackOverflow,
           "A function calls itself for ever.", "The recursion is bounded.", make<recurse<false>>,
           make<recurse<true>>);
  add_pair(list, "harness/exception", "harness/exception-fixed", sim::kException,
           "An exception leaves a fiber.", "It is caught.", make<throw_exception<false>>,
           make<throw_exception<true>>);
  add_pair(list, "harness/endless-loop", "harness/endless-loop-fixed", sim::kEndlessStep,
           "A loop without a step never ends (found after a second or two of CPU time).",
           "The loop ends.", make<loop_without_step<false>>, make<loop_without_step<true>>);
  add_pair(list, "harness/crossed-locks", "harness/crossed-locks-fixed", sim::kDeadlock,
           "Two fibers take two locks in opposite order.", "Both take them in the same order.",
           make<cross_locks<false>>, make<cross_locks<true>>);
  add_pair(list, "harness/poll", "harness/poll-fixed", sim::kLivelock,
           "A fiber polls a flag that nobody sets.", "It gives up after three tries.",
           make<poll<false>>, make<poll<true>>);
}

}  // namespace nmrcheck::designs
