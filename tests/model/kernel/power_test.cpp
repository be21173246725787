// Power failures, restarts, and what is left of a driver's records.
#include "model/kernel/power.h"

#include <gtest/gtest.h>
#include <nmrcheck.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/ddk/driver_program.h"
#include "sim/explore/explorer.h"
#include "sim/strategy/dfs.h"
#include "sim/strategy/dpor.h"

namespace nmrcheck::model {
namespace {

constexpr NMRCHECK_RECORD kFirst{0x0006000000000001u, {1, 2, 3, {4}}, 7, 1};
constexpr NMRCHECK_RECORD kSecond{0x0006000000000002u, {5, 6, 7, {8}}, 0, 0};

using Driver = void (*)();

// Runs `driver` as code of a driver of that name, loaded now.
void run_driver(World& world, const char* name, Driver driver) {
  Kernel& kernel = world.kernel();
  kernel.push({FrameKind::kModuleCode, kernel.load(name)});
  driver();
  kernel.pop();
}

// One letter a record that the driver finds, in capitals if it is as it was committed.
std::string records_found(World& world, const char* name) {
  Kernel& kernel = world.kernel();
  kernel.push({FrameKind::kModuleCode, kernel.load(name)});
  std::string found;
  NMRCHECK_RECORD record{};
  if (NMRCHECK_RECORD_READ("first", &record)) {
    found += record.NetLuid == kFirst.NetLuid && record.IfIndex == 7 &&
                     record.InterfaceGuid.Data1 == 1 && record.Persistent == 1
                 ? "A"
                 : "a";
  }
  if (NMRCHECK_RECORD_READ("second", &record)) {
    found += record.NetLuid == kSecond.NetLuid && record.IfIndex == 0 ? "B" : "b";
  }
  kernel.pop();
  return found;
}

// Drivers run in boot 0, whose power fails at any moment; boot 1 looks for their records.
class Crash final : public DriverProgram {
 public:
  struct Loaded {
    const char* name;
    Driver driver;
  };
  Crash(std::vector<Loaded> drivers, std::multiset<std::string>& found)
      : DriverProgram(*find_profile("documented")), drivers_(std::move(drivers)), found_(found) {}

 private:
  void drive(World& world) override {
    world.kernel().power().begin_boot(true);
    for (const Loaded& loaded : drivers_) {
      world.execution().spawn("boot 0", [&] { run_driver(world, loaded.name, loaded.driver); });
    }
    world.kernel().power().fail();
    EXPECT_EQ(world.kernel().power().begin_boot(), 1u);
    std::string found;
    for (const Loaded& loaded : drivers_) {
      found += (found.empty() ? "" : " ") + records_found(world, loaded.name);
    }
    found_.insert(found.empty() ? "none" : found);
  }

