// Where the rules of registering and deregistering as an interface provider begin and end, by hand.
#include <gtest/gtest.h>

#include <string>

#include "tests/model/rules/interface_reports.h"

namespace nmrcheck::model::test {
namespace {

// --- NDISIF-REG-01 ---

TEST(InterfaceRegistrationTest, ASecondProviderOfADriverIsAHint) {
  EXPECT_EQ(hinted_by([](Reports& r) {
              r.provider_returned(r.driver, kFirstProvider);
              r.provider_returned(r.driver, kSecondProvider);
            }),
            Rules{"NDISIF-REG-01"});
  EXPECT_EQ(hinted_by([](Reports& r) {
              r.provider_returned(r.driver, kFirstProvider);
              r.provider_returned(r.other, kSecondProvider);
            }),
            Rules{});
  EXPECT_EQ(hinted_by([](Reports& r) {
              r.provider_returned(r.driver, kFirstProvider);
              r.deregisters_provider(r.driver, kFirstProvider);
              r.provider_returned(r.driver, kSecondProvider);
            }),
            Rules{});
  EXPECT_EQ(hinted_by([](Reports& r) {
              r.provider_returned(r.driver, kFirstProvider);
              r.provider_returned(r.driver, kNoIfProvider, kStatusInvalidParameter);
            }),
            Rules{});
}

// --- NDISIF-REG-02 and -06: what failed calls leave ---

TEST(FailedCallTest, PoisonIsNeverGivenToAFunction) {
  const auto breaks = [](auto tell) { EXPECT_EQ(rule_broken_by(tell), "NDISIF-REG-02"); };
  breaks([](Reports& r) {
    r.uses_handle(r.driver, "NdisIfRegisterInterface", kNoIfProvider, kPoisonProviderHandle);
  });
  breaks([](Reports& r) {
    r.uses_index(r.driver, "NdisIfDeregisterInterface", kNoInterface, kPoisonIndex, false);
  });
  breaks([](Reports& r) {
    r.tell(EventKind::kStackEntryAdding, r.driver, "NdisIfAddIfStackEntry",
           {.interface = kOne, .index = 1, .lower_index = kPoisonIndex});
  });
  breaks([](Reports& r) {
    r.tell(EventKind::kStackEntryDeleted, r.driver, "NdisIfDeleteIfStackEntry",
           {.index = kPoisonIndex, .lower_index = 1, .lower = kOne});
  });
  breaks([](Reports& r) { r.register_called(r.driver, make_luid(6, kPoisonLuidIndex)); });
  breaks([](Reports& r) {
    r.tell(EventKind::kLuidFreeing, r.driver, "NdisIfFreeNetLuidIndex",
           {.luid = make_luid(6, kPoisonLuidIndex)});
  });
  breaks([](Reports& r) {
    r.tell(EventKind::kLuidUsed, r.driver, "NdisIfGetInterfaceIndexFromNetLuid",
           {.luid = kPoisonLuid});
  });
}

TEST(FailedCallTest, AValueThatNobodyHandedOutIsWhatTheFailureLeft) {
  const auto with_handle = [](std::uint32_t status) {
    return rule_broken_by([=](Reports& r) {
      r.provider_returned(r.driver, kNoIfProvider, status);
      r.uses_handle(r.driver, "NdisIfRegisterInterface", kNoIfProvider, nullptr);
    });
  };
  EXPECT_EQ(with_handle(kStatusInsufficientResources), "NDISIF-REG-02");
  EXPECT_EQ(with_handle(kStatusSuccess), "NDISIF-REG-04");
  const auto with_index = [](std::uint32_t status) {
    return rule_broken_by([=](Reports& r) {
      r.register_failed(r.driver, status);
      r.uses_index(r.driver, "NdisIfDeregisterInterface", kNoInterface, 0, false);
    });
  };
  EXPECT_EQ(with_index(kStatusUnsuccessful), "NDISIF-REG-02");
  EXPECT_EQ(with_index(kStatusDuplicateObjectId), "NDISIF-REG-06");
  const auto with_luid = [](std::uint32_t status) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(r.driver, kLuid, status);
      r.register_called(r.driver, make_luid(6, 0));
    });
  };
  EXPECT_EQ(with_luid(kStatusInsufficientResources), "NDISIF-REG-02");
  EXPECT_EQ(with_luid(kStatusSuccess), "NDISIF-REG-05");
}

// Each driver has failures of its own; a LUID that is only looked up may come from anywhere.
TEST(FailedCallTest, OtherDriversFailuresDoNotMatter) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.provider_returned(r.other, kNoIfProvider, kStatusInsufficientResources);
              r.uses_handle(r.driver, "NdisIfRegisterInterface", kNoIfProvider, nullptr);
            }),
            "NDISIF-REG-04");
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.allocates(r.driver, kLuid, kStatusInsufficientResources);
              r.tell(EventKind::kLuidUsed, r.driver, "NdisIfGetInterfaceIndexFromNetLuid",
                     {.luid = kLuid});
            }),
            "");
}

