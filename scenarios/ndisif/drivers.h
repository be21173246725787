// Several drivers in one program, and several boots.
#pragma once

#include "scenarios/ndisif/provider.h"

namespace nmrcheck::designs::ndisif {

// Without callbacks, for programs in which they change nothing.
inline constexpr Parameter kNoRequests{kRequests.name, kRequests.meaning, 0, kRequests.min,
                                       kRequests.max};

// A driver whose globals are one Provider.
struct Driver {
  model::ModuleId module = model::kNoModule;
  Provider* provider = nullptr;
};

// Loads a driver; `number` makes its interface's GUID differ. `design` has static storage.
Driver load(const char* name, UCHAR number, const Design& design);
// Runs its entry routine; false if that fails.
bool enter(const Driver& driver);
void unload(const Driver& driver);
// All three, with the design's thread in between.
void run_driver(const char* name, UCHAR number, const Design& design);
// The same on a fiber of its own, which sim::Execution::join waits for.
sim::FiberId start_driver(const char* name, UCHAR number, const Design& design);

// The index of the interface with the LUID, as any driver looks it up; 0 if there is none.
NET_IFINDEX look_up(NET_LUID luid);

// --- Boots ---

// How many boots a program has.
inline constexpr Parameter kBoots{"boots", "boots of the machine", 2, 1, 4};
// In how many of them, the last excepted, power may fail.
inline constexpr Parameter kCrashes{"crashes", "boots in which power may fail", 1, 0, 3};

// What happens in boot `boot`, counted from 0; drivers are unloaded when it returns.
using BootBody = void (*)(std::uint32_t boot);

// Runs `body` in each boot, on a fiber of its own. All boots but the last end by a restart when
// `body` has returned, or, in kCrashes of them at most, by a power failure at any moment: a value
// choice with the restart as default. Uses kBoots and, if it is a parameter, kCrashes.
void run_boots(model::World& world, const ParameterValues& values, BootBody body);

template <BootBody kBody>
void drive_boots(model::World& world, const ParameterValues& values) {
  set_up(world, values);
  run_boots(world, values, kBody);
}

template <BootBody kBody>
std::unique_ptr<sim::Program> make_boots(const ParameterValues& values,
                                         const model::Profile& profile) {
  return kit::make<drive_boots<kBody>>(values, profile);
}

}  // namespace nmrcheck::designs::ndisif
