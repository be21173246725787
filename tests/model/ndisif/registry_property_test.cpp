// Generated sequences of all functions of the interface registry, by several drivers over several
// providers and boots, under random answers: each status is one that the documentation permits
// after what was answered before, and the tables are consistent after each call.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "tests/model/ndisif/bare_registry.h"
#include "tests/model/ndisif/properties.h"
#include "tests/model/ndisif/reference.h"

namespace nmrcheck::model::test {
namespace {

constexpr std::uint32_t kDrivers = 3;
constexpr std::uint32_t kIndexesMax = 4;
constexpr std::uint32_t kLuidsMax = 3;
constexpr std::array<std::uint32_t, 2> kTypes{6, 24};
constexpr int kCallsMax = 60;

enum class Call : std::uint32_t {
  kRegisterProvider,
  kDeregisterProvider,
  kRegisterInterface,
  kDeregisterInterface,
  kAllocateLuid,
  kFreeLuid,
  kAddPair,
  kDeletePair,
  kAllowFaults,
  kRestart,
};
constexpr std::array<const char*, 10> kNames{"RegisterProvider",  "DeregisterProvider",
                                             "RegisterInterface", "DeregisterInterface",
                                             "AllocateLuid",      "FreeLuid",
                                             "AddPair",           "DeletePair",
                                             "AllowFaults",       "Restart"};

// What the arguments mean depends on what there is: see Player.
struct Operation {
  Call call = Call::kRegisterProvider;
  std::uint32_t driver = 0;
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  std::uint32_t variant = 0;
};

std::ostream& operator<<(std::ostream& stream, const Operation& operation) {
  return stream << fmt::format("{}({}, {}, {}) by {}",
                               kNames[static_cast<std::uint32_t>(operation.call)], operation.first,
                               operation.second, operation.variant, operation.driver);
}

// How often what happened, over all sequences: a property that never gets anywhere holds, too.
struct Tally {
  std::map<std::string, std::uint64_t> times;
};

// Plays a sequence against a registry and the reference.
class Player {
 public:
  Player(BareRegistry& bare, Tally& tally)
      : bare_(bare), registry_(bare.registry()), tally_(tally), reference_(kIndexesMax, kLuidsMax) {
    registry_.set_requests({.per_interface = 0});
    registry_.limit_indexes(kIndexesMax);
    registry_.limit_luids(kLuidsMax);
    bare_.kernel().power().begin_boot(true);
    load();
  }

  // False if the sequence must end here: a bug check.
  bool play(const Operation& operation) {
    bool goes_on = true;
    if (operation.call == Call::kRestart) restart(operation.first % 2 == 0);
    bare_.as(drivers_[operation.driver % kDrivers], [&] {
      goes_on = dispatch(operation);
      check_tables();
    });
    return goes_on && complaint_.empty();
  }
  const std::string& complaint() const { return complaint_; }

 private:
  struct Provider {
    void* handle = nullptr;
    std::uint32_t number = 0;  // of InterfaceRegistry::provider
  };

  void require(bool holds, const char* what) {
    if (!holds && complaint_.empty()) complaint_ = what;
  }
  void count(Call call, std::uint32_t status) {
    ++tally_.times[fmt::format("{} {:x}", kNames[static_cast<std::uint32_t>(call)], status)];
  }
  static std::uint64_t luid(std::uint32_t type, std::uint32_t number) {
    return make_luid(kTypes[type % kTypes.size()], number);
  }
  // A provider that was registered, dead or alive; null if none was.
  const Provider* provider(std::uint32_t which) const {
    return providers_.empty() ? nullptr : &providers_[which % providers_.size()];
  }

  void load() {
    for (ModuleId& driver : drivers_) driver = bare_.kernel().load("driver.sys");
  }

  // Drivers need not leave in order for it: what they registered is gone all the same. Handles of
  // the last boot stay known, as dead ones.
  void restart(bool clean) {
    Power& power = bare_.kernel().power();
    if (clean) {
      for (const ModuleId driver : drivers_) bare_.kernel().unload(driver, [] {});
      power.clean_restart(true);
    } else {
      power.fail();
      power.begin_boot(true);
    }
    reference_.restarted();
    count(Call::kRestart, clean ? 1 : 0);
    load();
  }

  bool dispatch(const Operation& operation) {
    switch (operation.call) {
      case Call::kRegisterProvider:
        register_provider(operation.driver % kDrivers);
        break;
      case Call::kDeregisterProvider:
        deregister_provider(operation.first);
        break;
      case Call::kRegisterInterface:
        register_interface(operation);
        break;
      case Call::kDeregisterInterface:
        registry_.deregister_interface(operation.first);
        reference_.interface_deregistered(operation.first);
        break;
      case Call::kAllocateLuid:
        allocate(kTypes[operation.first % kTypes.size()]);
        break;
      case Call::kFreeLuid:
        free(kTypes[operation.first % kTypes.size()], operation.second);
        break;
      case Call::kAddPair:
        return add_pair(operation.first, operation.second);
      case Call::kDeletePair:
        delete_pair(operation.first, operation.second);
        break;
      case Call::kAllowFaults:
        bare_.kernel().allow_faults(operation.first % 3);
        reference_.allow_faults(operation.first % 3 != 0);
        break;
      case Call::kRestart:  // no driver does that
        break;
    }
    return true;
  }

