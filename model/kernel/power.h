// Boots of the simulated machine within one execution. One ends by a clean restart or, at any
// moment, by a power failure: its fibers are left behind, and none of them changes or reads
// anything durable any more.
//
// Why a failure "at any moment" is one step among others: durable steps of a boot that may fail
// await its power, so that the failure is ordered with each of them. All else that the boot's
// fibers do touches what is lost anyway; it commutes with the failure, and may as well come later.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/core/footprint.h"

namespace nmrcheck::model {

class Kernel;

// An execution begins in boot 0, whose power does not fail. Called on fibers.
class Power {
 public:
  explicit Power(Kernel& kernel) : kernel_(kernel), boots_(1) {}

  // Lets the power of boot 0 fail, or begins the boot after a failure: emits kRestarted then.
  // Requires: nothing was loaded yet, or the last boot's power failed; the caller runs no module's
  // code. Returns the boot's number.
  std::uint32_t begin_boot(bool may_fail = false);
  // One step: the power of the current boot fails, and all other fibers are left behind. The caller
  // goes on as who begins the next boot. Requires: the boot may fail; the caller runs no module's
  // code.
  void fail();
  // Begins the next boot without a failure, emits kRestarted, and returns its number. Requires: the
  // caller knows that all drivers are unloaded and that their threads have ended.
  std::uint32_t clean_restart(bool may_fail = false);

  // The number of the boot that the current fiber belongs to: the one in which it was left behind,
  // or the latest.
  std::uint32_t boot() const;
  // Boots begun, the first one included.
  std::uint32_t boots() const { return static_cast<std::uint32_t>(boots_.size()); }
  // Names the power of boot() in the footprint of a durable step; nothing if it cannot fail.
  void add_on(sim::Footprint& footprint) const;

 private:
  struct Boot {
    sim::ObjectId power = sim::kNoObject;  // 1 while it is on; made if it may fail
    bool failed = false;
    std::uint64_t left_behind = 0;  // fibers; what they spawn later is found by its parent
  };

  std::uint32_t next_boot(bool may_fail, bool failed);
  void let_fail(Boot& boot) const;

  Kernel& kernel_;
  std::vector<Boot> boots_;
};

}  // namespace nmrcheck::model
