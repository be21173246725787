// Small programs of two threads over the interface registry: partial-order reduction comes to just
// those ends that exhaustive search comes to. What each fiber was told, and what the tables hold,
// is part of an end, so that a footprint that names too little shows.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "model/ndisif/choices.h"
#include "tests/model/ndisif/bare_registry.h"
#include "tests/model/ndisif/properties.h"

namespace nmrcheck::model::test {
namespace {

constexpr std::uint32_t kType = 6;
constexpr std::uint32_t kProviders = 2;
constexpr std::uint64_t kExecutionsMax = 3'000;

enum class Call : std::uint32_t {
  kRegisterInterface,
  kDeregisterInterface,
  kDeregisterProvider,
  kRegisterProvider,
  kAllocateLuid,
  kFreeLuid,
  kAddPair,
  kDeletePair,
  kIndexOfLuid,
  kLuidOfIndex,
  kChangeData,
};
constexpr std::array<const char*, 11> kNames{
    "RegisterInterface", "DeregisterInterface", "DeregisterProvider",
    "RegisterProvider",  "AllocateLuid",        "FreeLuid",
    "AddPair",           "DeletePair",          "IndexOfLuid",
    "LuidOfIndex",       "ChangeData"};

struct Operation {
  Call call = Call::kLuidOfIndex;
  std::uint32_t first = 0;
  std::uint32_t second = 0;
};

std::ostream& operator<<(std::ostream& stream, const Operation& operation) {
  return stream << kNames[static_cast<std::uint32_t>(operation.call)] << '(' << operation.first
                << ", " << operation.second << ')';
}

// What a callback does beside reading the data that ChangeData writes.
enum class Inside : std::uint32_t { kNothing, kLooksUp, kDeregisters };

// The rows that are opened, beside what the canonical profile allows.
constexpr std::array<std::uint32_t, 13> kRows{4, 7, 8, 9, 11, 14, 16, 17, 19, 20, 27, 28, 31};

struct Code {
  std::uint32_t leaving = 0;  // the answer to U10: strong, entered, none
  std::uint32_t requests = 0;
  std::uint32_t open_row = 0;  // of kRows
  std::uint32_t luids = 1;     // allocated at first: 1, or 1 and 2
  Inside inside = Inside::kNothing;
  std::vector<Operation> before;  // before the threads are there
  std::vector<Operation> left;
  std::vector<Operation> right;
};

std::ostream& operator<<(std::ostream& stream, const Code& code) {
  stream << fmt::format("U10 {}, {} requests, U{:02} open, {} LUIDs, inside {};",
                        "abc"[code.leaving], code.requests, kRows[code.open_row], code.luids,
                        static_cast<std::uint32_t>(code.inside));
  for (const auto* part : {&code.before, &code.left, &code.right}) {
    stream << " [";
    for (const Operation& operation : *part) stream << ' ' << operation;
    stream << " ]";
  }
  return stream;
}

Profile profile_of(const Code& code) {
  Profile profile = *find_profile("canonical");
  const std::uint32_t row = interface_choice(kRows[code.open_row]);
  profile.allowed[row] = find_profile("documented")->allowed[row];
  profile.allowed[interface_choice(10)] = Alternatives{1} << code.leaving;
  return profile;
}

// One execution's driver code; nothing here is on a fiber's stack.
class Threads {
 public:
  explicit Threads(const Code& code) : code_(code) {
    callouts_.on_query = [this](void*, std::uint32_t, std::uint32_t* length, std::uint8_t* buffer) {
      return answer(length, buffer);
    };
    callouts_.on_set = [](void*, std::uint32_t, std::uint32_t, std::uint8_t*) {
      return kStatusNotSupported;
    };
  }

  void run(BareRegistry& bare) {
    bare_ = &bare;
    InterfaceRegistry& registry = bare.registry();
    registry.set_requests({.per_interface = code_.requests});
    registry.limit_indexes(3);
    registry.limit_luids(2);
    data_ = bare.kernel().execution().create("data");
    value_ = 0;
    for (std::uint32_t i = 0; i < kProviders; ++i) {
      drivers_[i] = bare.kernel().load("driver.sys");
      bare.as(drivers_[i], [&] {
        registry.register_provider(this, right_characteristics(), &handles_[i]);
        std::uint32_t number = 0;
        if (i < code_.luids) registry.allocate_luid(kType, &number);
      });
    }
    act(drivers_[0], {{Call::kRegisterInterface, 0, 0}});
    act(drivers_[0], code_.before);
    bare.kernel().execution().spawn("left", [this] { act(drivers_[0], code_.left); });
    bare.kernel().execution().spawn("right", [this] { act(drivers_[1], code_.right); });
  }
  InterfaceCallouts& callouts() { return callouts_; }

 private:
  void act(ModuleId driver, const std::vector<Operation>& operations) {
    bare_->as(driver, [&] {
      for (const Operation& operation : operations) act(operation);
    });
  }