  void register_provider(std::uint32_t driver) {
    void* handle = nullptr;
    const std::uint32_t status =
        registry_.register_provider(this, right_characteristics(), &handle);
    count(Call::kRegisterProvider, status);
    require(reference_.provider_registered(driver, status, handle), "RegisterProvider's answer");
    if (nt_success(status)) {
      providers_.push_back({handle, static_cast<std::uint32_t>(providers_.size())});
    }
  }

  // With interfaces it is a bug check: not called then.
  void deregister_provider(std::uint32_t which) {
    const Provider* leaving = provider(which);
    if (leaving == nullptr || reference_.interfaces_of(leaving->handle) > 0) return;
    registry_.deregister_provider(leaving->handle);
    reference_.provider_deregistered(leaving->handle);
  }

  void register_interface(const Operation& operation) {
    const Provider* owner = provider(operation.first);
    if (owner == nullptr) return;
    Given given{
        .handle = owner->handle,
        .luid = luid(operation.second / (kLuidsMax + 1), operation.second % (kLuidsMax + 1)),
        .guid = static_cast<std::uint8_t>(operation.variant / 8)};
    InterfaceDescription information = right_information(given.guid);
    switch (operation.variant % 8) {  // mostly right
      case 1:
        given.luid |= 1;
        break;
      case 2:
        information.connection_type = 4;
        given.contents_right = false;
        break;
      case 3:
        information.header.revision = 2;
        given.version_right = false;
        break;
      default:
        break;
    }
    std::uint32_t index = 0;
    const std::uint32_t status = registry_.register_interface(owner->handle, given.luid, nullptr,
                                                              nullptr, information, &index);
    count(Call::kRegisterInterface, status);
    require(reference_.interface_registered(given, status, index), "RegisterInterface's answer");
  }

  void allocate(std::uint32_t type) {
    std::uint32_t number = 0;
    const std::uint32_t status = registry_.allocate_luid(type, &number);
    count(Call::kAllocateLuid, status);
    require(reference_.luid_allocated(type, status, number), "AllocateLuid's answer");
  }

  void free(std::uint32_t type, std::uint32_t number) {
    const std::uint32_t status = registry_.free_luid(type, number);
    count(Call::kFreeLuid, status);
    require(reference_.luid_freed(type, number, status), "FreeLuid's answer");
  }

  // What closes a circle is a bug check: it is not called, but for one interface over itself, which
  // may be refused instead.
  bool add_pair(std::uint32_t higher, std::uint32_t lower) {
    if (higher != lower && reference_.may_close_circle(higher, lower)) return true;
    const std::size_t before = bare_.facts().size();
    const std::uint32_t status = registry_.add_stack_entry(higher, lower);
    for (std::size_t i = before; i < bare_.facts().size(); ++i) {
      const Fact& fact = bare_.facts()[i];
      if (fact.kind != EventKind::kStackEntryAdding || fact.block == 0) continue;
      require(higher == lower, "a bug check for no circle");
      return false;
    }
    count(Call::kAddPair, status);
    require(reference_.pair_added(higher, lower, status), "AddPair's answer");
    return true;
  }

  void delete_pair(std::uint32_t higher, std::uint32_t lower) {
    registry_.delete_stack_entry(higher, lower);
    const bool deleted = bare_.facts().back().block == 1;
    count(Call::kDeletePair, deleted ? 1 : 0);
    require(reference_.pair_deleted(higher, lower, deleted), "DeletePair's effect");
  }

  // INV1 and INV2: index and LUID name each other, and 0 is neither. INV3 is the reference's. INV4:
  // the stack table is what was added between interfaces that are there. INV8. And U04 of lookups.
  void check_tables() {
    constexpr std::uint32_t kBefore = 77;
    for (std::uint32_t index = 0; index <= kIndexesMax + 1; ++index) {
      std::uint64_t value = kBefore;
      const std::uint32_t status = registry_.luid_of_index(index, &value);
      const std::uint64_t expected = reference_.luid_of(index);
      const bool spoiled = value == kBefore || value == 0 || value == kPoisonLuid;
      require(expected != 0 ? nt_success(status) && value == expected
                            : status == kStatusInterfaceNotFound && spoiled,
              "the LUID of an index");
    }
    for (std::uint32_t i = 0; i < 2 * (kLuidsMax + 1); ++i) {
      for (const std::uint32_t reserved : {0u, 1u}) {
        std::uint32_t index = kBefore;
        const std::uint64_t wanted = luid(i / (kLuidsMax + 1), i % (kLuidsMax + 1)) | reserved;
        const std::uint32_t status = registry_.index_of_luid(wanted, &index);
        const std::uint32_t expected = reference_.index_of(wanted);
        const bool spoiled = index == kBefore || index == 0 || index == kPoisonIndex;
        require(expected != 0 ? nt_success(status) && index == expected
                              : status == kStatusInterfaceNotFound && spoiled,
                "the index of a LUID");
      }
    }
    const auto pairs = registry_.stack_pairs();
    require(reference_.pairs_are(pairs), "the stack table");
    for (const auto& [higher, lower] : pairs) {
      require(reference_.luid_of(higher) != 0 && reference_.luid_of(lower) != 0,
              "a pair of interfaces that are not there");
    }
    for (const Provider& provider : providers_) {
      if (!reference_.provider_lives(provider.handle)) continue;
      const std::uint32_t interfaces = reference_.interfaces_of(provider.handle);
      require(known_of(provider.number) == interfaces, "a provider's interfaces");
    }
  }

