// The modules' callbacks write, behave as they are told, and free nothing.
#include "tests/scenarios/nmr/trial.h"

#include <utility>

#include "model/choice_points.h"
#include "sim/explore/explorer.h"

namespace nmrcheck::trial {
namespace {

Behaviour* behaviour = nullptr;

const kit::ClientDispatch kClientDispatch{};
const kit::ProviderDispatch kProviderDispatch{};

void call(const std::function<void()>& hook) {
  if (hook) hook();
}

std::string number_of(PNPI_REGISTRATION_INSTANCE instance) {
  return std::to_string(instance->Number);
}

NTSTATUS client_attach(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  auto* module = static_cast<Module*>(context);
  note("attach" + number_of(instance));
  module->client_handle = handle;
  module->peer_instance = instance;
  call(behaviour->in_client_attach);
  module->out_context = module;
  module->out_dispatch = module;
  const NTSTATUS status = NmrClientAttachProvider(handle, module, &kClientDispatch,
                                                  &module->out_context, &module->out_dispatch);
  if (NT_SUCCESS(status)) call(behaviour->after_client_attach);
  note("attached");
  return status;
}

NTSTATUS client_detach(PVOID context) {
  note("c-detach");
  call(behaviour->in_client_detach);
  if (behaviour->client_completes_inside) {
    NmrClientDetachProviderComplete(static_cast<Module*>(context)->client_handle);
    note("completed");
    return STATUS_PENDING;
  }
  return behaviour->client_detach;
}

VOID client_cleanup(PVOID) {
  note("c-clean");
  call(behaviour->in_client_cleanup);
}

NTSTATUS provider_attach(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE, PVOID,
                         CONST VOID*, PVOID* binding, CONST VOID** dispatch) {
  auto* module = static_cast<Module*>(context);
  module->provider_handle = handle;
  call(behaviour->in_provider_attach);
  *binding = module;
  *dispatch = &kProviderDispatch;
  return behaviour->provider_answer;
}

NTSTATUS provider_detach(PVOID context) {
  const auto* module = static_cast<Module*>(context);
  note("p-detach" + std::to_string(module->provider.ProviderRegistrationInstance.Number));
  call(behaviour->in_provider_detach);
  return behaviour->provider_detach;
}

VOID provider_cleanup(PVOID) {
  note("p-clean");
  call(behaviour->in_provider_cleanup);
}

class Program final : public model::DriverProgram {
 public:
  Program(const Body& body, const model::Profile& profile) : DriverProgram(profile), body_(body) {
    diary().clear();
    behaviour = &behaviour_;
  }

 private:
  void drive(model::World& world) override {
    const model::ModuleId driver = world.kernel().load("trial.sys");
    kit::in_driver(driver, "trial", [&] { body_(world, behaviour_); });
  }

  const Body& body_;
  Behaviour behaviour_;
};

// The modules are in one driver.
model::Profile profile_with(model::AllowedLetters allowed) {
  allowed.emplace("CP-28", "a");
  return std::get<model::Profile>(model::changed_profile(*model::find_profile("windows"), allowed));
}

}  // namespace

std::string& diary() {
  static std::string text;
  return text;
}

void note(const std::string& entry) { diary() += entry + " "; }

Module::Module(ULONG number)
    : client(kit::client_characteristics(client_attach, client_detach, client_cleanup)),
      provider(kit::provider_characteristics(provider_attach, provider_detach, provider_cleanup)) {
  client.ClientRegistrationInstance.Number = number;
  provider.ProviderRegistrationInstance.Number = number;
}

sim::Report explore(const model::AllowedLetters& allowed, const Body& body, const char* strategy,
                    std::uint64_t executions) {
  const model::Profile profile = profile_with(allowed);
  return sim::explore([&] { return std::make_unique<Program>(body, profile); },
                      {.strategy = strategy, .budget = {executions, {}}, .minimize = false});
}

Result run(const model::AllowedLetters& allowed, const Body& body) {
  const sim::Report report = explore(allowed, body, "dfs", 1);

  Result result{diary(), {}, report.error};
  if (!report.findings.empty()) result.violation = report.findings[0].violation;
  return result;
}

bool some_execution_leaves(const std::string& text, const model::AllowedLetters& allowed,
                           const Body& body) {
  constexpr std::uint64_t kExecutions = 300;
  bool seen = false;
  const Body watched = [&](model::World& world, Behaviour& how) {
    body(world, how);
    seen = seen || (!text.empty() && diary().find(text) != std::string::npos);
  };
  const sim::Report report = explore(allowed, watched, "random", kExecutions);
  return seen || (text.empty() && !report.findings.empty());
}

void step() {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  (void)KeReadStateEvent(&event);
}

void let_others_run() {
  LARGE_INTEGER soon{};
  soon.QuadPart = -1;
  KeDelayExecutionThread(KernelMode, FALSE, &soon);
}

}  // namespace nmrcheck::trial
