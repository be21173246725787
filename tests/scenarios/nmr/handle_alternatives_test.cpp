// Each alternative of the choice points on handles, out parameters, instances and repetition, seen
// by a driver.
#include <gtest/gtest.h>

#include "tests/scenarios/nmr/trial.h"

namespace nmrcheck::trial {
namespace {

// The diary of the first execution when the choice point has just the letter; no rule is broken.
std::string diary_of(const char* choice_point, const char* letter, const Body& body,
                     model::AllowedLetters others = {}) {
  others[choice_point] = letter;
  const Result result = run(others, body);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.violation ? result.violation->message : "", "") << choice_point << letter;
  return result.diary;
}

TEST(HandleAlternativesTest, Cp02WhenTheRegistrationHandleIsStored) {
  const Body body = [](model::World&, Behaviour& how) {
    Module first;
    Module second;
    Module client;
    how.in_client_attach = [&] { note(client.registration == nullptr ? "null" : "set"); };
    first.register_provider();
    second.register_provider();
    client.register_client();
    note(client.registration == nullptr ? "null" : "set");
    diary() = diary().substr(0, diary().find("c-detach"));
    const std::string registered = diary();
    kit::deregister_client(client.registration);
    kit::deregister_provider(first.registration);
    kit::deregister_provider(second.registration);
    diary() = registered;
  };
  EXPECT_EQ(diary_of("CP-02", "a", body), "attach1 set attached attach1 set attached set ");
  EXPECT_EQ(diary_of("CP-02", "b", body), "attach1 null attached attach1 null attached set ");
  EXPECT_EQ(diary_of("CP-02", "c", body), "attach1 null attached attach1 set attached set ");
}

TEST(HandleAlternativesTest, Cp02WhatAFailedRegistrationLeaves) {
  static int unrelated = 0;
  const Body body = [](model::World&, Behaviour&) {
    Module client;
    client.client.Version = 1;
    client.registration = &unrelated;
    EXPECT_EQ(client.register_client(), STATUS_INVALID_PARAMETER);
    note(client.registration == nullptr      ? "null"
         : client.registration == &unrelated ? "untouched"
                                             : "garbage");
  };
  EXPECT_EQ(diary_of("CP-02", "d", body, {{"CP-26", "c"}}), "untouched ");
  EXPECT_EQ(diary_of("CP-02", "e", body, {{"CP-26", "c"}}), "null ");
  EXPECT_EQ(diary_of("CP-02", "f", body, {{"CP-26", "c"}}), "garbage ");
}

TEST(HandleAlternativesTest, Cp02TheHandleOfAFailedRegistrationMeansNothing) {
  const Body body = [](model::World&, Behaviour&) {
    Module provider;
    Module client;
    provider.register_provider();
    EXPECT_EQ(client.register_client(), STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_NE(client.registration, nullptr);  // stored before the first offer, and left there
    NmrDeregisterClient(client.registration);
  };
  const Result result = run({{"CP-02", "ad"}, {"CP-03", "b"}}, body);
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_EQ(result.violation->rule, "NMR-REG-04");
}

// A provider comes, goes and comes again, while the client stays; `again` gets the old and the new.
Body coming_again(const std::function<void(const Module& old, const Module& fresh)>& again) {
  return [again](model::World&, Behaviour&) {
    Module old;
    Module fresh;
    Module client;
    client.register_client();
    old.register_provider();
    const HANDLE first = client.client_handle;
    kit::deregister_provider(old.registration);
    fresh.register_provider();
    diary().clear();
    again(old, fresh);
    note(first == client.client_handle ? "same-client" : "new-client");
    const std::string compared = diary();
    kit::deregister_client(client.registration);
    kit::deregister_provider(fresh.registration);
    diary() = compared;
  };
}

TEST(HandleAlternativesTest, Cp20ValuesOfBindingHandles) {
  const Body again = coming_again([](const Module& old, const Module& fresh) {
    note(old.provider_handle == fresh.provider_handle ? "same-provider" : "new-provider");
  });
  EXPECT_EQ(diary_of("CP-20", "b", again), "new-provider new-client ");
  EXPECT_EQ(diary_of("CP-20", "bc", again), "new-provider new-client ");  // the default is (b)
  EXPECT_EQ(diary_of("CP-20", "c", again), "same-provider same-client ");

  const Body both = [](model::World&, Behaviour&) {
    Module provider;
    Module client;
    provider.register_provider();
    client.register_client();
    const bool one = provider.provider_handle == client.client_handle;
    kit::deregister_client(client.registration);
    kit::deregister_provider(provider.registration);
    diary() = one ? "one" : "two";
  };
  EXPECT_EQ(diary_of("CP-20", "a", both), "one");
  EXPECT_EQ(diary_of("CP-20", "b", both), "two");
}

TEST(HandleAlternativesTest, Cp20BindingsWithTheValuesOfOldOnesDetachLikeAllOthers) {
  const Body body = [](model::World&, Behaviour& how) {
    Module client;
    how.client_completes_inside = true;
    client.register_client();
    for (int round = 0; round < 3; ++round) {
      Module provider;
      provider.register_provider();
      kit::deregister_provider(provider.registration);
    }
    kit::deregister_client(client.registration);
  };
  const std::string round = "attach1 attached c-detach completed p-detach1 c-clean p-clean ";
  EXPECT_EQ(diary_of("CP-20", "c", body), round + round + round);
}

TEST(HandleAlternativesTest, Cp21ValueOfARegistrationHandle) {
  const Body again = coming_again([](const Module& old, const Module& fresh) {
    note(old.registration == fresh.registration ? "same" : "new");
  });
  EXPECT_EQ(diary_of("CP-21", "a", again), "new new-client ");
  EXPECT_EQ(diary_of("CP-21", "b", again), "same new-client ");
}

TEST(HandleAlternativesTest, Cp21AnOldHandleThatCameAgainIsTheNewRegistration) {
  const Body body = [](model::World&, Behaviour&) {
    Module old;
    Module fresh;
    old.register_provider();
    kit::deregister_provider(old.registration);
    fresh.register_provider();
    kit::deregister_provider(old.registration);  // a second time, as it seems
    note("waited");
  };
  EXPECT_EQ(diary_of("CP-21", "b", body), "waited ");
  const Result fresh_value = run({{"CP-21", "a"}}, body);
  ASSERT_TRUE(fresh_value.violation.has_value());
  EXPECT_EQ(fresh_value.violation->rule, "NMR-HND-02");
}

TEST(HandleAlternativesTest, Cp22OutParametersOfAFailedAttach) {
  const Body body = [](model::World&, Behaviour& how) {
    Module provider;
    Module client;
    how.provider_answer = STATUS_NOINTERFACE;
    provider.register_provider();
    client.register_client();
    kit::deregister_client(client.registration);
    kit::deregister_provider(provider.registration);
    const auto describe = [&](const void* out) {
      return out == &client ? "untouched" : out == nullptr ? "null" : "garbage";
    };
    diary().clear();
    note(describe(client.out_context));
    note(describe(client.out_dispatch));
  };
  EXPECT_EQ(diary_of("CP-22", "a", body), "untouched untouched ");
  EXPECT_EQ(diary_of("CP-22", "b", body), "null null ");
  EXPECT_EQ(diary_of("CP-22", "c", body), "garbage garbage ");
}

TEST(HandleAlternativesTest, Cp25StatusOfAMisplacedAttach) {
  const Body body = [](model::World&, Behaviour& how) {
    Module provider;
    Module client;
    how.in_provider_attach = [&] {
      how.in_provider_attach = nullptr;
      PVOID context = nullptr;
      CONST VOID* dispatch = nullptr;
      const NTSTATUS status =
          NmrClientAttachProvider(client.client_handle, &client, nullptr, &context, &dispatch);
      note(status == STATUS_INVALID_PARAMETER      ? "parameter"
           : status == STATUS_INVALID_DEVICE_STATE ? "state"
                                                   : "other");
    };
    provider.register_provider();
    client.register_client();
    kit::deregister_client(client.registration);
    kit::deregister_provider(provider.registration);
    diary() = diary().substr(0, diary().find("attached"));
  };
  EXPECT_EQ(diary_of("CP-25", "a", body), "attach1 parameter ");
  EXPECT_EQ(diary_of("CP-25", "b", body), "attach1 state ");
}

std::string answers_to(const char* letter, void (*spoil)(Module& client)) {
  const Body body = [spoil](model::World&, Behaviour&) {
    Module client;
    spoil(client);
    const NTSTATUS status = client.register_client();
    note(status == STATUS_INVALID_PARAMETER ? "refused" : "registered");
    if (NT_SUCCESS(status)) kit::deregister_client(client.registration);
  };
  return diary_of("CP-26", letter, body);
}

// Wrong lengths and missing callbacks break a rule before they could be refused (NMR-PARAM-02,
// -03).
TEST(HandleAlternativesTest, Cp26ValidationOfTheCharacteristics) {
  const auto good = [](Module&) {};
  const auto version = [](Module& client) { client.client.Version = 1; };
  const auto instance_version = [](Module& client) {
    client.client.ClientRegistrationInstance.Version = 1;
  };
  for (const char* letter : {"a", "b", "c"}) EXPECT_EQ(answers_to(letter, good), "registered ");
  for (void (*spoil)(Module&) : {+version, +instance_version}) {
    EXPECT_EQ(answers_to("a", spoil), "registered ");
    EXPECT_EQ(answers_to("b", spoil), "registered ");
    EXPECT_EQ(answers_to("c", spoil), "refused ");
  }
}

// A client that keeps the pointer to its provider's instance and uses it `late`: in the callback,
// after it, or after the provider's wait.
Body keeping_the_instance(int late) {
  return [late](model::World&, Behaviour& how) {
    Module provider;
    Module client;
    const auto use = [&](int now) {
      if (now != late) return;
      note(client.peer_instance == &provider.provider.ProviderRegistrationInstance ? "own"
                                                                                   : "copy");
      NMRCHECK_TOUCH(client.peer_instance);
      note(std::to_string(client.peer_instance->Number));
    };
    how.in_client_attach = [&] { use(0); };
    provider.register_provider();
    client.register_client();
    use(1);
    kit::deregister_provider(provider.registration);
    use(2);
    kit::deregister_client(client.registration);
    diary() = diary().substr(0, diary().find("attached")) + diary().substr(diary().rfind("clean"));
  };
}

TEST(HandleAlternativesTest, Cp27RegistrationInstanceThatThePeerGets) {
  const auto verdict = [](const char* letter, int late) {
    const Result result = run({{"CP-27", letter}}, keeping_the_instance(late));
    return result.violation ? result.violation->rule : std::string("");
  };
  for (const int late : {0, 1, 2}) EXPECT_EQ(verdict("a", late), "") << late;
  EXPECT_EQ(verdict("b", 0), "");
  EXPECT_EQ(verdict("b", 1), "");
  EXPECT_EQ(verdict("b", 2), "KRN-POOL-01");
  EXPECT_EQ(verdict("c", 0), "");
  EXPECT_EQ(verdict("c", 1), "KRN-POOL-01");
  EXPECT_EQ(run({{"CP-27", "a"}}, keeping_the_instance(0)).diary, "attach1 own 1 clean ");
  for (const char* copied : {"b", "c", "ab", "abc"}) {
    EXPECT_EQ(run({{"CP-27", copied}}, keeping_the_instance(0)).diary, "attach1 copy 1 clean ");
  }
}

TEST(HandleAlternativesTest, Cp28ModuleThatIsClientAndProviderOfOneNpi) {
  const Body body = [](model::World&, Behaviour&) {
    Module provider;
    Module client;
    provider.register_provider();
    client.register_client();
    note("registered");
    kit::deregister_client(client.registration);
    kit::deregister_provider(provider.registration);
  };
  EXPECT_EQ(diary_of("CP-28", "a", body),
            "attach1 attached registered c-detach p-detach1 c-clean p-clean ");
  EXPECT_EQ(diary_of("CP-28", "b", body), "registered ");
}

TEST(HandleAlternativesTest, Cp30ResultOfNmrDeregister) {
  const Body body = [](model::World&, Behaviour&) {
    Module client;
    client.register_client();
    const NTSTATUS status = NmrDeregisterClient(client.registration);
    note(status == STATUS_PENDING ? "pending" : status == STATUS_SUCCESS ? "success" : "other");
    if (status == STATUS_PENDING) NmrWaitForClientDeregisterComplete(client.registration);
  };
  EXPECT_EQ(diary_of("CP-30", "a", body), "pending ");
  EXPECT_EQ(diary_of("CP-30", "b", body), "success ");
}

TEST(HandleAlternativesTest, Cp30SuccessOnlyWhenNothingIsLeft) {
  const Body body = [](model::World& world, Behaviour& how) {
    Module provider;
    Module client;
    how.client_detach = STATUS_PENDING;
    provider.register_provider();
    client.register_client();
    note(NmrDeregisterClient(client.registration) == STATUS_PENDING ? "pending" : "success");
    NmrClientDetachProviderComplete(client.client_handle);
    NmrWaitForClientDeregisterComplete(client.registration);
    kit::deregister_provider(provider.registration);
    (void)world;
  };
  EXPECT_EQ(diary_of("CP-30", "b", body),
            "attach1 attached c-detach p-detach1 pending c-clean p-clean ");
}

TEST(HandleAlternativesTest, Cp30TheHandleIsDeadAfterSuccess) {
  const Body body = [](model::World&, Behaviour&) {
    Module client;
    client.register_client();
    NmrDeregisterClient(client.registration);
    NmrWaitForClientDeregisterComplete(client.registration);
  };
  EXPECT_FALSE(run({{"CP-30", "a"}}, body).violation.has_value());
  const Result dead = run({{"CP-30", "b"}}, body);
  ASSERT_TRUE(dead.violation.has_value());
  EXPECT_EQ(dead.violation->rule, "NMR-HND-02");
}

TEST(HandleAlternativesTest, Cp33ReAttachOfTwoModules) {
  const Body body = [](model::World&, Behaviour& how) {
    Module old(1);
    Module fresh(2);
    Module client;
    how.client_detach = STATUS_PENDING;
    client.register_client();
    old.register_provider();
    const HANDLE handle = client.client_handle;
    NmrDeregisterProvider(old.registration);
    how.client_detach = STATUS_SUCCESS;
    fresh.register_provider();
    note("registered");
    NmrClientDetachProviderComplete(handle);
    NmrWaitForProviderDeregisterComplete(old.registration);
    let_others_run();
    kit::deregister_client(client.registration);
    kit::deregister_provider(fresh.registration);
  };
  const std::string begin = "attach1 attached c-detach p-detach1 ";
  const std::string end = "c-detach p-detach2 c-clean p-clean ";
  EXPECT_EQ(diary_of("CP-33", "a", body),
            begin + "registered c-clean p-clean attach2 attached " + end);
  EXPECT_EQ(diary_of("CP-33", "b", body),
            begin + "attach2 attached registered c-clean p-clean " + end);
}

}  // namespace
}  // namespace nmrcheck::trial