TEST(FailedCallTest, PoisonAfterADuplicateIsTheDuplicatesRule) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.register_failed(r.driver, kStatusDuplicateObjectId);
              r.tell(EventKind::kStackEntryAdding, r.driver, "NdisIfAddIfStackEntry",
                     {.index = kPoisonIndex, .lower_index = 1, .lower = kOne});
            }),
            "NDISIF-REG-06");
}

TEST(FailedCallTest, RegisteringTheOwnLuidAgainIsAHint) {
  const auto hints_of_second = [](bool same_driver, bool deregistered) {
    return hinted_by([=](Reports& r) {
      r.allocates(r.driver, kLuid);
      r.registers(same_driver ? r.driver : r.other, kOne, 1, kLuid);
      if (deregistered) r.deregisters(r.driver, kOne, 1);
      r.register_called(r.driver, kLuid);
    });
  };
  EXPECT_EQ(hints_of_second(true, false), Rules{"NDISIF-REG-06"});
  EXPECT_EQ(hints_of_second(true, true), Rules{});
  EXPECT_EQ(hints_of_second(false, false), Rules{});  // the other driver is to blame
}

// --- NDISIF-REG-03 ---

// A use in a callback of interface 1 of memory that the callback allocated itself, or not.
std::string verdict_of_fresh_memory(bool in_callback, bool own) {
  return verdict_of([=](World& world) {
    Reports r(world);
    const Frame frame{FrameKind::kInterfaceCallback, r.driver, kNoBinding, Side::kProvider,
                      "IF_QUERY_OBJECT"};
    const Frame code{FrameKind::kModuleCode, r.driver};
    void* memory = nullptr;
    const auto allocate = [&] {
      memory = world.kernel().allocate(8, PoolKind::kNonPaged, 0, false);
    };
    if (own) {
      allocate();
    } else {
      world.kernel().push(code);
      const sim::FiberId thread = world.kernel().start_thread("thread", allocate);
      world.kernel().pop();
      world.kernel().join_thread(thread);
    }
    if (in_callback) world.kernel().push(frame);
    world.kernel().check_written(memory, 8, "read");
    if (in_callback) world.kernel().pop();
    world.kernel().free(memory, "ExFreePoolWithTag");
  });
}

TEST(IncompleteContextTest, ACallbackUsesNothingThatNobodyWrote) {
  EXPECT_EQ(verdict_of_fresh_memory(true, false), "NDISIF-REG-03");
  EXPECT_EQ(verdict_of_fresh_memory(true, true), "");
  EXPECT_EQ(verdict_of_fresh_memory(false, false), "");
}

// Afterwards the driver may have cleared it.
TEST(IncompleteContextTest, AnIndexOfZeroIsEarlyUntilTheInterfaceIsDeregistered) {
  const auto verdict_of_zero = [](bool leaving) {
    return rule_broken_by([=](Reports& r) {
      r.registers(r.driver, kOne, 1, kLuid);
      if (leaving) r.deregisters(r.driver, kOne, 1);
      Frame frame{FrameKind::kInterfaceCallback, r.driver, kNoBinding, Side::kProvider,
                  "IF_QUERY_OBJECT"};
      frame.interface = kOne;
      r.kernel.push(frame);
      r.uses_index(r.driver, "NdisIfDeregisterInterface", kNoInterface, 0, false);
    });
  };
  EXPECT_EQ(verdict_of_zero(false), "NDISIF-REG-03");
  EXPECT_EQ(verdict_of_zero(true), "NDISIF-DEREG-01");
}

// --- NDISIF-REG-04 and NDISIF-DEREG-03: provider handles ---

TEST(ProviderHandleTest, InterfacesNeedALiveHandleOfTheirDriver) {
  constexpr const char* kFunction = "NdisIfRegisterInterface";
  const auto verdict_of_use = [](bool own, bool deregistered) {
    return rule_broken_by([=](Reports& r) {
      const ModuleId owner = own ? r.driver : r.other;
      r.provider_returned(owner, kFirstProvider);
      if (deregistered) r.deregister_provider_called(owner, kFirstProvider);
      r.uses_handle(r.driver, kFunction, kFirstProvider, handle_of(kFirstProvider));
    });
  };
  EXPECT_EQ(verdict_of_use(true, false), "");
  EXPECT_EQ(verdict_of_use(false, false), "NDISIF-REG-04");
  EXPECT_EQ(verdict_of_use(true, true), "NDISIF-DEREG-03");
}

