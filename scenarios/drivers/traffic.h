// What the scenarios with whole drivers share: threads that ask for echoes, and the order of
// unload.
#pragma once

#include <span>

#include "scenarios/driver.h"
#include "scenarios/kit.h"

namespace nmrcheck::designs::traffic {

// Starts a thread that calls NTSTATUS routine(ULONG Value, PULONG Answer), exported by the driver.
inline sim::FiberId start(const kit::Driver& driver, const char* thread, const char* routine) {
  auto* send = driver.find<NTSTATUS(ULONG, PULONG)>(routine);
  return kit::start_thread(driver.module(), thread, [send] {
    ULONG answer = 0;
    (void)send(7, &answer);
  });
}

inline void end(std::span<const sim::FiberId> threads) {
  for (const sim::FiberId thread : threads) kit::join(thread);
}

// Which driver goes first: a choice that the search makes.
inline bool chosen(model::World& world, const char* question) {
  return world.execution().choose(question, 2) == 1;
}

}  // namespace nmrcheck::designs::traffic
