// Where the rules of interface indexes, bindings and the stack table begin and end, by hand.
#include <gtest/gtest.h>

#include "tests/model/rules/interface_reports.h"

namespace nmrcheck::model::test {
namespace {

// --- NDISIF-IDX-01 ---

TEST(InterfaceIndexRulesTest, AnIndexIsStaleFromTheCallOfTheDeregistration) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.registers(r.driver, kOne, 1, kLuid);
              r.asks_luid(r.driver, 1);
              r.deregisters(r.driver, kOne, 1);
            }),
            "");
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.registers(r.driver, kOne, 1, kLuid);
              r.deregister_called(r.driver, kOne, 1);
              r.asks_luid(r.driver, 1);
            }),
            "NDISIF-IDX-01");
}

// What is told later counts: the index is another interface's now.
TEST(InterfaceIndexRulesTest, ALookUpMakesAnIndexValidAgain) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.registers(r.driver, kOne, 1, kLuid);
              r.deregisters(r.driver, kOne, 1);
              r.registers(r.other, kTwo, 1, kOtherLuid);
              r.looks_up(r.driver, kOtherLuid, kTwo, 1);
              r.asks_luid(r.driver, 1);
            }),
            "");
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.registers(r.driver, kOne, 1, kLuid);
              r.deregisters(r.driver, kOne, 1);
              r.registers(r.other, kTwo, 1, kOtherLuid);
              r.looks_up(r.other, kOtherLuid, kTwo, 1);
              r.asks_luid(r.driver, 1);
            }),
            "NDISIF-IDX-01");
}

// A driver cannot know when others deregister.
TEST(InterfaceIndexRulesTest, IndexesOfOthersMayBeOutOfDate) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.registers(r.other, kOne, 1, kLuid);
              r.looks_up(r.driver, kLuid, kOne, 1);
              r.deregisters(r.other, kOne, 1);
              r.asks_luid(r.driver, 1);
            }),
            "");
}

TEST(InterfaceIndexRulesTest, ZeroNamesNoInterface) {
  EXPECT_EQ(rule_broken_by([](Reports& r) { r.asks_luid(r.driver, 0); }), "NDISIF-IDX-01");
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.registers(r.driver, kOne, 1, kLuid);
              r.adds(r.driver, kOne, 1, kNoInterface, 0);
            }),
            "NDISIF-IDX-01");
}

TEST(InterfaceIndexRulesTest, ARecordsIndexIsOfItsBootOnly) {
  const auto use_next_boot = [](std::uint32_t kept, std::uint32_t used, bool told) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(r.driver, kLuid);
      r.registers(r.driver, kOne, 1, kLuid);
      r.commits(r.driver, kLuid, kGuid, 1, kept);
      r.asks_luid(r.driver, 1);
      r.deregisters(r.driver, kOne, 1);
      r.restarts();
      if (told) r.registers(r.driver, kTwo, 1, kLuid);
      r.asks_luid(r.driver, used);
      if (told) r.deregisters(r.driver, kTwo, 1);
      r.unload_all();
    });
  };
  EXPECT_EQ(use_next_boot(1, 1, false), "NDISIF-IDX-01");
  EXPECT_EQ(use_next_boot(1, 1, true), "");
  EXPECT_EQ(use_next_boot(1, 2, false), "");
  EXPECT_EQ(use_next_boot(0, 1, false), "");
}

// --- NDISIF-BIND-01 ---

TEST(BindingRulesTest, OnlyOpenBindingsAreQueried) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.registers(r.other, kOne, 1, kLuid);
              r.queries(r.driver, true, kOne, 1, kOne, 1);
            }),
            "");
  EXPECT_EQ(rule_broken_by(
                [](Reports& r) { r.queries(r.driver, false, kNoInterface, 0, kNoInterface, 0); }),
            "NDISIF-BIND-01");
}

TEST(BindingRulesTest, WhatABindingToldIsGoodUntilItsInterfaceGoes) {
  const auto add_after = [](bool gone, bool again) {
    return rule_broken_by([=](Reports& r) {
      r.registers(r.other, kOne, 1, kLuid);
      r.registers(r.other, kTwo, 2, kOtherLuid);
      r.registers(r.driver, kThree, 3, make_luid(6, 3));
      r.queries(r.driver, true, kTwo, 2, kOne, 1);
      if (gone) r.deregisters(r.other, kTwo, 2);
      if (again) r.queries(r.driver, true, kOne, 1, kOne, 1);
      const bool uses_lowest = gone && again;
      r.adds(r.driver, kThree, 3, uses_lowest ? kOne : kTwo, uses_lowest ? 1 : 2);
    });
  };
  EXPECT_EQ(add_after(false, false), "");
  EXPECT_EQ(add_after(false, true), "");
  EXPECT_EQ(add_after(true, true), "");
  EXPECT_EQ(add_after(true, false), "NDISIF-BIND-01");
}

