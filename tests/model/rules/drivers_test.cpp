// Where rules of drivers begin and end, by hand: what scenarios cannot separate.
#include <gtest/gtest.h>

#include <string>

#include "model/rules/catalog.h"
#include "tests/model/rules/registrar_reports.h"

namespace nmrcheck::model::test {
namespace {

// --- NMR-DET-11: the provider frees memory that the client's call still needs ---

struct Serving {
  Side owner = kProvider;        // whose memory it is
  bool detach_returned = false;  // of the provider
  bool caller_done = false;
};

std::string verdict_of_call(bool detach_called, Serving serving) {
  return verdict_of([=](World& world) {
    Script script(world);
    attach(script);
    Kernel& kernel = world.kernel();
    kernel.push({FrameKind::kModuleCode, script.module(serving.owner)});
    void* memory = kernel.allocate(8, PoolKind::kNonPaged, 0, true);
    kernel.pop();
    script.deregister_called(kProvider, kP);
    if (serving.caller_done) script.detach(kFirst, kClient);
    if (detach_called) script.detach_called(kFirst, kProvider);
    kernel.free(memory, "free");
    if (serving.detach_returned) script.detach_returned(kFirst, kProvider);
    kernel.push({FrameKind::kCall, script.module(kProvider), kFirst, kClient, "Request"});
    kernel.touch(memory, "read");
  });
}

TEST(StoppedServingTest, BeginsWithTheCallOfTheDetachCallback) {
  EXPECT_EQ(verdict_of_call(false, {}), "KRN-POOL-01");
  EXPECT_EQ(verdict_of_call(true, {}), "NMR-DET-11");
  EXPECT_EQ(verdict_of_call(true, {.detach_returned = true}), "NMR-DET-11");
}

TEST(StoppedServingTest, IsNotToBlameForACallerThatIsDone) {
  EXPECT_EQ(verdict_of_call(true, {.caller_done = true}), "KRN-POOL-01");
}

TEST(StoppedServingTest, IsNotToBlameForMemoryOfTheCaller) {
  EXPECT_EQ(verdict_of_call(true, {.owner = kClient}), "KRN-POOL-01");
}

// --- NMR-HND-01: what a handle serves for ---

TEST(DeadBindingHandleTest, IsOneWhoseAttachFailed) {
  for (const Side side : {kClient, kProvider}) {
    const auto complete = [=](World& world) {
      Script script(world);
      script.register_both();
      script.offer(kFirst, kC, kP, kStatusNoInterface);
      script.completed(kFirst, side);
    };
    EXPECT_EQ(verdict_of(complete), "NMR-HND-01") << to_string(side);
  }
}

TEST(DeadBindingHandleTest, IsOneThatTheClientDeclinedByItself) {
  const auto complete = [](World& world) {
    Script script(world);
    script.register_both();
    script.client_attach_called(kFirst, kC, kP);
    script.client_attach_returned(kFirst, kStatusNoInterface);
    script.completed(kFirst, kClient);
  };
  EXPECT_EQ(verdict_of(complete), "NMR-HND-01");
}

TEST(DeadBindingHandleTest, CompletionsOfAnAttachedBindingBreakOtherRules) {
  const auto too_early = [](World& world) {
    Script script(world);
    attach(script);
    script.completed(kFirst, kClient);
  };
  EXPECT_EQ(verdict_of(too_early), "NMR-DET-08");
  const auto after_success = [](World& world) {
    Script script(world);
    attach(script);
    detach_both(script);
    script.completed(kFirst, kClient);
  };
  EXPECT_EQ(verdict_of(after_success), "NMR-DET-05");
  const auto twice = [](World& world) {
    Script script(world);
    attach(script);
    script.deregister_called(kClient, kC);
    script.detach(kFirst, kClient, kStatusPending);
    script.completed(kFirst, kClient);
    script.completed(kFirst, kClient);
  };
  EXPECT_EQ(verdict_of(twice), "NMR-DET-07");
}

TEST(DeadBindingHandleTest, ASecondAttemptInsideTheCallbackIsLegal) {
  const auto retry = [](World& world) {
    Script script(world);
    script.register_both();
    script.client_attach_called(kFirst, kC, kP);
    for (int attempt = 0; attempt < 2; ++attempt) {
      script.attach_function_called(kFirst);
      script.provider_attach_called(kFirst, kC, kP);
      script.provider_attach_returned(kFirst, kStatusNoInterface);
      script.attach_function_returned(kFirst, kStatusNoInterface);
    }
    script.client_attach_returned(kFirst, kStatusNoInterface);
  };
  EXPECT_EQ(verdict_of(retry), "");
}

// --- NMR-CLN-03: inside a cleanup callback ---

// The client's cleanup of the first binding is running, that of the second is attached.
void begin_cleanup(Script& script) {
  attach(script);
  script.register_called(kProvider, kOther);
  script.offer(kSecond, kC, kOther);
  script.register_returned(kProvider, kOther);
  script.deregister_called(kProvider, kP);
  script.detach(kFirst, kClient);
  script.detach(kFirst, kProvider);
  script.deregister_returned(kProvider, kP);
  script.cleanup_called(kFirst, kClient);
}

void call(Script& script, BindingId binding) {
  for (const EventKind kind : {EventKind::kCallBegan, EventKind::kCallEnded}) {
    script.kernel().emit({.kind = kind,
                          .side = kClient,
                          .module = script.module(kProvider),
                          .binding = binding,
                          .name = "Request"});
  }
}

std::string verdict_in_cleanup(void (*act)(Script&)) {
  return verdict_of([act](World& world) {
    Script script(world);
    begin_cleanup(script);
    act(script);
    script.cleanup_returned(kFirst, kClient);
    script.cleanup(kFirst, kProvider);
  });
}

TEST(CleanupTest, MustNotWait) {
  EXPECT_EQ(verdict_in_cleanup([](Script& s) { s.wait_returned(kClient, kC); }), "NMR-CLN-03");
}

TEST(CleanupTest, MayNeitherCallNorCompleteItsOwnBinding) {
  EXPECT_EQ(verdict_in_cleanup([](Script& s) { call(s, kFirst); }), "NMR-DET-10");
  EXPECT_EQ(verdict_in_cleanup([](Script& s) { s.completed(kFirst, kClient); }), "NMR-DET-05");
}

TEST(CleanupTest, MayCallThePeerOfAnotherBinding) {
  EXPECT_EQ(verdict_in_cleanup([](Script& s) { call(s, kSecond); }), "");
}

TEST(CleanupTest, MayCompleteAnotherBinding) {
  const auto complete = [](Script& s) {
    s.deregister_called(kProvider, kOther);
    s.detach(kSecond, kClient, kStatusPending);
    s.completed(kSecond, kClient);
    s.detach(kSecond, kProvider);
    s.finish(kSecond);
    s.deregister_returned(kProvider, kOther);
  };
  const auto complete_and_wait_later = [&](World& world) {
    Script script(world);
    begin_cleanup(script);
    complete(script);
    script.cleanup_returned(kFirst, kClient);
    script.cleanup(kFirst, kProvider);
    script.wait_returned(kProvider, kOther);
  };
  EXPECT_EQ(verdict_of(complete_and_wait_later), "");
}

}  // namespace
}  // namespace nmrcheck::model::test
