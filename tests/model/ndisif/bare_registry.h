// A registry of network interfaces without drivers and rules: what it does is noted, and judged by
// nobody.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/ndisif/registry.h"
#include "model/profile.h"
#include "sim/run/execution.h"

namespace nmrcheck::model::test {

// An event, with what tests look at.
struct Fact {
  EventKind kind = EventKind::kEnded;
  ModuleId module = kNoModule;
  sim::FiberId fiber = sim::kNoFiber;
  std::uint32_t status = 0;
  std::uint32_t block = 0;
  InterfaceFacts interfaces;  // without the pointers
  bool answered = false;      // has an answer; `answer.bytes` is null
  Answer answer;
  std::vector<std::uint8_t> bytes;  // of the answer
};

// Everything of the fact but which fiber it is of.
std::string to_string(const Fact& fact);

class BareRegistry final : public EventSink {
 public:
  BareRegistry(sim::Execution& execution, const Profile& profile, InterfaceCallouts& callouts)
      : kernel_(execution, *this), registry_(kernel_, profile, callouts) {}

  Kernel& kernel() { return kernel_; }
  InterfaceRegistry& registry() { return registry_; }
  const InterfaceRegistry& registry() const { return registry_; }
  const std::vector<Fact>& facts() const { return facts_; }
  // Calls `code` as the module's.
  void as(ModuleId module, sim::FunctionRef code);

  void emit(const Event& event) override;
  [[noreturn]] void broken(const char* id, std::string message, sim::Place place) override;

 private:
  Kernel kernel_;
  InterfaceRegistry registry_;
  std::vector<Fact> facts_;
};

// Callbacks that do what two functions say; a provider has a handler where there is a function.
// Requires: these own no host resources across a step.
class Answering final : public InterfaceCallouts {
 public:
  std::function<std::uint32_t(void* context, std::uint32_t object, std::uint32_t* length,
                              std::uint8_t* buffer)>
      on_query;
  std::function<std::uint32_t(void* context, std::uint32_t object, std::uint32_t length,
                              std::uint8_t* buffer)>
      on_set;

  std::uint32_t query(const ProviderHandlers&, void* context, std::uint32_t object,
                      std::uint32_t* length, void* buffer) override;
  std::uint32_t set(const ProviderHandlers&, void* context, std::uint32_t object,
                    std::uint32_t length, void* buffer) override;
  ProviderHandlers handlers_of(const void*) override;
};

// Runs on the main fiber of a fresh registry.
using BareBody = std::function<void(BareRegistry&)>;
// Looks at what an execution came to.
using BareEnd = std::function<void(const BareRegistry&, const sim::Outcome&)>;

struct BareRuns {
  std::uint64_t executions = 0;  // that ended, each told to BareEnd
  bool exhausted = false;        // there are no more
  bool diverged = false;
};

// Executes `body` as often as the strategy, "dfs", "dpor" or "random", wants, at most
// `executions_max` times. Executions that the strategy gives up are not told.
BareRuns run_all(const BareBody& body, const Profile& profile, InterfaceCallouts& callouts,
                 std::string_view strategy, std::uint64_t executions_max, const BareEnd& end,
                 sim::Seed seed = sim::Seed{1});

// What a right provider registers: the characteristics are described, not looked at.
ProviderDescription right_characteristics();
// `number` makes the GUID differ.
InterfaceDescription right_information(std::uint8_t number = 1);

}  // namespace nmrcheck::model::test