  void act(const Operation& operation) {
    InterfaceRegistry& registry = bare_->registry();
    const std::uint32_t luid_index = 1 + operation.second % 2;
    const std::uint32_t index = 1 + operation.first % 2;
    const std::uint32_t lower = 1 + operation.second % 2;
    void* handle = nullptr;
    std::uint32_t number = 0;
    std::uint64_t value = 0;
    switch (operation.call) {
      case Call::kRegisterInterface:
        registry.register_interface(
            handles_[operation.first % kProviders], make_luid(kType, luid_index), nullptr, nullptr,
            right_information(static_cast<std::uint8_t>(luid_index)), &number);
        break;
      case Call::kDeregisterInterface:
        registry.deregister_interface(index);
        break;
      case Call::kDeregisterProvider:
        registry.deregister_provider(handles_[operation.first % kProviders]);
        break;
      case Call::kRegisterProvider:
        registry.register_provider(this, right_characteristics(), &handle);
        break;
      case Call::kAllocateLuid:
        registry.allocate_luid(kType, &number);
        break;
      case Call::kFreeLuid:
        registry.free_luid(kType, luid_index);
        break;
      case Call::kAddPair:
        registry.add_stack_entry(index, lower);
        break;
      case Call::kDeletePair:
        registry.delete_stack_entry(index, lower);
        break;
      case Call::kIndexOfLuid:
        registry.index_of_luid(make_luid(kType, luid_index), &number);
        break;
      case Call::kLuidOfIndex:
        registry.luid_of_index(index, &value);
        break;
      case Call::kChangeData:
        bare_->kernel().execution().step({{data_, sim::Op::kUpdate}}, "change the data");
        ++value_;
        break;
    }
  }

  std::uint32_t answer(std::uint32_t* length, std::uint8_t* buffer) {
    bare_->kernel().execution().step({{data_, sim::Op::kRead}}, "read the data");
    *buffer = value_;
    *length = 1;
    std::uint32_t number = 0;
    if (code_.inside == Inside::kLooksUp) {
      bare_->registry().index_of_luid(make_luid(kType, 1), &number);
    }
    if (code_.inside == Inside::kDeregisters) bare_->registry().deregister_interface(1);
    return kStatusSuccess;
  }

  const Code& code_;
  Answering callouts_;
  BareRegistry* bare_ = nullptr;
  sim::ObjectId data_ = sim::kNoObject;
  std::uint8_t value_ = 0;
  std::array<ModuleId, kProviders> drivers_{};
  std::array<void*, kProviders> handles_{};
};

// Everything that could be seen: the facts of each fiber in its order, and the tables.
std::string end_of(const BareRegistry& bare, const sim::Outcome& outcome) {
  if (outcome.violation) return outcome.violation->rule;
  std::map<sim::FiberId, std::string> fibers;
  for (const Fact& fact : bare.facts()) fibers[fact.fiber] += to_string(fact) + "; ";
  std::string text;
  for (const auto& [fiber, facts] : fibers)
    text += fmt::format("{}: {}\n", sim::index(fiber), facts);
  for (std::uint32_t i = 0; i < bare.registry().interface_count(); ++i) {
    const Interface& interface = bare.registry().interface(InterfaceId{i});
    text += fmt::format("{}={:x} {} ", interface.index, interface.luid,
                        static_cast<int>(interface.state));
  }
  for (const auto& [higher, lower] : bare.registry().stack_pairs()) {
    text += fmt::format("{}/{} ", higher, lower);
  }
  return text;
}

using Outcomes = std::set<std::string>;

struct Found {
  Outcomes ends;
  BareRuns runs;
};

Found search(const Code& code, const char* strategy) {
  Found found;
  Threads threads(code);
  found.runs = run_all([&](BareRegistry& bare) { threads.run(bare); }, profile_of(code),
                       threads.callouts(), strategy, kExecutionsMax,
                       [&](const BareRegistry& bare, const sim::Outcome& outcome) {
                         found.ends.insert(end_of(bare, outcome));
                       });
  return found;
}

struct Compared {
  std::uint64_t programs = 0;
  std::uint64_t too_large = 0;
  std::uint64_t ends = 0;
  std::uint64_t executions = 0;  // of dpor
};

// What the two searches disagree about, or nothing.
std::string difference(const Code& code, Compared& compared) {
  ++compared.programs;
  const Found all = search(code, "dfs");
  if (all.runs.diverged) return "dfs diverged";
  if (!all.runs.exhausted) {
    ++compared.too_large;
    return {};
  }
  const Found reduced = search(code, "dpor");
  if (reduced.runs.diverged) return "dpor diverged: a footprint misleads it";
  if (!reduced.runs.exhausted) return "dpor did not end";
  for (const std::string& end : all.ends) {
    if (!reduced.ends.contains(end)) return "missed: " + end;
  }
  for (const std::string& end : reduced.ends) {
    if (!all.ends.contains(end)) return "not an end: " + end;
  }
  compared.ends += all.ends.size();
  compared.executions += reduced.runs.executions;
  return {};
}

rc::Gen<std::uint32_t> below(std::uint32_t behind) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint32_t>(0, behind));
}

