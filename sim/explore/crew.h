// Runs the stretches of a round on all jobs, and hands their results back in order.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "sim/explore/part_runner.h"
#include "sim/explore/workers.h"

namespace nmrcheck::sim {

class Crew {
 public:
  // A search shorter than this is over before threads that it started would have helped.
  static constexpr double kAloneSeconds = 0.005;

  // `state` outlives the crew.
  Crew(const SearchState& state, std::uint32_t jobs);
  // Runs on the thread that made the object, as all its functions.
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Called now and then on this thread, with how many executions of the current call of run() were
  // made, and the steps of one.
  using Tell = std::function<void(std::uint64_t executions, std::uint32_t steps)>;

  // Runs the stretches, in order as far as jobs allow. Returns their results. Ends early behind a
  // stretch that stopped, and where `executions_max` are reached: what lies behind may be left
  // out. A stretch may then hold more executions than were wanted: see again().
  std::vector<StretchResult> run(const StrategyInfo& info, const std::vector<Stretch>& stretches,
                                 std::uint64_t executions_max, const Tell& tell);

  // Runs the beginning of one systematic stretch again, on this thread.
  StretchResult again(const StrategyInfo& info, const Stretch& stretch,
                      std::uint64_t executions_max);

 private:
  PartRunner& runner(std::uint32_t worker);

  const SearchState& state_;
  std::uint32_t jobs_;
  Workers workers_;
  std::vector<std::unique_ptr<PartRunner>> runners_;  // by worker; each lives on its thread
};

}  // namespace nmrcheck::sim
