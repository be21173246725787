// Bodies that run as code of one driver.
#pragma once

#include "tests/model/hand_made.h"

namespace nmrcheck::model::test {

using DriverBody = void (*)(Kernel& kernel);

inline Body in_driver(DriverBody body) {
  return [body](World& world) {
    world.kernel().push({FrameKind::kModuleCode, world.kernel().load("driver.sys")});
    body(world.kernel());
    world.kernel().pop();
  };
}

inline std::string verdict(DriverBody body) { return verdict_of(in_driver(body)); }

inline std::string message(DriverBody body) {
  const std::optional<sim::Violation> violation = violation_of(in_driver(body));
  return violation ? violation->message : "";
}

// How many schedules end in each verdict; "" is none.
using Verdicts = std::map<std::string, int>;
inline Verdicts verdicts(DriverBody body) { return verdicts_of(in_driver(body)); }

inline char* allocate(Kernel& kernel, std::size_t bytes = 24) {
  return static_cast<char*>(kernel.allocate(bytes, PoolKind::kNonPaged, 0, true));
}

}  // namespace nmrcheck::model::test
