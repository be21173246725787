// Loading, entering and unloading; restarts and power failures.
#include "scenarios/ndisif/drivers.h"

namespace nmrcheck::designs::ndisif {
namespace {

std::int64_t value_of(const Parameter& parameter, const ParameterValues& values,
                      std::int64_t otherwise) {
  const auto given = values.find(std::string(parameter.name));
  return given == values.end() ? otherwise : given->second;
}

}  // namespace

Driver load(const char* name, UCHAR number, const Design& design) {
  const model::ModuleId module = model::current_kernel().load(name);
  auto* provider = kit::globals<Provider>(module);
  provider->design = &design;
  provider->number = number;
  return {module, provider};
}

bool enter(const Driver& driver) {
  const auto entry = [](void* globals) -> NTSTATUS {
    auto& own = *static_cast<Provider*>(globals);
    return own.design->enter(own);
  };
  return NT_SUCCESS(kit::enter(driver.module, entry, driver.provider));
}

void unload(const Driver& driver) {
  Provider* const provider = driver.provider;
  model::current_kernel().unload(driver.module, [&] { provider->design->unload(*provider); });
}

void run_driver(const char* name, UCHAR number, const Design& design) {
  const Driver driver = load(name, number, design);
  if (!enter(driver)) return;
  if (design.thread != nullptr) {
    Provider* const provider = driver.provider;
    provider->worker = kit::start_thread(driver.module, "worker",
                                         [provider, &design] { design.thread(*provider); });
  }
  unload(driver);
}

sim::FiberId start_driver(const char* name, UCHAR number, const Design& design) {
  return model::current_kernel().execution().spawn_joinable(
      name, [name, number, &design] { run_driver(name, number, design); });
}

NET_IFINDEX look_up(NET_LUID luid) {
  NET_IFINDEX index = 0;
  return NdisIfGetInterfaceIndexFromNetLuid(luid, &index) == NDIS_STATUS_SUCCESS ? index : 0;
}

void run_boots(model::World& world, const ParameterValues& values, BootBody body) {
  model::Power& power = world.kernel().power();
  sim::Execution& execution = world.execution();
  const auto boots = static_cast<std::uint32_t>(value_of(kBoots, values, kBoots.default_value));
  std::int64_t crashes = value_of(kCrashes, values, 0);
  const auto choose_end = [&](std::uint32_t boot) {
    if (boot + 1 == boots || crashes == 0) return false;
    const bool fails = execution.choose("how the boot ends", 2, 0, sim::Asked::kBounded) == 1;
    if (fails) --crashes;
    return fails;
  };
  bool fails = choose_end(0);
  power.begin_boot(fails);
  for (std::uint32_t boot = 0; boot < boots; ++boot) {
    const sim::FiberId fiber = execution.spawn_joinable("boot", [body, boot] { body(boot); });
    if (fails) {
      power.fail();
    } else {
      execution.join(fiber);
    }
    if (boot + 1 == boots) return;
    const bool failed = std::exchange(fails, choose_end(boot + 1));
    if (failed) {
      power.begin_boot(fails);
    } else {
      power.clean_restart(fails);
    }
  }
}

}  // namespace nmrcheck::designs::ndisif
