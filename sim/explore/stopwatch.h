// Wall time, for limits and progress only: it never influences an execution.
#pragma once

#include <chrono>

namespace nmrcheck::sim {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace nmrcheck::sim
