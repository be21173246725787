// Published and derived numbers of the benchmark programs: what any engine must count.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "scenarios/scenario.h"

namespace nmrcheck {

// How long sleep sets alone take to count the traces: a moment, seconds, or too long.
enum class Effort : std::uint8_t { kQuick, kSlow, kHopeless };

struct EngineCount {
  std::string_view program;  // without its family: "readers"
  ParameterValues values;
  // Mazurkiewicz traces: executions up to the order of independent steps, all that an optimal
  // reduction completes. A failed compare-exchange, try-lock or acquire reads.
  std::uint64_t traces = 0;
  std::uint64_t deadlocks = 0;      // traces among them that end in a deadlock
  std::uint64_t interleavings = 0;  // executions of an exhaustive search; 0: too many, or not known
  Effort effort = Effort::kQuick;
};

inline const std::vector<EngineCount>& engine_counts() {
  using enum Effort;
  static const std::vector<EngineCount> counts{
      // 2^n
      {"readers", {{"n", 2}}, 4},
      {"readers", {{"n", 8}}, 256},
      {"readers", {{"n", 13}}, 8192, 0, 0, kSlow},
      // (n+3) · 2^(n-2)
      {"lastzero", {{"n", 1}}, 2},
      {"lastzero", {{"n", 2}}, 5},
      {"lastzero", {{"n", 3}}, 12},
      {"lastzero", {{"n", 4}}, 28},
      {"lastzero", {{"n", 5}}, 64},
      {"lastzero", {{"n", 10}}, 3328, 0, 0, kSlow},
      {"lastzero", {{"n", 15}}, 147456, 0, 0, kHopeless},
      {"indexer", {{"n", 12}}, 8, 0, 0, kHopeless},
      {"indexer", {{"n", 15}}, 4096, 0, 0, kHopeless},
      {"filesystem", {{"n", 14}}, 2, 0, 0, kHopeless},
      {"filesystem", {{"n", 16}}, 8, 0, 0, kHopeless},
      {"filesystem", {{"n", 18}}, 32, 0, 0, kHopeless},
      {"filesystem", {{"n", 19}}, 64, 0, 0, kHopeless},
      // (n+1)!
      {"n-writers-a-reader", {{"n", 1}}, 2},
      {"n-writers-a-reader", {{"n", 2}}, 6},
      {"n-writers-a-reader", {{"n", 3}}, 24},
      {"n-writers-a-reader", {{"n", 4}}, 120},
      {"n-writers-a-reader", {{"n", 5}}, 720},
      // n!, its square, its cube
      {"ainc", {{"n", 2}}, 2},
      {"ainc", {{"n", 3}}, 6},
      {"ainc", {{"n", 4}}, 24},
      {"ainc", {{"n", 5}}, 120},
      {"ainc", {{"n", 6}}, 720},
      {"ainc", {{"n", 7}}, 5040},
      {"binc", {{"n", 2}}, 4},
      {"binc", {{"n", 3}}, 36},
      {"binc", {{"n", 4}}, 576},
      {"cinc", {{"n", 2}}, 8},
      {"cinc", {{"n", 3}}, 216},
      {"cinc", {{"n", 4}}, 13824},
      // n!
      {"lockinc", {{"n", 2}}, 2},
      {"lockinc", {{"n", 3}}, 6},
      {"lockinc", {{"n", 4}}, 24},
      {"lockinc", {{"n", 5}}, 120},
      {"lockinc", {{"n", 6}}, 720},
      {"lockinc", {{"n", 7}}, 5040},
      {"lock2inc", {{"n", 2}}, 2},
      {"lock2inc", {{"n", 3}}, 6},
      {"lock2inc", {{"n", 4}}, 24},
      {"lock2inc", {{"n", 5}}, 120},
      {"lock2inc", {{"n", 6}}, 720},
      {"lock2inc", {{"n", 7}}, 5040},
      {"inc", {{"n", 2}}, 4},
      {"inc", {{"n", 3}}, 36},
      {"inc", {{"n", 4}}, 576},
      {"rw", {{"n", 2}}, 4},
      {"rw", {{"n", 3}}, 36},
      {"rw", {{"n", 4}}, 576},
      {"casrot", {{"n", 2}}, 2},
      {"casrot", {{"n", 3}}, 5},
      {"casrot", {{"n", 4}}, 14},
      {"casrot", {{"n", 5}}, 43},
      {"casrot", {{"n", 6}}, 144},
      {"casrot", {{"n", 7}}, 523},
      {"casrot", {{"n", 8}}, 2048},
      {"casrot", {{"n", 9}}, 8597},
      // n
      {"cas", {{"n", 2}}, 2},
      {"cas", {{"n", 3}}, 3},
      {"cas", {{"n", 4}}, 4},
      {"cas", {{"n", 5}}, 5},
      // n · 2^(n-1) + 1
      {"wcas", {{"n", 2}}, 5},
      {"wcas", {{"n", 3}}, 13},
      {"wcas", {{"n", 4}}, 33},
      {"wcas", {{"n", 5}}, 81},
      {"wcas", {{"n", 6}}, 193},
      {"wcas", {{"n", 7}}, 449},
      {"wcas", {{"n", 8}}, 1025},
      {"wcas", {{"n", 9}}, 2305},
      {"coa", {{"n", 1}}, 4},
      {"coa", {{"n", 2}}, 15},
      {"coa", {{"n", 3}}, 130},
      {"coa", {{"n", 4}}, 2028},
      {"coa", {{"n", 5}}, 49776, 0, 0, kSlow},
      {"publish", {}, 42},
      {"par-length", {{"n", 4}}, 4},
      {"par-length", {{"n", 400}}, 4, 0, 0, kSlow},
      {"par-length", {{"n", 500}}, 4, 0, 0, kSlow},
      {"par-length", {{"n", 600}}, 4, 0, 0, kSlow},
      {"popl14", {}, 5},
      {"dispatch", {{"s", 5}, {"r", 2}}, 137, 0, 0, kSlow},
      {"dispatch", {{"s", 5}, {"r", 4}}, 15282, 0, 0, kHopeless},
      {"dispatch", {{"s", 5}, {"r", 5}}, 151032, 0, 0, kHopeless},
      // k! · 2^k
      {"mpat", {{"k", 2}}, 8},
      {"mpat", {{"k", 3}}, 48},
      {"mpat", {{"k", 4}}, 384},
      {"mpat", {{"k", 5}}, 3840, 0, 0, kSlow},
      {"mpat", {{"k", 6}}, 46080, 0, 0, kHopeless},
      // sum over all orders of the changes of the product of (2 + items)! / 2! of each worker
      {"multiprodcon", {{"p", 2}}, 60, 0, 0, kSlow},
      {"multiprodcon", {{"p", 3}}, 2958, 0, 0, kHopeless},
      {"multiprodcon", {{"p", 4}}, 314064, 0, 0, kHopeless},
      // n!
      {"pi", {{"n", 5}}, 120},
      {"pi", {{"n", 6}}, 720},
      {"pi", {{"n", 7}}, 5040},
      {"pi", {{"n", 8}}, 40320, 0, 0, kSlow},
      // (tk)! / (k!)^t
      {"lock-increment", {{"t", 2}, {"k", 2}}, 6},
      {"lock-increment", {{"t", 3}, {"k", 2}}, 90},
      {"lock-increment", {{"t", 3}, {"k", 3}}, 1680},
      {"lock-increment", {{"t", 4}, {"k", 2}}, 2520},
      {"registrar", {{"n", 1}}, 7},
      {"registrar", {{"n", 2}}, 144},
      {"registrar", {{"n", 3}}, 6198},
      {"rundown", {{"n", 1}}, 3, 0, 6},
      {"rundown", {{"n", 2}}, 23, 0, 126},
      {"rundown", {{"n", 3}}, 394, 0, 11262},
      {"event", {{"s", 1}, {"w", 1}}, 1, 0, 1},
      {"event", {{"s", 2}, {"w", 1}}, 4, 0, 6},
      {"event", {{"s", 2}, {"w", 2}}, 8, 0, 60},
      {"pushlock", {{"r", 1}, {"w", 1}}, 2, 0, 2},
      {"pushlock", {{"r", 2}, {"w", 1}}, 14, 0, 42},
      {"pushlock", {{"r", 1}, {"w", 2}}, 6, 0, 6},
      {"pushlock", {{"r", 3}, {"w", 1}}, 216, 0, 3480},
      // 2^n - 1
      {"phil", {{"n", 2}}, 3, 1, 6},
      {"phil", {{"n", 3}}, 7, 1, 168},
      {"phil", {{"n", 4}}, 15, 1, 98184},
      {"phil", {{"n", 5}}, 31, 1},
      {"phil-ordered", {{"n", 3}}, 6, 0, 142},
      {"phil-ordered", {{"n", 4}}, 14, 0, 64000},
      {"workq", {{"p", 2}, {"c", 1}}, 4, 0, 4},
      {"workq", {{"p", 2}, {"c", 2}}, 8, 0, 8},
      {"trylock", {{"n", 2}}, 4, 0, 4},
      {"trylock", {{"n", 3}}, 21, 0, 24},
      {"trylock", {{"n", 4}}, 148, 0, 192},
      // n! · 2^n
      {"choice", {{"n", 1}}, 2, 0, 2},
      {"choice", {{"n", 2}}, 8, 0, 24},
      {"choice", {{"n", 3}}, 48, 0, 720},
      // n!
      {"spawnjoin", {{"n", 1}}, 1, 0, 1},
      {"spawnjoin", {{"n", 2}}, 2, 0, 69},
      {"spawnjoin", {{"n", 3}}, 6, 0, 25424},
  };
  return counts;
}

// A program and the share of its traces and of a random walk's executions that break a rule. The
// counts hold where a failed assertion ends its fiber only.
struct EngineFault {
  std::string_view program;
  ParameterValues values;
  std::uint64_t traces = 0;
  std::uint64_t violations = 0;  // traces among them
  double random_walk = 0;        // the probability that an execution breaks a rule
};

inline const std::vector<EngineFault>& engine_faults() {
  static const std::vector<EngineFault> faults{
      {"account", {}, 6, 2, 1 / 3.},
      {"token-ring", {}, 24, 4, 1 / 6.},
      {"deadlock01", {}, 3, 1, 1 / 2.},
      {"carter01", {}, 4, 2, 1 / 2.},
      {"bluetooth", {}, 10, 1, 5 / 128.},
      {"twostage", {{"t", 1}, {"r", 1}}, 3, 1, 1 / 64.},
      {"reorder", {{"s", 2}, {"c", 1}}, 56, 12, 4 / 81.},
      {"reorder", {{"s", 3}, {"c", 1}}, 1248, 216, 39 / 1024.},
      {"detach-uaf", {}, 9, 5, 73 / 324.},
      {"detach-rundown", {}, 23, 0, 0},
  };
  return faults;
}

}  // namespace nmrcheck
