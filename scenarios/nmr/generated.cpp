// A scenario made of numbers: clients and providers that come, attach, call and go as a list of
// commands says. Generated tests use it, so that their failure files replay like any other.
#include <algorithm>
#include <array>

#include "scenarios/kit.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

constexpr ULONG kTag = 'negN';
constexpr std::uint32_t kModules = 2;       // of each kind
constexpr std::uint32_t kCommandsMax = 10;  // of 4 bits each, in one parameter

// How a module answers an offer.
enum class Answer : std::uint32_t { kAccept, kRefuse, kFail, kAnswers };

NTSTATUS status_of(Answer answer) {
  return answer == Answer::kRefuse ? STATUS_NOINTERFACE : STATUS_INSUFFICIENT_RESOURCES;
}

// --- Modules that count their calls in one word: 2 x calls + 1 once detaching ---

// A binding context, of either side.
struct Module;

struct Bound {
  Module* module;
  HANDLE handle;
  volatile LONG state;
  const void* dispatch;
  PVOID peer;
  bool uncounted;  // the planted fault: detach does not look at the count
};

struct Module {
  HANDLE registration;
  Answer answer;
  bool client;
  bool uncounted;
  bool registered;
  KSPIN_LOCK lock;  // protects `bound`, and the step from finding it to counting a call
  std::array<Bound*, kModules> bound;
};

NTSTATUS serve(PVOID) { return STATUS_SUCCESS; }
const kit::ClientDispatch kClientDispatch = {serve};
const kit::ProviderDispatch kProviderDispatch = {serve};

void complete(const Module& module, HANDLE handle) {
  if (module.client) {
    NmrClientDetachProviderComplete(handle);
  } else {
    NmrProviderDetachClientComplete(handle);
  }
}

// Finds a binding and counts a call, or returns null.
Bound* take(Module* module) {
  KIRQL irql;
  Bound* found = nullptr;
  KeAcquireSpinLock(&module->lock, &irql);
  for (Bound* bound : module->bound) {
    if (found == nullptr && bound != nullptr) found = bound;
  }
  if (found != nullptr) InterlockedExchangeAdd(&found->state, 2);
  KeReleaseSpinLock(&module->lock, irql);
  return found;
}

void drop(Bound* bound) {
  const Module& module = *bound->module;
  const HANDLE handle = bound->handle;
  const bool uncounted = bound->uncounted;
  const LONG before = InterlockedExchangeAdd(&bound->state, -2);
  if (before == 3 && !uncounted) complete(module, handle);
}

void call_peer(Module* module) {
  Bound* bound = take(module);
  if (bound == nullptr) return;
  if (module->client) {
    NMRCHECK_CALL(static_cast<const kit::ProviderDispatch*>(bound->dispatch), Request, bound->peer);
  } else {
    NMRCHECK_CALL(static_cast<const kit::ClientDispatch*>(bound->dispatch), Notify, bound->peer);
  }
  drop(bound);
}

Bound* make_bound(Module* module, HANDLE handle) {
  auto* bound = static_cast<Bound*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Bound), kTag));
  if (bound == nullptr) return nullptr;
  bound->module = module;
  bound->handle = handle;
  bound->uncounted = module->uncounted;
  bound->state = 2;  // the attach callback's own reference, so that nobody finds a half-made one
  return bound;
}

void publish(Module* module, Bound* bound) {
  KIRQL irql;
  KeAcquireSpinLock(&module->lock, &irql);
  const auto free = std::find(module->bound.begin(), module->bound.end(), nullptr);
  if (free != module->bound.end() && (bound->state & 1) == 0) *free = bound;
  KeReleaseSpinLock(&module->lock, irql);
}

