// The requester: what it lends, what it sees of an answer, and how often it asks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "model/ndisif/choices.h"
#include "model/ndisif/objects.h"
#include "tests/model/ndisif/bare_registry.h"

namespace nmrcheck::model::test {
namespace {

constexpr std::uint32_t kType = 6;
constexpr std::uint32_t kRefused = 0xC0010017u;  // NDIS_STATUS_INVALID_OID

using Query = decltype(Answering::on_query);

// The canonical profile, with all documented alternatives of some rows.
Profile opened(std::initializer_list<std::uint32_t> rows) {
  Profile profile = *find_profile("canonical");
  for (const std::uint32_t row : rows) {
    profile.allowed[interface_choice(row)] =
        find_profile("documented")->allowed[interface_choice(row)];
  }
  return profile;
}

// Registers a provider and interfaces; the index of the last.
std::uint32_t register_interfaces(BareRegistry& bare, const Requests& requests,
                                  std::uint8_t interfaces = 1) {
  InterfaceRegistry& registry = bare.registry();
  registry.set_requests(requests);
  void* handle = nullptr;
  std::uint32_t interface_index = 0;
  registry.register_provider(&registry, right_characteristics(), &handle);
  for (std::uint8_t i = 0; i < interfaces; ++i) {
    std::uint32_t number = 0;
    registry.allocate_luid(kType, &number);
    registry.register_interface(handle, make_luid(kType, number), nullptr, nullptr,
                                right_information(i), &interface_index);
  }
  return interface_index;
}

// What the callbacks of an execution answered, in their order.
std::vector<Fact> answers_of(const BareRegistry& bare) {
  std::vector<Fact> answers;
  for (const Fact& fact : bare.facts()) {
    if (fact.kind == EventKind::kIfCallbackReturned) answers.push_back(fact);
  }
  return answers;
}

std::vector<std::vector<Fact>> all_answers(Requests requests, const Profile& profile,
                                           Answering& driver) {
  std::vector<std::vector<Fact>> answers;
  const auto body = [&](BareRegistry& bare) { register_interfaces(bare, requests); };
  const BareRuns runs = run_all(body, profile, driver, "dpor", 100'000,
                                [&](const BareRegistry& bare, const sim::Outcome& outcome) {
                                  EXPECT_FALSE(outcome.violation.has_value());
                                  answers.push_back(answers_of(bare));
                                });
  EXPECT_TRUE(runs.exhausted);
  return answers;
}

// The answers of the one execution in which one object, of 4 bytes, is asked for.
std::vector<Fact> only_answers(Query query) {
  Answering driver;
  driver.on_query = std::move(query);
  const auto answers = all_answers({}, *find_profile("canonical"), driver);
  EXPECT_EQ(answers.size(), 1u);
  return answers.empty() ? std::vector<Fact>{} : answers[0];
}

std::uint32_t right(std::uint32_t* length, std::uint8_t* buffer) {
  const std::uint32_t up = 1;
  std::memcpy(buffer, &up, sizeof up);
  *length = sizeof up;
  return kStatusSuccess;
}

// --- What is seen of one answer ---

TEST(RequesterTest, ARightAnswerIsOneCallback) {
  const auto answers = only_answers([](void*, std::uint32_t, std::uint32_t* length,
                                       std::uint8_t* buffer) { return right(length, buffer); });
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].answer.object, kOidOperationalStatus);
  EXPECT_EQ(answers[0].answer.offered, 4u);
  EXPECT_EQ(answers[0].answer.reported, 4u);
  EXPECT_EQ(answers[0].status, kStatusSuccess);
  EXPECT_TRUE(answers[0].answer.guards_intact);
  EXPECT_EQ(answers[0].answer.first_unwritten, kAllWritten);
  EXPECT_FALSE(answers[0].answer.closing);
  EXPECT_EQ(answers[0].bytes, (std::vector<std::uint8_t>{1, 0, 0, 0}));
}

