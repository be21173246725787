// Turns crashes of the checked program (a fault, a stack overflow, a step without end) into
// verdicts.
#pragma once

#include <cstdint>

namespace nmrcheck::sim {

class Execution;

// While one lives, a fault on a fiber of `execution` ends that execution with kCrash,
// kStackOverflow or kEndlessStep instead of ending the process. Faults elsewhere behave as usual.
// On systems without support (see the .cpp files) it does nothing.
class CrashGuard {
 public:
  explicit CrashGuard(Execution& execution);
  ~CrashGuard();
  CrashGuard(const CrashGuard&) = delete;
  CrashGuard& operator=(const CrashGuard&) = delete;

 private:
  Execution* outer_ = nullptr;  // guarded again when this one is gone
};

// For Program::add_to_crash: the address after the instruction that faulted, or after the call that
// went where no code is; 0 if that is not known.
std::uintptr_t faulting_code();

}  // namespace nmrcheck::sim
