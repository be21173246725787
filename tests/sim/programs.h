// Small programs whose numbers are known exactly, and ways to run them.
//
// Each listed operation is one step; all fibers exist before the first step; initial values are 0.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/explore/explorer.h"
#include "sim/run/execution.h"

namespace nmrcheck::sim::test {

using Body = std::function<void(Execution&)>;

// A fresh program of `body` for each execution.
ProgramFactory program(Body body);

// The bodies of the fibers; the function that makes them creates the objects.
using Bodies = std::vector<std::function<void()>>;
// A program whose main fiber only starts the others, "f0", "f1", …
ProgramFactory parallel(std::function<Bodies(Execution&)> make);

// `fibers` fibers with `steps` steps each on one variable, without any end but the usual one.
ProgramFactory bare_steps(std::uint32_t fibers, std::uint32_t steps);

// Breaks kAssertion at `line` unless `holds`.
void require(Execution& execution, bool holds, int line);

// One operation on one object as a step.
std::uint64_t do_op(Execution& execution, ObjectId object, Op op, std::uint64_t a = 0);

// SCTBench's ideas, restated. See each for what is wrong with it.
ProgramFactory account();     // an audit holds only while both transfers are not done
ProgramFactory token_ring();  // a check of a relay holds only while not all have run
ProgramFactory deadlock01();  // two locks, crossed
ProgramFactory carter01();    // a counter guards a second lock, crossed
ProgramFactory bluetooth();   // a stop flag is read before the reference is taken
ProgramFactory twostage();    // two variables, two critical sections
ProgramFactory reorder(std::uint32_t setters);  // two writes that should be one
ProgramFactory detach_use_after_free();         // a flag is read, then the context is used
ProgramFactory detach_rundown();                // the same, corrected

// One fiber writes a plain variable that no footprint names, and another one's steps depend on it.
// With `breaks`, that one breaks kAssertion unless it saw the write.
ProgramFactory misleading(bool breaks);

// What all executions of a program, each once, came to.
struct Tree {
  std::uint64_t executions = 0;
  std::map<std::string, std::uint64_t> violations;  // executions by rule
  double random_walk = 0;                           // probability that a random walk breaks a rule
};
Tree explore_all(const ProgramFactory& factory);

// One execution of the random strategy.
Outcome run_random(const ProgramFactory& factory, Seed seed);

// The first execution of fork(seed, 0), fork(seed, 1), … that breaks a rule.
Outcome first_violation(const ProgramFactory& factory, Seed seed);

}  // namespace nmrcheck::sim::test
