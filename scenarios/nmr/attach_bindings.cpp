// Drivers that decline, fail or publish in their attach callback in ways that harm.
#include "scenarios/nmr/calling.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

// --- A client that declines for no documented reason ---

NTSTATUS decline_with_error(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE) {
  return STATUS_ACCESS_DENIED;
}

NTSTATUS decline(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE) { return STATUS_NOINTERFACE; }

constexpr small::Pair kDeclineWithError{.client = {.attach = decline_with_error}};
constexpr small::Pair kDecline{.client = {.attach = decline}};

// --- The failure path forgets the context ---

struct Context {
  KEVENT notified;
};

Context* allocate_context() {
  return static_cast<Context*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Context), small::kTag));
}

VOID cleanup_context(PVOID context) { ExFreePoolWithTag(context, small::kTag); }

template <bool kFrees>
NTSTATUS attach_new_context(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  Context* made = allocate_context();
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  const NTSTATUS status = NmrClientAttachProvider(binding, made, &small::kClientDispatch,
                                                  &client.peer_context, &client.peer_dispatch);
  if (!NT_SUCCESS(status) && kFrees) cleanup_context(made);
  return status;
}

NTSTATUS refuse(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*, PVOID*,
                CONST VOID**) {
  return STATUS_NOINTERFACE;
}

constexpr small::Pair kRefusedAndLeaked{
    .client = {.attach = attach_new_context<false>, .cleanup = cleanup_context},
    .provider = {.attach = refuse}};
constexpr small::Pair kRefusedAndFreed{
    .client = {.attach = attach_new_context<true>, .cleanup = cleanup_context},
    .provider = {.attach = refuse}};

// --- The context is initialized when the provider knows it already ---

NTSTATUS set_notified(PVOID context) {
  KeSetEvent(&static_cast<Context*>(context)->notified, 0, FALSE);
  return STATUS_SUCCESS;
}

constexpr kit::ClientDispatch kEventDispatch = {set_notified};

NTSTATUS attach_then_initialize(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  Context* made = allocate_context();
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  const NTSTATUS status = NmrClientAttachProvider(binding, made, &kEventDispatch,
                                                  &client.peer_context, &client.peer_dispatch);
  if (!NT_SUCCESS(status)) {
    cleanup_context(made);
    return status;
  }
  KeInitializeEvent(&made->notified, NotificationEvent, FALSE);
  return status;
}

NTSTATUS initialize_then_attach(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  Context* made = allocate_context();
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  KeInitializeEvent(&made->notified, NotificationEvent, FALSE);
  const NTSTATUS status = NmrClientAttachProvider(binding, made, &kEventDispatch,
                                                  &client.peer_context, &client.peer_dispatch);
  if (!NT_SUCCESS(status)) cleanup_context(made);
  return status;
}

constexpr small::Pair kContextNotReady{
    .client = {.attach = attach_then_initialize, .cleanup = cleanup_context},
    .provider = small::kCallingProvider};
constexpr small::Pair kContextReady{
    .client = {.attach = initialize_then_attach, .cleanup = cleanup_context},
    .provider = small::kCallingProvider};

// --- The upcall answers with a downcall, and the table may not be there yet ---

void request_of_stored_peer(Driver& client) {
  const VOID* table = NMRCHECK_READ(client.peer_dispatch);
  NMRCHECK_CALL(static_cast<const kit::ProviderDispatch*>(table), Request,
                NMRCHECK_READ(client.peer_context));
}

NTSTATUS answer_if_attached(PVOID context) {
  if (!small::begin_call(driver_of(context))) return STATUS_DEVICE_NOT_READY;
  request_of_stored_peer(driver_of(context));
  small::end_call(driver_of(context));
  return STATUS_SUCCESS;
}

constexpr kit::ClientDispatch kAnswering = {answer_if_attached};

void let_calls_begin(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  client.attached = TRUE;
  KeReleaseSpinLock(&client.lock, irql);
}

// Attaches, and stores what the provider gave where other threads read it.
NTSTATUS attach_and_store(Driver& client, HANDLE binding, const kit::ClientDispatch& table) {
  PVOID context = nullptr;
  CONST VOID* dispatch = nullptr;
  client.binding = binding;
  const NTSTATUS status = NmrClientAttachProvider(binding, &client, &table, &context, &dispatch);
  if (!NT_SUCCESS(status)) return status;
  NMRCHECK_WRITE(client.peer_context, context);
  NMRCHECK_WRITE(client.peer_dispatch, dispatch);
  return status;
}

NTSTATUS attach_answering_too_early(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  let_calls_begin(driver_of(context));
  return attach_and_store(driver_of(context), binding, kAnswering);
}

NTSTATUS attach_answering(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  const NTSTATUS status = attach_and_store(driver_of(context), binding, kAnswering);
  if (NT_SUCCESS(status)) let_calls_begin(driver_of(context));
  return status;
}

constexpr small::Client answering_client(PNPI_CLIENT_ATTACH_PROVIDER_FN attach) {
  return {.attach = attach, .detach = small::detach_counting};
}

constexpr small::Pair kAnswersTooEarly{.client = answering_client(attach_answering_too_early),
                                       .provider = small::kCallingProvider};
constexpr small::Pair kAnswersWhenAttached{.client = answering_client(attach_answering),
                                           .provider = small::kCallingProvider};

// --- The flag that lets threads call is set before the attach ---

NTSTATUS attach_with_flag_first(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  let_calls_begin(driver_of(context));
  return attach_and_store(driver_of(context), binding, small::kClientDispatch);
}

NTSTATUS attach_with_flag_last(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  const NTSTATUS status = attach_and_store(driver_of(context), binding, small::kClientDispatch);
  if (NT_SUCCESS(status)) let_calls_begin(driver_of(context));
  return status;
}

