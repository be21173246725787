// Real bugs of the order in which a driver becomes ready and registers.
#include "scenarios/nmr/bugs.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

// --- The provider initializes its rundown protection when clients may have attached already ---

struct GuardedProvider : Driver {
  EX_RUNDOWN_REF clients;  // one reference for each attached client
};

GuardedProvider& guarded(PVOID context) {
  return static_cast<GuardedProvider&>(*static_cast<Driver*>(context));
}

NTSTATUS accept_guarded(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance,
                        PVOID client_context, CONST VOID* client_dispatch, PVOID* provider_context,
                        CONST VOID** provider_dispatch) {
  if (!ExAcquireRundownProtection(&guarded(context).clients)) return STATUS_NOINTERFACE;
  return small::attach_client(binding, context, instance, client_context, client_dispatch,
                              provider_context, provider_dispatch);
}

NTSTATUS detach_guarded(PVOID context) {
  ExReleaseRundownProtection(&guarded(context).clients);
  return STATUS_SUCCESS;
}

void register_then_initialize(Driver& provider) {
  small::register_provider(provider);
  ExInitializeRundownProtection(&guarded(&provider).clients);
}

void initialize_then_register(Driver& provider) {
  ExInitializeRundownProtection(&guarded(&provider).clients);
  small::register_provider(provider);
}

void unload_guarded(Driver& provider) {
  small::unload_provider(provider);
  ExWaitForRundownProtectionRelease(&guarded(&provider).clients);
}

template <void (*kEnter)(Driver&)>
constexpr small::Pair kGuarded{.provider = {.attach = accept_guarded,
                                            .detach = detach_guarded,
                                            .enter = kEnter,
                                            .unload = unload_guarded,
                                            .bytes = sizeof(GuardedProvider)},
                               .enters = small::First::kClient};

// --- The client waits until it is attached ---

struct WaitingClient : Driver {
  KEVENT attached_event;
};

WaitingClient& waiting(PVOID context) {
  return static_cast<WaitingClient&>(*static_cast<Driver*>(context));
}

NTSTATUS attach_and_signal(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  const NTSTATUS status = small::attach_to_call(binding, context, instance);
  if (NT_SUCCESS(status)) KeSetEvent(&waiting(context).attached_event, IO_NO_INCREMENT, FALSE);
  return status;
}

NTSTATUS wait_until_attached(Driver& client, PLARGE_INTEGER timeout) {
  return KeWaitForSingleObject(&waiting(&client).attached_event, Executive, KernelMode, FALSE,
                               timeout);
}

void register_then_reset(Driver& client) {
  KeInitializeEvent(&waiting(&client).attached_event, NotificationEvent, FALSE);
  small::register_client(client);
  if (client.registration == nullptr) return;
  KeResetEvent(&waiting(&client).attached_event);
  (void)wait_until_attached(client, nullptr);
}

void reset_then_register(Driver& client) {
  KeInitializeEvent(&waiting(&client).attached_event, NotificationEvent, FALSE);
  KeResetEvent(&waiting(&client).attached_event);
  small::register_client(client);
  if (client.registration == nullptr) return;
  (void)wait_until_attached(client, nullptr);
}

template <void (*kEnter)(Driver&)>
constexpr small::Pair kOpening{.client = {.attach = attach_and_signal,
                                          .detach = small::detach_counting,
                                          .enter = kEnter,
                                          .bytes = sizeof(WaitingClient)}};

// --- The same with a timeout, whose status is a success code ---

void initialize_waiting(Driver& client) {
  KeInitializeEvent(&waiting(&client).attached_event, NotificationEvent, FALSE);
}

void use_provider(Driver& client) {
  const auto* table = static_cast<const kit::ProviderDispatch*>(client.peer_dispatch);
  if (NMRCHECK_READ(table->Request) == nullptr) return;  // an older version of the table
  small::call_once(client);
}

bool is_success(NTSTATUS status) { return NT_SUCCESS(status); }
bool is_attached(NTSTATUS status) { return status == STATUS_SUCCESS; }

template <bool (*kGood)(NTSTATUS)>
void open_with_timeout(Driver& client) {
  constexpr LONGLONG kSecond = 10'000'000;
  LARGE_INTEGER timeout;
  timeout.QuadPart = -kSecond;
  small::register_client(client);
  if (client.registration == nullptr) return;
  if (kGood(wait_until_attached(client, &timeout))) use_provider(client);
}

template <bool (*kGood)(NTSTATUS)>
constexpr small::Pair kOpeningInTime{.client = {.attach = attach_and_signal,
                                                .detach = small::detach_counting,
                                                .enter = initialize_waiting,
                                                .thread = open_with_timeout<kGood>,
                                                .bytes = sizeof(WaitingClient)},
                                     .leaves = small::First::kProvider};

