// Critical and guarded regions, raising and lowering the IRQL, and how a routine must return.
#include <fmt/format.h>

#include <algorithm>

#include "model/kernel/kernel.h"

namespace nmrcheck::model {
namespace {

const char* region_name(Region region) {
  return region == Region::kCritical ? "critical" : "guarded";
}

}  // namespace

void Kernel::enter_region(Region region) {
  require_irql_at_most(kApcLevel, "entering a region without APCs");
  FiberState& fiber = at_current();
  ++(region == Region::kCritical ? fiber.critical_regions : fiber.guarded_regions);
}

void Kernel::leave_region(Region region) {
  require_irql_at_most(kApcLevel, "leaving a region without APCs");
  FiberState& fiber = at_current();
  std::uint32_t& count =
      region == Region::kCritical ? fiber.critical_regions : fiber.guarded_regions;
  if (count == 0) {
    std::string message = fmt::format("{} leaves a {} region that it did not enter",
                                      describe_fiber(), region_name(region));
    broken("KRN-APC-02", std::move(message));
  }
  --count;
}

bool Kernel::in_region(Region region) const {
  const FiberState& fiber = at_current();
  return (region == Region::kCritical ? fiber.critical_regions : fiber.guarded_regions) > 0;
}

bool Kernel::apcs_disabled() {
  if (in_region(Region::kCritical) || in_region(Region::kGuarded)) return true;
  const std::vector<HeldLock>& locks = at_current().locks;
  const auto is_mutex = [](const HeldLock& lock) { return lock.kind == LockKind::kMutex; };
  return std::any_of(locks.begin(), locks.end(), is_mutex) || settled_irql() >= kApcLevel;
}

void Kernel::require_apcs_disabled(const char* function) {
  if (apcs_disabled()) return;
  std::string message =
      fmt::format("{} on {} while normal kernel APCs are enabled", function, describe_fiber());
  broken("KRN-APC-01", std::move(message));
}

std::uint8_t Kernel::raise_irql(std::uint8_t raised) {
  const std::uint8_t before = raised < kDispatchLevel ? settled_irql() : irql();
  if (raised < before) {
    std::string message =
        fmt::format("KeRaiseIrql on {} from {} to {}", describe_fiber(), before, raised);
    broken("KRN-IRQL-02", std::move(message));
  }
  set_irql(raised);
  return before;
}

void Kernel::lower_irql(std::uint8_t lowered) {
  if (lowered > irql() && lowered > settled_irql()) {
    std::string message =
        fmt::format("KeLowerIrql on {} from {} to {}", describe_fiber(), irql(), lowered);
    broken("KRN-IRQL-02", std::move(message));
  }
  set_irql(lowered);
}

// The routine of a thread, work item, DPC or timer returns now.
void Kernel::check_return(const Frame& frame) {
  const FiberState& fiber = at_current();
  if (!fiber.locks.empty()) {
    const sim::Place since = fiber.locks.back().place;
    std::string message = fmt::format(
        "{} returns and holds a lock{}", describe_fiber(),
        since.file == nullptr ? "" : fmt::format(", since {}:{}", since.file, since.line));
    broken("KRN-LOCK-03", std::move(message));
  }
  if (fiber.critical_regions + fiber.guarded_regions != 0) {
    std::string message = fmt::format("{} returns in a region without APCs", describe_fiber());
    broken("KRN-APC-02", std::move(message));
  }
  const std::uint8_t before = frame.irql_before;
  if (fiber.irql == before) return;
  std::string message =
      fmt::format("{} returns at IRQL {}; it began at {}", describe_fiber(), fiber.irql, before);
  broken("KRN-IRQL-02", std::move(message));
}

std::uint32_t Kernel::processor() {
  FiberState& fiber = at_current();
  if (fiber.processor == kAnyProcessor) {
    fiber.processor = static_cast<std::uint8_t>(execution_.choose("which processor", kProcessors));
  }
  return fiber.processor;
}

}  // namespace nmrcheck::model
