// Where the rules of LUID indexes and their records begin and end, by hand.
#include <gtest/gtest.h>

#include "tests/model/rules/interface_reports.h"

namespace nmrcheck::model::test {
namespace {

// --- NDISIF-LUID-01 ---

TEST(LuidRulesTest, WhatIsFreedIsTheDriversOwn) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.allocates(r.driver, kLuid);
              r.frees(r.driver, kLuid);
            }),
            "");
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.allocates(r.other, kLuid);
              r.frees(r.driver, kLuid);
            }),
            "NDISIF-LUID-01");
}

TEST(LuidRulesTest, TheMessageTellsWhatTheTypeShouldBe) {
  const auto found = violation_of([](World& world) {
    Reports r(world);
    r.allocates(r.driver, kLuid);
    r.frees(r.driver, make_luid(131, 1), kFailed);
  });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rule, "NDISIF-LUID-01");
  EXPECT_EQ(found->message,
            "driver.sys frees LUID index 1 of type 131, but it was allocated for type 6");
}

TEST(LuidRulesTest, AnIndexIsFreedOnce) {
  const auto free_again = [](bool taken) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(r.driver, kLuid);
      r.frees(r.driver, kLuid);
      if (taken) r.allocates(r.other, kLuid);
      r.frees(r.driver, kLuid, taken ? 0 : kFailed);
    });
  };
  EXPECT_EQ(free_again(false), "NDISIF-LUID-01");
  EXPECT_EQ(free_again(true), "NDISIF-LUID-01");
}

// The owner is the driver's name.
TEST(LuidRulesTest, AnIndexIsTheDriversInEveryBoot) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.allocates(r.driver, kLuid);
              r.commits(r.driver, kLuid);
              r.restarts();
              r.frees(r.driver, kLuid);
              r.erases(r.driver);
              r.unload_all();
            }),
            "");
}

// Power fails between free and erase: what the next boot does cannot be helped.
TEST(LuidRulesTest, AFreeIsReplayedAfterAPowerFailureOnly) {
  const auto replay = [](bool crash, bool taken, Rules* hints) {
    const auto body = [=](Reports& r) {
      r.allocates(r.driver, kLuid);
      r.commits(r.driver, kLuid, kGuid, 0);
      r.frees(r.driver, kLuid);
      crash ? r.crashes() : r.restarts();
      if (taken) r.allocates(r.other, kLuid);
      r.frees(r.driver, kLuid, taken ? 0 : kFailed);
      r.erases(r.driver);
      if (taken) r.frees(r.other, kLuid, kFailed);  // was robbed
      r.unload_all();
    };
    if (hints != nullptr) *hints = hinted_by(body);
    return rule_broken_by(body);
  };
  Rules hints;
  EXPECT_EQ(replay(true, false, &hints), "");
  EXPECT_EQ(hints, Rules{});
  EXPECT_EQ(replay(true, true, &hints), "");
  EXPECT_EQ(hints, Rules{"NDISIF-LUID-01"});
  EXPECT_EQ(replay(false, false, nullptr), "NDISIF-LUID-01");
  EXPECT_EQ(replay(false, true, nullptr), "NDISIF-LUID-01");
}

// --- NDISIF-LUID-02 ---

TEST(LuidRulesTest, AnIndexIsFreedWhenTheDeregistrationReturned) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.allocates(r.driver, kLuid);
              r.registers(r.driver, kOne, 1, kLuid);
              r.deregister_called(r.driver, kOne, 1);
              r.frees(r.driver, kLuid);
            }),
            "NDISIF-LUID-02");
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.allocates(r.driver, kLuid);
              r.registers(r.driver, kOne, 1, kLuid);
              r.deregisters(r.driver, kOne, 1);
              r.frees(r.driver, kLuid);
            }),
            "");
}

