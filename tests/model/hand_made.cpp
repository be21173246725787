// One execution for each body, and the facts of a well-behaved registrar.
#include "tests/model/hand_made.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "model/profile.h"
#include "sim/strategy/dfs.h"

namespace nmrcheck::model::test {
namespace {

class NoCallouts final : public Callouts {
 public:
  Instance instance_of(const Registration&) override { return {}; }
  std::uint32_t client_attach(const Registration&, const void*, void*) override {
    return kStatusNoInterface;
  }
  ProviderAnswer provider_attach(const Registration&, const void*, void*, void*,
                                 const void*) override {
    return {kStatusNoInterface};
  }
  std::uint32_t detach(const Registration&, void*) override { return kStatusSuccess; }
  Description describe(const Registration&) override {
    static const char module_id = 0;
    return {.module_id = &module_id, .module_id_type = 1};
  }
  bool has_cleanup(const Registration&) override { return false; }
  void cleanup(const Registration&, void*) override {}
};

class NoInterfaceCallouts final : public InterfaceCallouts {
 public:
  std::uint32_t query(const ProviderHandlers&, void*, std::uint32_t, std::uint32_t*,
                      void*) override {
    return kStatusInvalidParameter;
  }
  std::uint32_t set(const ProviderHandlers&, void*, std::uint32_t, std::uint32_t, void*) override {
    return kStatusInvalidParameter;
  }
  ProviderHandlers handlers_of(const void*) override { return {}; }
};

class HandMadeProgram final : public sim::Program {
 public:
  explicit HandMadeProgram(const Body& body, std::string_view profile = "documented")
      : body_(body), profile_(*find_profile(profile)) {}

  void run(sim::Execution& execution) override {
    world_ = std::make_unique<World>(execution, profile_, callouts_, interface_callouts_);
    body_(*world_);
  }
  std::optional<sim::Violation> check_end(sim::Execution&) override { return world_->check_end(); }
  std::optional<sim::Violation> explain_deadlock(sim::Execution&,
                                                 const std::string& blocked) override {
    return world_->explain_deadlock(blocked);
  }

