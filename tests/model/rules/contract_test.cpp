// Where rules of parameters, registration, references and IRQL begin and end, by hand.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/rules/catalog.h"
#include "tests/model/rules/registrar_reports.h"

namespace nmrcheck::model::test {
namespace {

using Hints = std::vector<std::string>;

constexpr NpiId kNpi{1};
constexpr char kModuleId = 0;
constexpr Description kGood{.module_id = &kModuleId, .module_id_type = 1};

struct Given {
  Description description = kGood;
  const void* context = nullptr;
  const void* characteristics = nullptr;
  const void* cell = nullptr;
  std::uint32_t bindings_max = 0;
  Side side = Side::kClient;
};

void register_called(Script& script, RegistrationId id, const Given& given) {
  const Passed passed{.context = given.context};
  script.kernel().emit({.kind = EventKind::kRegisterCalled,
                        .side = given.side,
                        .module = script.module(given.side),
                        .registration = id,
                        .block = given.bindings_max,
                        .pointer = given.characteristics,
                        .passed = &passed,
                        .npi = &kNpi,
                        .description = &given.description,
                        .cell = given.cell,
                        .has_cleanup = true});
}

std::string verdict_of_registration(const Given& given) {
  return verdict_of([&](World& world) {
    Script script(world);
    register_called(script, kC, given);
  });
}

// --- NMR-PARAM ---

Description with(void (*change)(Description&)) {
  Description changed = kGood;
  change(changed);
  return changed;
}

TEST(ParameterRulesTest, EachFieldHasItsRule) {
  EXPECT_EQ(verdict_of_registration({}), "");
  const auto verdict = [](void (*change)(Description&)) {
    return verdict_of_registration({.description = with(change)});
  };
  EXPECT_EQ(verdict([](Description& d) { d.lengths_fit = false; }), "NMR-PARAM-02");
  EXPECT_EQ(verdict([](Description& d) { d.has_attach = false; }), "NMR-PARAM-03");
  EXPECT_EQ(verdict([](Description& d) { d.has_detach = false; }), "NMR-PARAM-03");
  EXPECT_EQ(verdict([](Description& d) { d.module_id = nullptr; }), "NMR-PARAM-04");
  EXPECT_EQ(verdict([](Description& d) { d.module_id_type = 3; }), "NMR-PARAM-04");
  EXPECT_EQ(verdict([](Description& d) { d.module_id_type = 2; }), "");
}

TEST(ParameterRulesTest, AVersionIsOnlyAHint) {
  for (const auto change :
       {+[](Description& d) { d.version = 1; }, +[](Description& d) { d.instance_version = 1; }}) {
    const auto body = [change](World& world) {
      Script script(world);
      register_called(script, kC, {.description = with(change)});
    };
    EXPECT_EQ(verdict_of(body), "");
    EXPECT_EQ(hints_of(body), Hints{"NMR-PARAM-01"});
  }
}

TEST(ParameterRulesTest, CharacteristicsFollowWhatIsDeclaredOfTheNpi) {
  constexpr std::uint32_t kDefinesCharacteristics = 2;
  for (const bool defined : {false, true}) {
    for (const bool given : {false, true}) {
      const std::string verdict = verdict_of([=](World& world) {
        Script script(world);
        script.kernel().emit({.kind = EventKind::kNpiDeclared,
                              .status = defined ? kDefinesCharacteristics : 0,
                              .npi = &kNpi});
        Given registration;
        registration.description.npi_characteristics = given ? &kModuleId : nullptr;
        register_called(script, kC, registration);
      });
      EXPECT_EQ(verdict, defined == given ? "" : "NMR-PARAM-05") << defined << given;
    }
  }
}

TEST(ParameterRulesTest, SomeNpisHaveCharacteristicsOfProvidersOnly) {
  constexpr std::uint32_t kDefinesProviderCharacteristics = 8;
  const auto verdict_on = [](Side side, bool given) {
    return verdict_of([=](World& world) {
      Script script(world);
      script.kernel().emit({.kind = EventKind::kNpiDeclared,
                            .status = kDefinesProviderCharacteristics,
                            .npi = &kNpi});
      Given registration{.side = side};
      registration.description.npi_characteristics = given ? &kModuleId : nullptr;
      register_called(script, kC, registration);
    });
  };
  EXPECT_EQ(verdict_on(Side::kClient, false), "");
  EXPECT_EQ(verdict_on(Side::kClient, true), "NMR-PARAM-05");
  EXPECT_EQ(verdict_on(Side::kProvider, true), "");
  EXPECT_EQ(verdict_on(Side::kProvider, false), "NMR-PARAM-05");
}

// A table that was never passed is no NULL table.
TEST(ParameterRulesTest, AClientThatDeclinesNeedsNoTable) {
  constexpr std::uint32_t kDefinesClientDispatch = 1;
  EXPECT_EQ(
      verdict_of([](World& world) {
        Script script(world);
        script.register_both();
        script.kernel().emit(
            {.kind = EventKind::kNpiDeclared, .status = kDefinesClientDispatch, .npi = &kNpi});
        script.client_attach_called(BindingId{0}, RegistrationId{0}, RegistrationId{1});
        script.client_attach_returned(BindingId{0}, kStatusNoInterface);
      }),
      "");
}

// --- NMR-REG ---

TEST(RegistrationRulesTest, SharedStructuresAreAHintWhileBothAreLive) {
  for (const bool closed : {false, true}) {
    const auto body = [closed](World& world) {
      Script script(world);
      register_called(script, kC, {.context = &kNpi});
      script.register_returned(kClient, kC);
      if (closed) {
        script.deregister(kClient, kC);
        script.wait_returned(kClient, kC);
      }
      register_called(script, kP, {.context = &kNpi});
    };
    EXPECT_EQ(verdict_of(body), "");
    EXPECT_EQ(hints_of(body), closed ? Hints{} : Hints{"NMR-REG-07"});
  }
}

// `use` runs inside a callback that runs inside NmrRegisterClient, which may have returned.
std::string verdict_of_handle(const void* handle, RegistrationId id, bool returned) {
  return verdict_of([=](World& world) {
    Script script(world);
    script.register_called(kClient, kC);
    if (returned) script.register_returned(kClient, kC);
    Kernel& kernel = script.kernel();
    if (!returned) {
      kernel.push({FrameKind::kRegistrar, script.module(kClient), kNoBinding, kClient,
                   "NmrRegisterClient"});
    }
    kernel.emit({.kind = EventKind::kRegistrationHandleUsed,
                 .side = kClient,
                 .module = script.module(kClient),
                 .registration = id,
                 .pointer = handle,
                 .name = "NmrDeregisterClient"});
  });
}

TEST(RegistrationRulesTest, TheHandleIsNotUsedInsideTheRegistration) {
  EXPECT_EQ(verdict_of_handle(Script::of(kC).handle, kC, false), "NMR-REG-03");
  EXPECT_EQ(verdict_of_handle(nullptr, kNoRegistration, false), "NMR-REG-03");
  EXPECT_EQ(verdict_of_handle(Script::of(kC).handle, kC, true), "");
  EXPECT_EQ(verdict_of_handle(nullptr, kNoRegistration, true), "NMR-REG-04");
}

TEST(RegistrationRulesTest, OnlyWhatWasDeregisteredMustBeWaitedFor) {
  const auto verdict = [](bool deregisters, bool waits) {
    return verdict_of([=](World& world) {
      Script script(world);
      script.register_called(kClient, kC);
      script.register_returned(kClient, kC);
      if (deregisters) script.deregister(kClient, kC);
      if (waits) script.wait_returned(kClient, kC);
    });
  };
  EXPECT_EQ(verdict(false, false), "");
  EXPECT_EQ(verdict(true, false), "NMR-REG-01");
  EXPECT_EQ(verdict(true, true), "");
}

// --- NMR-MEM-01, -02, -03: what a registration lends ---

std::string verdict_of_lent(int which, bool closed, std::uint32_t status = kStatusSuccess) {
  return verdict_of([=](World& world) {
    Script script(world);
    Kernel& kernel = script.kernel();
    kernel.push({FrameKind::kModuleCode, script.module(kClient)});
    void* memory = kernel.allocate(8, PoolKind::kNonPaged, 0, true);
    Given given;
    if (which == 1) given.characteristics = memory;
    if (which == 2) given.context = memory;
    if (which == 3) given.description.npi_characteristics = memory;
    register_called(script, kC, given);
    script.register_returned(kClient, kC, status);
    if (closed) {
      script.deregister(kClient, kC);
      script.wait_returned(kClient, kC);
    }
    kernel.free(memory, "free");
  });
}

TEST(LentMemoryRulesTest, ItIsKeptUntilTheWaitReturned) {
  for (const int which : {1, 2, 3}) {
    EXPECT_EQ(verdict_of_lent(which, false), "NMR-MEM-0" + std::to_string(which));
    EXPECT_EQ(verdict_of_lent(which, true), "");
    EXPECT_EQ(verdict_of_lent(which, false, kStatusInsufficientResources), "") << which;
  }
}

// --- NMR-ATT-11 ---

std::string verdict_of_bindings(std::uint32_t bindings_max, bool first_cleaned) {
  return verdict_of([=](World& world) {
    Script script(world);
    register_called(script, kC, {.context = Script::of(kC).context, .bindings_max = bindings_max});
    script.register_returned(kClient, kC);
    for (const RegistrationId provider : {kP, kOther}) {
      script.register_called(kProvider, provider);
      script.register_returned(kProvider, provider);
    }
    script.offer(kFirst, kC, kP);
    if (first_cleaned) {
      script.deregister_called(kProvider, kP);
      script.detach(kFirst, kClient);
      script.detach(kFirst, kProvider);
      script.finish(kFirst);
      script.deregister_returned(kProvider, kP);
      script.wait_returned(kProvider, kP);
    }
    script.offer(kSecond, kC, kOther);
  });
}

TEST(BoundedBindingsTest, CountFromTheAttachToTheCleanup) {
  EXPECT_EQ(verdict_of_bindings(1, false), "NMR-ATT-11");
  EXPECT_EQ(verdict_of_bindings(1, true), "");
  EXPECT_EQ(verdict_of_bindings(2, false), "");
  EXPECT_EQ(verdict_of_bindings(0, false), "") << "nothing is declared";
}

// --- NMR-DET-01, -03, -06, -09: declared references and requests ---

void tell(Script& script, EventKind kind) {
  script.kernel().emit({.kind = kind,
                        .side = kClient,
                        .module = script.module(kClient),
                        .binding = kFirst,
                        .name = "use"});
}

// The client's detach callback pends.
void begin_detach(Script& script) {
  attach(script);
  script.deregister_called(kProvider, kP);
  script.detach_called(kFirst, kClient);
}

TEST(ReferenceRulesTest, NoneIsTakenAfterTheDetachCallbackReturned) {
  const auto verdict = [](bool returned) {
    return verdict_of([=](World& world) {
      Script script(world);
      begin_detach(script);
      if (returned) script.detach_returned(kFirst, kClient, kStatusPending);
      tell(script, EventKind::kReferenceTaken);
      tell(script, EventKind::kReferenceDropped);
    });
  };
  EXPECT_EQ(verdict(false), "");
  EXPECT_EQ(verdict(true), "NMR-DET-01");
}

constexpr std::uint32_t kDefinesClientDispatch = 1;

Hints hints_of_late_call(bool with_reference, std::uint32_t declared) {
  return hints_of([=](World& world) {
    Script script(world);
    script.kernel().emit({.kind = EventKind::kNpiDeclared,
                          .status = declared | kDefinesClientDispatch,
                          .npi = &kNpi});
    begin_detach(script);
    if (with_reference) tell(script, EventKind::kReferenceTaken);
    script.detach_returned(kFirst, kClient, kStatusPending);
    tell(script, EventKind::kCallBegan);
    tell(script, EventKind::kCallEnded);
  });
}

TEST(ReferenceRulesTest, ACallThatBeginsLateIsAHintUnlessItsReferenceIsKnown) {
  constexpr std::uint32_t kCallsWhileDetaching = 4;
  EXPECT_EQ(hints_of_late_call(false, 0), Hints{"NMR-DET-01"});
  EXPECT_EQ(hints_of_late_call(true, 0), Hints{});
  EXPECT_EQ(hints_of_late_call(false, kCallsWhileDetaching), Hints{});
}

std::string verdict_of_end(EventKind use, bool by_return) {
  return verdict_of([=](World& world) {
    Script script(world);
    begin_detach(script);
    tell(script, use);
    script.detach_returned(kFirst, kClient, by_return ? kStatusSuccess : kStatusPending);
    if (!by_return) script.completed(kFirst, kClient);
  });
}

TEST(ReferenceRulesTest, ADetachEndsWithoutReferencesAndRequests) {
  EXPECT_EQ(verdict_of_end(EventKind::kReferenceTaken, true), "NMR-DET-03");
  EXPECT_EQ(verdict_of_end(EventKind::kReferenceTaken, false), "NMR-DET-06");
  EXPECT_EQ(verdict_of_end(EventKind::kRequestPended, true), "NMR-DET-09");
  EXPECT_EQ(verdict_of_end(EventKind::kRequestPended, false), "NMR-DET-09");
}

// --- NMR-IRQL and NMR-LIVE-03 ---

void wait_in_callback(Script& script) {
  script.kernel().emit({.kind = EventKind::kMayBlock,
                        .side = kClient,
                        .module = script.module(kClient),
                        .binding = kFirst,
                        .name = "wait"});
}

TEST(IrqlRulesTest, AWaitInDetachIsWorseWithCallsInProgress) {
  const auto verdict = [](bool calls) {
    return verdict_of([=](World& world) {
      Script script(world);
      attach(script);
      script.deregister_called(kProvider, kP);
      if (calls) tell(script, EventKind::kCallBegan);
      script.detach_called(kFirst, kClient);
      wait_in_callback(script);
    });
  };
  EXPECT_EQ(verdict(false), "NMR-IRQL-03");
  EXPECT_EQ(verdict(true), "NMR-LIVE-03");
}

TEST(IrqlRulesTest, ACallbackReturnsAsItWasCalled) {
  const auto verdict = [](std::uint8_t before, std::uint8_t after) {
    return verdict_of([=](World& world) {
      Script script(world);
      attach(script);
      script.deregister_called(kProvider, kP);
      script.kernel().set_irql(before);
      script.detach_called(kFirst, kClient);
      script.kernel().set_irql(after);
      script.detach_returned(kFirst, kClient);
    });
  };
  EXPECT_EQ(verdict(kPassiveLevel, kPassiveLevel), "");
  EXPECT_EQ(verdict(kDispatchLevel, kDispatchLevel), "");
  EXPECT_EQ(verdict(kPassiveLevel, kDispatchLevel), "NMR-IRQL-04");
  EXPECT_EQ(verdict(kDispatchLevel, kPassiveLevel), "NMR-IRQL-04");
}

TEST(IrqlRulesTest, PagedMemoryIsUsedBelowDispatchLevelAndOutsideOfDetach) {
  const auto verdict = [](std::uint8_t irql, bool detaching, PoolKind pool) {
    return verdict_of([=](World& world) {
      Script script(world);
      Kernel& kernel = script.kernel();
      kernel.push({FrameKind::kModuleCode, script.module(kClient)});
      void* memory = kernel.allocate(8, pool, 0, true);
      if (detaching) begin_detach(script);
      kernel.set_irql(irql);
      kernel.touch(memory, "read");
    });
  };
  EXPECT_EQ(verdict(kApcLevel, false, PoolKind::kPaged), "");
  EXPECT_EQ(verdict(kDispatchLevel, false, PoolKind::kPaged), "NMR-MEM-07");
  EXPECT_EQ(verdict(kPassiveLevel, true, PoolKind::kPaged), "NMR-MEM-07");
  EXPECT_EQ(verdict(kDispatchLevel, true, PoolKind::kNonPaged), "");
}

}  // namespace
}  // namespace nmrcheck::model::test
