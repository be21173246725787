// The words that the benchmark programs are written in: each operation is one step.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/engine/programs.h"
#include "sim/run/execution.h"

namespace nmrcheck::engine {

using sim::ObjectId;
using sim::Op;

// An object, and the place in the source that names it as an operand: the place of the step.
struct At {
  At(ObjectId named, const char* file = __builtin_FILE(), int line = __builtin_LINE())
      : object(named), place{file, line} {}
  ObjectId object;
  sim::Place place;
};

// Objects made one after another.
struct Array {
  std::uint32_t first = 0;
  ObjectId operator[](std::uint32_t i) const { return ObjectId{first + i}; }
};

// A program whose main fiber only makes the objects and starts the other fibers, without a step of
// its own, so that all fibers are there before the first step. Code between two operations belongs
// to the earlier one; assertions are no steps.
//
// Bodies are lambdas that capture `this` and at most one number: std::function then stores them
// without an allocation.
class Listing : public sim::Program {
 public:
  void run(sim::Execution& execution) final {
    execution_ = &execution;
    start();
  }
  std::optional<sim::Violation> check_end(sim::Execution&) final { return failure_; }
  std::optional<sim::Violation> explain_deadlock(sim::Execution&, const std::string&) final {
    return failure_;
  }
  void set_failed_assertion(FailedAssertion failed) { failed_ = failed; }

 protected:
  virtual void start() = 0;
  sim::Execution& execution() const { return *execution_; }

  // `name` has static storage, as all names here. Pictures name each object beside its steps.
  ObjectId object(const char* name, std::uint64_t value = 0) const {
    const ObjectId made = execution_->create(name, {value, 0});
    if (execution_->traced()) execution_->rename(made, name);
    return made;
  }
  Array array(const char* name, std::uint32_t count) const {
    Array made;
    for (std::uint32_t i = 0; i < count; ++i) {
      const ObjectId element = execution_->create(name);
      if (i == 0) made.first = sim::index(element);
      if (execution_->traced()) {
        execution_->rename(element, std::string(name) + '[' + std::to_string(i) + ']');
      }
    }
    return made;
  }
  template <class Body>
  void fiber(const char* name, Body body) const {
    execution_->spawn(name, [body] {
      try {
        body();
      } catch (const FiberEnds&) {
      }
    });
  }
  // `count` fibers; `body` is a function of their number, from 0.
  template <class Body>
  void fibers(std::uint32_t count, const char* name, Body body) const {
    for (std::uint32_t i = 0; i < count; ++i) fiber(name, [body, i] { body(i); });
  }

  // Variables. add() and add_before() return the value after and before it.
  std::uint64_t read(At v) const { return step(v, Op::kRead); }
  void write(At v, std::uint64_t value) const { step(v, Op::kWrite, value); }
  std::uint64_t add_before(At v, std::uint64_t by) const { return step(v, Op::kAdd, by); }
  std::uint64_t add(At v, std::uint64_t by) const { return step(v, Op::kAdd, by) + by; }
  bool compare_exchange(At v, std::uint64_t expected, std::uint64_t desired) const {
    return step(v, Op::kCompareExchange, expected, desired) == expected;
  }
  void await(At v, std::uint64_t value) const { step(v, Op::kAwait, value); }

  void lock(At l) const { step(l, Op::kLock); }
  void unlock(At l) const { step(l, Op::kUnlock); }
  bool try_lock(At l) const { return step(l, Op::kTryLock) != 0; }
  void lock_shared(At l) const { step(l, Op::kLockShared); }
  void unlock_shared(At l) const { step(l, Op::kUnlockShared); }

  void set(At event) const { step(event, Op::kSet); }
  void wait(At event) const { step(event, Op::kWait); }

  bool acquire(At rundown) const { return step(rundown, Op::kAcquire) != 0; }
  void release(At rundown) const { step(rundown, Op::kRelease); }
  void begin_drain(At rundown) const { step(rundown, Op::kBeginDrain); }
  void drain(At rundown) const { step(rundown, Op::kDrain); }

  void push(At queue) const { step(queue, Op::kPush); }
  void pop(At queue) const { step(queue, Op::kPop); }

  // Breaks kAssertion unless `holds`. `claim` says what should hold, as a sentence's subject and
  // verb: "the context is alive".
  void require(bool holds, const char* claim, const char* file = __builtin_FILE(),
               int line = __builtin_LINE()) {
    if (holds) return;
    sim::Violation violation{sim::kAssertion,
                             sim::Severity::kS1,
                             std::string("asserted that ") + claim + ", and it does not hold",
                             0,
                             {file, line}};
    if (failed_ == FailedAssertion::kEndsExecution) execution_->fail(std::move(violation));
    if (!failure_) failure_ = std::move(violation);
    throw FiberEnds();
  }

 private:
  std::uint64_t step(At at, Op op, std::uint64_t a = 0, std::uint64_t b = 0) const {
    return execution_->step({{at.object, op, a, b}}, sim::to_string(op), at.place);
  }

  struct FiberEnds {};

  sim::Execution* execution_ = nullptr;
  FailedAssertion failed_ = FailedAssertion::kEndsExecution;
  std::optional<sim::Violation> failure_;  // the first one, where it ends only its fiber
};

// The value to add for a subtraction.
constexpr std::uint64_t minus(std::uint64_t value) { return ~value + 1; }

// Fibers beside the main one.
inline constexpr std::int64_t kOthersMax = sim::kFibersMax - 1;

// A row of the catalog. `Made` is constructed from the values of the parameters.
template <class Made>
Benchmark row(Scenario scenario) {
  scenario.make = [](const ParameterValues& values,
                     const model::Profile&) -> std::unique_ptr<sim::Program> {
    return std::make_unique<Made>(values);
  };
  const auto make = [](const ParameterValues& values,
                       FailedAssertion failed) -> std::unique_ptr<sim::Program> {
    auto made = std::make_unique<Made>(values);
    made->set_failed_assertion(failed);
    return made;
  };
  return {std::move(scenario), make};
}

// The value of a parameter: a number of fibers or rounds.
inline std::uint32_t number(const ParameterValues& values, const char* name) {
  return static_cast<std::uint32_t>(values.at(name));
}

// One function a file: each appends its rows.
void add_variables(std::vector<Benchmark>& list);
void add_exchanges(std::vector<Benchmark>& list);
void add_locks(std::vector<Benchmark>& list);
void add_blocking(std::vector<Benchmark>& list);
void add_faulty(std::vector<Benchmark>& list);
void add_registrar(std::vector<Benchmark>& list);

}  // namespace nmrcheck::engine