 private:
  const Body& body_;
  const Profile& profile_;
  NoCallouts callouts_;
  NoInterfaceCallouts interface_callouts_;
  std::unique_ptr<World> world_;
};

const void* address(std::uintptr_t value) { return reinterpret_cast<const void*>(value); }

const char* name_of(Side side, const char* client, const char* provider) {
  return side == Side::kClient ? client : provider;
}

}  // namespace

std::optional<sim::Violation> violation_of(const Body& body) {
  sim::Execution execution;
  sim::DfsStrategy first;
  first.begin_execution(sim::Seed{0});
  HandMadeProgram program(body);
  return execution.run(program, first).violation;
}

std::vector<std::string_view> situations_of(const Body& body) {
  sim::Execution execution;
  sim::DfsStrategy first;
  first.begin_execution(sim::Seed{0});
  HandMadeProgram program(body);
  return execution.run(program, first).situations;
}

std::string verdict_of(const Body& body) {
  const std::optional<sim::Violation> violation = violation_of(body);
  return violation ? violation->rule : "";
}

std::vector<std::string> hints_of(const Body& body) {
  sim::Execution execution;
  sim::DfsStrategy first;
  first.begin_execution(sim::Seed{0});
  HandMadeProgram program(body);
  std::vector<std::string> rules;
  for (const sim::Violation& hint : execution.run(program, first).hints) rules.push_back(hint.rule);
  return rules;
}

sim::Trace trace_of(const Body& body, std::string_view profile) {
  sim::Trace trace;
  sim::Execution execution;
  sim::DfsStrategy first;
  first.begin_execution(sim::Seed{0});
  HandMadeProgram program(body, profile);
  execution.run(program, first, &trace);
  return trace;
}

std::map<std::string, int> verdicts_of(const Body& body) {
  std::map<std::string, int> verdicts;
  sim::Execution execution;
  sim::DfsStrategy dfs;
  while (dfs.begin_execution(sim::Seed{0})) {
    HandMadeProgram program(body);
    const sim::Outcome& outcome = execution.run(program, dfs);
    ++verdicts[outcome.violation ? outcome.violation->rule : ""];
  }
  EXPECT_EQ(dfs.divergence(), nullptr);
  return verdicts;
}

Script::Script(World& world)
    : kernel_(world.kernel()), modules_{kernel_.load("client.sys"), kernel_.load("provider.sys")} {}

Passed Script::of(RegistrationId id) {
  const std::uintptr_t base = 0x1000 + 0x10 * index(id);
  return {.handle = address(base), .context = address(base + 1)};
}

Passed Script::of(BindingId id, Side side) {
  const std::uintptr_t base = 0x2000 + 0x100 * index(id);
  const std::uintptr_t own = base + 0x10 * index(side);
  const std::uintptr_t peer = base + 0x10 * index(peer_of(side));
  return {address(own), address(own + 1), address(own + 2), address(peer + 1), address(peer + 2)};
}

void Script::begin(const Frame& frame, const Event& event) {
  kernel_.push(frame);
  kernel_.emit(event);
}

void Script::end(const Event& event) {
  kernel_.emit(event);
  kernel_.pop();
}

void Script::register_called(Side side, RegistrationId id, std::uint8_t npi, bool cleanup) {
  const Passed given{.context = of(id).context};
  const NpiId npi_id{npi};
  kernel_.emit({.kind = EventKind::kRegisterCalled,
                .side = side,
                .module = module(side),
                .registration = id,
                .passed = &given,
                .npi = &npi_id,
                .has_cleanup = cleanup});
}

void Script::register_returned(Side side, RegistrationId id, std::uint32_t status) {
  const Passed handed_out{.handle = of(id).handle};
  kernel_.emit({.kind = EventKind::kRegisterReturned,
                .side = side,
                .module = module(side),
                .registration = id,
                .status = status,
                .name = name_of(side, "NmrRegisterClient", "NmrRegisterProvider"),
                .passed = &handed_out});
}

void Script::deregister_called(Side side, RegistrationId id) {
  const char* name = name_of(side, "NmrDeregisterClient", "NmrDeregisterProvider");
  kernel_.emit({.kind = EventKind::kRegistrationHandleUsed,
                .side = side,
                .module = module(side),
                .registration = id,
                .pointer = of(id).handle,
                .name = name});
  begin({FrameKind::kRegistrar, module(side), kNoBinding, side, name},
        {.kind = EventKind::kDeregisterCalled,
         .side = side,
         .module = module(side),
         .registration = id,
         .name = name});
}

void Script::deregister_returned(Side side, RegistrationId id) {
  end({.kind = EventKind::kDeregisterReturned,
       .side = side,
       .module = module(side),
       .registration = id,
       .status = kStatusPending,
       .name = name_of(side, "NmrDeregisterClient", "NmrDeregisterProvider")});
}

void Script::wait_returned(Side side, RegistrationId id) {
  Event event{.kind = EventKind::kWaitCalled,
              .side = side,
              .module = module(side),
              .registration = id,
              .name = name_of(side, "NmrWaitForClientDeregisterComplete",
                              "NmrWaitForProviderDeregisterComplete")};
  kernel_.emit(event);
  event.kind = EventKind::kWaitReturned;
  kernel_.emit(event);
}

void Script::client_attach_called(BindingId id, RegistrationId client, RegistrationId provider) {
  const ModuleId owner = module(Side::kClient);
  const Passed given{.handle = of(id, Side::kClient).handle, .context = of(client).context};
  begin({FrameKind::kAttach, owner, id, Side::kClient, "ClientAttachProvider"},
        {.kind = EventKind::kAttachCalled,
         .side = Side::kClient,
         .module = owner,
         .registration = client,
         .peer_registration = provider,
         .binding = id,
         .passed = &given});
}

void Script::client_attach_returned(BindingId id, std::uint32_t status) {
  end({.kind = EventKind::kAttachReturned,
       .side = Side::kClient,
       .module = module(Side::kClient),
       .binding = id,
       .status = status});
}

void Script::attach_function_called(BindingId id) {
  constexpr const char* kName = "NmrClientAttachProvider";
  const Passed own = of(id, Side::kClient);
  const Passed offered{.context = own.context, .dispatch = own.dispatch};
  kernel_.emit(
      {.kind = EventKind::kBindingHandleUsed, .binding = id, .pointer = own.handle, .name = kName});
  begin({FrameKind::kRegistrar, module(Side::kClient), id, Side::kClient, kName},
        {.kind = EventKind::kClientAttachCalled, .binding = id, .passed = &offered});
}

void Script::attach_function_returned(BindingId id, std::uint32_t status) {
  const Passed own = of(id, Side::kClient);
  const Passed handed_out{.peer_context = own.peer_context, .peer_dispatch = own.peer_dispatch};
  end({.kind = EventKind::kClientAttachReturned,
       .binding = id,
       .status = status,
       .passed = &handed_out});
}

void Script::provider_attach_called(BindingId id, RegistrationId client, RegistrationId provider) {
  const ModuleId owner = module(Side::kProvider);
  Passed given = of(id, Side::kProvider);
  given.context = of(provider).context;
  begin({FrameKind::kAttach, owner, id, Side::kProvider, "ProviderAttachClient"},
        {.kind = EventKind::kAttachCalled,
         .side = Side::kProvider,
         .module = owner,
         .registration = provider,
         .peer_registration = client,
         .binding = id,
         .passed = &given});
}

void Script::provider_attach_returned(BindingId id, std::uint32_t status) {
  constexpr std::uint32_t kBothStored = 3;
  const Passed own = of(id, Side::kProvider);
  const Passed answered{.context = own.context, .dispatch = own.dispatch};
  end({.kind = EventKind::kAttachReturned,
       .side = Side::kProvider,
       .module = module(Side::kProvider),
       .binding = id,
       .status = status,
       .block = kBothStored,
       .passed = &answered});
}

void Script::detach_called(BindingId id, Side side) {
  const char* name = name_of(side, "ClientDetachProvider", "ProviderDetachClient");
  const Passed given{.context = of(id, side).context};
  begin({FrameKind::kDetach, module(side), id, side, name}, {.kind = EventKind::kDetachCalled,
                                                             .side = side,
                                                             .module = module(side),
                                                             .binding = id,
                                                             .name = name,
                                                             .passed = &given});
}

void Script::detach_returned(BindingId id, Side side, std::uint32_t status) {
  end({.kind = EventKind::kDetachReturned,
       .side = side,
       .module = module(side),
       .binding = id,
       .status = status,
       .name = name_of(side, "ClientDetachProvider", "ProviderDetachClient")});
}

void Script::completed(BindingId id, Side side) {
  const char* name =
      name_of(side, "NmrClientDetachProviderComplete", "NmrProviderDetachClientComplete");
  kernel_.emit({.kind = EventKind::kBindingHandleUsed,
                .side = side,
                .binding = id,
                .pointer = of(id, side).handle,
                .name = name});
  kernel_.emit({.kind = EventKind::kCompletionCalled,
                .side = side,
                .module = module(side),
                .binding = id,
                .name = name});
}

void Script::cleanup_called(BindingId id, Side side) {
  const char* name = name_of(side, "ClientCleanupBindingContext", "ProviderCleanupBindingContext");
  const Passed given{.context = of(id, side).context};
  begin({FrameKind::kCleanup, module(side), id, side, name}, {.kind = EventKind::kCleanupCalled,
                                                              .side = side,
                                                              .module = module(side),
                                                              .binding = id,
                                                              .name = name,
                                                              .passed = &given});
}

void Script::cleanup_returned(BindingId id, Side side) {
  end({.kind = EventKind::kCleanupReturned, .side = side, .module = module(side), .binding = id});
}

void Script::closed(BindingId id, Side side) {
  kernel_.emit({.kind = EventKind::kBindingClosed, .side = side, .binding = id});
}

void Script::register_both(bool cleanup) {
  register_called(Side::kClient, RegistrationId{0}, 1, cleanup);
  register_returned(Side::kClient, RegistrationId{0});
  register_called(Side::kProvider, RegistrationId{1}, 1, cleanup);
  register_returned(Side::kProvider, RegistrationId{1});
}

void Script::offer(BindingId id, RegistrationId client, RegistrationId provider,
                   std::uint32_t status) {
  client_attach_called(id, client, provider);
  attach_function_called(id);
  provider_attach_called(id, client, provider);
  provider_attach_returned(id, status);
  attach_function_returned(id, status);
  client_attach_returned(id, status);
}

void Script::deregister(Side side, RegistrationId id) {
  deregister_called(side, id);
  deregister_returned(side, id);
}

void Script::detach(BindingId id, Side side, std::uint32_t status) {
  detach_called(id, side);
  detach_returned(id, side, status);
}

void Script::cleanup(BindingId id, Side side) {
  cleanup_called(id, side);
  cleanup_returned(id, side);
}

void Script::finish(BindingId id) {
  for (const Side side : {Side::kClient, Side::kProvider}) cleanup(id, side);
  for (const Side side : {Side::kClient, Side::kProvider}) closed(id, side);
}

void Script::hang() {
  sim::Execution& execution = kernel_.execution();
  execution.step({{execution.create("never"), sim::Op::kWait}}, "wait for ever");
  std::abort();  // not reached: nothing sets the event
}

}  // namespace nmrcheck::model::test
