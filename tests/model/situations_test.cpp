// Where each situation begins and ends, by hand: one fact more or less makes the difference.
#include "model/situations.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "model/nmr/binding.h"
#include "tests/model/rules/interface_reports.h"
#include "tests/model/rules/registrar_reports.h"

namespace nmrcheck::model::test {
namespace {

using Names = std::vector<std::string_view>;

Names reached(void (*tell)(Script& script)) {
  return situations_of([tell](World& world) {
    Script script(world);
    tell(script);
  });
}

void deregister_met(Script& s, BindingPhase phase) {
  s.kernel().emit({.kind = EventKind::kDeregisterMet,
                   .binding = kFirst,
                   .block = static_cast<std::uint32_t>(phase)});
}

void call(Script& s, Side caller, EventKind kind) {
  s.kernel().emit(
      {.kind = kind, .side = caller, .module = s.module(peer_of(caller)), .binding = kFirst});
}

TEST(SituationsTest, TheCatalogHasEachNameOnceWithItsMeaning) {
  std::set<std::string_view> names;
  for (const SituationInfo& info : situations()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(find_situation(info.name), &info);
    EXPECT_FALSE(info.meaning.empty() || info.meaning.ends_with('.')) << info.name;
  }
  EXPECT_EQ(names.size(), 20u);
  EXPECT_EQ(find_situation("nothing"), nullptr);
}

TEST(SituationsTest, AnUneventfulLifeComesToNone) {
  EXPECT_EQ(reached([](Script& s) {
              attach(s);
              detach_both(s);
              s.deregister_returned(kClient, kC);
              s.finish(kFirst);
              s.wait_returned(kClient, kC);
            }),
            Names{});
}

TEST(SituationsTest, RefusedOffer) {
  EXPECT_EQ(reached([](Script& s) {
              s.register_both();
              s.offer(kFirst, kC, kP, kStatusNoInterface);
            }),
            Names{situation::kRefusedOffer});
}

TEST(SituationsTest, LateOfferBeginsAfterTheDeregistrationOfEither) {
  EXPECT_EQ(reached([](Script& s) {
              s.register_both();
              s.deregister_called(kProvider, kP);
              s.client_attach_called(kFirst, kC, kP);
            }),
            Names{situation::kLateOffer});
  EXPECT_EQ(reached([](Script& s) {
              s.register_both();
              s.client_attach_called(kFirst, kC, kP);
              s.deregister_called(kClient, kC);
            }),
            Names{});
}

TEST(SituationsTest, TheBindingsPhaseTellsWhatADeregistrationMeets) {
  const auto on = [](BindingPhase phase) {
    return situations_of([phase](World& world) {
      Script script(world);
      script.register_both();
      deregister_met(script, phase);
    });
  };
  EXPECT_EQ(on(BindingPhase::kProposed), Names{});
  EXPECT_EQ(on(BindingPhase::kClientDeciding), Names{situation::kDeregisterDuringOffer});
  EXPECT_EQ(on(BindingPhase::kProviderAttached), Names{situation::kDeregisterDuringOffer});
  EXPECT_EQ(on(BindingPhase::kAttached), Names{});
  EXPECT_EQ(on(BindingPhase::kDetaching), Names{situation::kBothDeregister});
  EXPECT_EQ(on(BindingPhase::kCleanup), Names{situation::kBothDeregister});
  EXPECT_EQ(on(BindingPhase::kClosed), Names{});
}

TEST(SituationsTest, DetachInsideARegistration) {
  EXPECT_EQ(reached([](Script& s) {
              s.register_called(kProvider, kP);
              s.register_returned(kProvider, kP);
              s.register_called(kClient, kC);
              s.offer(kFirst, kC, kP);
              s.deregister(kProvider, kP);
              s.kernel().push({FrameKind::kRegistrar, s.module(kClient), kNoBinding, kClient,
                               "NmrRegisterClient"});
              s.detach_called(kFirst, kClient);
            }),
            Names{situation::kDetachInRegister});
}

TEST(SituationsTest, DetachDuringACallIsAboutCallsOfItsOwnSide) {
  EXPECT_EQ(reached([](Script& s) {
              attach(s);
              call(s, kProvider, EventKind::kCallBegan);
              s.deregister_called(kClient, kC);
              s.detach(kFirst, kClient);
            }),
            Names{});
  EXPECT_EQ(reached([](Script& s) {
              attach(s);
              call(s, kClient, EventKind::kCallBegan);
              s.deregister_called(kClient, kC);
              s.detach(kFirst, kClient, kStatusPending);
            }),
            (Names{situation::kDetachDuringCall, situation::kPendingDetach}));
  EXPECT_EQ(reached([](Script& s) {
              attach(s);
              call(s, kClient, EventKind::kCallBegan);
              call(s, kClient, EventKind::kCallEnded);
              s.deregister_called(kClient, kC);
              s.detach(kFirst, kClient, kStatusPending);
            }),
            Names{situation::kPendingDetach});
}

TEST(SituationsTest, CallWhileDetachingBeginsAfterThePendingReturn) {
  EXPECT_EQ(reached([](Script& s) {
              attach(s);
              s.deregister_called(kClient, kC);
              s.detach_called(kFirst, kClient);
              call(s, kClient, EventKind::kCallBegan);
              call(s, kClient, EventKind::kCallEnded);
              s.detach_returned(kFirst, kClient, kStatusPending);
              call(s, kProvider, EventKind::kCallBegan);
            }),
            Names{situation::kPendingDetach});
  EXPECT_EQ(reached([](Script& s) {
              attach(s);
              s.deregister_called(kClient, kC);
              s.detach(kFirst, kClient, kStatusPending);
              call(s, kClient, EventKind::kCallBegan);
            }),
            (Names{situation::kPendingDetach, situation::kCallWhileDetaching}));
}

TEST(SituationsTest, EarlyCompletionAndTheCleanupThatItAllows) {
  EXPECT_EQ(reached([](Script& s) {
              attach(s);
              s.deregister_called(kClient, kC);
              s.detach(kFirst, kProvider);
              s.detach_called(kFirst, kClient);
              s.kernel().push({FrameKind::kRegistrar, s.module(kClient), kFirst, kClient,
                               "NmrClientDetachProviderComplete"});
              s.completed(kFirst, kClient);
              s.cleanup(kFirst, kClient);
            }),
            (Names{situation::kEarlyCompletion, situation::kCleanupDuringDetach,
                   situation::kCleanupInCompletion}));
  EXPECT_EQ(reached([](Script& s) {
              attach(s);
              s.deregister_called(kClient, kC);
              s.detach(kFirst, kProvider);
              s.detach(kFirst, kClient, kStatusPending);
              s.completed(kFirst, kClient);
              s.cleanup(kFirst, kClient);
            }),
            Names{situation::kPendingDetach});
}

void work(Script& s, Side side, EventKind kind) {
  s.kernel().emit({.kind = kind, .module = s.module(side)});
}

TEST(SituationsTest, UnloadWithWorkIsAboutTheModulesOwnItems) {
  EXPECT_EQ(reached([](Script& s) {
              work(s, kClient, EventKind::kWorkQueued);
              work(s, kProvider, EventKind::kUnloadCalled);
              work(s, kClient, EventKind::kWorkEnded);
              work(s, kClient, EventKind::kUnloadCalled);
            }),
            Names{});
  EXPECT_EQ(reached([](Script& s) {
              work(s, kClient, EventKind::kWorkQueued);
              work(s, kClient, EventKind::kUnloadCalled);
            }),
            Names{situation::kUnloadWithWork});
  EXPECT_EQ(reached([](Script& s) {
              work(s, kClient, EventKind::kUnloadCalled);
              work(s, kClient, EventKind::kWorkQueued);
            }),
            Names{situation::kUnloadWithWork});
}

Names reached_by(void (*tell)(Reports& reports)) {
  return situations_of([tell](World& world) {
    world.kernel().power().begin_boot(true);
    Reports reports(world);
    world.stop_judging();
    tell(reports);
  });
}

TEST(SituationsTest, CallbacksBesideADeregistration) {
  // A callback that is called at `begins` and returns at `ends`: 0 before the deregistration, 1
  // before it closed the interface, 2 before it returned, 3 after that.
  const auto on = [](int begins, int ends) {
    return situations_of([=](World& world) {
      Reports r(world);
      r.registers(r.driver, kOne, 1, kLuid);
      for (int at = 0; at < 4; ++at) {
        if (at == 1) r.deregister_called(r.driver, kOne, 1);
        if (at == 3) r.deregister_returned(r.driver, kOne, 1);
        if (at == begins) r.callback_called(r.driver, kOne);
        if (at == ends) r.callback_returned(r.driver, kOne, at >= 2);
      }
      world.stop_judging();
    });
  };
  const Names during{situation::kCallbackDuringDeregister};
  const Names outlives{situation::kCallbackOutlivesDeregister};
  const Names after{situation::kCallbackAfterDeregister, situation::kCallbackOutlivesDeregister};
  EXPECT_EQ(on(0, 0), Names{});
  EXPECT_EQ(on(0, 1), Names{});
  EXPECT_EQ(on(0, 2), during);
  EXPECT_EQ(on(1, 2), during);
  EXPECT_EQ(on(2, 2), during);
  EXPECT_EQ(on(0, 3), outlives);
  EXPECT_EQ(on(2, 3), outlives);
  EXPECT_EQ(on(3, 3), after);
}

TEST(SituationsTest, RefusedInterfaceAndDuplicateLuid) {
  EXPECT_EQ(reached_by([](Reports& r) { r.registers(r.driver, kOne, 1, kLuid); }), Names{});
  EXPECT_EQ(
      reached_by([](Reports& r) { r.register_failed(r.driver, kStatusInsufficientResources); }),
      Names{situation::kRefusedInterface});
  EXPECT_EQ(reached_by([](Reports& r) { r.register_failed(r.driver, kStatusDuplicateObjectId); }),
            (Names{situation::kRefusedInterface, situation::kDuplicateLuid}));
}

TEST(SituationsTest, AnIndexIsGivenAgainInOneBoot) {
  EXPECT_EQ(reached_by([](Reports& r) {
              r.registers(r.driver, kOne, 1, kLuid);
              r.deregisters(r.driver, kOne, 1);
              r.registers(r.other, kTwo, 2, kOtherLuid);
            }),
            Names{});
  EXPECT_EQ(reached_by([](Reports& r) {
              r.registers(r.driver, kOne, 1, kLuid);
              r.deregisters(r.driver, kOne, 1);
              r.registers(r.other, kTwo, 1, kOtherLuid);
            }),
            Names{situation::kIndexGivenAgain});
  EXPECT_EQ(reached_by([](Reports& r) {
              r.registers(r.driver, kOne, 1, kLuid);
              r.deregisters(r.driver, kOne, 1);
              r.restarts();
              r.registers(r.driver, kTwo, 1, kLuid);
            }),
            Names{});
}

TEST(SituationsTest, RefusedFreeOfALuidIndex) {
  EXPECT_EQ(reached_by([](Reports& r) { r.frees(r.driver, kLuid); }), Names{});
  EXPECT_EQ(reached_by([](Reports& r) { r.frees(r.driver, kLuid, kFailed); }),
            Names{situation::kRefusedFree});
}

TEST(SituationsTest, PowerFailedIsAboutTheBootThatFollows) {
  EXPECT_EQ(reached_by([](Reports& r) { r.restarts(); }), Names{});
  EXPECT_EQ(reached_by([](Reports& r) { r.crashes(); }), Names{situation::kPowerFailed});
}

}  // namespace
}  // namespace nmrcheck::model::test
