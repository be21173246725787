// Steps that choices add name what they look at: dpor sees every diary that random executions
// leave.
#include <gtest/gtest.h>

#include <set>

#include "sim/explore/explorer.h"
#include "tests/scenarios/nmr/trial.h"

namespace nmrcheck::trial {
namespace {

constexpr std::uint64_t kSamples = 3'000;

// Checks that dpor exhausts `body` within `most` executions and leaves every diary that sampling
// does, on a registrar that may do all of `allowed`. Returns how many diaries dpor left.
std::size_t expect_dpor_complete(const Body& body, const model::AllowedLetters& allowed,
                                 std::uint64_t most) {
  const auto diaries = [&](const char* strategy, std::uint64_t executions, sim::Report& report) {
    std::set<std::string> left;
    const Body watched = [&](model::World& world, Behaviour& how) {
      body(world, how);
      left.insert(diary());
    };
    report = explore(allowed, watched, strategy, executions);
    EXPECT_EQ(report.error, "") << strategy;
    EXPECT_TRUE(report.findings.empty())
        << strategy << ": " << report.findings[0].violation.message << diary();
    return left;
  };
  sim::Report exhaustive;
  sim::Report sampling;
  const std::set<std::string> all = diaries("dpor", most, exhaustive);
  EXPECT_EQ(exhaustive.verdict, sim::Verdict::kVerified) << exhaustive.scope;
  for (const std::string& text : diaries("random", kSamples, sampling)) {
    EXPECT_TRUE(all.contains(text)) << text;
  }
  return all.size();
}

// A provider leaves and comes again, while the client leaves on another thread.
void come_again_while_the_client_leaves(model::World& world, Behaviour&) {
  Module client;
  Module old(1);
  Module fresh(2);
  client.register_client();
  old.register_provider();
  const sim::FiberId leaver = kit::start_thread(world.kernel().current_module(), "leaver", [&] {
    kit::deregister_client(client.registration);
  });
  const HANDLE binding = client.client_handle;
  const HANDLE registration = old.registration;
  kit::deregister_provider(old.registration);
  fresh.register_provider();
  note(fresh.registration == registration ? "same" : "new");
  kit::deregister_provider(fresh.registration);
  kit::join(leaver);
  note(client.client_handle == binding ? "same" : "new");
}

TEST(AlternativesOrdersTest, HandlesThatAreUsedAgain) {
  EXPECT_EQ(expect_dpor_complete(come_again_while_the_client_leaves,
                                 {{"CP-20", "abc"},
                                  {"CP-21", "ab"},
                                  {"CP-12", "ab"},
                                  {"CP-15", "a"},
                                  {"CP-18", "a"},
                                  {"CP-02", "b"}},
                                 20'000),
            36u);
}

TEST(AlternativesOrdersTest, OffersThatWaitForTheOldBinding) {
  EXPECT_EQ(expect_dpor_complete(come_again_while_the_client_leaves,
                                 {{"CP-33", "ab"},
                                  {"CP-20", "bc"},
                                  {"CP-12", "abc"},
                                  {"CP-15", "a"},
                                  {"CP-18", "a"},
                                  {"CP-02", "b"}},
                                 20'000),
            44u);
}

// A client whose registration may be undone, while the provider leaves.
void undone_while_the_provider_leaves(model::World& world, Behaviour&) {
  Module client;
  Module provider;
  provider.register_provider();
  const sim::FiberId leaver = kit::start_thread(world.kernel().current_module(), "leaver", [&] {
    kit::deregister_provider(provider.registration);
  });
  const bool registered = NT_SUCCESS(client.register_client());
  note(registered ? "registered" : "failed");
  if (registered) kit::deregister_client(client.registration);
  kit::join(leaver);
}

TEST(AlternativesOrdersTest, RegistrationsThatAreUndone) {
  EXPECT_EQ(expect_dpor_complete(undone_while_the_provider_leaves,
                                 {{"CP-03", "ab"},
                                  {"CP-30", "ab"},
                                  {"CP-27", "c"},
                                  {"CP-12", "ab"},
                                  {"CP-15", "a"},
                                  {"CP-18", "a"}},
                                 20'000),
            8u);
}

// Two threads of one driver register and deregister a client each.
void two_threads_register(model::World& world, Behaviour&) {
  Module first(1);
  Module second(2);
  const sim::FiberId other = kit::start_thread(world.kernel().current_module(), "other", [&] {
    first.register_client();
    kit::deregister_client(first.registration);
  });
  second.register_client();
  kit::deregister_client(second.registration);
  second.register_client();
  kit::deregister_client(second.registration);
  note(first.registration == second.registration ? "same" : "different");
  kit::join(other);
}

TEST(AlternativesOrdersTest, RegistrationHandlesOfTwoThreads) {
  EXPECT_EQ(expect_dpor_complete(two_threads_register, {{"CP-21", "ab"}, {"CP-30", "ab"}}, 20'000),
            2u);
}

}  // namespace
}  // namespace nmrcheck::trial
