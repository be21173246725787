// Checks the dimmer, as it was and as it is mended.
#include <scenarios/driver.h>
#include <scenarios/kit.h>
#include <sim/explore/explorer.h>

#include <cstdio>

using namespace nmrcheck;

// One execution: load the drivers, call them on threads of their own, unload them.
void drive(const char* path) {
  kit::Driver lamp(NMRCHECK_DRIVER(lamp), "lamp.sys");
  kit::Driver dimmer(path, "dimmer.sys");
  lamp.enter();
  dimmer.enter();
  auto* set = dimmer.find<NTSTATUS(LONG)>("DimmerSet");
  const sim::FiberId user = kit::start_thread(dimmer.module(), "user", [=] { (void)set(50); });
  lamp.unload();
  kit::join(user);
  dimmer.unload();
}
void drive_dimmer(model::World&, const ParameterValues&) { drive(NMRCHECK_DRIVER(dimmer)); }
void drive_mended(model::World&, const ParameterValues&) { drive(NMRCHECK_DRIVER(dimmer_mended)); }

// Searches all executions, and shows the first that breaks a rule.
template <kit::DriveFunction kDrive>
bool check(const char* name) {
  const auto make = [] { return kit::make<kDrive>({}, *model::find_profile("windows")); };
  const sim::Report report = sim::explore(make, {});
  std::printf("%s: %s\n", name, report.findings.empty() ? report.scope.c_str() : "a violation");
  for (const sim::Finding& finding : report.findings) {
    std::printf("%s: %s\n", finding.violation.rule.c_str(), finding.violation.message.c_str());
    sim::Trace trace;
    (void)sim::replay(make, finding.schedule, {}, &trace);
    for (const sim::StepRecord& step : trace.steps) {
      const std::string& fiber = trace.fibers[static_cast<std::size_t>(step.fiber)].name;
      const char* file = step.place.file == nullptr ? "" : step.place.file;
      std::printf("  %-5s %s %s  %s:%d\n", fiber.c_str(), step.action.c_str(), step.subject.c_str(),
                  file, step.place.line);
    }
  }
  return report.verdict == sim::Verdict::kVerified;
}

int main() {
  const bool dimmer = check<drive_dimmer>("dimmer");
  const bool mended = check<drive_mended>("dimmer_mended");
  return dimmer && mended ? 0 : 1;
}
