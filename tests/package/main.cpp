// A design of one's own: a provider whose unload may forget to deregister.
#include <scenarios/kit.h>
#include <sim/explore/explorer.h>

#include <cstdio>

using namespace nmrcheck;

struct Driver {  // the driver's globals: fresh in each execution, dead after unload
  HANDLE registration;
};

NTSTATUS attach(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*, PVOID*,
                CONST VOID**) {
  return STATUS_NOINTERFACE;
}
NTSTATUS detach(PVOID) { return STATUS_SUCCESS; }

const NPI_PROVIDER_CHARACTERISTICS provider =
    kit::provider_characteristics(attach, detach, nullptr);

template <bool waits>
void drive(model::World& world, const ParameterValues&) {  // the body of the main fiber
  const model::ModuleId driver = world.kernel().load("forgetful.sys");
  Driver* globals = kit::globals<Driver>(driver);
  kit::in_driver(driver, "DriverEntry",
                 [&] { (void)NmrRegisterProvider(&provider, globals, &globals->registration); });
  world.kernel().unload(driver, [&] {
    if (waits) kit::deregister_provider(globals->registration);
  });
}

sim::Report check(kit::DriveFunction function) {
  const auto make = [&] {
    return std::make_unique<kit::FunctionDriverProgram>(function, ParameterValues{},
                                                        *model::find_profile("documented"));
  };
  return sim::explore(make, {.strategy = "dfs"});
}

int main() {
  const sim::Report forgetful = check(drive<false>);
  const sim::Report careful = check(drive<true>);
  for (const sim::Finding& finding : forgetful.findings) {
    std::printf("%s: %s\n", finding.violation.rule.c_str(), finding.violation.message.c_str());
  }
  const bool verified = careful.verdict == sim::Verdict::kVerified;
  std::printf("the careful one: %s, %s\n", verified ? "verified" : "not verified",
              careful.scope.c_str());
  return forgetful.findings.size() == 1 && verified ? 0 : 1;
}
