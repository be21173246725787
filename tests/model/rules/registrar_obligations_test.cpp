// Every obligation of the registrar can fail: reports of registrars that behave badly, each in one
// respect.
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "model/rules/catalog.h"
#include "tests/model/rules/registrar_reports.h"

namespace nmrcheck::model::test {
namespace {

void emit_with(Script& s, Event event, const Passed& passed) {
  event.passed = &passed;
  s.kernel().emit(event);
}

const std::vector<Report> kBadReports = {
    {"RGR-01", "OffersAnotherNpi",
     [](Script& s) {
       s.register_called(kClient, kC, 1);
       s.register_called(kProvider, kP, 2);
       s.client_attach_called(kFirst, kC, kP);
     }},
    {"RGR-01", "OffersAClientToAClient",
     [](Script& s) {
       s.register_called(kClient, kC);
       s.register_called(kClient, kOther);
       s.client_attach_called(kFirst, kC, kOther);
     }},
    {"RGR-02", "OffersAPairAgainAsAnotherBinding",
     [](Script& s) {
       s.register_both();
       s.offer(kFirst, kC, kP, kStatusNoInterface);
       s.client_attach_called(kSecond, kC, kP);
     }},
    {"RGR-02", "OffersABindingAgain",
     [](Script& s) {
       s.register_both();
       s.offer(kFirst, kC, kP, kStatusNoInterface);
       s.client_attach_called(kFirst, kC, kP);
     }},
    {"RGR-03", "CallsTheProviderUnasked",
     [](Script& s) {
       s.register_both();
       s.client_attach_called(kFirst, kC, kP);
       s.provider_attach_called(kFirst, kC, kP);
     }},
    {"RGR-03", "CallsTheProviderForAnotherBinding",
     [](Script& s) {
       s.register_both();
       s.client_attach_called(kFirst, kC, kP);
       s.attach_function_called(kFirst);
       s.provider_attach_called(kSecond, kC, kP);
     }},
    {"RGR-04", "TurnsASuccessIntoAnError",
     [](Script& s) {
       s.register_both();
       s.client_attach_called(kFirst, kC, kP);
       s.attach_function_called(kFirst);
       s.provider_attach_called(kFirst, kC, kP);
       s.provider_attach_returned(kFirst, kStatusSuccess);
       s.attach_function_returned(kFirst, kStatusNoInterface);
     }},
    {"RGR-04", "AnswersInTheProvidersPlace",
     [](Script& s) {
       s.register_both();
       s.client_attach_called(kFirst, kC, kP);
       s.attach_function_called(kFirst);
       s.attach_function_returned(kFirst, kStatusSuccess);
     }},
    {"RGR-05", "AttachesAtApcLevel",
     [](Script& s) {
       s.register_both();
       s.kernel().set_irql(kApcLevel);
       s.client_attach_called(kFirst, kC, kP);
     }},
    {"RGR-05", "DetachesAboveDispatchLevel",
     [](Script& s) {
       attach(s);
       s.deregister_called(kClient, kC);
       s.kernel().set_irql(kDispatchLevel + 1);
       s.detach_called(kFirst, kClient);
     }},
    {"RGR-06", "DetachesARefusedBinding",
     [](Script& s) {
       s.register_both();
       s.offer(kFirst, kC, kP, kStatusNoInterface);
       s.deregister_called(kClient, kC);
       s.detach_called(kFirst, kClient);
     }},
    {"RGR-06", "CleansUpARefusedBinding",
     [](Script& s) {
       s.register_both();
       s.offer(kFirst, kC, kP, kStatusNoInterface);
       s.cleanup_called(kFirst, kClient);
     }},
    {"RGR-07", "DetachesOneSideTwice",
     [](Script& s) {
       attach(s);
       s.deregister_called(kClient, kC);
       s.detach(kFirst, kClient);
       s.detach_called(kFirst, kClient);
     }},
    {"RGR-07", "NeverTellsTheProvider",
     [](Script& s) {
       attach(s);
       s.deregister_called(kClient, kC);
       s.detach(kFirst, kClient);
       s.closed(kFirst, kClient);
     }},
    {"RGR-08", "CleansUpWhileASidePends",
     [](Script& s) {
       attach(s);
       s.deregister_called(kClient, kC);
       s.detach(kFirst, kClient);
       s.detach(kFirst, kProvider, kStatusPending);
       s.cleanup_called(kFirst, kClient);
     }},
    {"RGR-08", "CleansUpTwice",
     [](Script& s) {
       attach(s);
       detach_both(s);
       s.cleanup(kFirst, kProvider);
       s.cleanup_called(kFirst, kProvider);
     }},
    {"RGR-08", "ForgetsOneCleanup",
     [](Script& s) {
       attach(s);
       detach_both(s);
       s.cleanup(kFirst, kClient);
       s.closed(kFirst, kClient);
       s.closed(kFirst, kProvider);
     }},
    {"RGR-08", "ForgetsBothCleanups",
     [](Script& s) {
       attach(s);
       detach_both(s);
       s.deregister_returned(kClient, kC);
       s.hang();
     }},
    {"RGR-09", "PassesAnotherRegistrationContextToTheClient",
     [](Script& s) {
       s.register_both();
       emit_with(s,
                 {.kind = EventKind::kAttachCalled,
                  .side = kClient,
                  .registration = kC,
                  .peer_registration = kP,
                  .binding = kFirst},
                 Script::of(kP));
     }},
    {"RGR-09", "PassesAnotherClientContextToTheProvider",
     [](Script& s) {
       s.register_both();
       s.client_attach_called(kFirst, kC, kP);
       s.attach_function_called(kFirst);
       s.kernel().push({FrameKind::kAttach, s.module(kProvider), kFirst, kProvider, ""});
       Passed passed = Script::of(kP);
       passed.peer_dispatch = Script::of(kFirst, kClient).dispatch;
       emit_with(s,
                 {.kind = EventKind::kAttachCalled,
                  .side = kProvider,
                  .registration = kP,
                  .peer_registration = kC,
                  .binding = kFirst},
                 passed);
     }},
    {"RGR-09", "HandsTheClientAnotherTable",
     [](Script& s) {
       s.register_both();
       s.client_attach_called(kFirst, kC, kP);
       s.attach_function_called(kFirst);
       s.provider_attach_called(kFirst, kC, kP);
       s.provider_attach_returned(kFirst, kStatusSuccess);
       emit_with(s, {.kind = EventKind::kClientAttachReturned, .binding = kFirst},
                 {.peer_context = Script::of(kFirst, kProvider).context});
     }},
    {"RGR-09", "DetachesWithThePeersContext",
     [](Script& s) {
       attach(s);
       s.deregister_called(kClient, kC);
       emit_with(s, {.kind = EventKind::kDetachCalled, .side = kClient, .binding = kFirst},
                 Script::of(kFirst, kProvider));
     }},
    {"RGR-09", "CleansUpWithoutContext",
     [](Script& s) {
       attach(s);
       detach_both(s);
       emit_with(s, {.kind = EventKind::kCleanupCalled, .side = kClient, .binding = kFirst}, {});
     }},
    {"RGR-09", "MistakesABindingHandle",
     [](Script& s) {
       attach(s);
       s.kernel().emit({.kind = EventKind::kBindingHandleUsed,
                        .side = kClient,
                        .binding = kFirst,
                        .pointer = Script::of(kSecond, kClient).handle,
                        .name = "NmrClientDetachProviderComplete"});
     }},
    {"RGR-09", "MistakesARegistrationHandle",
     [](Script& s) {
       s.register_both();
       s.kernel().emit({.kind = EventKind::kRegistrationHandleUsed,
                        .side = kClient,
                        .registration = kC,
                        .pointer = Script::of(kP).handle,
                        .name = "NmrDeregisterClient"});
     }},
    {"RGR-10", "WaitsForNothing",
     [](Script& s) {
       attach(s);
       s.deregister_called(kClient, kC);
       s.detach(kFirst, kClient);
       s.detach(kFirst, kProvider, kStatusPending);
       s.wait_returned(kClient, kC);
     }},
    {"RGR-10", "DoesNotWaitForTheOffer",
     [](Script& s) {
       s.register_both();
       s.client_attach_called(kFirst, kC, kP);
       s.wait_returned(kProvider, kP);
     }},
    {"RGR-10", "DoesNotWaitForTheCleanupToBegin",
     [](Script& s) {
       attach(s);
       detach_both(s);
       s.wait_returned(kClient, kC);
     }},
    {"RGR-10", "DoesNotWaitForTheCleanupToEnd",
     [](Script& s) {
       attach(s);
       detach_both(s);
       s.cleanup_called(kFirst, kProvider);
       s.kernel().pop();  // the waiting fiber is another one
       s.wait_returned(kProvider, kP);
     }},
    {"RGR-11", "OffersAfterTheWait",
     [](Script& s) {
       s.register_both();
       s.deregister(kClient, kC);
       s.wait_returned(kClient, kC);
       s.register_called(kProvider, kOther);
       s.client_attach_called(kFirst, kC, kOther);
     }},
    {"RGR-11", "CleansUpAfterTheWait",
     [](Script& s) {
       attach_without_cleanup(s);
       detach_both(s);
       s.wait_returned(kClient, kC);
       s.cleanup_called(kFirst, kClient);
     }},
    {"RGR-12", "WaitsInsideDeregister",
     [](Script& s) {
       s.register_both();
       s.deregister_called(kClient, kC);
       s.hang();
     }},
    {"RGR-12", "WaitsInsideTheAttachFunction",
     [](Script& s) {
       s.register_both();
       s.client_attach_called(kFirst, kC, kP);
       s.attach_function_called(kFirst);
       s.hang();
     }},
    {"RGR-13", "StrandsALateAttachAtTheEnd",
     [](Script& s) {
       s.register_both();
       s.client_attach_called(kFirst, kC, kP);
       s.deregister(kProvider, kP);
       s.attach_function_called(kFirst);
       s.provider_attach_called(kFirst, kC, kP);
       s.provider_attach_returned(kFirst, kStatusSuccess);
       s.attach_function_returned(kFirst, kStatusSuccess);
       s.client_attach_returned(kFirst, kStatusSuccess);
     }},
    {"RGR-13", "StrandsABindingForTheWait",
     [](Script& s) {
       attach(s);
       s.deregister(kClient, kC);
       s.hang();
     }},
    {"RGR-14", "ForgetsAnEarlyCompletionAtTheEnd",
     [](Script& s) {
       attach(s);
       complete_early(s);
     }},
    {"RGR-14", "ForgetsAnEarlyCompletionForTheWait",
     [](Script& s) {
       attach_without_cleanup(s);
       complete_early(s);
       s.deregister_returned(kClient, kC);
       s.hang();
     }},
    {"RGR-14", "CountsAnEarlyCompletionTwice",
     [](Script& s) {
       attach_without_cleanup(s);
       complete_early(s);
       s.closed(kFirst, kClient);
       s.closed(kFirst, kProvider);
       s.closed(kFirst, kClient);
     }},
    {"RGR-15", "FailsARegistrationThatWasRefused",
     [](Script& s) {
       s.register_called(kClient, kC);
       s.register_returned(kClient, kC);
       s.register_called(kProvider, kP);
       s.offer(kFirst, kC, kP, kStatusNoInterface);
       s.register_returned(kProvider, kP, kStatusNoInterface);
     }},
    {"RGR-15", "FailsARegistrationThatAttached",
     [](Script& s) {
       s.register_called(kProvider, kP);
       s.register_returned(kProvider, kP);
       s.register_called(kClient, kC);
       s.offer(kFirst, kC, kP);
       s.register_returned(kClient, kC, kStatusInsufficientResources);
     }},
    {"RGR-15", "FailsARegistrationThatIsNotUndoneYet",
     [](Script& s) {
       register_and_undo(s);
       s.detach(kFirst, kClient);
       s.detach(kFirst, kProvider);
       s.register_returned(kProvider, kP, kStatusInsufficientResources);
     }},
    {"RGR-16", "DetachesAnotherBindingThanTheOneThatIsUndone",
     [](Script& s) {
       attach(s);
       s.register_called(kProvider, kOther);
       s.offer(kSecond, kC, kOther);
       undo(s, kProvider, kOther);
       s.detach_called(kFirst, kProvider);
     }},
    {"RGR-16", "DetachesUnasked",
     [](Script& s) {
       attach(s);
       s.detach_called(kFirst, kClient);
     }},
    {"RGR-16", "DetachesTheBindingOfAnotherProvider",
     [](Script& s) {
       attach(s);
       s.register_called(kProvider, kOther);
       s.register_returned(kProvider, kOther);
       s.offer(kSecond, kC, kOther);
       s.deregister_called(kProvider, kOther);
       s.detach_called(kFirst, kProvider);
     }},
};

class BadRegistrarTest : public testing::TestWithParam<Report> {};

TEST_P(BadRegistrarTest, BreaksExactlyOneObligation) { expect_verdict(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Reports, BadRegistrarTest, testing::ValuesIn(kBadReports), name_of);

TEST(RegistrarObligationsTest, EachIsBrokenBySomeReport) {
  std::set<std::string_view> broken;
  for (const Report& report : kBadReports) broken.insert(report.rule);
  std::set<std::string_view> obligations;
  for (const RuleInfo& rule : rules()) {
    if (rule.id.starts_with("RGR-")) obligations.insert(rule.id);
  }
  EXPECT_EQ(obligations.size(), 16u);
  EXPECT_EQ(broken, obligations);
}

}  // namespace
}  // namespace nmrcheck::model::test
