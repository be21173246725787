// Where the rules of registering and deregistering as an interface provider begin and end, by hand.
#include <gtest/gtest.h>

#include <string>

#include "tests/model/rules/interface_calls.h"

namespace nmrcheck::model::test {
namespace {

// --- NDISIF-REG-01 ---

TEST(InterfaceRegistrationTest, ASecondProviderOfADriverIsAHint) {
  EXPECT_EQ(hints([](Calls& calls) {
              calls.provider_returned(calls.driver, kFirst);
              calls.provider_returned(calls.driver, kSecond);
            }),
            Hints{"NDISIF-REG-01"});
  EXPECT_EQ(hints([](Calls& calls) {
              calls.provider_returned(calls.driver, kFirst);
              calls.provider_returned(calls.other, kSecond);
            }),
            Hints{});
  EXPECT_EQ(hints([](Calls& calls) {
              calls.provider_returned(calls.driver, kFirst);
              calls.provider_gone(calls.driver, kFirst);
              calls.provider_returned(calls.driver, kSecond);
            }),
            Hints{});
  EXPECT_EQ(hints([](Calls& calls) {
              calls.provider_returned(calls.driver, kFirst);
              calls.provider_returned(calls.driver, kNoIfProvider, kStatusInvalidParameter);
            }),
            Hints{});
}

// --- NDISIF-REG-02 and -06: what failed calls leave ---

TEST(FailedCallTest, PoisonIsNeverGivenToAFunction) {
  const auto breaks = [](auto tell) { EXPECT_EQ(verdict(tell), "NDISIF-REG-02"); };
  breaks([](Calls& calls) {
    calls.handle_used(calls.driver, "NdisIfRegisterInterface", kNoIfProvider,
                      kPoisonProviderHandle);
  });
  breaks([](Calls& calls) {
    calls.index_used(calls.driver, "NdisIfDeregisterInterface", kNoInterface, kPoisonIndex, false);
  });
  breaks([](Calls& calls) {
    calls.tell(EventKind::kStackEntryAdding, calls.driver, "NdisIfAddIfStackEntry",
               {.interface = kOne, .index = 1, .lower_index = kPoisonIndex});
  });
  breaks([](Calls& calls) {
    calls.tell(EventKind::kStackEntryDeleted, calls.driver, "NdisIfDeleteIfStackEntry",
               {.index = kPoisonIndex, .lower_index = 1, .lower = kOne});
  });
  breaks(
      [](Calls& calls) { calls.interface_called(calls.driver, make_luid(6, kPoisonLuidIndex)); });
  breaks([](Calls& calls) {
    calls.tell(EventKind::kLuidFreeing, calls.driver, "NdisIfFreeNetLuidIndex",
               {.luid = make_luid(6, kPoisonLuidIndex)});
  });
  breaks([](Calls& calls) {
    calls.tell(EventKind::kLuidUsed, calls.driver, "NdisIfGetInterfaceIndexFromNetLuid",
               {.luid = kPoisonLuid});
  });
}

TEST(FailedCallTest, AValueThatNobodyHandedOutIsWhatTheFailureLeft) {
  const auto with_handle = [](std::uint32_t status) {
    return verdict([=](Calls& calls) {
      calls.provider_returned(calls.driver, kNoIfProvider, status);
      calls.handle_used(calls.driver, "NdisIfRegisterInterface", kNoIfProvider, nullptr);
    });
  };
  EXPECT_EQ(with_handle(kStatusInsufficientResources), "NDISIF-REG-02");
  EXPECT_EQ(with_handle(kStatusSuccess), "NDISIF-REG-04");
  const auto with_index = [](std::uint32_t status) {
    return verdict([=](Calls& calls) {
      calls.interface_returned(calls.driver, status);
      calls.index_used(calls.driver, "NdisIfDeregisterInterface", kNoInterface, 0, false);
    });
  };
  EXPECT_EQ(with_index(kStatusUnsuccessful), "NDISIF-REG-02");
  EXPECT_EQ(with_index(kStatusDuplicateObjectId), "NDISIF-REG-06");
  const auto with_luid = [](std::uint32_t status) {
    return verdict([=](Calls& calls) {
      calls.luid_allocated(calls.driver, kLuid, status);
      calls.interface_called(calls.driver, make_luid(6, 0));
    });
  };
  EXPECT_EQ(with_luid(kStatusInsufficientResources), "NDISIF-REG-02");
  EXPECT_EQ(with_luid(kStatusSuccess), "NDISIF-REG-05");
}

// Each driver has failures of its own; a LUID that is only looked up may come from anywhere.
TEST(FailedCallTest, OtherDriversFailuresDoNotMatter) {
  EXPECT_EQ(verdict([](Calls& calls) {
              calls.provider_returned(calls.other, kNoIfProvider, kStatusInsufficientResources);
              calls.handle_used(calls.driver, "NdisIfRegisterInterface", kNoIfProvider, nullptr);
            }),
            "NDISIF-REG-04");
  EXPECT_EQ(verdict([](Calls& calls) {
              calls.luid_allocated(calls.driver, kLuid, kStatusInsufficientResources);
              calls.tell(EventKind::kLuidUsed, calls.driver, "NdisIfGetInterfaceIndexFromNetLuid",
                         {.luid = kLuid});
            }),
            "");
}

TEST(FailedCallTest, PoisonAfterADuplicateIsTheDuplicatesRule) {
  EXPECT_EQ(verdict([](Calls& calls) {
              calls.interface_returned(calls.driver, kStatusDuplicateObjectId);
              calls.tell(EventKind::kStackEntryAdding, calls.driver, "NdisIfAddIfStackEntry",
                         {.index = kPoisonIndex, .lower_index = 1, .lower = kOne});
            }),
            "NDISIF-REG-06");
}

TEST(FailedCallTest, RegisteringTheOwnLuidAgainIsAHint) {
  const auto hints_of_second = [](bool same_driver, bool deregistered) {
    return hints([=](Calls& calls) {
      calls.luid_allocated(calls.driver, kLuid);
      calls.registered(same_driver ? calls.driver : calls.other, kOne, 1, kLuid);
      if (deregistered) calls.deregistered(calls.driver, kOne, 1);
      calls.interface_called(calls.driver, kLuid);
    });
  };
  EXPECT_EQ(hints_of_second(true, false), Hints{"NDISIF-REG-06"});
  EXPECT_EQ(hints_of_second(true, true), Hints{});
  EXPECT_EQ(hints_of_second(false, false), Hints{});  // the other driver is to blame
}

// --- NDISIF-REG-03 ---

// A use in a callback of interface 1 of memory that the callback allocated itself, or not.
std::string verdict_of_fresh_memory(bool in_callback, bool own) {
  return verdict_of([=](World& world) {
    Calls calls(world);
    const Frame frame{FrameKind::kInterfaceCallback, calls.driver, kNoBinding, Side::kProvider,
                      "IF_QUERY_OBJECT"};
    const Frame code{FrameKind::kModuleCode, calls.driver};
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
    return verdict([=](Calls& calls) {
      calls.registered(calls.driver, kOne, 1, kLuid);
      if (leaving) calls.deregistered(calls.driver, kOne, 1);
      Frame frame{FrameKind::kInterfaceCallback, calls.driver, kNoBinding, Side::kProvider,
                  "IF_QUERY_OBJECT"};
      frame.interface = kOne;
      calls.kernel.push(frame);
      calls.index_used(calls.driver, "NdisIfDeregisterInterface", kNoInterface, 0, false);
    });
  };
  EXPECT_EQ(verdict_of_zero(false), "NDISIF-REG-03");
  EXPECT_EQ(verdict_of_zero(true), "NDISIF-DEREG-01");
}

// --- NDISIF-REG-04 and NDISIF-DEREG-03: provider handles ---

TEST(ProviderHandleTest, InterfacesNeedALiveHandleOfTheirDriver) {
  constexpr const char* kFunction = "NdisIfRegisterInterface";
  const auto verdict_of_use = [](bool own, bool deregistered) {
    return verdict([=](Calls& calls) {
      const ModuleId owner = own ? calls.driver : calls.other;
      calls.provider_returned(owner, kFirst);
      if (deregistered) calls.deregister_provider(owner, kFirst);
      calls.handle_used(calls.driver, kFunction, kFirst, handle_of(kFirst));
    });
  };
  EXPECT_EQ(verdict_of_use(true, false), "");
  EXPECT_EQ(verdict_of_use(false, false), "NDISIF-REG-04");
  EXPECT_EQ(verdict_of_use(true, true), "NDISIF-DEREG-03");
}

TEST(ProviderHandleTest, AProviderIsDeregisteredOnceByItsDriver) {
  constexpr const char* kFunction = "NdisIfDeregisterProvider";
  EXPECT_EQ(verdict([](Calls& calls) {
              calls.provider_returned(calls.driver, kFirst);
              calls.provider_gone(calls.driver, kFirst);
            }),
            "");
  EXPECT_EQ(verdict([](Calls& calls) {
              calls.provider_returned(calls.driver, kFirst);
              calls.provider_gone(calls.driver, kFirst);
              calls.handle_used(calls.driver, kFunction, kFirst, handle_of(kFirst));
            }),
            "NDISIF-DEREG-03");
  EXPECT_EQ(verdict([](Calls& calls) {
              calls.provider_returned(calls.other, kFirst);
              calls.handle_used(calls.driver, kFunction, kFirst, handle_of(kFirst));
            }),
            "NDISIF-DEREG-03");
  EXPECT_EQ(verdict([](Calls& calls) {
              calls.handle_used(calls.driver, kFunction, kNoIfProvider, nullptr);
            }),
            "NDISIF-DEREG-03");
}

// --- NDISIF-REG-05 ---

TEST(NetLuidTest, ItIsTheDriversOwnOfThatType) {
  const auto verdict_of_luid = [](std::uint64_t luid, bool own) {
    return verdict([=](Calls& calls) {
      calls.luid_allocated(own ? calls.driver : calls.other, kLuid);
      calls.interface_called(calls.driver, luid);
    });
  };
  EXPECT_EQ(verdict_of_luid(kLuid, true), "");
  EXPECT_EQ(verdict_of_luid(kLuid, false), "NDISIF-REG-05");
  EXPECT_EQ(verdict_of_luid(kLuid | 1, true), "NDISIF-REG-05");
  EXPECT_EQ(verdict_of_luid(make_luid(24, 7), true), "NDISIF-REG-05");
  EXPECT_EQ(verdict_of_luid(make_luid(6, 8), true), "NDISIF-REG-05");
}

// A driver that is loaded again keeps its LUIDs.
TEST(NetLuidTest, ADriverIsKnownByItsName) {
  EXPECT_EQ(verdict([](Calls& calls) {
              calls.luid_allocated(calls.driver, kLuid);
              calls.interface_called(calls.kernel.load("driver.sys"), kLuid);
            }),
            "");
}

// --- NDISIF-DEREG-01 ---

TEST(InterfaceIndexTest, AnInterfaceIsDeregisteredOnceByItsDriver) {
  constexpr const char* kFunction = "NdisIfDeregisterInterface";
  EXPECT_EQ(verdict([](Calls& calls) {
              calls.registered(calls.driver, kOne, 1, kLuid);
              calls.deregistered(calls.driver, kOne, 1);
            }),
            "");
  EXPECT_EQ(verdict([](Calls& calls) {
              calls.registered(calls.driver, kOne, 1, kLuid);
              calls.deregistered(calls.driver, kOne, 1);
              calls.index_used(calls.driver, kFunction, kOne, 1, false);
            }),
            "NDISIF-DEREG-01");
  EXPECT_EQ(verdict([](Calls& calls) {
              calls.registered(calls.driver, kOne, 1, kLuid);
              calls.deregistered(calls.driver, kOne, 1);
              calls.registered(calls.other, kTwo, 1, make_luid(6, 8));
              calls.index_used(calls.driver, kFunction, kTwo, 1, true);
            }),
            "NDISIF-DEREG-01");
  EXPECT_EQ(verdict([](Calls& calls) {
              calls.index_used(calls.driver, kFunction, kNoInterface, 0, false);
            }),
            "NDISIF-DEREG-01");
}

// --- NDISIF-DEREG-02 and -04 ---

TEST(ProviderEndTest, NoInterfaceIsLeft) {
  const auto verdict_with = [](std::uint32_t interfaces) {
    return violation_of([=](World& world) {
      Calls calls(world);
      calls.provider_returned(calls.driver, kFirst);
      calls.registered(calls.driver, kOne, 3, kLuid);
      calls.deregister_provider(calls.driver, kFirst, interfaces);
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
      Calls calls(world);
      const ModuleId owner = own ? calls.driver : calls.other;
      calls.provider_returned(owner, kFirst);
      if (returned) {
        calls.provider_gone(owner, kFirst);
      } else if (called) {
        calls.deregister_provider(owner, kFirst);
      }
      world.kernel().unload(calls.driver, [] {});
    });
  };
  EXPECT_EQ(verdict_of_unload(true, false, false), "NDISIF-DEREG-04");
  EXPECT_EQ(verdict_of_unload(true, true, false), "NDISIF-DEREG-04");
  EXPECT_EQ(verdict_of_unload(true, true, true), "");
  EXPECT_EQ(verdict_of_unload(false, false, false), "");
  EXPECT_EQ(verdict_of([](World& world) {
              Calls calls(world);
              std::uint32_t status = kStatusInsufficientResources;
              world.kernel().enter(calls.driver, status,
                                   [&] { calls.provider_returned(calls.driver, kFirst); });
            }),
            "NDISIF-DEREG-04");
}

}  // namespace
}  // namespace nmrcheck::model::test