TEST(LuidRulesTest, WhatIsFreeIsNotUsedUnlessItIsAllocatedAgain) {
  const auto look_up_after = [](bool again) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(r.driver, kLuid);
      r.frees(r.driver, kLuid);
      if (again) r.allocates(r.other, kLuid);
      r.looks_up(r.driver, kLuid, kNoInterface, 0, kFailed);
      if (again) r.frees(r.other, kLuid);
    });
  };
  EXPECT_EQ(look_up_after(false), "NDISIF-LUID-02");
  EXPECT_EQ(look_up_after(true), "");
  // Others may look it up.
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.allocates(r.driver, kLuid);
              r.frees(r.driver, kLuid);
              r.looks_up(r.other, kLuid, kNoInterface, 0, kFailed);
            }),
            "");
}

// --- NDISIF-LUID-03 ---

TEST(LuidRulesTest, AnInterfaceKeepsItsLuidOverARestart) {
  const auto allocate_again = [](bool registered, bool recorded, std::uint64_t fresh) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(r.driver, kLuid);
      if (recorded) r.commits(r.driver, kLuid);
      if (registered) {
        r.registers(r.driver, kOne, 1, kLuid);
        r.deregisters(r.driver, kOne, 1);
      }
      r.crashes();
      r.allocates(r.driver, fresh);
      r.frees(r.driver, fresh);
      r.unload_all();
    });
  };
  EXPECT_EQ(allocate_again(true, false, kOtherLuid), "NDISIF-LUID-03");
  EXPECT_EQ(allocate_again(true, true, kOtherLuid), "");
  // Power failed before anybody could know of it; nobody can free it.
  EXPECT_EQ(allocate_again(false, false, kOtherLuid), "");
}

TEST(LuidRulesTest, ALuidThatIsRegisteredAgainIsNotForgotten) {
  const auto allocate_another = [](bool again) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(r.driver, kLuid);
      r.registers(r.driver, kOne, 1, kLuid);
      r.deregisters(r.driver, kOne, 1);
      r.restarts();
      if (again) {
        r.registers(r.driver, kTwo, 1, kLuid);
        r.deregisters(r.driver, kTwo, 1);
      }
      r.allocates(r.driver, kOtherLuid);
      r.frees(r.driver, kOtherLuid);
      r.unload_all();
    });
  };
  EXPECT_EQ(allocate_another(false), "NDISIF-LUID-03");
  EXPECT_EQ(allocate_another(true), "");  // its record is elsewhere
}

TEST(LuidRulesTest, APowerFailureLosesWhatIsRegisteredWithoutARecord) {
  const auto lose = [](bool registered, bool recorded) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(r.driver, kLuid);
      if (recorded) r.commits(r.driver, kLuid);
      if (registered) r.registers(r.driver, kOne, 1, kLuid);
      r.crashes();
      r.unload_all();
    });
  };
  EXPECT_EQ(lose(true, false), "NDISIF-LUID-03");
  EXPECT_EQ(lose(true, true), "");
  EXPECT_EQ(lose(false, false), "");
  EXPECT_EQ(lose(false, true), "");
}

TEST(LuidRulesTest, ARecordIsNotChanged) {
  const auto commit_again = [](bool freed, std::uint64_t luid, const InterfaceGuid& guid) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(r.driver, kLuid);
      r.allocates(r.driver, kOtherLuid);
      r.commits(r.driver, kOtherLuid, kGuid, 1, 0, "another");
      r.commits(r.driver, kLuid);
      if (freed) r.frees(r.driver, kLuid);
      r.commits(r.driver, luid, guid);
    });
  };
  EXPECT_EQ(commit_again(false, kLuid, kGuid), "");
  EXPECT_EQ(commit_again(false, kLuid, kOtherGuid), "NDISIF-LUID-03");
  EXPECT_EQ(commit_again(false, kOtherLuid, kOtherGuid), "NDISIF-LUID-03");
  EXPECT_EQ(commit_again(true, kOtherLuid, kOtherGuid), "");
}

