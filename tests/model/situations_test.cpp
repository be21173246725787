// Where each situation begins and ends, by hand: one fact more or less makes the difference.
#include "model/situations.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "model/nmr/binding.h"
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
  EXPECT_EQ(names.size(), 12u);
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

}  // namespace
}  // namespace nmrcheck::model::test