rc::Gen<std::vector<Operation>> some_operations(int most) {
  const auto operation = rc::gen::build<Operation>(
      rc::gen::set(&Operation::call,
                   rc::gen::weightedElement<Call>({{5, Call::kRegisterInterface},
                                                   {6, Call::kDeregisterInterface},
                                                   {4, Call::kDeregisterProvider},
                                                   {1, Call::kRegisterProvider},
                                                   {2, Call::kAllocateLuid},
                                                   {2, Call::kFreeLuid},
                                                   {3, Call::kAddPair},
                                                   {2, Call::kDeletePair},
                                                   {3, Call::kIndexOfLuid},
                                                   {2, Call::kLuidOfIndex},
                                                   {2, Call::kChangeData}})),
      rc::gen::set(&Operation::first, below(2)), rc::gen::set(&Operation::second, below(2)));
  return rc::gen::resize(most, rc::gen::container<std::vector<Operation>>(operation));
}

rc::Gen<Code> some_code() {
  return rc::gen::build<Code>(
      rc::gen::set(&Code::leaving, below(3)), rc::gen::set(&Code::requests, below(2)),
      rc::gen::set(&Code::open_row, below(static_cast<std::uint32_t>(kRows.size()))),
      rc::gen::set(&Code::luids, rc::gen::element<std::uint32_t>(2, 1)),
      rc::gen::set(&Code::inside,
                   rc::gen::weightedElement<Inside>(
                       {{4, Inside::kNothing}, {1, Inside::kLooksUp}, {1, Inside::kDeregisters}})),
      rc::gen::set(&Code::before, some_operations(2)),
      rc::gen::set(&Code::left, some_operations(3)),
      rc::gen::set(&Code::right, some_operations(3)));
}

std::string compare(int programs, std::uint64_t seed, Compared& compared) {
  const auto property = [&] {
    const std::string text = difference(*some_code(), compared);
    if (!text.empty()) RC_FAIL(text);
  };
  return counterexample(property, programs, 100, seed);
}

TEST(InterfaceRegistryOrdersTest, DporComesToAllEnds) {
  Compared compared;
  EXPECT_EQ(compare(80, 2026, compared), "");
  EXPECT_LT(compared.too_large, compared.programs / 3);
  EXPECT_GT(compared.ends, compared.programs);
}

// Memory of a driver that two of its threads use.
struct Ends {
  std::uint32_t highest_index;
  std::uint32_t lowest_index;
  std::uint64_t highest_luid;
  std::uint64_t lowest_luid;
};

// What a thread reads of the lowest index while another queries the binding.
std::set<std::uint32_t> read_during_query(const char* strategy) {
  std::set<std::uint32_t> all;
  Answering callouts;
  Ends* ends = nullptr;
  std::uint32_t read = 0;
  const auto body = [&](BareRegistry& bare) {
    const ModuleId driver = bare.kernel().load("driver.sys");
    bare.registry().set_requests({.per_interface = 0});
    bare.as(driver, [&] {
      void* handle = nullptr;
      std::uint32_t number = 0;
      ends = static_cast<Ends*>(bare.kernel().allocate(sizeof(Ends), PoolKind::kNonPaged, 0, true));
      bare.registry().register_provider(&callouts, right_characteristics(), &handle);
      bare.registry().allocate_luid(kType, &number);
      bare.registry().register_interface(handle, make_luid(kType, number), nullptr, nullptr,
                                         right_information(), &number);
      void* const binding = bare.registry().open_binding(number, number);
      bare.kernel().execution().spawn("reader", [&] {
        bare.kernel().access(&ends->lowest_index, false, "read");
        read = ends->lowest_index;
      });
      bare.registry().query_binding(binding, {&ends->highest_index, &ends->highest_luid,
                                              &ends->lowest_index, &ends->lowest_luid});
    });
  };
  const auto end = [&](const BareRegistry&, const sim::Outcome&) { all.insert(read); };
  run_all(body, *find_profile("canonical"), callouts, strategy, kExecutionsMax, end);
  return all;
}

TEST(InterfaceRegistryOrdersTest, AQueryOfABindingStoresInItsStep) {
  EXPECT_EQ(read_during_query("dfs"), (std::set<std::uint32_t>{0, 1}));
  EXPECT_EQ(read_during_query("dpor"), (std::set<std::uint32_t>{0, 1}));
}

TEST(InterfaceRegistryOrdersSlowTest, DporComesToAllEnds) {
  Compared compared;
  EXPECT_EQ(compare(5'000, 7, compared), "");
  EXPECT_LT(compared.too_large, compared.programs / 3);
  EXPECT_GT(compared.ends, compared.programs);
}

}  // namespace
}  // namespace nmrcheck::model::test
