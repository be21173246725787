// Prefixes of a schedule, continued at random.
#include "sim/explore/no_return.h"

#include "sim/strategy/pos.h"
#include "sim/strategy/random.h"
#include "sim/strategy/replay.h"

namespace nmrcheck::sim {
namespace {

constexpr Seed kContinuationSeed{0x6e6f72657475726e};

// Follows a schedule for so many steps, with the questions asked in them, then another strategy.
class PrefixStrategy final : public Strategy {
 public:
  PrefixStrategy(const Schedule& schedule, std::uint32_t steps, Strategy& rest)
      : exact_(schedule), steps_(steps), rest_(rest) {}

  bool begin_execution(Seed seed) override {
    taken_ = 0;
    return exact_.begin_execution(seed) && rest_.begin_execution(seed);
  }

  Pick pick(const ChoicePoint& point) override {
    if (point.kind == ChoiceKind::kFiber) ++taken_;
    return taken_ <= steps_ ? exact_.pick(point) : rest_.pick(point);
  }

 private:
  ReplayStrategy exact_;
  std::uint32_t steps_;
  Strategy& rest_;
  std::uint32_t taken_ = 0;
};

class Scan {
 public:
  Scan(const ProgramFactory& factory, const Schedule& schedule, const std::string& rule,
       const Limits& limits)
      : factory_(factory), schedule_(schedule), rule_(rule), execution_(limits) {}

  NoReturn run(std::uint32_t steps) {
    NoReturn result{steps, kContinuations, true};
    while (result.step > 0 && all_break_after(result.step - 1)) --result.step;
    result.exact = spent_ < kContinuationStepsMax;
    return result;
  }

 private:
  bool all_break_after(std::uint32_t steps) {
    for (std::uint32_t i = 0; i < kContinuations; ++i) {
      if (spent_ >= kContinuationStepsMax) return false;
      Strategy& rest = i % 2 == 0 ? static_cast<Strategy&>(random_) : pos_;
      PrefixStrategy prefix(schedule_, steps, rest);
      prefix.begin_execution(fork(kContinuationSeed, i));
      const auto program = factory_();
      const Outcome& outcome = execution_.run(*program, prefix);
      spent_ += outcome.steps;
      if (!outcome.violation || outcome.violation->rule != rule_) return false;
    }
    return true;
  }

  const ProgramFactory& factory_;
  const Schedule& schedule_;
  const std::string& rule_;
  Execution execution_;
  RandomStrategy random_;
  PosStrategy pos_;
  std::uint64_t spent_ = 0;
};

}  // namespace

NoReturn find_point_of_no_return(const ProgramFactory& factory, const Schedule& schedule,
                                 std::uint32_t steps, const std::string& rule,
                                 const Limits& limits) {
  return Scan(factory, schedule, rule, limits).run(steps);
}

}  // namespace nmrcheck::sim