  std::vector<Loaded> drivers_;
  std::multiset<std::string>& found_;
};

using Found = std::multiset<std::string>;

// What boot 1 finds, once for each execution of the exhaustive `strategy`.
Found found_by(sim::Strategy& strategy, const std::vector<Crash::Loaded>& drivers) {
  Found found;
  sim::Execution execution;
  while (strategy.begin_execution(sim::Seed{0})) {
    Crash program(drivers, found);
    const sim::Outcome& outcome = execution.run(program, strategy);
    EXPECT_EQ(outcome.ending, sim::Ending::kComplete);
    EXPECT_LT(found.size(), 1'000u);
    if (found.size() >= 1'000) break;
  }
  EXPECT_EQ(strategy.divergence(), nullptr);
  return found;
}

void commit_both() {
  NMRCHECK_RECORD_COMMIT("first", &kFirst);
  NMRCHECK_RECORD_COMMIT("second", &kSecond);
}

// (1) and (2) commit, (F) fails: F, 1F and 12F, whose steps all conflict.
TEST(PowerTest, TheNextBootSeesAnyBeginningOfTheCommits) {
  const std::vector<Crash::Loaded> drivers{{"driver.sys", commit_both}};
  sim::DporStrategy dpor;
  EXPECT_EQ(found_by(dpor, drivers), (Found{"none", "A", "AB"}));
  sim::DfsStrategy dfs;
  EXPECT_EQ(found_by(dfs, drivers), (Found{"none", "A", "AB"}));
}

// Drivers do not share records: of each, no or one record is left. Their commits are ordered all
// the same, since rules compare records: F, 1F, 2F, 12F and 21F.
TEST(PowerTest, RecordsOfDifferentDriversAreCommittedInOrder) {
  const Driver first = [] { NMRCHECK_RECORD_COMMIT("first", &kFirst); };
  const Driver second = [] { NMRCHECK_RECORD_COMMIT("second", &kSecond); };
  const std::vector<Crash::Loaded> drivers{{"one.sys", first}, {"two.sys", second}};
  sim::DporStrategy dpor;
  EXPECT_EQ(found_by(dpor, drivers).size(), 5u);
  sim::DfsStrategy dfs;
  EXPECT_EQ(found_by(dfs, drivers).size(), 5u);
}

// C commits, E erases, F fails, and R reads, for which it waits too: F, CF, CEF, CERF.
TEST(PowerTest, AnEraseIsDurableToo) {
  const Driver driver = [] {
    NMRCHECK_RECORD record{};
    NMRCHECK_RECORD_COMMIT("first", &kFirst);
    NMRCHECK_RECORD_ERASE("first");
    EXPECT_FALSE(NMRCHECK_RECORD_READ("first", &record));
  };
  sim::DporStrategy dpor;
  EXPECT_EQ(found_by(dpor, {{"driver.sys", driver}}), (Found{"A", "none", "none", "none"}));
}

// --- Events, on a kernel of its own ---

class EventLog final : public EventSink {
 public:
  void emit(const Event& event) override {
    if (event.kind == EventKind::kRestarted) {
      log.push_back("boot " + std::to_string(event.block) + " " + std::to_string(event.status));
    } else if (event.kind == EventKind::kRecordCommitted ||
               event.kind == EventKind::kRecordErased) {
      log.push_back((event.kind == EventKind::kRecordErased ? "erased " : "committed ") +
                    std::string(event.name) + " by " + std::to_string(index(event.module)) +
                    (event.record == nullptr ? "" : ": " + std::to_string(event.record->net_luid)));
    }
  }
  void broken(const char*, std::string, sim::Place) override { std::terminate(); }

  std::vector<std::string> log;
};

sim::Outcome run_first(const std::function<void(sim::Execution&)>& body) {
  sim::Execution execution;
  sim::DfsStrategy first;
  first.begin_execution(sim::Seed{0});
  sim::FunctionProgram program(body);
  return execution.run(program, first);
}

TEST(PowerTest, EventsTellRestartsAndRecords) {
  EventLog sink;
  run_first([&sink](sim::Execution& execution) {
    static std::unique_ptr<Kernel> kernel;
    static std::unique_ptr<Records> records;
    kernel = std::make_unique<Kernel>(execution, sink);
    records = std::make_unique<Records>(*kernel);
    kernel->power().begin_boot(true);
    for (int boot = 0; boot < 2; ++boot) {
      const ModuleId module = kernel->load("driver.sys");
      EXPECT_EQ(kernel->module(module).boot, static_cast<std::uint32_t>(boot));
      kernel->push({FrameKind::kModuleCode, module});
      if (boot == 0) {
        records->commit("key", {.net_luid = 5});
        kernel->pop();
        kernel->power().fail();
        EXPECT_EQ(kernel->power().begin_boot(), 1u);
      } else {
        EXPECT_TRUE(records->erase("key"));
        EXPECT_FALSE(records->erase("key"));
        kernel->pop();
        kernel->unload(module, [] {});
      }
    }
    EXPECT_EQ(kernel->power().clean_restart(true), 2u);
    EXPECT_EQ(kernel->power().boots(), 3u);
  });
  EXPECT_EQ(sink.log,
            (std::vector<std::string>{"committed key by 0: 5", "boot 1 1", "erased key by 1: 5",
                                      "erased key by 1", "boot 2 0"}));
}

// The operations of durable steps: one without possible failures, two with them.
TEST(PowerTest, OnlyBootsThatMayFailNameTheirPower) {
  EventLog sink;
  run_first([&sink](sim::Execution& execution) {
    static std::unique_ptr<Kernel> kernel;
    kernel = std::make_unique<Kernel>(execution, sink);
    Power& power = kernel->power();
    const auto named = [&power] {
      sim::Footprint footprint;
      power.add_on(footprint);
      return footprint.size();
    };
    EXPECT_EQ(named(), 0u);
    power.begin_boot();
    EXPECT_EQ(named(), 0u);
    power.clean_restart(true);
    EXPECT_EQ(named(), 1u);
    EXPECT_EQ(power.boot(), 1u);
    execution.spawn("left behind", [&execution, &power] {
      const sim::ObjectId apart = execution.create("apart");
      execution.step({{apart, sim::Op::kAwait, 0, 0}, {apart, sim::Op::kUpdate, 0, 0}}, "wait");
      EXPECT_EQ(power.boot(), 1u);
      execution.spawn("child", [&power] { EXPECT_EQ(power.boot(), 1u); });
    });
    power.fail();
    power.begin_boot();
    EXPECT_EQ(named(), 0u);
    EXPECT_EQ(power.boot(), 2u);
  });
}

}  // namespace
}  // namespace nmrcheck::model
