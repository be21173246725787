// No fault handling on Windows yet: a fault of the checked program ends the process as usual.
#if defined(_WIN32)

#include "sim/run/crash.h"

namespace nmrcheck::sim {

CrashGuard::CrashGuard(Execution&) { (void)outer_; }
CrashGuard::~CrashGuard() = default;
std::uintptr_t faulting_code() { return 0; }

}  // namespace nmrcheck::sim

#endif
