// The OS threads of a search: started here only, and given their work by crew.cpp only.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace nmrcheck::sim {

inline constexpr std::uint32_t kJobsMax = 1024;

// How many OS threads can run at once here; at least 1.
std::uint32_t available_jobs();

// Worker 0 is the thread that makes the object and calls it; the others wait between calls.
class Workers {
 public:
  using Work = std::function<void(std::uint32_t worker)>;

  Workers() = default;
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  std::uint32_t size() const { return static_cast<std::uint32_t>(threads_.size()) + 1; }
  // Starts threads until there are `count` workers, or fewer if the system gives no more.
  void grow(std::uint32_t count);
  // Calls work(i) for each worker i on its own thread, at the same time. Returns when all returned.
  void run(const Work& work);

 private:
  void serve(std::uint32_t worker, std::uint64_t served);

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  const Work* work_ = nullptr;
  std::uint64_t calls_ = 0;  // of run()
  std::uint32_t busy_ = 0;
  bool ended_ = false;
};

}  // namespace nmrcheck::sim
