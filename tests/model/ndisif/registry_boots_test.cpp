// What of the interface registry is left after a restart or a power failure.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "model/ndisif/choices.h"
#include "scenarios/ndisif/drivers.h"
#include "sim/strategy/dfs.h"
#include "sim/strategy/dpor.h"

namespace nmrcheck::model::test {
namespace {

using designs::ndisif::kIfType;

// Drives a world whose rules are not asked, and says what it came to.
using Drive = std::function<void(World&, std::string& result)>;

class Boots final : public DriverProgram {
 public:
  Boots(const Drive& drive_function, const Profile& profile, std::string& result)
      : DriverProgram(profile), drive_(drive_function), result_(result) {}

 private:
  void drive(World& world) override {
    world.stop_judging();
    world.interfaces().set_requests({.per_interface = 0});
    drive_(world, result_);
  }

  const Drive& drive_;
  std::string& result_;
};

// The results of all executions.
std::set<std::string> results_of(sim::Strategy& strategy, const Drive& drive,
                                 const Profile& profile) {
  constexpr int kExecutionsMax = 10'000;
  std::set<std::string> results;
  sim::Execution execution;
  for (int i = 0; strategy.begin_execution(sim::Seed{0}); ++i) {
    std::string result;
    Boots program(drive, profile, result);
    const sim::Outcome& outcome = execution.run(program, strategy);
    EXPECT_EQ(outcome.ending, sim::Ending::kComplete);
    EXPECT_EQ(outcome.violation, std::nullopt);
    results.insert(result);
    EXPECT_LT(i, kExecutionsMax);
    if (i >= kExecutionsMax) break;
  }
  EXPECT_EQ(strategy.divergence(), nullptr);
  return results;
}

std::set<std::string> results_of(const Drive& drive,
                                 const Profile& profile = *find_profile("canonical")) {
  sim::DporStrategy dpor;
  sim::DfsStrategy dfs;
  const std::set<std::string> results = results_of(dpor, drive, profile);
  EXPECT_EQ(results_of(dfs, drive, profile), results);
  return results;
}

// Code of a driver that is loaded now, and unloaded afterwards.
template <class Code>
void as_driver(World& world, const Code& code) {
  const ModuleId driver = world.kernel().load("driver.sys");
  kit::in_driver(driver, "driver", code);
  world.kernel().unload(driver, [] {});
}

void allocate(std::string& result) {
  UINT32 luid_index = 0;
  const NDIS_STATUS status = NdisIfAllocateNetLuidIndex(kIfType, &luid_index);
  result += status == NDIS_STATUS_SUCCESS ? " " + std::to_string(luid_index) : " none";
}

TEST(RegistryBootsTest, LuidIndexesStayAllocated) {
  const Drive drive = [](World& world, std::string& result) {
    world.interfaces().limit_luids(3);
    world.kernel().power().begin_boot();
    for (int boot = 0; boot < 4; ++boot) {
      if (boot > 0) world.kernel().power().clean_restart();
      as_driver(world, [&result] { allocate(result); });
    }
  };
  EXPECT_EQ(results_of(drive), (std::set<std::string>{" 1 2 3 none"}));
}

// Power fails before the allocation (1), behind it (2), or behind the free (1).
TEST(RegistryBootsTest, APowerFailureComesBeforeOrAfterTheTable) {
  const Drive drive = [](World& world, std::string& result) {
    Power& power = world.kernel().power();
    power.begin_boot(true);
    world.execution().spawn("boot", [&world] {
      as_driver(world, [] {
        UINT32 luid_index = 0;
        static_cast<void>(NdisIfAllocateNetLuidIndex(kIfType, &luid_index));
        static_cast<void>(NdisIfFreeNetLuidIndex(kIfType, luid_index));
      });
    });
    power.fail();
    power.begin_boot();
    as_driver(world, [&result] { allocate(result); });
  };
  EXPECT_EQ(results_of(drive), (std::set<std::string>{" 1", " 2"}));
}

// Registers `count` interfaces with LUID indexes from 1 on, and adds their interface indexes.
NDIS_HANDLE register_interfaces(int count, std::string& result) {
  NDIS_IF_PROVIDER_CHARACTERISTICS given =
      designs::ndisif::characteristics(designs::ndisif::query_globals, designs::ndisif::refuse_set);
  NDIS_HANDLE handle = nullptr;
  EXPECT_EQ(NdisIfRegisterProvider(&given, nullptr, &handle), NDIS_STATUS_SUCCESS);
  for (int i = 1; i <= count; ++i) {
    NET_IF_INFORMATION information = designs::ndisif::information(static_cast<UCHAR>(i));
    NET_IFINDEX index = 0;
    const NDIS_STATUS status =
        NdisIfRegisterInterface(handle, designs::ndisif::luid(kIfType, static_cast<UINT32>(i)),
                                nullptr, &information, &index);
    result += status == NDIS_STATUS_SUCCESS ? " " + std::to_string(index) : " failed";
  }
  return handle;
}

// Interfaces, pairs, and which index was freed last are of one boot: where U14 is open the index is
// the lowest or another one, here 2, but not the one that was freed last in the boot before.
TEST(RegistryBootsTest, AllElseIsNew) {
  Profile open = *find_profile("canonical");
  open.allowed[interface_choice(14)] = find_profile("documented")->allowed[interface_choice(14)];
  const Drive drive = [](World& world, std::string& result) {
    world.kernel().power().begin_boot();
    as_driver(world, [] {
      std::string ignored;
      for (int i = 0; i < 3; ++i) allocate(ignored);
      NDIS_HANDLE handle = register_interfaces(3, ignored);
      static_cast<void>(NdisIfAddIfStackEntry(1, 2));
      for (const NET_IFINDEX index : {1u, 2u, 3u}) NdisIfDeregisterInterface(index);
      NdisIfDeregisterProvider(handle);
    });
    world.kernel().power().clean_restart();
    as_driver(world, [&result] {
      NET_IFINDEX found = 0;
      const NET_LUID luid = designs::ndisif::luid(kIfType, 1);
      EXPECT_NE(NdisIfGetInterfaceIndexFromNetLuid(luid, &found), NDIS_STATUS_SUCCESS);
      NDIS_HANDLE handle = register_interfaces(1, result);
      const NET_IFINDEX index = static_cast<NET_IFINDEX>(std::stoi(result));
      NdisIfDeregisterInterface(index);
      NdisIfDeregisterProvider(handle);
    });
  };
  EXPECT_EQ(results_of(drive, open), (std::set<std::string>{" 1", " 2"}));
}

// What a power failure left registered is gone too.
TEST(RegistryBootsTest, InterfacesGoWithTheirBoot) {
  const Drive drive = [](World& world, std::string& result) {
    Power& power = world.kernel().power();
    power.begin_boot(true);
    world.execution().spawn("boot", [&world] {
      as_driver(world, [] {
        std::string ignored;
        allocate(ignored);
        register_interfaces(1, ignored);
      });
    });
    power.fail();
    power.begin_boot();
    as_driver(world, [&result] {
      NET_IFINDEX found = 0;
      const NET_LUID luid = designs::ndisif::luid(kIfType, 1);
      EXPECT_NE(NdisIfGetInterfaceIndexFromNetLuid(luid, &found), NDIS_STATUS_SUCCESS);
      NDIS_HANDLE handle = register_interfaces(1, result);
      if (result != " failed") NdisIfDeregisterInterface(1);
      NdisIfDeregisterProvider(handle);
    });
  };
  // Without the allocation the LUID is invalid.
  EXPECT_EQ(results_of(drive), (std::set<std::string>{" 1", " failed"}));
}

}  // namespace
}  // namespace nmrcheck::model::test
