// Who takes which stretch: the next one that nobody has, until one stopped or enough is done.
#include "sim/explore/crew.h"

#include <algorithm>
#include <mutex>
#include <optional>

namespace nmrcheck::sim {
namespace {

class Claims {
 public:
  Claims(const std::vector<Stretch>& stretches, std::uint64_t executions_max)
      : stretches_(stretches), left_(executions_max), done_(stretches.size()) {
    results.resize(stretches.size());
  }

  struct Claim {
    std::size_t stretch = 0;
    std::uint64_t executions_max = 0;
  };

  // Nothing when no stretch is left that may be wanted.
  std::optional<Claim> next() {
    const std::lock_guard lock(mutex_);
    for (; front_ < done_.size() && done_[front_]; ++front_) {
      left_ -= std::min(left_, results[front_].begun);
    }
    if (next_ == stretches_.size() || stopped_ || left_ == 0) return std::nullopt;
    const std::size_t stretch = next_++;
    return Claim{stretch, std::min(stretches_[stretch].executions_max, left_)};
  }

  void finish(std::size_t stretch, StretchResult result) {
    const std::lock_guard lock(mutex_);
    // Stretches before this one were claimed before it, so that they will be finished.
    stopped_ |= result.stopped;
    results[stretch] = std::move(result);
    done_[stretch] = true;
  }

  std::vector<StretchResult> results;

 private:
  const std::vector<Stretch>& stretches_;
  std::mutex mutex_;
  std::uint64_t left_;     // executions, when those of the stretches before front_ are taken off
  std::size_t front_ = 0;  // the first one that is not done
  std::size_t next_ = 0;
  bool stopped_ = false;
  std::vector<bool> done_;
};

}  // namespace

Crew::Crew(const SearchState& state, std::uint32_t jobs)
    : state_(state), jobs_(std::clamp(jobs, 1u, kJobsMax)), runners_(jobs_) {}

Crew::~Crew() {
  workers_.run([this](std::uint32_t worker) { runners_[worker].reset(); });
}

PartRunner& Crew::runner(std::uint32_t worker) {
  if (runners_[worker] == nullptr) runners_[worker] = std::make_unique<PartRunner>(state_);
  return *runners_[worker];
}

std::vector<StretchResult> Crew::run(const StrategyInfo& info,
                                     const std::vector<Stretch>& stretches,
                                     std::uint64_t executions_max, const Tell& tell) {
  Claims claims(stretches, executions_max);
  std::atomic<std::uint64_t> executions = 0;
  const auto work = [&](std::uint32_t worker) {
    PartRunner::Tell count;
    if (tell) {
      count = [&, worker](std::uint32_t steps) {
        const std::uint64_t made = executions.fetch_add(1, std::memory_order_relaxed) + 1;
        if (worker == 0) tell(made, steps);
      };
    }
    while (const std::optional<Claims::Claim> claim = claims.next()) {
      claims.finish(claim->stretch, runner(worker).run(info, stretches[claim->stretch],
                                                       claim->executions_max, count));
    }
  };
  const bool worthwhile =
      state_.options.jobs_at_once || state_.stopwatch.seconds() >= kAloneSeconds;
  if (worthwhile && stretches.size() > 1) workers_.grow(jobs_);
  if (stretches.size() > 1) {
    workers_.run(work);
  } else {
    work(0);
  }
  return std::move(claims.results);
}

StretchResult Crew::again(const StrategyInfo& info, const Stretch& stretch,
                          std::uint64_t executions_max) {
  return runner(0).run(info, stretch, executions_max, {});
}

}  // namespace nmrcheck::sim
