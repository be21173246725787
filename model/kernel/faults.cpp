// Calls that fail because the driver's environment lets them: out of memory, a peer that refuses.
#include "model/kernel/kernel.h"

namespace nmrcheck::model {

void Kernel::allow_faults(std::uint32_t most) {
  if (faults_ == sim::kNoObject) faults_ = execution_.create("faults left");
  faults_left_ = most;
}

bool Kernel::may_fail(const char* what) {
  if (faults_ == sim::kNoObject) return false;
  execution_.step({{faults_, sim::Op::kRead}}, "may fail", place());
  if (faults_left_ == 0 || execution_.choose("does it fail", 2) == 0) return false;
  execution_.step({{faults_, sim::Op::kUpdate}}, "fails", place());
  if (faults_left_ == 0) return false;  // another fiber took the last one
  --faults_left_;
  if (execution_.traced()) execution_.note(std::string(what) + " fails");
  return true;
}

}  // namespace nmrcheck::model
