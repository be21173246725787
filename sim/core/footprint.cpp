// The dependence relation between steps.
#include "sim/core/footprint.h"

namespace nmrcheck::sim {

bool conflicts(const Footprint& left, const Footprint& right) {
  for (const Operation& l : left) {
    for (const Operation& r : right) {
      if (l.object != r.object) continue;
      const bool writes =
          access_bound(l.op) == Access::kWrite || access_bound(r.op) == Access::kWrite;
      if (writes) return true;
    }
  }
  return false;
}

}  // namespace nmrcheck::sim
