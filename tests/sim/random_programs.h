// Random programs over every kind of object, for holding one search against another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/core/rng.h"
#include "sim/explore/explorer.h"

namespace nmrcheck::sim::test {

enum class Verb : std::uint8_t {
  kRead,   // the value becomes the fiber's register, which may choose later objects
  kWrite,  // the register + `value`
  kAdd,
  kCompareExchange,  // from the register to `value`
  kAwait,            // until the variable is `value`
  kUpdate,
  kLock,
  kUnlock,
  kTryLock,
  kLockShared,
  kUnlockShared,
  kTryLockShared,
  kSet,
  kClear,
  kWait,
  kConsume,
  kPoll,
  kPollConsume,
  kEnter,
  kLeave,
  kBeginDrain,
  kDrain,
  kReopen,
  kPush,
  kPop,
  kChoose,     // one or two questions with 2 or 3 answers, or none; the last one is the register
  kSpawn,      // a fiber of two steps that writes the register
  kJoin,       // the fiber spawned last
  kBoth,       // one step that writes both variables
  kLockAdd,    // one step that takes a lock and adds
  kSleep,      // until a deadline
  kTimedWait,  // for an event, or until a deadline
  kPlanted,    // fails if the register is `value`; this and the next are never drawn at random
  kDurable,    // one step that adds to a variable, while there is power
  kPowerFails  // no power from now on; the other fibers are left behind
};
inline constexpr std::uint32_t kVerbs = 32;

struct Instruction {
  Verb verb = Verb::kRead;
  std::uint32_t which = 0;  // one of two objects of the kind
  std::uint32_t value = 0;
  bool computed = false;  // the register decides which object
};

// How many a test makes that wants `count`: a tenth in builds with sanitizers, which make each ten
// times slower.
constexpr std::uint64_t in_this_build(std::uint64_t count) {
#if defined(__SANITIZE_ADDRESS__)
  return count / 10;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  return count / 10;
#else
  return count;
#endif
#else
  return count;
#endif
}

using Code = std::vector<std::vector<Instruction>>;  // by fiber

// 2 to 4 fibers with up to `steps_max` instructions in all.
Code random_code(Rng& rng, std::uint32_t steps_max);
// The same, and one or two fibers fail at some place if they read a certain value there.
Code faulty_code(Rng& rng, std::uint32_t steps_max);
// The same without failing places, or with, in which some steps become durable; one fiber makes the
// power fail at some place, and goes on.
Code crashing_code(Rng& rng, std::uint32_t steps_max);
Code faulty_crashing_code(Rng& rng, std::uint32_t steps_max);
// 2 or 3 fibers on variables, locks and questions, of which one fails if it reads a certain value.
Code planted_code(Rng& rng);
std::string to_string(const Code& code);
ProgramFactory program_of(const Code& code);

}  // namespace nmrcheck::sim::test