// Each side of the buffer, up to 16 bytes away, and behind the length.
TEST(RequesterTest, WritesBesideTheBufferAreSeen) {
  struct Write {
    int at;  // from the start of the buffer
    bool beside;
  };
  for (const Write write :
       {Write{-16, true}, {-1, true}, {0, false}, {3, false}, {4, true}, {19, true}}) {
    const auto answers =
        only_answers([write](void*, std::uint32_t, std::uint32_t* length, std::uint8_t* buffer) {
          const std::uint32_t status = right(length, buffer);
          buffer[write.at] ^= 1;
          return status;
        });
    ASSERT_EQ(answers.size(), 1u) << write.at;
    EXPECT_EQ(answers[0].answer.guards_intact, !write.beside) << write.at;
  }
  const auto answers =
      only_answers([](void*, std::uint32_t, std::uint32_t* length, std::uint8_t* buffer) {
        const std::uint32_t status = right(length, buffer);
        length[1] = 0;  // as a length of 8 bytes would
        return status;
      });
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_FALSE(answers[0].answer.guards_intact);
}

// A write that gives a guard its old value is none that can be seen; a failure that writes is.
TEST(RequesterTest, AFailedAnswerIsLookedAtTooForGuards) {
  const auto answers = only_answers([](void*, std::uint32_t, std::uint32_t*, std::uint8_t* buffer) {
    buffer[4] = 0;
    return kRefused;
  });
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].status, kRefused);
  EXPECT_FALSE(answers[0].answer.guards_intact);
  EXPECT_EQ(answers[0].answer.first_unwritten, kAllWritten);
}

// Bytes that are as they were lent both times are not written; bytes that only look so are asked
// for again and found to be.
TEST(RequesterTest, UnwrittenBytesAreToldByAskingAgain) {
  const auto partly =
      only_answers([](void*, std::uint32_t, std::uint32_t* length, std::uint8_t* buffer) {
        buffer[0] = 1;
        buffer[1] = 0;
        buffer[3] = 0;
        *length = 4;
        return kStatusSuccess;
      });
  ASSERT_EQ(partly.size(), 2u);
  EXPECT_EQ(partly[0].bytes[2], 0xa5);
  EXPECT_EQ(partly[1].bytes[2], 0x3a);
  EXPECT_EQ(partly[0].answer.first_unwritten, kAllWritten);  // not known yet
  EXPECT_EQ(partly[1].answer.first_unwritten, 2u);

  const auto looks_so =
      only_answers([](void*, std::uint32_t, std::uint32_t* length, std::uint8_t* buffer) {
        std::memset(buffer, 0xa5, 4);
        *length = 4;
        return kStatusSuccess;
      });
  ASSERT_EQ(looks_so.size(), 2u);
  EXPECT_EQ(looks_so[1].answer.first_unwritten, kAllWritten);

  // Nothing is asked again about bytes that are not part of the answer.
  const auto short_answer =
      only_answers([](void*, std::uint32_t, std::uint32_t* length, std::uint8_t* buffer) {
        buffer[0] = 1;
        *length = 1;
        return kStatusSuccess;
      });
  ASSERT_EQ(short_answer.size(), 1u);
  EXPECT_EQ(short_answer[0].answer.reported, 1u);
}

TEST(RequesterTest, ALengthBeyondTheBufferIsReportedAsItIs) {
  const auto answers =
      only_answers([](void*, std::uint32_t, std::uint32_t* length, std::uint8_t* buffer) {
        const std::uint32_t status = right(length, buffer);
        *length = 516;
        return status;
      });
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].answer.reported, 516u);
  EXPECT_EQ(answers[0].answer.offered, 4u);
  EXPECT_EQ(answers[0].answer.written(), 4u);
}

// The buffer and the length are freed memory once the callback has returned.
TEST(RequesterTest, TheBufferIsTakenBack) {
  Answering driver;
  void* kept[2] = {};
  driver.on_query = [&](void*, std::uint32_t, std::uint32_t* length, std::uint8_t* buffer) {
    kept[0] = buffer;
    kept[1] = length;
    return right(length, buffer);
  };
  std::vector<bool> live;
  const auto body = [&](BareRegistry& bare) {
    const std::uint32_t interface_index = register_interfaces(bare, {});
    bare.registry().deregister_interface(interface_index);  // waits for the callback
    for (void* memory : kept) {
      if (memory == nullptr) continue;  // no request came in time
      const auto block = bare.kernel().block_of(memory);
      ASSERT_TRUE(block.has_value());
      live.push_back(bare.kernel().execution().heap().block(*block).live);
    }
    kept[0] = kept[1] = nullptr;
  };
  const BareRuns runs = run_all(body, *find_profile("canonical"), driver, "dfs", 100'000,
                                [](const BareRegistry&, const sim::Outcome& outcome) {
                                  EXPECT_FALSE(outcome.violation.has_value());
                                });
  EXPECT_TRUE(runs.exhausted);
  EXPECT_FALSE(live.empty());
  EXPECT_EQ(std::count(live.begin(), live.end(), true), 0);
}

