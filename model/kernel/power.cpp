// Restarts, and who belongs to which boot.
#include "model/kernel/power.h"

#include <cassert>

#include "model/kernel/kernel.h"

namespace nmrcheck::model {

std::uint32_t Power::begin_boot(bool may_fail) {
  if (boots_.back().failed) return next_boot(may_fail, true);
  assert(boots_.size() == 1 && kernel_.module_count() == 0 && "the boot has begun already");
  if (may_fail) let_fail(boots_.back());
  return 0;
}

std::uint32_t Power::clean_restart(bool may_fail) {
  assert(!boots_.back().failed && "after a failure begin_boot begins the next boot");
  for (std::uint32_t i = 0; i < kernel_.module_count(); ++i) {
    const Module& module = kernel_.module(ModuleId{i});
    assert((module.unloaded || module.boot != boot()) && "a driver is not unloaded");
    static_cast<void>(module);
  }
  return next_boot(may_fail, false);
}

void Power::fail() {
  Boot& boot = boots_.back();
  assert(boot.power != sim::kNoObject && !boot.failed && "this boot's power cannot fail");
  assert(kernel_.current_module() == kNoModule && "a driver makes its own power fail");
  sim::Execution& execution = kernel_.execution();
  execution.step({{boot.power, sim::Op::kWrite, 0, 0}}, "power fails", kernel_.place());
  for (std::uint32_t i = 0; i < execution.fiber_count(); ++i) {
    const sim::FiberId fiber{i};
    if (fiber == execution.current() || execution.ended(fiber)) continue;
    if (!execution.left_behind(fiber)) boot.left_behind |= sim::mask_of(fiber);
  }
  execution.leave_others_behind();
  boot.failed = true;
}

std::uint32_t Power::next_boot(bool may_fail, bool failed) {
  Boot& boot = boots_.emplace_back();
  if (may_fail) let_fail(boot);
  const std::uint32_t number = boots() - 1;
  kernel_.emit({.kind = EventKind::kRestarted, .status = failed ? 1u : 0u, .block = number});
  return number;
}

void Power::let_fail(Boot& boot) const {
  if (boot.power == sim::kNoObject) boot.power = kernel_.execution().create("power", {1, 0});
}

std::uint32_t Power::boot() const {
  const std::uint32_t latest = boots() - 1;
  const sim::Execution& execution = kernel_.execution();
  if (!execution.on_fiber()) return latest;
  sim::FiberId fiber = execution.current();
  while (fiber != sim::kNoFiber && execution.left_behind(fiber)) {
    for (std::uint32_t i = 0; i < boots_.size(); ++i) {
      if ((boots_[i].left_behind & sim::mask_of(fiber)) != 0) return i;
    }
    fiber = execution.parent_of(fiber);
  }
  return latest;
}

void Power::add_on(sim::Footprint& footprint) const {
  const sim::ObjectId power = boots_[boot()].power;
  if (power != sim::kNoObject) footprint.add({power, sim::Op::kAwait, 1, 0});
}

}  // namespace nmrcheck::model
