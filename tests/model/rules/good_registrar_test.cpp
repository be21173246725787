// The obligations are silent on registrars that behave well, also where a driver hangs in them.
#include <gtest/gtest.h>

#include <vector>

#include "tests/model/rules/registrar_reports.h"

namespace nmrcheck::model::test {
namespace {

const std::vector<Report> kGoodReports = {
    {"", "AttachesAndDetaches",
     [](Script& s) {
       attach(s);
       detach_both(s);
       s.finish(kFirst);
       s.deregister_returned(kClient, kC);
       s.wait_returned(kClient, kC);
     }},
    {"", "BothDeregister",
     [](Script& s) {
       attach(s);
       s.deregister(kProvider, kP);
       detach_both(s);
       s.finish(kFirst);
       s.wait_returned(kProvider, kP);
       s.deregister_returned(kClient, kC);
       s.wait_returned(kClient, kC);
     }},
    {"", "CompletesLater",
     [](Script& s) {
       attach(s);
       s.deregister_called(kProvider, kP);
       s.detach(kFirst, kProvider, kStatusPending);
       s.detach(kFirst, kClient, kStatusPending);
       s.completed(kFirst, kClient);
       s.completed(kFirst, kProvider);
       s.finish(kFirst);
       s.deregister_returned(kProvider, kP);
       s.wait_returned(kProvider, kP);
     }},
    {"", "CountsAnEarlyCompletionOnce",
     [](Script& s) {
       attach(s);
       complete_early(s);
       s.finish(kFirst);
       s.deregister_returned(kClient, kC);
       s.wait_returned(kClient, kC);
     }},
    {"", "CallsNoCleanupThatIsNotThere",
     [](Script& s) {
       attach_without_cleanup(s);
       detach_both(s);
       s.closed(kFirst, kClient);
       s.closed(kFirst, kProvider);
       s.deregister_returned(kClient, kC);
       s.wait_returned(kClient, kC);
     }},
    {"", "TakesARefusalAndASecondAttempt",
     [](Script& s) {
       s.register_both();
       s.client_attach_called(kFirst, kC, kP);
       for (const std::uint32_t status : {kStatusNoInterface, kStatusSuccess}) {
         s.attach_function_called(kFirst);
         s.provider_attach_called(kFirst, kC, kP);
         s.provider_attach_returned(kFirst, status);
         s.attach_function_returned(kFirst, status);
       }
       s.client_attach_returned(kFirst, kStatusSuccess);
     }},
    {"", "WaitsOnlyForWhatWasOffered",
     [](Script& s) {
       s.register_both();
       s.offer(kFirst, kC, kP, kStatusNoInterface);
       s.deregister(kProvider, kP);
       s.closed(kFirst, kClient);
       s.closed(kFirst, kProvider);
       s.wait_returned(kProvider, kP);
     }},
    {"", "OffersEachOfTwoProviders",
     [](Script& s) {
       attach(s);
       s.register_called(kProvider, kOther);
       s.offer(kSecond, kC, kOther, kStatusNoInterface);
       s.register_returned(kProvider, kOther);
     }},
    {"", "FailsARegistrationBeforeItsFirstOffer",
     [](Script& s) {
       s.register_called(kClient, kC);
       s.register_returned(kClient, kC, kStatusInsufficientResources);
     }},
    {"", "DetachesAtDispatchLevel",
     [](Script& s) {
       attach(s);
       s.deregister_called(kClient, kC);
       s.kernel().set_irql(kDispatchLevel);
       s.detach(kFirst, kClient);
       s.detach(kFirst, kProvider);
       s.finish(kFirst);
       s.deregister_returned(kClient, kC);
       s.kernel().set_irql(kPassiveLevel);
       s.wait_returned(kClient, kC);
     }},
    // A registration that the paranoid profile undoes (CP-03).
    {"", "UndoesARegistrationBeforeItFails",
     [](Script& s) {
       register_and_undo(s);
       s.detach(kFirst, kClient);
       s.detach(kFirst, kProvider);
       s.finish(kFirst);
       s.register_returned(kProvider, kP, kStatusInsufficientResources);
     }},
    {"", "UndoesARegistrationThatWasRefused",
     [](Script& s) {
       s.register_called(kClient, kC);
       s.register_returned(kClient, kC);
       s.register_called(kProvider, kP);
       s.offer(kFirst, kC, kP, kStatusNoInterface);
       undo(s, kProvider, kP);
       s.closed(kFirst, kClient);
       s.closed(kFirst, kProvider);
       s.register_returned(kProvider, kP, kStatusInsufficientResources);
     }},
    // The paranoid profile's wait (CP-18) is part of what drivers are graded with.
    {"", "CleansUpAfterAWaitThatDoesNotAwaitIt",
     [](Script& s) {
       attach(s);
       detach_both(s);
       s.kernel().emit({.kind = EventKind::kCleanupNotAwaited, .binding = kFirst});
       s.wait_returned(kClient, kC);
       s.finish(kFirst);
       s.deregister_returned(kClient, kC);
     }},
};

// Drivers that hang, and a registrar that is not to blame.
const std::vector<Report> kHangingDrivers = {
    {"harness.deadlock", "InTheWait",
     [](Script& s) {
       s.register_both();
       s.kernel().push({FrameKind::kRegistrar, s.module(kClient), kNoBinding, kClient,
                        "NmrWaitForClientDeregisterComplete"});
       s.hang();
     }},
    {"harness.deadlock", "InADetachCallbackThatHoldsUpAnother",
     [](Script& s) {
       attach(s);
       s.register_called(kProvider, kOther);
       s.register_returned(kProvider, kOther);
       s.offer(kSecond, kC, kOther);
       s.deregister_called(kClient, kC);
       s.detach_called(kFirst, kClient);
       s.hang();
     }},
    {"harness.deadlock", "InADetachCallbackThatCompleted",
     [](Script& s) {
       attach(s);
       s.deregister_called(kClient, kC);
       s.detach(kFirst, kProvider);
       s.detach_called(kFirst, kClient);
       s.completed(kFirst, kClient);
       s.hang();
     }},
    {"harness.deadlock", "InACleanup",
     [](Script& s) {
       attach(s);
       detach_both(s);
       s.cleanup_called(kFirst, kClient);
       s.hang();
     }},
    {"NMR-DET-04", "WithADetachThatPendsWhileARegistrationIsUndone",
     [](Script& s) {
       register_and_undo(s);
       s.kernel().push({FrameKind::kRegistrar, s.module(kProvider), kNoBinding, kProvider,
                        "NmrRegisterProvider"});
       s.detach(kFirst, kClient, kStatusPending);
       s.detach(kFirst, kProvider);
       s.hang();
     }},
    {"NMR-DET-04", "WithADetachThatPends",
     [](Script& s) {
       attach(s);
       s.deregister_called(kClient, kC);
       s.detach(kFirst, kClient);
       s.detach(kFirst, kProvider, kStatusPending);
       s.deregister_returned(kClient, kC);
       s.hang();
     }},
};

class GoodRegistrarTest : public testing::TestWithParam<Report> {};

TEST_P(GoodRegistrarTest, BreaksNoObligation) { expect_verdict(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Reports, GoodRegistrarTest, testing::ValuesIn(kGoodReports), name_of);
INSTANTIATE_TEST_SUITE_P(Hanging, GoodRegistrarTest, testing::ValuesIn(kHangingDrivers), name_of);

}  // namespace
}  // namespace nmrcheck::model::test
