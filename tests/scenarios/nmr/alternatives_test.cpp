// Each alternative of the choice points on offers, detach, cleanup and waits, seen by a driver.
#include <gtest/gtest.h>

#include "tests/scenarios/nmr/trial.h"

namespace nmrcheck::trial {
namespace {

// Expects the diary of the first execution when the choice point has just the letter.
void expect_diary(const char* choice_point, const char* letter, const std::string& expected,
                  const Body& body, model::AllowedLetters others = {}) {
  others[choice_point] = letter;
  const Result result = run(others, body);
  EXPECT_EQ(result.diary, expected) << choice_point << " " << letter;
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.violation ? result.violation->message : "", "") << choice_point << letter;
}

void leave(Module& provider, Module& client) {
  kit::deregister_client(client.registration);
  kit::deregister_provider(provider.registration);
}

// A provider and a client; the client deregisters.
void attach_and_leave(model::World&, Behaviour&) {
  Module provider;
  Module client;
  provider.register_provider();
  client.register_client();
  note("registered");
  NmrDeregisterClient(client.registration);
  note("deregistered");
  NmrWaitForClientDeregisterComplete(client.registration);
  note("waited");
  kit::deregister_provider(provider.registration);
}

constexpr const char* kAttach = "attach1 attached registered ";

TEST(AlternativesTest, Cp01ThreadThatRunsAnOffer) {
  const Body body = [](model::World&, Behaviour&) {
    Module provider;
    Module client;
    provider.register_provider();
    client.register_client();
    note("registered");
    let_others_run();
    leave(provider, client);
  };
  const std::string end = "c-detach p-detach1 c-clean p-clean ";
  expect_diary("CP-01", "a", kAttach + end, body);
  expect_diary("CP-01", "b", "registered attach1 attached " + end, body);
}

TEST(AlternativesTest, Cp03RegistrationThatFailsAfterAttachCallbacks) {
  const Body body = [](model::World&, Behaviour&) {
    Module provider;
    Module client;
    provider.register_provider();
    const NTSTATUS status = client.register_client();
    note(status == STATUS_INSUFFICIENT_RESOURCES ? "failed" : "registered");
    if (NT_SUCCESS(status)) kit::deregister_client(client.registration);
    kit::deregister_provider(provider.registration);
  };
  const std::string undone = "c-detach p-detach1 c-clean p-clean ";
  expect_diary("CP-03", "a", "attach1 attached registered " + undone, body);
  expect_diary("CP-03", "b", "attach1 attached " + undone + "failed ", body);
}

TEST(AlternativesTest, Cp04OrderOfOffers) {
  const Body body = [](model::World& world, Behaviour& how) {
    Module first(1);
    Module second(2);
    Module client;
    how.in_client_attach = [&] { note(world.execution().name_of(world.execution().current())); };
    first.register_provider();
    second.register_provider();
    client.register_client();
    leave(first, client);
    kit::deregister_provider(second.registration);
  };
  const std::string end = "c-detach p-detach1 c-clean p-clean c-detach p-detach2 c-clean p-clean ";
  expect_diary("CP-04", "a", "attach1 main attached attach2 main attached " + end, body);
  expect_diary("CP-04", "b", "attach2 main attached attach1 main attached " + end, body);
  EXPECT_TRUE(some_execution_leaves("attach1 nmr worker attach2 main ", {{"CP-04", "c"}}, body));
  EXPECT_TRUE(some_execution_leaves("attach2 main attach1 nmr worker ", {{"CP-04", "c"}}, body));
}

TEST(AlternativesTest, Cp05OrderOfTheDetachesOfSeveralBindings) {
  const Body body = [](model::World&, Behaviour&) {
    Module first(1);
    Module second(2);
    Module client;
    first.register_provider();
    second.register_provider();
    client.register_client();
    diary().clear();
    kit::deregister_client(client.registration);
    kit::deregister_provider(first.registration);
    kit::deregister_provider(second.registration);
  };
  const std::string one = "c-detach p-detach1 c-clean p-clean ";
  const std::string two = "c-detach p-detach2 c-clean p-clean ";
  expect_diary("CP-05", "a", one + two, body);
  expect_diary("CP-05", "b", two + one, body);
  const auto overlap = [&](const char* letters) {
    return some_execution_leaves("c-detach c-detach ",
                                 {{"CP-05", letters}, {"CP-12", "a"}, {"CP-04", "a"}}, body);
  };
  EXPECT_TRUE(overlap("c"));
  EXPECT_FALSE(overlap("ab"));
}

// The client's attach callback tells another thread when NmrClientAttachProvider has returned, or
// the provider's when it is about to accept; that thread deregisters the client.
Body overlapping(bool from_provider) {
  return [from_provider](model::World& world, Behaviour& how) {
    static Module client;
    Module provider;
    client = Module();
    KEVENT begin;
    KeInitializeEvent(&begin, NotificationEvent, FALSE);
    const auto signal = [&] {
      KeSetEvent(&begin, 0, FALSE);
      step();
    };
    if (from_provider) {
      how.in_provider_attach = signal;
    } else {
      how.after_client_attach = signal;
    }
    provider.register_provider();
    const sim::FiberId other = kit::start_thread(world.kernel().current_module(), "other", [&] {
      KeWaitForSingleObject(&begin, Executive, KernelMode, FALSE, nullptr);
      NmrDeregisterClient(client.registration);
    });
    client.register_client();
    kit::join(other);
    NmrWaitForClientDeregisterComplete(client.registration);
    kit::deregister_provider(provider.registration);
  };
}

TEST(AlternativesTest, Cp06DetachOverlappingTheAttach) {
  const auto overlaps = [](const char* letter, const char* between, bool from_provider) {
    return some_execution_leaves(between, {{"CP-06", letter}, {"CP-02", "a"}},
                                 overlapping(from_provider));
  };
  EXPECT_FALSE(overlaps("a", "c-detach attached ", false));
  EXPECT_TRUE(overlaps("b", "c-detach attached ", false));
  EXPECT_TRUE(overlaps("c", "c-detach attached ", false));
}

TEST(AlternativesTest, Cp06DetachBeforeTheAttachCallReturns) {
  const auto body = [](model::World& world, Behaviour& how) {
    how.after_client_attach = [] { note("call-returned"); };
    overlapping(true)(world, how);
  };
  const auto overlaps = [&](const char* letter) {
    return some_execution_leaves("c-detach call-returned ", {{"CP-06", letter}, {"CP-02", "a"}},
                                 body);
  };
  EXPECT_FALSE(overlaps("a"));
  EXPECT_FALSE(overlaps("b"));
  EXPECT_TRUE(overlaps("c"));
}

TEST(AlternativesTest, Cp10OfferRacingWithDeregistration) {
  const Body body = [](model::World&, Behaviour&) {
    Module provider;
    Module client;
    provider.register_provider();
    client.register_client();
    NmrDeregisterClient(client.registration);
    note("deregistered");
    let_others_run();
    NmrWaitForClientDeregisterComplete(client.registration);
    kit::deregister_provider(provider.registration);
  };
  expect_diary("CP-10", "a", "deregistered ", body, {{"CP-01", "b"}});
  expect_diary("CP-10", "b", "deregistered attach1 attached c-detach p-detach1 c-clean p-clean ",
               body, {{"CP-01", "b"}});
}

TEST(AlternativesTest, Cp11ThreadThatRunsDetachCallbacks) {
  expect_diary("CP-11", "a",
               std::string(kAttach) + "c-detach p-detach1 c-clean p-clean deregistered waited ",
               attach_and_leave);
  expect_diary("CP-11", "b",
               std::string(kAttach) + "c-detach deregistered p-detach1 c-clean p-clean waited ",
               attach_and_leave);
}

// Each side pends; a thread of its own completes once others had their turn.
void attach_and_pend(model::World& world, Behaviour& how) {
  static Module provider;
  static Module client;
  provider = Module();
  client = Module();
  how.client_detach = how.provider_detach = STATUS_PENDING;
  const auto later = [&world](const char* name, void (*complete)()) {
    kit::start_thread(world.kernel().current_module(), name, [=] {
      let_others_run();
      complete();
    });
  };
  how.in_client_detach = [=] {
    later("c", [] {
      note("c-done");
      NmrClientDetachProviderComplete(client.client_handle);
    });
  };
  how.in_provider_detach = [=] {
    later("p", [] {
      note("p-done");
      NmrProviderDetachClientComplete(provider.provider_handle);
    });
  };
  provider.register_provider();
  client.register_client();
  diary().clear();
  leave(provider, client);
}

// Each callback has a step in its middle.
void with_ends(model::World& world, Behaviour& how) {
  const auto end = [](const char* name) {
    return [name] {
      step();
      note(name);
    };
  };
  how.in_client_detach = how.in_client_cleanup = end("c-end");
  how.in_provider_detach = how.in_provider_cleanup = end("p-end");
  attach_and_leave(world, how);
}

TEST(AlternativesTest, Cp12OrderOfTheTwoDetachCallbacks) {
  const std::string end = "c-clean p-clean ";
  expect_diary("CP-12", "a", "c-detach p-detach1 c-done p-done " + end, attach_and_pend);
  expect_diary("CP-12", "b", "p-detach1 c-detach p-done c-done " + end, attach_and_pend);
  expect_diary("CP-12", "d", "c-detach c-done p-detach1 p-done " + end, attach_and_pend);
  expect_diary("CP-12", "e", "p-detach1 p-done c-detach c-done " + end, attach_and_pend);
  for (const char* order : {"p-detach1 c-detach c-end p-end ", "p-detach1 c-detach p-end c-end "}) {
    EXPECT_TRUE(some_execution_leaves(order, {{"CP-12", "c"}}, with_ends)) << order;
    EXPECT_FALSE(some_execution_leaves(order, {{"CP-12", "abde"}}, with_ends)) << order;
  }
}

TEST(AlternativesTest, Cp14EarliestMomentOfCleanup) {
  const Body body = [](model::World& world, Behaviour& how) {
    how.client_completes_inside = true;
    attach_and_leave(world, how);
  };
  expect_diary(
      "CP-14", "a",
      std::string(kAttach) + "p-detach1 c-detach completed c-clean p-clean deregistered waited ",
      body, {{"CP-12", "b"}});
  expect_diary(
      "CP-14", "b",
      std::string(kAttach) + "p-detach1 c-detach c-clean p-clean completed deregistered waited ",
      body, {{"CP-12", "b"}});
}

TEST(AlternativesTest, Cp15OrderOfTheTwoCleanupCallbacks) {
  const std::string begin = std::string(kAttach) + "c-detach p-detach1 ";
  const std::string end = " deregistered waited ";
  expect_diary("CP-15", "a", begin + "c-clean p-clean" + end, attach_and_leave);
  expect_diary("CP-15", "b", begin + "p-clean c-clean" + end, attach_and_leave);
  for (const char* order : {"p-clean c-clean c-end p-end ", "p-clean c-clean p-end c-end "}) {
    EXPECT_TRUE(some_execution_leaves(order, {{"CP-15", "c"}}, with_ends)) << order;
    EXPECT_FALSE(some_execution_leaves(order, {{"CP-15", "ab"}}, with_ends)) << order;
  }
}

// The callbacks note on which thread they run, or at which IRQL.
Body watched(bool irql) {
  return [irql](model::World& world, Behaviour& how) {
    const auto tell = [&world, irql] {
      note(irql ? std::to_string(KeGetCurrentIrql())
                : world.execution().name_of(world.execution().current()));
    };
    how.in_client_detach = how.in_provider_detach = tell;
    how.in_client_cleanup = how.in_provider_cleanup = tell;
    attach_and_leave(world, how);
  };
}

TEST(AlternativesTest, Cp16ThreadAndIrqlOfCleanup) {
  const std::string begin = std::string(kAttach) + "c-detach main p-detach1 main ";
  expect_diary("CP-16", "a", begin + "c-clean main p-clean main deregistered waited ",
               watched(false));
  expect_diary("CP-16", "b", begin + "c-clean nmr worker deregistered p-clean nmr worker waited ",
               watched(false));
  const std::string low = std::string(kAttach) + "c-detach 0 p-detach1 0 ";
  expect_diary("CP-16", "a", low + "c-clean 0 p-clean 0 deregistered waited ", watched(true));
  expect_diary("CP-16", "c", low + "c-clean 2 p-clean 2 deregistered waited ", watched(true));
}

TEST(AlternativesTest, Cp17IrqlOfADetachCallback) {
  const std::string end = "c-clean 0 p-clean 0 deregistered waited ";
  expect_diary("CP-17", "a", std::string(kAttach) + "c-detach 0 p-detach1 0 " + end, watched(true));
  expect_diary("CP-17", "b", std::string(kAttach) + "c-detach 2 p-detach1 2 " + end, watched(true));
}

TEST(AlternativesTest, Cp17CallbacksThatMustNotWaitAreFound) {
  const Body body = [](model::World& world, Behaviour& how) {
    how.in_client_detach = let_others_run;
    attach_and_leave(world, how);
  };
  for (const char* letter : {"a", "b"}) {
    const Result result = run({{"CP-17", letter}}, body);
    ASSERT_TRUE(result.violation.has_value()) << letter;
    EXPECT_EQ(result.violation->rule, "NMR-IRQL-03") << letter;
  }
}

TEST(AlternativesTest, Cp18WhatPrecedesTheReturnOfTheWait) {
  const auto seen = [](const char* letter, const char* text) {
    return some_execution_leaves(
        text, {{"CP-18", letter}, {"CP-16", "b"}, {"CP-15", "a"}, {"CP-12", "a"}}, with_ends);
  };
  EXPECT_FALSE(seen("a", "waited p-end"));
  EXPECT_TRUE(seen("b", "waited p-end"));
  EXPECT_FALSE(seen("b", "waited c-end"));
  EXPECT_TRUE(seen("c", "waited c-end"));
}

TEST(AlternativesTest, Cp19WhatMayRunOnWhenTheWaitReturns) {
  const Body body = [](model::World& world, Behaviour& how) {
    how.client_completes_inside = true;
    attach_and_leave(world, how);
  };
  const auto seen = [&](const char* letter) {
    return some_execution_leaves(
        "waited completed", {{"CP-19", letter}, {"CP-14", "b"}, {"CP-12", "b"}, {"CP-11", "b"}},
        body);
  };
  EXPECT_FALSE(seen("a"));
  EXPECT_TRUE(seen("b"));
}

}  // namespace
}  // namespace nmrcheck::trial