// --- How often, and for what ---

std::uint32_t too_short(std::uint32_t* length, std::uint8_t* buffer, std::uint32_t need) {
  const bool fits = *length >= need;
  *length = need;
  if (!fits) return 0xC0010016u;  // NDIS_STATUS_BUFFER_TOO_SHORT
  std::memset(buffer, 1, need);
  return kStatusSuccess;
}

std::multiset<std::vector<std::uint32_t>> lengths_offered(
    const std::vector<std::vector<Fact>>& executions) {
  std::multiset<std::vector<std::uint32_t>> lengths;
  for (const auto& answers : executions) {
    std::vector<std::uint32_t> offered;
    for (const Fact& fact : answers) offered.push_back(fact.answer.offered);
    lengths.insert(offered);
  }
  return lengths;
}

using Lengths = std::multiset<std::vector<std::uint32_t>>;

// U21: gives up, or asks once more with what was reported, if that is larger and at most 4096.
TEST(RequesterTest, AsksAgainWithTheReportedLength) {
  const auto offered = [](std::uint32_t need) {
    Answering driver;
    driver.on_query = [need](void*, std::uint32_t, std::uint32_t* length, std::uint8_t* buffer) {
      return too_short(length, buffer, need);
    };
    return lengths_offered(all_answers({}, opened({21}), driver));
  };
  EXPECT_EQ(offered(4), (Lengths{{4}}));
  EXPECT_EQ(offered(10), (Lengths{{4}, {4, 10}}));
  EXPECT_EQ(offered(4096), (Lengths{{4}, {4, 4096}}));
  EXPECT_EQ(offered(4097), (Lengths{{4}}));
}

// Six lengths around the size of the object; with none the buffer is NULL.
TEST(RequesterTest, OffersSixLengths) {
  Answering driver;
  bool null_when_empty = true;
  driver.on_query = [&](void*, std::uint32_t, std::uint32_t* length, std::uint8_t* buffer) {
    null_when_empty = null_when_empty && (*length == 0) == (buffer == nullptr);
    return kRefused;
  };
  const auto offered =
      lengths_offered(all_answers({.lengths = true}, *find_profile("canonical"), driver));
  EXPECT_EQ(offered, (Lengths{{4}, {0}, {1}, {3}, {5}, {4096}}));
  EXPECT_TRUE(null_when_empty);
}

// U22: the buffer of OID_GEN_PROMISCUOUS_MODE has 1 byte or 4.
TEST(RequesterTest, PromiscuousModeHasTwoSizes) {
  Answering driver;
  driver.on_query = [](void*, std::uint32_t, std::uint32_t*, std::uint8_t*) { return kRefused; };
  const auto offered = lengths_offered(all_answers({.objects = 2}, opened({22}), driver));
  EXPECT_EQ(offered, (Lengths{{4}, {1}, {4}}));
}

// U23: a query, or a set of five lengths.
TEST(RequesterTest, SetsAnyLength) {
  Answering driver;
  driver.on_query = [](void*, std::uint32_t, std::uint32_t*, std::uint8_t*) { return kRefused; };
  std::multiset<std::pair<std::uint32_t, bool>> sets;  // length, and whether the buffer is NULL
  driver.on_set = [&](void*, std::uint32_t, std::uint32_t length, std::uint8_t* buffer) {
    sets.emplace(length, buffer == nullptr);
    return kRefused;
  };
  const auto executions = all_answers({.sets = true}, opened({23}), driver);
  EXPECT_EQ(executions.size(), 6u);
  EXPECT_EQ(sets, (std::multiset<std::pair<std::uint32_t, bool>>{
                      {0, true}, {1, false}, {4, false}, {8, false}, {516, false}}));
  sets.clear();
  EXPECT_EQ(all_answers({.sets = true}, *find_profile("canonical"), driver).size(), 1u);
  EXPECT_TRUE(sets.empty());
}

