// Threads that wait for work, one call after another.
#include "sim/explore/workers.h"

#include <algorithm>
#include <system_error>

namespace nmrcheck::sim {

std::uint32_t available_jobs() {
  return std::clamp(std::thread::hardware_concurrency(), 1u, kJobsMax);
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::grow(std::uint32_t count) {
  while (size() < count) {
    const std::uint32_t worker = size();
    try {
      threads_.emplace_back([this, worker, calls = calls_] { serve(worker, calls); });
    } catch (const std::system_error&) {
      return;
    }
  }
}

void Workers::run(const Work& work) {
  {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    busy_ = static_cast<std::uint32_t>(threads_.size());
    ++calls_;
  }
  if (!threads_.empty()) changed_.notify_all();
  work(0);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return busy_ == 0; });
}

// Serves the calls after number `served`; a thread may get here late, after the next one began.
void Workers::serve(std::uint32_t worker, std::uint64_t served) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ended_ || calls_ != served; });
    if (ended_) return;
    served = calls_;
    const Work& work = *work_;
    lock.unlock();
    work(worker);
    lock.lock();
    if (--busy_ == 0) changed_.notify_all();
  }
}

}  // namespace nmrcheck::sim