  std::uint32_t known_of(std::uint32_t provider) const {
    std::uint32_t known = 0;
    for (std::uint32_t i = 0; i < registry_.interface_count(); ++i) {
      const Interface& one = registry_.interface(InterfaceId{i});
      if (index(one.provider) == provider && one.state == InterfaceState::kKnown) ++known;
    }
    return known;
  }

  BareRegistry& bare_;
  InterfaceRegistry& registry_;
  Tally& tally_;
  Reference reference_;
  std::array<ModuleId, kDrivers> drivers_{};
  std::vector<Provider> providers_;
  std::string complaint_;
};

// What is wrong, or nothing. A pure function of its arguments.
std::string complaint_of(const std::vector<Operation>& operations, std::uint64_t answers,
                         Tally& tally) {
  std::string complaint;
  Answering nobody;
  const auto body = [&](BareRegistry& bare) {
    Player player(bare, tally);
    for (const Operation& operation : operations) {
      if (!player.play(operation)) break;
    }
    complaint = player.complaint();
  };
  const auto end = [&](const BareRegistry&, const sim::Outcome& outcome) {
    if (outcome.violation) complaint = outcome.violation->rule;
  };
  run_all(body, *find_profile("documented"), nobody, "random", 1, end, sim::Seed{answers});
  return complaint;
}

rc::Gen<Operation> some_operation() {
  const auto below = [](std::uint32_t behind) {
    return rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint32_t>(0, behind));
  };
  return rc::gen::build<Operation>(
      rc::gen::set(&Operation::call,
                   rc::gen::weightedElement<Call>({{3, Call::kRegisterProvider},
                                                   {1, Call::kDeregisterProvider},
                                                   {8, Call::kRegisterInterface},
                                                   {3, Call::kDeregisterInterface},
                                                   {6, Call::kAllocateLuid},
                                                   {2, Call::kFreeLuid},
                                                   {5, Call::kAddPair},
                                                   {2, Call::kDeletePair},
                                                   {1, Call::kAllowFaults},
                                                   {1, Call::kRestart}})),
      rc::gen::set(&Operation::driver, below(kDrivers)),
      rc::gen::set(&Operation::first, below(kIndexesMax + 2)),
      rc::gen::set(&Operation::second, below(2 * (kLuidsMax + 1))),
      rc::gen::set(&Operation::variant, below(32)));
}

std::string wrong_sequence(int most, std::uint64_t seed, Tally& tally) {
  const auto property = [&] {
    const auto answers = *rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>());
    const auto operations = *rc::gen::container<std::vector<Operation>>(some_operation());
    const std::string complaint = complaint_of(operations, answers, tally);
    if (!complaint.empty()) RC_FAIL(complaint);
  };
  return counterexample(property, most, kCallsMax, seed);
}

// All that the functions answer came up.
void expect_everything(const Tally& tally) {
  for (const char* what : {"RegisterProvider 0",
                           "RegisterProvider c000000d",
                           "RegisterProvider c000009a",
                           "RegisterInterface 0",
                           "RegisterInterface c000000d",
                           "RegisterInterface c000009a",
                           "RegisterInterface c0000001",
                           "RegisterInterface c000022a",
                           "RegisterInterface c00000bb",
                           "RegisterInterface c0010004",
                           "AllocateLuid 0",
                           "AllocateLuid c000009a",
                           "AllocateLuid c0000001",
                           "FreeLuid 0",
                           "FreeLuid c000000d",
                           "AddPair 0",
                           "AddPair c000000d",
                           "AddPair c000009a",
                           "AddPair c023002b",
                           "DeletePair 0",
                           "DeletePair 1",
                           "Restart 0",
                           "Restart 1"}) {
    EXPECT_GT(tally.times.count(what), 0u) << what;
  }
}

TEST(InterfaceRegistryPropertyTest, EveryAnswerIsPermitted) {
  Tally tally;
  EXPECT_EQ(wrong_sequence(300, 2026, tally), "");
}

TEST(InterfaceRegistryPropertySlowTest, EveryAnswerIsPermitted) {
  Tally tally;
  const std::string wrong = wrong_sequence(10'000, 7, tally);
  EXPECT_EQ(wrong, "");
  if (wrong.empty()) expect_everything(tally);
}

}  // namespace
}  // namespace nmrcheck::model::test
