// A design of its own, explored through the installed package: registers a provider and forgets it.
#include <cstdio>

#include "scenarios/kit.h"
#include "sim/explore/explorer.h"

namespace {

namespace kit = nmrcheck::kit;

struct Driver {
  HANDLE registration;
};

NTSTATUS attach(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*, PVOID*,
                CONST VOID**) {
  return STATUS_NOINTERFACE;
}
NTSTATUS detach(PVOID) { return STATUS_SUCCESS; }

const NPI_PROVIDER_CHARACTERISTICS kProvider =
    kit::provider_characteristics(attach, detach, nullptr);

template <bool kWaits>
void drive(nmrcheck::model::World& world, const nmrcheck::ParameterValues&) {
  const auto driver = world.kernel().load("forgetful.sys");
  auto* globals = kit::globals<Driver>(driver);
  kit::in_driver(driver, "DriverEntry", [&] {
    (void)NmrRegisterProvider(&kProvider, globals, &globals->registration);
  });
  world.kernel().unload(driver, [&] {
    if (kWaits) kit::deregister_provider(globals->registration);
  });
}

nmrcheck::sim::Report check(nmrcheck::kit::DriveFunction function) {
  const nmrcheck::model::Profile& profile = *nmrcheck::model::find_profile("documented");
  return nmrcheck::sim::explore(
      [&] { return std::make_unique<kit::FunctionDriverProgram>(
                function, nmrcheck::ParameterValues{}, profile); },
      {.strategy = "dfs"});
}

}  // namespace

int main() {
  const nmrcheck::sim::Report bad = check(drive<false>);
  const nmrcheck::sim::Report good = check(drive<true>);
  const bool found = bad.findings.size() == 1 && bad.findings[0].violation.rule == "NMR-UNL-01";
  const bool verified = good.verdict == nmrcheck::sim::Verdict::kVerified;
  std::printf("forgetful driver: %s; careful driver: %s\n", found ? "NMR-UNL-01" : "not found",
              verified ? "verified" : "not verified");
  return found && verified ? 0 : 1;
}