// --- NDISIF-STK-01 ---

TEST(StackRulesTest, ACircleStopsTheMachine) {
  const auto adds = [](InterfaceId lower, std::uint32_t lower_index, bool circle) {
    return violation_of([=](World& world) {
      Reports r(world);
      r.registers(r.driver, kOne, 1, kLuid);
      r.registers(r.driver, kTwo, 2, kOtherLuid);
      r.adds(r.driver, kOne, 1, lower, lower_index, 0, circle);
    });
  };
  EXPECT_FALSE(adds(kTwo, 2, false));
  const auto found = adds(kTwo, 2, true);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rule, "NDISIF-STK-01");
  EXPECT_EQ(found->severity, sim::Severity::kS2);
  EXPECT_NE(found->message.find("0x7C with parameters 0x1B, 1, 2, 0"), std::string::npos);
  // Whatever the registry makes of it.
  const auto itself = adds(kOne, 1, false);
  ASSERT_TRUE(itself);
  EXPECT_EQ(itself->rule, "NDISIF-STK-01");
  EXPECT_NE(itself->message.find("may be bug check 0x7C"), std::string::npos);
}

// --- NDISIF-STK-02 ---

void register_both(Reports& r) {
  r.registers(r.driver, kOne, 1, kLuid);
  r.registers(r.other, kTwo, 2, kOtherLuid);
}

TEST(StackRulesTest, PairsAreOfInterfacesThatWere) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.registers(r.driver, kOne, 1, kLuid);
              r.adds(r.driver, kOne, 1, kNoInterface, 7);
            }),
            "NDISIF-STK-02");
  // It has gone meanwhile: the status says so.
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              register_both(r);
              r.deregisters(r.other, kTwo, 2);
              r.adds(r.driver, kOne, 1, kTwo, 2, kFailed);
            }),
            "");
}

TEST(StackRulesTest, APairIsDeletedAsOftenAsItWasAdded) {
  const auto verdict = [](int adds, int fails, int deletions) {
    return rule_broken_by([=](Reports& r) {
      register_both(r);
      for (int i = 0; i < adds; ++i) r.adds(r.driver, kOne, 1, kTwo, 2);
      for (int i = 0; i < fails; ++i) r.adds(r.driver, kOne, 1, kTwo, 2, kFailed);
      for (int i = 0; i < deletions; ++i) r.deletes(r.driver, kOne, 1, kTwo, 2);
    });
  };
  EXPECT_EQ(verdict(1, 0, 1), "");
  EXPECT_EQ(verdict(1, 1, 1), "");
  EXPECT_EQ(verdict(2, 0, 2), "");
  EXPECT_EQ(verdict(0, 1, 1), "NDISIF-STK-02");
  EXPECT_EQ(verdict(1, 0, 2), "NDISIF-STK-02");
  EXPECT_EQ(verdict(2, 0, 3), "NDISIF-STK-02");
}

TEST(StackRulesTest, PairsBelongToWhoAddedThem) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              register_both(r);
              r.adds(r.other, kOne, 1, kTwo, 2);
              r.deletes(r.driver, kOne, 1, kTwo, 2);
            }),
            "NDISIF-STK-02");
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              register_both(r);
              r.adds(r.driver, kOne, 1, kTwo, 2);
              r.deletes(r.driver, kTwo, 2, kOne, 1);
            }),
            "NDISIF-STK-02");
}

TEST(StackRulesTest, APairIsDeletedWhileItsIndexesMeanTheSame) {
  // The own interface is gone.
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              register_both(r);
              r.adds(r.driver, kOne, 1, kTwo, 2);
              r.deregisters(r.driver, kOne, 1);
              r.deletes(r.driver, kOne, 1, kTwo, 2);
            }),
            "NDISIF-STK-02");
  // Somebody else's is gone, which has no effect; then its index is a third one's.
  const auto other_gone = [](bool reused) {
    return rule_broken_by([=](Reports& r) {
      register_both(r);
      r.adds(r.driver, kOne, 1, kTwo, 2);
      r.deregisters(r.other, kTwo, 2);
      if (reused) r.registers(r.other, kThree, 2, kOtherLuid);
      r.deletes(r.driver, kOne, 1, reused ? kThree : kTwo, 2);
    });
  };
  EXPECT_EQ(other_gone(false), "");
  EXPECT_EQ(other_gone(true), "NDISIF-STK-02");
}

}  // namespace
}  // namespace nmrcheck::model::test
