// WSK: what the library and the subsystem promise to applications, and what each rule says.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "scenarios/wsk/application.h"
#include "sim/explore/explorer.h"
#include "sim/strategy/dfs.h"

namespace nmrcheck {
namespace {

using designs::wsk::Application;
using designs::wsk::close_socket;
using designs::wsk::make_socket;
using designs::wsk::register_application;

struct Played {
  std::string rule;  // "" if none is broken
  std::string message;
};

using Play = void (*)(model::World& world, model::ModuleId subsystem, Application& application);

// The first schedule of an application that does `play` in one go, with the subsystem loaded and
// not started; all registrations succeed.
Played play(Play play_function) {
  static thread_local Play current = nullptr;
  current = play_function;
  const kit::DriveFunction drive = [](model::World& world, const ParameterValues&) {
    const model::ModuleId subsystem = model::load_wsk_subsystem(world);
    const model::ModuleId driver = world.kernel().load("application.sys");
    auto* application = kit::globals<Application>(driver);
    kit::in_driver(driver, "code", [&] { current(world, subsystem, *application); });
    world.kernel().unload(driver, [] {});
    model::unload_wsk_subsystem(world, subsystem);
  };
  kit::FunctionDriverProgram program(drive, {}, *model::find_profile("windows"));
  sim::Execution execution;
  sim::DfsStrategy first;
  first.begin_execution(sim::Seed{0});
  const sim::Outcome& outcome = execution.run(program, first);
  if (!outcome.violation) return {};
  return {outcome.violation->rule, outcome.violation->message};
}

NTSTATUS capture(Application& application, ULONG timeout = WSK_NO_WAIT) {
  return WskCaptureProviderNPI(&application.registration, timeout, &application.npi);
}

void release(Application& application) { WskReleaseProviderNPI(&application.registration); }

// The test's own requirements: a failed one is the verdict KRN-ASSERT-01.
#define REQUIRE(condition) NT_ASSERT(condition)

TEST(WskTest, AnApplicationMakesSocketsWhileItHoldsTheNpi) {
  const Played played = play([](model::World&, model::ModuleId subsystem, Application& own) {
    model::start_wsk_subsystem(subsystem);
    register_application(own);
    REQUIRE(capture(own) == STATUS_SUCCESS);
    REQUIRE(own.npi.Dispatch->Version == MAKE_WSK_VERSION(1, 0));
    const PWSK_SOCKET one = make_socket(own.npi);
    const PWSK_SOCKET other = make_socket(own.npi);
    REQUIRE(one != nullptr && other != nullptr && one != other);
    close_socket(one);
    close_socket(other);
    release(own);
    WskDeregister(&own.registration);
    REQUIRE(capture(own) == STATUS_DEVICE_NOT_READY);
  });
  EXPECT_EQ(played.rule, "") << played.message;
}

TEST(WskTest, CapturingWithoutASubsystemFailsAtOnceOrAfterItsTime) {
  const Played played = play([](model::World& world, model::ModuleId, Application& own) {
    register_application(own);
    WSK_PROVIDER_CHARACTERISTICS versions{};
    REQUIRE(capture(own) == STATUS_DEVICE_NOT_READY);
    REQUIRE(world.execution().now() == 0);
    REQUIRE(capture(own, 30) == STATUS_DEVICE_NOT_READY);
    REQUIRE(world.execution().now() == 300'000);
    REQUIRE(WskQueryProviderCharacteristics(&own.registration, &versions) ==
            STATUS_DEVICE_NOT_READY);
    WskDeregister(&own.registration);
  });
  EXPECT_EQ(played.rule, "") << played.message;
}

TEST(WskTest, AVersionThatIsNotThereIsNoInterfaceAndQueryTellsWhatIs) {
  const Played played = play([](model::World&, model::ModuleId subsystem, Application& own) {
    model::start_wsk_subsystem(subsystem);
    own.dispatch.Version = MAKE_WSK_VERSION(2, 0);
    WSK_CLIENT_NPI npi{&own, &own.dispatch};
    REQUIRE(WskRegister(&npi, &own.registration) == STATUS_SUCCESS);
    REQUIRE(capture(own, WSK_INFINITE_WAIT) == STATUS_NOINTERFACE);
    WSK_PROVIDER_CHARACTERISTICS versions{};
    REQUIRE(WskQueryProviderCharacteristics(&own.registration, &versions) == STATUS_SUCCESS);
    REQUIRE(versions.HighestVersion == MAKE_WSK_VERSION(1, 0));
    REQUIRE(versions.LowestVersion == MAKE_WSK_VERSION(1, 0));
    WskDeregister(&own.registration);
    register_application(own);
    REQUIRE(capture(own) == STATUS_SUCCESS);
    release(own);
    WskDeregister(&own.registration);
  });
  EXPECT_EQ(played.rule, "") << played.message;
}

TEST(WskTest, EachCaptureNeedsItsRelease) {
  const Played played = play([](model::World&, model::ModuleId subsystem, Application& own) {
    model::start_wsk_subsystem(subsystem);
    register_application(own);
    REQUIRE(capture(own) == STATUS_SUCCESS);
    REQUIRE(capture(own) == STATUS_SUCCESS);
    release(own);
    const PWSK_SOCKET socket = make_socket(own.npi);  // one is left
    REQUIRE(socket != nullptr);
    close_socket(socket);
    release(own);
    release(own);
  });
  EXPECT_EQ(played.rule, "WSK-02");
  EXPECT_EQ(played.message, "WskReleaseProviderNPI on main releases what was not captured");
}

TEST(WskTest, ACallNeedsACapture) {
  const Played played = play([](model::World&, model::ModuleId subsystem, Application& own) {
    model::start_wsk_subsystem(subsystem);
    register_application(own);
    REQUIRE(capture(own) == STATUS_SUCCESS);
    release(own);
    (void)make_socket(own.npi);
  });
  EXPECT_EQ(played.rule, "WSK-03");
  EXPECT_EQ(played.message, "application.sys calls WskSocket after its last WskReleaseProviderNPI");
}

TEST(WskTest, ARegistrationIsDeregisteredOnce) {
  const Played twice = play([](model::World&, model::ModuleId, Application& own) {
    register_application(own);
    WskDeregister(&own.registration);
    WskDeregister(&own.registration);
  });
  EXPECT_EQ(twice.rule, "WSK-01");
  EXPECT_EQ(twice.message, "WskDeregister on main is given a block that is deregistered already");
  const Played never =
      play([](model::World&, model::ModuleId, Application& own) { register_application(own); });
  EXPECT_EQ(never.rule, "WSK-01");
  EXPECT_EQ(never.message, "application.sys is unloaded, and WskDeregister was not called");
  const Played unknown = play(
      [](model::World&, model::ModuleId, Application& own) { WskDeregister(&own.registration); });
  EXPECT_EQ(unknown.message,
            "WskDeregister on main is given a block that WskRegister never registered");
}

TEST(WskTest, ABlockServesAgainAfterItsDeregistration) {
  const Played played = play([](model::World&, model::ModuleId, Application& own) {
    for (int i = 0; i < 2; ++i) {
      register_application(own);
      WskDeregister(&own.registration);
    }
  });
  EXPECT_EQ(played.rule, "") << played.message;
}

TEST(WskTest, FunctionsNeedTheirIrql) {
  const Played played = play([](model::World&, model::ModuleId, Application& own) {
    KIRQL irql;
    KeAcquireSpinLock(&own.lock, &irql);
    register_application(own);
  });
  EXPECT_EQ(played.rule, "KRN-IRQL-01");
  const Played waits = play([](model::World&, model::ModuleId, Application& own) {
    register_application(own);
    KIRQL irql;
    KeAcquireSpinLock(&own.lock, &irql);
    (void)capture(own, 1);
  });
  EXPECT_EQ(waits.rule, "WSK-07");
  EXPECT_EQ(waits.message, "WskCaptureProviderNPI on main may wait, at IRQL 2");
}

// Captures in the entry routine of a driver of its own.
template <ULONG kTimeout>
void capture_in_entry(model::World& world, model::ModuleId, Application&) {
  const auto entry = [](void* globals) -> NTSTATUS {
    auto& own = *static_cast<Application*>(globals);
    register_application(own);
    (void)capture(own, kTimeout);
    WskDeregister(&own.registration);
    return STATUS_SUCCESS;
  };
  const model::ModuleId driver = world.kernel().load("other.sys");
  kit::enter(driver, entry, kit::globals<Application>(driver));
  world.kernel().unload(driver, [] {});
}

TEST(WskTest, AnEntryRoutineMayWaitForALimitedTime) {
  const Played limited = play(capture_in_entry<10>);
  EXPECT_EQ(limited.rule, "") << limited.message;
  const Played endless = play(capture_in_entry<WSK_INFINITE_WAIT>);
  EXPECT_EQ(endless.rule, "WSK-07");
  EXPECT_EQ(endless.message,
            "WskCaptureProviderNPI is called with WSK_INFINITE_WAIT inside DriverEntry");
}

TEST(WskTest, AWriteToTheBlockIsSeenByTheNextFunction) {
  const Played played = play([](model::World&, model::ModuleId, Application& own) {
    register_application(own);
    own.registration.ReservedRegistrationState = 0;
    (void)capture(own);
  });
  EXPECT_EQ(played.rule, "WSK-06");
  EXPECT_EQ(played.message,
            "WskCaptureProviderNPI on main is given a WSK_REGISTRATION that the application has "
            "changed since WskRegister");
}

sim::Report explore_all(const char* name, std::uint64_t executions_max,
                        const ParameterValues& values = {}) {
  const Scenario& scenario = *find_scenario(name);
  sim::SearchOptions options;
  options.strategy = "dpor";
  options.budget.executions_max = executions_max;
  options.keep_going = true;
  options.minimize = false;
  return sim::explore([&] { return scenario.make(values, *model::find_profile("documented")); },
                      options);
}

// Also while its detach is pending: the window is wider than the generic contract's.
TEST(WskTest, CallsMayBeginUntilTheLastCaptureIsReleased) {
  const sim::Report report = explore_all("wsk/leaked-capture-fixed", 5'000);
  EXPECT_TRUE(report.findings.empty());
  EXPECT_TRUE(report.hints.empty());  // NMR-DET-01: the NPI allows it
  std::uint64_t calls = 0;
  for (const auto& [name, executions] : report.situations) {
    if (name == "call while detaching") calls = executions;
  }
  EXPECT_EQ(calls, 531u);
}

TEST(WskTest, WhatIsExpectedIsFoundByTheCompleteSearch) {
  const sim::Report report = explore_all("wsk/never-deregistered", sim::kUnlimited);
  EXPECT_TRUE(report.exhausted);
  EXPECT_EQ(report.executions, 10u);
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].violation.rule, "WSK-01");
}

TEST(WskTest, WhatWasNotRegisteredIsNotDeregistered) {
  const sim::Report report =
      explore_all("wsk/deregister-after-failure", sim::kUnlimited, {{"faults", 1}});
  EXPECT_TRUE(report.exhausted);
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].violation.rule, "WSK-01");
  EXPECT_EQ(report.findings[0].violation.message,
            "WskDeregister on main is given a block whose WskRegister failed");
}

}  // namespace
}  // namespace nmrcheck