TEST(ProviderHandleTest, AProviderIsDeregisteredOnceByItsDriver) {
  constexpr const char* kFunction = "NdisIfDeregisterProvider";
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.provider_returned(r.driver, kFirstProvider);
              r.deregisters_provider(r.driver, kFirstProvider);
            }),
            "");
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.provider_returned(r.driver, kFirstProvider);
              r.deregisters_provider(r.driver, kFirstProvider);
              r.uses_handle(r.driver, kFunction, kFirstProvider, handle_of(kFirstProvider));
            }),
            "NDISIF-DEREG-03");
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.provider_returned(r.other, kFirstProvider);
              r.uses_handle(r.driver, kFunction, kFirstProvider, handle_of(kFirstProvider));
            }),
            "NDISIF-DEREG-03");
  EXPECT_EQ(rule_broken_by(
                [](Reports& r) { r.uses_handle(r.driver, kFunction, kNoIfProvider, nullptr); }),
            "NDISIF-DEREG-03");
}

// --- NDISIF-REG-05 ---

TEST(NetLuidTest, ItIsTheDriversOwnOfThatType) {
  const auto verdict_of_luid = [](std::uint64_t luid, bool own) {
    return rule_broken_by([=](Reports& r) {
      r.allocates(own ? r.driver : r.other, kLuid);
      r.register_called(r.driver, luid);
    });
  };
  EXPECT_EQ(verdict_of_luid(kLuid, true), "");
  EXPECT_EQ(verdict_of_luid(kLuid, false), "NDISIF-REG-05");
  EXPECT_EQ(verdict_of_luid(kLuid | 1, true), "NDISIF-REG-05");
  EXPECT_EQ(verdict_of_luid(make_luid(24, 1), true), "NDISIF-REG-05");
  EXPECT_EQ(verdict_of_luid(kOtherLuid, true), "NDISIF-REG-05");
}

// A driver that is loaded again keeps its LUIDs.
TEST(NetLuidTest, ADriverIsKnownByItsName) {
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.allocates(r.driver, kLuid);
              r.register_called(r.kernel.load("driver.sys"), kLuid);
            }),
            "");
}

// --- NDISIF-DEREG-01 ---

TEST(InterfaceIndexTest, AnInterfaceIsDeregisteredOnceByItsDriver) {
  constexpr const char* kFunction = "NdisIfDeregisterInterface";
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.registers(r.driver, kOne, 1, kLuid);
              r.deregisters(r.driver, kOne, 1);
            }),
            "");
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.registers(r.driver, kOne, 1, kLuid);
              r.deregisters(r.driver, kOne, 1);
              r.uses_index(r.driver, kFunction, kOne, 1, false);
            }),
            "NDISIF-DEREG-01");
  EXPECT_EQ(rule_broken_by([](Reports& r) {
              r.registers(r.driver, kOne, 1, kLuid);
              r.deregisters(r.driver, kOne, 1);
              r.registers(r.other, kTwo, 1, kOtherLuid);
              r.uses_index(r.driver, kFunction, kTwo, 1, true);
            }),
            "NDISIF-DEREG-01");
  EXPECT_EQ(
      rule_broken_by([](Reports& r) { r.uses_index(r.driver, kFunction, kNoInterface, 0, false); }),
      "NDISIF-DEREG-01");
}

// --- NDISIF-DEREG-02 and -04 ---

TEST(ProviderEndTest, NoInterfaceIsLeft) {
  const auto verdict_with = [](std::uint32_t interfaces) {
    return violation_of([=](World& world) {
      Reports r(world);
      r.provider_returned(r.driver, kFirstProvider);
      r.registers(r.driver, kOne, 3, kLuid);
      r.deregister_provider_called(r.driver, kFirstProvider, interfaces);
    });
  };
  EXPECT_FALSE(verdict_with(0));
  const auto violation = verdict_with(2);
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->rule, "NDISIF-DEREG-02");
  EXPECT_EQ(violation->message,
            "driver.sys deregisters as an interface provider while interface 3 is registered, and "
            "1 more: bug check 0x7C (0x17, 0xFFFFE00000001000, 0, 0)");
}

TEST(ProviderEndTest, ADriverThatGoesIsNoProvider) {
  const auto verdict_of_unload = [](bool own, bool called, bool returned) {
    return verdict_of([=](World& world) {
      Reports r(world);
      const ModuleId owner = own ? r.driver : r.other;
      r.provider_returned(owner, kFirstProvider);
      if (returned) {
        r.deregisters_provider(owner, kFirstProvider);
      } else if (called) {
        r.deregister_provider_called(owner, kFirstProvider);
      }
      world.kernel().unload(r.driver, [] {});
    });
  };
  EXPECT_EQ(verdict_of_unload(true, false, false), "NDISIF-DEREG-04");
  EXPECT_EQ(verdict_of_unload(true, true, false), "NDISIF-DEREG-04");
  EXPECT_EQ(verdict_of_unload(true, true, true), "");
  EXPECT_EQ(verdict_of_unload(false, false, false), "");
  EXPECT_EQ(verdict_of([](World& world) {
              Reports r(world);
              std::uint32_t status = kStatusInsufficientResources;
              world.kernel().enter(r.driver, status,
                                   [&] { r.provider_returned(r.driver, kFirstProvider); });
            }),
            "NDISIF-DEREG-04");
}

}  // namespace
}  // namespace nmrcheck::model::test
