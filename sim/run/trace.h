// What one execution did, for people and for failure files; recorded only when asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/core/ids.h"
#include "sim/core/place.h"
#include "sim/core/schedule.h"

namespace nmrcheck::sim {

struct FiberRecord {
  std::string name;  // unique in the execution
  FiberId parent = kNoFiber;
};

struct StepRecord {
  std::uint32_t step = 0;  // counted from 1
  FiberId fiber = kNoFiber;
  std::string action;   // "NmrDeregisterClient"
  std::string subject;  // the object it was done to, where it has a name of its own
  Place place;
  std::uint64_t result = 0;
  std::vector<std::string> notes;  // what the model said happened in this step
};

// An answered question, in order; forced ones left out like in a Schedule.
struct ChoiceRecord {
  Choice choice;
  std::uint32_t step = 0;  // the step that follows a fiber choice, or that asked a value choice
  std::string question;    // value choices: what was asked
};

struct Trace {
  std::vector<FiberRecord> fibers;  // indexed by FiberId
  std::vector<StepRecord> steps;
  std::vector<ChoiceRecord> choices;
};

}  // namespace nmrcheck::sim
