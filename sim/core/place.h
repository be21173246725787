// A place in the checked program's source, for people; it never influences an execution.
#pragma once

namespace nmrcheck::sim {

// `file` has static storage and may be null: the place is then unknown. `line` counts from 1.
struct Place {
  const char* file = nullptr;
  int line = 0;
};

}  // namespace nmrcheck::sim