NTSTATUS client_attach(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  auto* module = static_cast<Module*>(context);
  if (module->answer != Answer::kAccept) return status_of(module->answer);
  Bound* bound = make_bound(module, handle);
  if (bound == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  PVOID peer = nullptr;
  CONST VOID* dispatch = nullptr;
  const NTSTATUS status =
      NmrClientAttachProvider(handle, bound, &kClientDispatch, &peer, &dispatch);
  if (status != STATUS_SUCCESS) {
    ExFreePoolWithTag(bound, kTag);
    return status;
  }
  bound->peer = peer;
  bound->dispatch = dispatch;
  publish(module, bound);
  drop(bound);
  return STATUS_SUCCESS;
}

NTSTATUS provider_attach(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE, PVOID client,
                         CONST VOID* client_dispatch, PVOID* provider_context,
                         CONST VOID** provider_dispatch) {
  auto* module = static_cast<Module*>(context);
  if (module->answer != Answer::kAccept) return status_of(module->answer);
  Bound* bound = make_bound(module, handle);
  if (bound == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  bound->state = 0;
  bound->peer = client;
  bound->dispatch = client_dispatch;
  *provider_context = bound;
  *provider_dispatch = &kProviderDispatch;
  publish(module, bound);
  return STATUS_SUCCESS;
}

NTSTATUS detach(PVOID context) {
  auto* bound = static_cast<Bound*>(context);
  Module* module = bound->module;
  const bool uncounted = bound->uncounted;
  KIRQL irql;
  KeAcquireSpinLock(&module->lock, &irql);
  std::replace(module->bound.begin(), module->bound.end(), bound, static_cast<Bound*>(nullptr));
  const LONG before = InterlockedOr(&bound->state, 1);
  KeReleaseSpinLock(&module->lock, irql);
  return before == 0 || uncounted ? STATUS_SUCCESS : STATUS_PENDING;
}

VOID cleanup(PVOID context) { ExFreePoolWithTag(context, kTag); }

const NPI_CLIENT_CHARACTERISTICS kClient =
    kit::client_characteristics(client_attach, detach, cleanup);
const NPI_PROVIDER_CHARACTERISTICS kProvider =
    kit::provider_characteristics(provider_attach, detach, cleanup);

// --- The interpreter of commands ---

// One command is four bits. Those that make no sense where they stand do nothing.
enum Command : std::uint32_t {
  kNothing,
  kRegisterClient,  // two of each: the number of the module is added
  kRegisterProvider = kRegisterClient + kModules,
  kCallFromClient = kRegisterProvider + kModules,  // on a thread of its own
  kCallFromProvider = kCallFromClient + kModules,
  kDeregisterClient = kCallFromProvider + kModules,  // and wait
  kDeregisterProvider = kDeregisterClient + kModules,
  kLeaveClient = kDeregisterProvider + kModules,  // client 0 deregisters and waits on a thread
  kLeaveProvider,                                 // provider 0 likewise
  kNextAnswer,  // the module registered next accepts, refuses, fails, accepts, …
};
static_assert(kNextAnswer == 15);

class Interpreter {
 public:
  Interpreter(model::World& world, bool faulty) : world_(world) {
    for (std::uint32_t i = 0; i < 2 * kModules; ++i) {
      drivers_[i] = world.kernel().load(kNames[i]);
      modules_[i] = kit::globals<Module>(drivers_[i]);
      modules_[i]->client = i < kModules;
      modules_[i]->uncounted = faulty;
    }
  }

  void run(std::uint32_t command) {
    if (command == kNextAnswer) {
      const auto next =
          (static_cast<std::uint32_t>(answer_) + 1) % static_cast<std::uint32_t>(Answer::kAnswers);
      answer_ = Answer{next};
    } else if (command >= kLeaveClient) {
      leave(command == kLeaveClient ? 0 : kModules);
    } else if (command >= kDeregisterClient) {
      deregister(command - kDeregisterClient);
    } else if (command >= kCallFromClient) {
      start(command - kCallFromClient, "caller", call_peer);
    } else if (command != kNothing) {
      enroll(command - kRegisterClient);
    }
  }

  void finish() {
    for (std::uint32_t i = 0; i < threads_; ++i) kit::join(thread_ids_[i]);
    for (std::uint32_t i = 0; i < 2 * kModules; ++i) deregister(i);
    for (const model::ModuleId driver : drivers_) {
      world_.kernel().unload(driver, [] {});
    }
  }

 private:
  static constexpr std::array<const char*, 2 * kModules> kNames{"client1.sys", "client2.sys",
                                                                "provider1.sys", "provider2.sys"};

  void enroll(std::uint32_t i) {
    Module* module = modules_[i];
    if (module->registered || left_[i]) return;
    module->registered = true;
    module->answer = answer_;
    answer_ = Answer::kAccept;
    kit::in_driver(drivers_[i], "DriverEntry", [module] {
      if (module->client) {
        kit::registered(NmrRegisterClient(&kClient, module, &module->registration),
                        module->registration);
      } else {
        kit::registered(NmrRegisterProvider(&kProvider, module, &module->registration),
                        module->registration);
      }
    });
  }

  static void leave_and_wait(Module* module) {
    if (module->client) {
      kit::deregister_client(module->registration);
    } else {
      kit::deregister_provider(module->registration);
    }
  }

  void deregister(std::uint32_t i) {
    Module* module = modules_[i];
    if (!module->registered) return;
    module->registered = false;
    kit::in_driver(drivers_[i], "control", [module] { leave_and_wait(module); });
  }

  void leave(std::uint32_t i) {
    if (!modules_[i]->registered) return;
    modules_[i]->registered = false;
    left_[i] = true;
    start(i, "leaver", leave_and_wait);
  }

  void start(std::uint32_t i, const char* name, void (*code)(Module*)) {
    Module* module = modules_[i];
    thread_ids_[threads_++] = kit::start_thread(drivers_[i], name, [=] { code(module); });
  }

  model::World& world_;
  Answer answer_ = Answer::kAccept;
  std::array<model::ModuleId, 2 * kModules> drivers_{};
  std::array<Module*, 2 * kModules> modules_{};
  std::array<bool, 2 * kModules> left_{};
  std::array<sim::FiberId, kCommandsMax> thread_ids_{};
  std::uint32_t threads_ = 0;
};

void drive(model::World& world, const ParameterValues& values) {
  Interpreter interpreter(world, values.at("fault") == 1);
  auto commands = static_cast<std::uint64_t>(values.at("commands"));
  for (std::uint32_t i = 0; i < kCommandsMax; ++i, commands >>= 4u) interpreter.run(commands & 15u);
  interpreter.finish();
}

}  // namespace

void add_generated(std::vector<Scenario>& list) {
  // Two clients and a provider register, a client calls, the provider leaves meanwhile.
  constexpr std::int64_t kExample = 0xe5231;
  list.push_back({"nmr/generated",
                  "Clients and providers that come, call and go as a list of commands says.",
                  {},
                  "",
                  "own",
                  {{"commands", "four bits a command, the first one lowest", kExample, 0,
                    (std::int64_t{1} << (4 * kCommandsMax)) - 1},
                   {"fault", "1: detach callbacks do not look at the count of calls", 0, 0, 1}},
                  kit::make<drive>});
}

}  // namespace nmrcheck::designs