// --- The client registers before it has what its dispatch function needs ---

struct Program {
  LONG runs;
};

struct ProgramLink : Driver {
  Program* program;
  BOOLEAN validated;
};

ProgramLink& link_of(PVOID context) {
  return static_cast<ProgramLink&>(*static_cast<Driver*>(context));
}

NTSTATUS run_program(PVOID context) {
  Program* program = NMRCHECK_READ(link_of(context).program);
  InterlockedIncrement(&program->runs);
  return STATUS_SUCCESS;
}

constexpr kit::ClientDispatch kRunProgram = {run_program};

void register_then_load(Driver& client) {
  small::register_client(client);
  NMRCHECK_WRITE(link_of(&client).program, small::allocate<Program>());
}

void load_then_register(Driver& client) {
  NMRCHECK_WRITE(link_of(&client).program, small::allocate<Program>());
  small::register_client(client);
}

void unload_program(Driver& client) {
  small::unload_client(client);
  small::release(link_of(&client).program);
}

template <void (*kCreate)(Driver&)>
constexpr small::Pair kCreatedLink{.client = {.attach = small::attach_with<kRunProgram>,
                                              .enter = small::do_nothing,
                                              .thread = kCreate,
                                              .unload = unload_program,
                                              .bytes = sizeof(ProgramLink)},
                                   .provider = small::kCallingProvider};

// --- The client looks at the provider's data when it is attached already ---

NTSTATUS run_validated(PVOID context) {
  NT_ASSERT(NMRCHECK_READ(link_of(context).validated));
  return STATUS_SUCCESS;
}

constexpr kit::ClientDispatch kRunValidated = {run_validated};

NTSTATUS attach_then_validate(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  const NTSTATUS status = small::attach_with<kRunValidated>(binding, context, instance);
  if (NT_SUCCESS(status)) NMRCHECK_WRITE(link_of(context).validated, instance != nullptr);
  return status;
}

NTSTATUS validate_then_attach(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  NMRCHECK_WRITE(link_of(context).validated, instance != nullptr);
  return small::attach_with<kRunValidated>(binding, context, instance);
}

template <PNPI_CLIENT_ATTACH_PROVIDER_FN kAttach>
constexpr small::Pair kValidating{.client = {.attach = kAttach,
                                             .enter = small::do_nothing,
                                             .thread = small::register_client,
                                             .bytes = sizeof(ProgramLink)},
                                  .provider = small::kCallingProvider};

void add_waits(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/reset-after-register",
            "A client registers, resets the event that its attach callback sets, and waits.",
            {"harness.lost-wakeup"},
            "nmr/reset-after-register-fixed",
            "xdp-for-windows commit 890599b825",
            {},
            small::make<kOpening<register_then_reset>>},
           "The event is reset before.", small::make<kOpening<reset_then_register>>);
  add_pair(list,
           {"nmr/timeout-is-success",
            "A client waits until it is attached, and takes STATUS_TIMEOUT for success.",
            {"harness.crash"},
            "nmr/timeout-is-success-fixed",
            "xdp-for-windows commit 890599b825",
            {},
            small::make<kOpeningInTime<is_success>>},
           "Only STATUS_SUCCESS means attached.", small::make<kOpeningInTime<is_attached>>);
}

}  // namespace

void add_bugs_start(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/rundown-initialized-late",
            "A provider registers, and initializes the rundown protection that attaching takes.",
            {"NMR-REG-02"},
            "nmr/rundown-initialized-late-fixed",
            "ebpf-for-windows pull request 4117",
            {},
            small::make<kGuarded<register_then_initialize>>},
           "It is initialized before.", small::make<kGuarded<initialize_then_register>>);
  add_waits(list);
  add_pair(list,
           {"nmr/registered-before-ready",
            "A client registers, and sets then what its dispatch function needs.",
            {"harness.crash"},
            "nmr/registered-before-ready-fixed",
            "ebpf-for-windows pull request 2005",
            {},
            small::make<kCreatedLink<register_then_load>>},
           "It registers when all is set.", small::make<kCreatedLink<load_then_register>>);
  add_pair(list,
           {"nmr/validated-after-attach",
            "A client validates its provider when it is attached, and may have been called before.",
            {"KRN-ASSERT-01"},
            "nmr/validated-after-attach-fixed",
            "ebpf-for-windows pull request 2009",
            {},
            small::make<kValidating<attach_then_validate>>},
           "It validates before it attaches.", small::make<kValidating<validate_then_attach>>);
}

}  // namespace nmrcheck::designs