// U03: a handler that is not there, in a registry that accepts that, is not called.
TEST(RequesterTest, CallsNoHandlerThatIsNotThere) {
  Answering no_set;
  no_set.on_query = [](void*, std::uint32_t, std::uint32_t*, std::uint8_t*) { return kRefused; };
  EXPECT_EQ(lengths_offered(all_answers({.sets = true}, opened({23}), no_set)), (Lengths{{4}}));
  Answering no_query;
  no_query.on_set = [](void*, std::uint32_t, std::uint32_t, std::uint8_t*) { return kRefused; };
  EXPECT_EQ(lengths_offered(all_answers({.sets = true}, opened({23}), no_query)),
            (Lengths{{}, {0}, {1}, {4}, {8}, {516}}));
}

// U26: the object, then all values at once, then the object again; compared if nobody wrote
// meanwhile and both succeed.
TEST(RequesterTest, ComparesWithAllValues) {
  const auto kinds = [](std::uint32_t status_of_all) {
    Answering driver;
    driver.on_query = [status_of_all](void*, std::uint32_t object, std::uint32_t* length,
                                      std::uint8_t* buffer) {
      std::memset(buffer, 1, *length);
      return object == kOidInterfaceInfo ? status_of_all : kStatusSuccess;
    };
    std::multiset<std::pair<std::size_t, bool>> seen;  // callbacks, and whether they are compared
    const auto body = [](BareRegistry& bare) { register_interfaces(bare, {.compares = true}); };
    const BareRuns runs =
        run_all(body, opened({26}), driver, "dpor", 100'000,
                [&](const BareRegistry& bare, const sim::Outcome&) {
                  const bool compared = std::any_of(
                      bare.facts().begin(), bare.facts().end(),
                      [](const Fact& fact) { return fact.kind == EventKind::kIfAnswersCompared; });
                  seen.emplace(answers_of(bare).size(), compared);
                });
    EXPECT_TRUE(runs.exhausted);
    return seen;
  };
  using Seen = std::multiset<std::pair<std::size_t, bool>>;
  EXPECT_EQ(kinds(kStatusSuccess), (Seen{{1, false}, {3, true}}));
  EXPECT_EQ(kinds(kRefused), (Seen{{1, false}, {3, false}}));
}

// --- At the same time (U09) ---

// The most callbacks that were inside at once, over all executions: of one interface, and of all.
std::pair<std::uint32_t, std::uint32_t> most_at_once(std::uint32_t alternative) {
  Profile profile = *find_profile("canonical");
  profile.allowed[interface_choice(9)] = Alternatives{1} << alternative;
  std::pair<std::uint32_t, std::uint32_t> most;
  Answering driver;
  const auto body = [&](BareRegistry& bare) {
    driver.on_query = [&bare](void*, std::uint32_t, std::uint32_t* length, std::uint8_t* buffer) {
      bare.kernel().execution().step({}, "inside");
      return right(length, buffer);
    };
    register_interfaces(bare, {.per_interface = 2}, 2);
  };
  const auto end = [&](const BareRegistry& bare, const sim::Outcome& outcome) {
    EXPECT_FALSE(outcome.violation.has_value());
    std::map<InterfaceId, std::uint32_t> inside;
    std::uint32_t all = 0;
    std::uint32_t returned = 0;
    for (const Fact& fact : bare.facts()) {
      if (fact.kind == EventKind::kIfCallbackCalled) {
        most.first = std::max(most.first, ++inside[fact.interfaces.interface]);
        most.second = std::max(most.second, ++all);
      }
      if (fact.kind != EventKind::kIfCallbackReturned) continue;
      --inside[fact.interfaces.interface];
      --all;
      ++returned;
    }
    EXPECT_EQ(returned, 4u);
  };
  run_all(body, profile, driver, "random", 2'000, end);
  return most;
}

TEST(RequesterTest, CallbacksAtTheSameTimeAreAsManyAsU09Says) {
  using Most = std::pair<std::uint32_t, std::uint32_t>;
  EXPECT_EQ(most_at_once(0), (Most{2, 4}));
  EXPECT_EQ(most_at_once(1), (Most{1, 2}));
  EXPECT_EQ(most_at_once(2), (Most{1, 1}));
}

}  // namespace
}  // namespace nmrcheck::model::test
