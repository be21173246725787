// Every status that NdisIfRegisterInterface may answer, rung by rung of its validations, over all
// answers of the choice points.
#include <gtest/gtest.h>
#include <ndis.h>

#include <functional>
#include <set>
#include <string>

#include "scenarios/ndisif/provider.h"
#include "tests/model/ndisif/every_answer.h"

namespace nmrcheck::model::test {
namespace {

using designs::ndisif::information;

using Statuses = std::set<std::uint64_t>;

constexpr std::uint64_t kSuccess = static_cast<std::uint32_t>(NDIS_STATUS_SUCCESS);
constexpr std::uint64_t kResources = static_cast<std::uint32_t>(NDIS_STATUS_RESOURCES);
constexpr std::uint64_t kOther = static_cast<std::uint32_t>(NDIS_STATUS_FAILURE);
constexpr std::uint64_t kInvalid = static_cast<std::uint32_t>(NDIS_STATUS_INVALID_PARAMETER);
constexpr std::uint64_t kUnsupported = static_cast<std::uint32_t>(NDIS_STATUS_NOT_SUPPORTED);
constexpr std::uint64_t kBadVersion = static_cast<std::uint32_t>(NDIS_STATUS_BAD_VERSION);
constexpr std::uint64_t kDuplicate = static_cast<std::uint32_t>(NDIS_STATUS_DUPLICATE_OBJECTID);

constexpr NET_IFTYPE kType = IF_TYPE_ETHERNET_CSMACD;
constexpr UCHAR kGuid = 1;

// A driver with a provider and a LUID index of kType, and what it is about to register.
struct Trial {
  NDIS_HANDLE handle = nullptr;
  NET_LUID luid{};
  NET_IF_INFORMATION information = designs::ndisif::information(kGuid);
  NET_IFINDEX index = 0;
};

using Change = std::function<void(World&, Trial&)>;

NDIS_STATUS register_with(const Trial& trial, NET_IFINDEX* index) {
  NET_IF_INFORMATION given = trial.information;
  return NdisIfRegisterInterface(trial.handle, trial.luid, nullptr, &given, index);
}

NDIS_STATUS register_provider(NDIS_HANDLE* handle) {
  NDIS_IF_PROVIDER_CHARACTERISTICS given =
      designs::ndisif::characteristics(designs::ndisif::query_globals, designs::ndisif::refuse_set);
  return NdisIfRegisterProvider(&given, nullptr, handle);
}

// False if the registry fails what it has no reason to fail.
bool prepare(World& world, Trial& trial) {
  world.interfaces().set_requests({.per_interface = 0});
  UINT32 luid_index = 0;
  if (!NT_SUCCESS(register_provider(&trial.handle)) ||
      !NT_SUCCESS(NdisIfAllocateNetLuidIndex(kType, &luid_index))) {
    return false;
  }
  trial.luid = designs::ndisif::luid(kType, luid_index);
  return true;
}

constexpr std::uint64_t kUnprepared = 1;  // no status that a function here has

Drive registering(const Change& change) {
  return [&change](World& world) -> std::uint64_t {
    Trial trial;
    if (!prepare(world, trial)) return kUnprepared;
    change(world, trial);
    return static_cast<std::uint32_t>(register_with(trial, &trial.index));
  };
}

Statuses statuses(const Change& change, const char* profile = "documented") {
  return every_value(registering(change), profile);
}

// Both profiles have the same alternatives here.
void expect(const Statuses& expected, const char* what, const Change& change) {
  EXPECT_EQ(statuses(change, "documented"), expected) << what;
  EXPECT_EQ(statuses(change, "paranoid"), expected) << what;
}

void register_another(Trial& trial) {
  NET_IFINDEX index = 0;
  register_with(trial, &index);
}

// --- One rung each ---

TEST(InterfaceInformationTest, WhatIsRightSucceeds) {
  expect({kSuccess}, "right", [](World&, Trial&) {});
  // A size above the constant is a later revision's, which only appends.
  expect({kSuccess}, "large", [](World&, Trial& trial) { trial.information.Header.Size = 0x68; });
}

TEST(InterfaceInformationTest, ADeadHandleIsRefused) {
  expect({kInvalid}, "deregistered",
         [](World&, Trial& trial) { NdisIfDeregisterProvider(trial.handle); });
  expect({kInvalid}, "none", [](World&, Trial& trial) { trial.handle = nullptr; });
}

TEST(InterfaceInformationTest, AWrongVersionHasThreeStatuses) {
  const Statuses version{kInvalid, kUnsupported, kBadVersion};
  expect(version, "revision 0",
         [](World&, Trial& trial) { trial.information.Header.Revision = 0; });
  expect(version, "revision 2",
         [](World&, Trial& trial) { trial.information.Header.Revision = 2; });
  expect(version, "small", [](World&, Trial& trial) { trial.information.Header.Size = 0x5f; });
  expect({kInvalid, kUnsupported, kSuccess}, "type",
         [](World&, Trial& trial) { trial.information.Header.Type = 0; });
}

TEST(InterfaceInformationTest, ContentsMayBeChecked) {
  struct Content {
    const char* what;
    void (*change)(NET_IF_INFORMATION& information);
    bool wrong;
  };
  constexpr Content kContents[] = {
      {"access 0", [](auto& i) { i.AccessType = NET_IF_ACCESS_TYPE{}; }, true},
      {"access 1", [](auto& i) { i.AccessType = NET_IF_ACCESS_LOOPBACK; }, false},
      {"access 4", [](auto& i) { i.AccessType = NET_IF_ACCESS_POINT_TO_MULTI_POINT; }, false},
      {"access 5", [](auto& i) { i.AccessType = NET_IF_ACCESS_MAXIMUM; }, true},
      {"direction 2", [](auto& i) { i.DirectionType = NET_IF_DIRECTION_RECEIVEONLY; }, false},
      {"direction 3", [](auto& i) { i.DirectionType = NET_IF_DIRECTION_MAXIMUM; }, true},
      {"connection 0", [](auto& i) { i.ConnectionType = NET_IF_CONNECTION_TYPE{}; }, true},
      {"connection 3", [](auto& i) { i.ConnectionType = NET_IF_CONNECTION_DEMAND; }, false},
      {"connection 4", [](auto& i) { i.ConnectionType = NET_IF_CONNECTION_MAXIMUM; }, true},
      {"address 32", [](auto& i) { i.PhysAddressLength = 32; }, false},
      {"address 33", [](auto& i) { i.PhysAddressLength = 33; }, true},
      {"name 512", [](auto& i) { i.FriendlyNameLength = 512; }, false},
      {"name 514", [](auto& i) { i.FriendlyNameLength = 514; }, true},
      {"name 3", [](auto& i) { i.FriendlyNameLength = 3; }, true},
  };
  for (const Content& content : kContents) {
    const Statuses expected = content.wrong ? Statuses{kInvalid, kSuccess} : Statuses{kSuccess};
    expect(expected, content.what,
           [&content](World&, Trial& trial) { content.change(trial.information); });
  }
}

TEST(InterfaceInformationTest, TheLuidMayBeChecked) {
  const Statuses checked{kInvalid, kSuccess};
  expect(checked, "reserved", [](World&, Trial& trial) { trial.luid.Value |= 1; });
  expect(checked, "type 0", [](World&, Trial& trial) {
    UINT32 luid_index = 0;
    NdisIfAllocateNetLuidIndex(0, &luid_index);
    trial.luid = designs::ndisif::luid(0, luid_index);
  });
  expect(checked, "never allocated",
         [](World&, Trial& trial) { trial.luid = designs::ndisif::luid(kType, 77); });
  expect(checked, "of another type", [](World&, Trial& trial) {
    trial.luid =
        designs::ndisif::luid(kType + 1, static_cast<UINT32>(trial.luid.Info.NetLuidIndex));
  });
  expect(checked, "freed", [](World&, Trial& trial) {
    NdisIfFreeNetLuidIndex(kType, static_cast<UINT32>(trial.luid.Info.NetLuidIndex));
  });
}

TEST(InterfaceInformationTest, ALuidIsRegisteredOnce) {
  const auto other_guid = [](Trial& trial) {
    trial.information.InterfaceGuid.Data4[7] = kGuid + 1;
  };
  expect({kDuplicate}, "by the same provider", [&](World&, Trial& trial) {
    register_another(trial);
    other_guid(trial);
  });
  expect({kDuplicate}, "with another driver's provider", [&](World& world, Trial& trial) {
    register_another(trial);
    other_guid(trial);
    const FrameScope frame(world.kernel(),
                           {FrameKind::kModuleCode, world.kernel().load("other.sys"), kNoBinding,
                            Side::kClient, "other"});
    register_provider(&trial.handle);
  });
  expect({kSuccess}, "again", [](World&, Trial& trial) {
    NET_IFINDEX index = 0;
    register_with(trial, &index);
    NdisIfDeregisterInterface(index);
  });
}

TEST(InterfaceInformationTest, AGuidMayBeUsedTwice) {
  expect({kSuccess, kInvalid}, "two interfaces", [](World&, Trial& trial) {
    register_another(trial);
    UINT32 luid_index = 0;
    NdisIfAllocateNetLuidIndex(kType, &luid_index);
    trial.luid = designs::ndisif::luid(kType, luid_index);
  });
}

// "Other" statuses are documented: whoever enumerates failures takes one of them for success.
TEST(InterfaceInformationTest, ResourcesMayLack) {
  expect({kSuccess, kResources, kOther}, "a fault",
         [](World& world, Trial&) { world.kernel().allow_faults(1); });
  expect({kResources}, "no index is free", [](World& world, Trial& trial) {
    world.interfaces().limit_indexes(1);
    register_another(trial);
    UINT32 luid_index = 0;
    NdisIfAllocateNetLuidIndex(kType, &luid_index);
    trial.luid = designs::ndisif::luid(kType, luid_index);
    trial.information.InterfaceGuid.Data4[7] = kGuid + 1;
  });
}

// --- Two defects at once: either error ---

TEST(InterfaceInformationTest, OfTwoDefectsEitherIsSeen) {
  const auto again = [](Trial& trial) {
    register_another(trial);
    trial.information.InterfaceGuid.Data4[7] = kGuid + 1;
  };
  expect({kInvalid, kUnsupported, kBadVersion}, "version and contents", [](World&, Trial& trial) {
    trial.information.Header.Revision = 2;
    trial.information.ConnectionType = NET_IF_CONNECTION_MAXIMUM;
  });
  expect({kInvalid, kUnsupported, kBadVersion, kDuplicate}, "version and a duplicate",
         [&](World&, Trial& trial) {
           again(trial);
           trial.information.Header.Size = 0x10;
         });
  expect({kInvalid, kDuplicate}, "contents and a duplicate", [&](World&, Trial& trial) {
    again(trial);
    trial.information.AccessType = NET_IF_ACCESS_MAXIMUM;
  });
  expect({kInvalid, kUnsupported, kDuplicate}, "type and a duplicate", [&](World&, Trial& trial) {
    again(trial);
    trial.information.Header.Type = 0;
  });
  // A duplicate LUID with its own GUID, too: no success, and what is documented for it.
  expect({kDuplicate}, "a duplicate with its GUID",
         [](World&, Trial& trial) { register_another(trial); });
}

// --- Outputs ---

constexpr std::uint64_t kFailed = std::uint64_t{1} << 32;  // beside the index
constexpr NET_IFINDEX kBefore = 99;

// The index after a registration, and kFailed if it failed.
Drive index_after(const Change& change) {
  return [&change](World& world) -> std::uint64_t {
    Trial trial;
    if (!prepare(world, trial)) return kUnprepared;
    trial.index = kBefore;
    change(world, trial);
    const NDIS_STATUS status = register_with(trial, &trial.index);
    return trial.index + (NT_SUCCESS(status) ? 0 : kFailed);
  };
}

// U04: untouched, zero, garbage.
TEST(InterfaceInformationTest, TheIndexOfAFailedCallMeansNothing) {
  const Change wrong = [](World&, Trial& trial) { trial.information.Header.Size = 0; };
  EXPECT_EQ(every_value(index_after(wrong), "documented"),
            (Statuses{kFailed + kBefore, kFailed, kFailed + kPoisonIndex}));
}

// U14.
TEST(InterfaceInformationTest, TheIndexIsFreeAndNotZero) {
  const Change first = [](World& world, Trial&) { world.interfaces().limit_indexes(3); };
  EXPECT_EQ(every_value(index_after(first), "canonical"), (Statuses{1}));
  EXPECT_EQ(every_value(index_after(first), "documented"), (Statuses{1, 2}));
  // All three are in use, then 2 and 3 are freed: the lowest, and the one freed last.
  const Change third_freed = [](World& world, Trial& trial) {
    world.interfaces().limit_indexes(3);
    UINT32 luid_index = 0;
    for (UCHAR number = 1; number <= 3; ++number) {
      NdisIfAllocateNetLuidIndex(kType, &luid_index);
      Trial more = trial;
      more.luid = designs::ndisif::luid(kType, luid_index);
      more.information.InterfaceGuid.Data4[7] = static_cast<UCHAR>(kGuid + number);
      register_with(more, &more.index);
    }
    NdisIfDeregisterInterface(2);
    NdisIfDeregisterInterface(3);
  };
  EXPECT_EQ(every_value(index_after(third_freed), "canonical"), (Statuses{2}));
  EXPECT_EQ(every_value(index_after(third_freed), "documented"), (Statuses{2, 3}));
}

}  // namespace
}  // namespace nmrcheck::model::test