void call_stored_peer(Driver& client) {
  if (!small::begin_call(client)) return;
  request_of_stored_peer(client);
  small::end_call(client);
}

constexpr small::Client calling_client(PNPI_CLIENT_ATTACH_PROVIDER_FN attach) {
  return {.attach = attach,
          .detach = small::detach_counting,
          .thread = call_stored_peer,
          .unload = small::unload_client_during_calls};
}

constexpr small::Pair kFlagFirst{.client = calling_client(attach_with_flag_first)};
constexpr small::Pair kFlagLast{.client = calling_client(attach_with_flag_last)};

// --- One slot, two providers that come at once ---

NTSTATUS attach_to_slot(Driver& client, HANDLE binding) {
  PVOID context = nullptr;
  CONST VOID* dispatch = nullptr;
  return NmrClientAttachProvider(binding, &client, &small::kClientDispatch, &context, &dispatch);
}

NTSTATUS test_then_attach(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  if (NMRCHECK_READ(client.calls) != 0) return STATUS_NOINTERFACE;
  const NTSTATUS status = attach_to_slot(client, binding);
  if (NT_SUCCESS(status)) NMRCHECK_WRITE(client.calls, 1);
  return status;
}

NTSTATUS reserve_then_attach(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = driver_of(context);
  if (InterlockedCompareExchange(&client.calls, 1, 0) != 0) return STATUS_NOINTERFACE;
  const NTSTATUS status = attach_to_slot(client, binding);
  if (!NT_SUCCESS(status)) InterlockedExchange(&client.calls, 0);
  return status;
}

VOID cleanup_slot(PVOID context) { InterlockedExchange(&driver_of(context).calls, 0); }

struct Loaded {
  model::ModuleId id;
  Driver* driver;
};

Loaded load(model::World& world, const char* name) {
  const model::ModuleId id = world.kernel().load(name);
  return {id, kit::globals<Driver>(id)};
}

template <PNPI_CLIENT_ATTACH_PROVIDER_FN kAttach>
void drive_two_providers(model::World& world, const ParameterValues&) {
  const Loaded client = load(world, "client.sys");
  const Loaded first = load(world, "first.sys");
  const Loaded second = load(world, "second.sys");
  client.driver->client =
      kit::client_characteristics(kAttach, small::detach_provider, cleanup_slot);
  for (const Loaded& provider : {first, second}) {
    provider.driver->provider =
        kit::provider_characteristics(small::attach_client, small::detach_client, nullptr);
  }
  kit::in_driver(client.id, "DriverEntry", [&] {
    nmrcheck_declare_bindings_max(&client.driver->client, 1);
    small::register_client(*client.driver);
  });
  const sim::FiberId thread =
      kit::start_thread(second.id, "DriverEntry of second.sys",
                        [driver = second.driver] { small::register_provider(*driver); });
  kit::in_driver(first.id, "DriverEntry", [&] { small::register_provider(*first.driver); });
  kit::join(thread);
  for (const Loaded& provider : {first, second}) {
    world.kernel().unload(provider.id, [&] { small::unload_provider(*provider.driver); });
  }
  world.kernel().unload(client.id, [&] { small::unload_client(*client.driver); });
}

void add_failures(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/declines-with-error",
            "A client declines its provider with STATUS_ACCESS_DENIED.",
            {"NMR-ATT-05"},
            "nmr/declines-with-error-fixed",
            "ClientAttachProvider reference page",
            {},
            small::make<kDeclineWithError>},
           "It declines with STATUS_NOINTERFACE.", small::make<kDecline>);
  add_pair(list,
           {"nmr/refused-attach-leaks",
            "A client does not free the context of an attach that its provider refused.",
            {"NMR-ATT-06"},
            "nmr/refused-attach-leaks-fixed",
            "ebpf-for-windows pull request 2190",
            {},
            small::make<kRefusedAndLeaked>},
           "It frees it before it returns the error.", small::make<kRefusedAndFreed>);
  add_pair(list,
           {"nmr/unsynchronized-gate",
            "A client with room for one binding tests for it, and two providers register at once.",
            {"NMR-ATT-11"},
            "nmr/unsynchronized-gate-fixed",
            "ebpf-for-windows pull request 2009",
            {},
            kit::make<drive_two_providers<test_then_attach>>},
           "It reserves the room with one interlocked exchange.",
           kit::make<drive_two_providers<reserve_then_attach>>);
}

void add_early_calls(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/context-not-ready",
            "A client initializes its binding context after NmrClientAttachProvider.",
            {"NMR-ATT-08"},
            "nmr/context-not-ready-fixed",
            "ebpf-for-windows pull request 2005",
            {},
            small::make<kContextNotReady>},
           "It initializes it first.", small::make<kContextReady>);
  add_pair(list,
           {"nmr/upcall-before-table",
            "A client answers upcalls with calls through a table that it may not have yet.",
            {"NMR-ATT-08"},
            "nmr/upcall-before-table-fixed",
            "Network Programming Interface",
            {},
            small::make<kAnswersTooEarly>},
           "It answers when it is attached, and counts its calls.",
           small::make<kAnswersWhenAttached>);
  add_pair(list,
           {"nmr/calls-before-attached",
            "A client lets its thread call before NmrClientAttachProvider.",
            {"NMR-ATT-10"},
            "nmr/calls-before-attached-fixed",
            "Network Programming Interface",
            {},
            small::make<kFlagFirst>},
           "It lets it call when all is stored.", small::make<kFlagLast>);
}

}  // namespace

void add_attach_bindings(std::vector<Scenario>& list) {
  add_failures(list);
  add_early_calls(list);
}

}  // namespace nmrcheck::designs