TEST(LuidRulesTest, AnInterfaceHasTheGuidOfItsRecord) {
  const auto register_with = [](const InterfaceGuid& recorded, const InterfaceGuid& given) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(r.driver, kLuid);
      r.commits(r.driver, kLuid, recorded);
      r.register_called(r.driver, kLuid, information_with(given));
    });
  };
  EXPECT_EQ(register_with(kGuid, kGuid), "");
  EXPECT_EQ(register_with({}, kGuid), "");  // it records none
  EXPECT_EQ(register_with(kGuid, kOtherGuid), "NDISIF-LUID-03");
}

// --- NDISIF-LUID-04 ---

TEST(LuidRulesTest, WhatAnUnloadedDriverLeavesIsRecorded) {
  const auto leave = [](bool recorded, bool unloaded) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(r.driver, kLuid);
      if (recorded) r.commits(r.driver, kLuid, kGuid, 0);
      if (unloaded) r.unload_all();
    });
  };
  EXPECT_EQ(leave(false, true), "NDISIF-LUID-04");
  EXPECT_EQ(leave(false, false), "");
  EXPECT_EQ(leave(true, true), "");  // the next start frees it
}

TEST(LuidRulesTest, TemporaryInterfacesAreFreedAtTheNextStart) {
  const auto next_boot = [](std::uint32_t persistent, bool crash) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(r.driver, kLuid);
      r.commits(r.driver, kLuid, kGuid, persistent);
      crash ? r.crashes() : r.restarts();
      r.unload_all();
    });
  };
  EXPECT_EQ(next_boot(0, false), "NDISIF-LUID-04");
  EXPECT_EQ(next_boot(0, true), "NDISIF-LUID-04");
  EXPECT_EQ(next_boot(1, false), "");
}

TEST(LuidRulesTest, ErasingWithoutFreeingLeaks) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.allocates(r.driver, kLuid);
              r.commits(r.driver, kLuid);
              r.erases(r.driver);
              r.unload_all();
            }),
            "NDISIF-LUID-04");
}

// --- NDISIF-LUID-05 ---

TEST(LuidRulesTest, ErasingFirstLeaksWhenPowerFails) {
  const auto lose_between = [](bool erases_first) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(r.driver, kLuid);
      r.commits(r.driver, kLuid);
      if (erases_first) {
        r.erases(r.driver);
      } else {
        r.frees(r.driver, kLuid);
      }
      r.crashes();
      if (!erases_first) r.erases(r.driver);
      r.unload_all();
    });
  };
  EXPECT_EQ(lose_between(true), "NDISIF-LUID-05");
  EXPECT_EQ(lose_between(false), "");
}

// A free fails because power failed behind the first one. If it fails again the driver had a whole
// boot to erase the record, or had not.
TEST(LuidRulesTest, ARecordGoesThoughTheFreeFailed) {
  const auto retry = [](bool second_crash) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(r.driver, kLuid);
      r.commits(r.driver, kLuid, kGuid, 0);
      r.frees(r.driver, kLuid);
      r.crashes();
      r.frees(r.driver, kLuid, kFailed);
      second_crash ? r.crashes() : r.restarts();
      r.frees(r.driver, kLuid, kFailed);
      r.erases(r.driver);
      r.unload_all();
    });
  };
  EXPECT_EQ(retry(false), "NDISIF-LUID-05");
  EXPECT_EQ(retry(true), "");
}

TEST(LuidRulesTest, AFailedFreeIsNotRepeatedInOneBoot) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.allocates(r.driver, kLuid);
              r.commits(r.driver, kLuid, kGuid, 0);
              r.frees(r.driver, kLuid);
              r.crashes();
              r.frees(r.driver, kLuid, kFailed);
              r.frees(r.driver, kLuid, kFailed);
            }),
            "NDISIF-LUID-05");
}

}  // namespace
}  // namespace nmrcheck::model::test
