// Where the rules of interface providers' IRQL and structures begin and end, by hand.
#include <gtest/gtest.h>

#include <string>

#include "tests/model/rules/interface_reports.h"

namespace nmrcheck::model::test {
namespace {

// --- NDISIF-IRQL ---

TEST(InterfaceIrqlTest, FunctionsNeedPassiveLevel) {
  const auto called_at = [](std::uint8_t irql) {
    return verdict_of([=](World& world) {
      world.kernel().set_irql(irql);
      world.kernel().require_irql_at_most(kPassiveLevel, "NdisIfFreeNetLuidIndex");
    });
  };
  EXPECT_EQ(called_at(kPassiveLevel), "");
  EXPECT_EQ(called_at(kApcLevel), "NDISIF-IRQL-01");
  EXPECT_EQ(called_at(kDispatchLevel), "NDISIF-IRQL-01");
}

TEST(InterfaceIrqlTest, ACallbackReturnsAsItWasCalled) {
  const auto verdict_after = [](std::uint8_t irql, bool takes_lock) {
    return verdict_of([=](World& world) {
      Reports r(world);
      std::uint64_t lock = 0;
      Frame frame{FrameKind::kInterfaceCallback, r.driver, kNoBinding, Side::kProvider,
                  "IF_QUERY_OBJECT"};
      world.kernel().push(frame);
      world.kernel().set_irql(irql);
      if (takes_lock) {
        world.kernel().enter_region(Region::kCritical);
        world.kernel().acquire_lock(&lock, LockKind::kPush, false);
      }
      r.callback_called(r.driver, kOne);
      r.callback_returned(r.driver, kOne);
    });
  };
  EXPECT_EQ(verdict_after(kPassiveLevel, false), "");
  EXPECT_EQ(verdict_after(kDispatchLevel, false), "NDISIF-IRQL-02");
  EXPECT_EQ(verdict_after(kPassiveLevel, true), "NDISIF-IRQL-02");
}

// --- NDISIF-HDR ---

TEST(InterfaceHeaderTest, EachFieldOfTheCharacteristicsIsLookedAt) {
  const auto verdict_with = [](void (*change)(ProviderDescription&)) {
    ProviderDescription changed = kCharacteristics;
    change(changed);
    return rule_broken_by([&](Reports& r) { r.provider_called(changed); });
  };
  EXPECT_EQ(verdict_with([](ProviderDescription&) {}), "");
  EXPECT_EQ(verdict_with([](ProviderDescription& d) { d.header.type = 0; }), "NDISIF-HDR-01");
  EXPECT_EQ(verdict_with([](ProviderDescription& d) { d.header.revision = 0; }), "NDISIF-HDR-01");
  EXPECT_EQ(verdict_with([](ProviderDescription& d) { d.header.revision = 2; }), "NDISIF-HDR-01");
  EXPECT_EQ(verdict_with([](ProviderDescription& d) { d.header.size = 0x27; }), "NDISIF-HDR-01");
  EXPECT_EQ(verdict_with([](ProviderDescription& d) { d.header.size = 0x30; }), "NDISIF-HDR-01");
  EXPECT_EQ(verdict_with([](ProviderDescription& d) { d.has_query = false; }), "NDISIF-HDR-01");
}

TEST(InterfaceHeaderTest, WhatThePagesDoNotDemandIsAHint) {
  for (const auto change : {+[](ProviderDescription& d) { d.has_set = false; },
                            +[](ProviderDescription& d) { d.reserved = true; }}) {
    ProviderDescription changed = kCharacteristics;
    change(changed);
    const auto tell = [&](Reports& r) { r.provider_called(changed); };
    EXPECT_EQ(rule_broken_by(tell), "");
    EXPECT_EQ(hinted_by(tell), Rules{"NDISIF-HDR-01"});
  }
}

std::string verdict_of_information(void (*change)(InterfaceDescription&)) {
  InterfaceDescription changed = kInformation;
  change(changed);
  return rule_broken_by([&](Reports& r) {
    r.allocates(r.driver, kLuid);
    r.register_called(r.driver, kLuid, changed);
  });
}

TEST(InterfaceHeaderTest, EachFieldOfTheInformationsHeaderIsLookedAt) {
  EXPECT_EQ(verdict_of_information([](InterfaceDescription&) {}), "");
  const auto wrong = [](void (*change)(InterfaceDescription&)) {
    EXPECT_EQ(verdict_of_information(change), "NDISIF-HDR-02");
  };
  wrong([](InterfaceDescription& d) { d.header.type = 0x81; });
  wrong([](InterfaceDescription& d) { d.header.revision = 2; });
  wrong([](InterfaceDescription& d) { d.header.size = 0x5c; });
  wrong([](InterfaceDescription& d) { d.header.size = 0x62; });
}

// --- NDISIF-REG-07 ---

TEST(InterfaceInformationTest, ArraysLieBehindTheStructureAndInsideTheMemory) {
  EXPECT_EQ(verdict_of_information([](InterfaceDescription& d) {
              d.name_offset = 0x60;
              d.name_length = 16;
              d.allocation_bytes = 0x70;
            }),
            "");
  EXPECT_EQ(verdict_of_information([](InterfaceDescription& d) {
              d.name_offset = 0x60;
              d.name_length = 16;
              d.allocation_bytes = 0x6f;
            }),
            "NDISIF-REG-07");
  EXPECT_EQ(verdict_of_information([](InterfaceDescription& d) {
              d.name_offset = 0x5e;
              d.name_length = 16;
            }),
            "NDISIF-REG-07");
  // Both addresses have the one length.
  EXPECT_EQ(verdict_of_information([](InterfaceDescription& d) {
              d.address_offset = 0x60;
              d.address_length = 6;
            }),
            "NDISIF-REG-07");
  EXPECT_EQ(verdict_of_information([](InterfaceDescription& d) {
              d.address_offset = 0x60;
              d.permanent_address_offset = 0x66;
              d.address_length = 6;
              d.allocation_bytes = 0x6c;
            }),
            "");
}

TEST(InterfaceInformationTest, MembersHaveTheirValues) {
  const auto wrong = [](void (*change)(InterfaceDescription&)) {
    EXPECT_EQ(verdict_of_information(change), "NDISIF-REG-07");
  };
  wrong([](InterfaceDescription& d) { d.access_type = 5; });
  wrong([](InterfaceDescription& d) { d.access_type = 0; });
  wrong([](InterfaceDescription& d) { d.direction_type = 3; });
  wrong([](InterfaceDescription& d) { d.connection_type = 4; });
  wrong([](InterfaceDescription& d) { d.flags = 0x100; });
  wrong([](InterfaceDescription& d) { d.location_unknown = false; });
  wrong([](InterfaceDescription& d) {
    d.name_offset = 0x60;
    d.name_length = 3;
  });
  EXPECT_EQ(verdict_of_information([](InterfaceDescription& d) { d.flags = 0x1; }), "");
}

TEST(InterfaceInformationTest, LongArraysAreHints) {
  const auto hints_with = [](std::uint16_t address, std::uint16_t name) {
    InterfaceDescription long_one = kInformation;
    long_one.address_offset = long_one.permanent_address_offset = long_one.name_offset = 0x60;
    long_one.address_length = address;
    long_one.name_length = name;
    return hinted_by([&](Reports& r) {
      r.allocates(r.driver, kLuid);
      r.register_called(r.driver, kLuid, long_one);
    });
  };
  EXPECT_EQ(hints_with(32, 512), Rules{});
  EXPECT_EQ(hints_with(33, 512), Rules{"NDISIF-REG-07"});
  EXPECT_EQ(hints_with(32, 514), Rules{"NDISIF-REG-07"});
}

}  // namespace
}  // namespace nmrcheck::model::test
