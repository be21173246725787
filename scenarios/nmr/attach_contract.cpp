// Drivers that attach in ways that the contract of the attach callbacks excludes.
#include "scenarios/nmr/catalog.h"
#include "scenarios/nmr/small.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

Driver& driver_of(PVOID context) { return *static_cast<Driver*>(context); }

NTSTATUS attach(Driver& client, HANDLE binding) {
  return NmrClientAttachProvider(binding, &client, &small::kClientDispatch, &client.peer_context,
                                 &client.peer_dispatch);
}

constexpr small::Pair kCorrect{};

// --- The callback keeps the handle and declines; the driver attaches when it is ready ---

NTSTATUS attach_later(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  NMRCHECK_WRITE(driver_of(context).binding, binding);
  return STATUS_NOINTERFACE;
}

void register_then_attach(Driver& client) {
  small::register_client(client);
  const HANDLE binding = NMRCHECK_READ(client.binding);
  if (binding != nullptr) (void)attach(client, binding);
}

constexpr small::Pair kAttachTooLate{
    .client = {.attach = attach_later, .enter = register_then_attach}};

// --- A retry loop without an exit ---

NTSTATUS attach_repeatedly(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  constexpr int kAttempts = 2;
  NTSTATUS status = STATUS_NOINTERFACE;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    status = attach(driver_of(context), binding);
  }
  return status;
}

constexpr small::Pair kAttachTwice{.client = {.attach = attach_repeatedly}};

// --- The client inspects the provider after it attached, and does not like it ---

NTSTATUS attach_then_validate(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE provider) {
  const NTSTATUS status = attach(driver_of(context), binding);
  if (!NT_SUCCESS(status)) return status;
  return provider->NpiSpecificCharacteristics == nullptr ? STATUS_NOINTERFACE : status;
}

NTSTATUS validate_then_attach(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE provider) {
  if (provider->NpiSpecificCharacteristics == nullptr) return STATUS_NOINTERFACE;
  return attach(driver_of(context), binding);
}

constexpr small::Pair kAttachVeto{.client = {.attach = attach_then_validate}};
constexpr small::Pair kAttachVetoFixed{.client = {.attach = validate_then_attach}};

// --- The client declines with the wrong status ---

NTSTATUS decline_with_success(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE) { return STATUS_SUCCESS; }

NTSTATUS decline(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE) { return STATUS_NOINTERFACE; }

constexpr small::Pair kAttachPretended{.client = {.attach = decline_with_success}};
constexpr small::Pair kAttachPretendedFixed{.client = {.attach = decline}};

// --- The provider means to finish later ---

NTSTATUS accept_later(HANDLE, PVOID context, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*,
                      PVOID* provider_context, CONST VOID** provider_dispatch) {
  *provider_context = context;
  *provider_dispatch = &small::kProviderDispatch;
  return STATUS_PENDING;
}

constexpr small::Pair kAttachPending{.provider = {.attach = accept_later}};

// --- The provider forgets an out parameter ---

NTSTATUS accept_without_dispatch(HANDLE, PVOID context, PNPI_REGISTRATION_INSTANCE, PVOID,
                                 CONST VOID*, PVOID* provider_context, CONST VOID**) {
  *provider_context = context;
  return STATUS_SUCCESS;
}

constexpr small::Pair kAcceptWithoutDispatch{.provider = {.attach = accept_without_dispatch}};

// --- The provider greets its client before it has accepted it ---

NTSTATUS greet_and_accept(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance,
                          PVOID client_context, CONST VOID* client_dispatch,
                          PVOID* provider_context, CONST VOID** provider_dispatch) {
  NMRCHECK_CALL(static_cast<const kit::ClientDispatch*>(client_dispatch), Notify, client_context);
  return small::attach_client(binding, context, instance, client_context, client_dispatch,
                              provider_context, provider_dispatch);
}

constexpr small::Pair kEarlyUpcall{.provider = {.attach = greet_and_accept}};

// --- The client tries again with the handle of an attach that failed ---

NTSTATUS refuse(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*, PVOID*,
                CONST VOID**) {
  return STATUS_NOINTERFACE;
}

NTSTATUS attach_and_remember(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  const NTSTATUS status = attach(driver_of(context), binding);
  NMRCHECK_WRITE(driver_of(context).binding, binding);
  return status;
}

constexpr small::Pair kDeadHandle{
    .client = {.attach = attach_and_remember, .enter = register_then_attach},
    .provider = {.attach = refuse}};
constexpr small::Pair kDeadHandleFixed{.client = {.attach = attach_and_remember},
                                       .provider = {.attach = refuse}};

void add_clients(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/attach-too-late",
            "A client keeps the binding handle and attaches after its callback returned.",
            {"NMR-ATT-01"},
            "nmr/attach-too-late-fixed",
            "NmrClientAttachProvider reference page",
            {},
            small::make<kAttachTooLate>},
           "The client attaches inside its callback.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/attach-twice",
            "A client's retry loop goes on after its first success.",
            {"NMR-ATT-02"},
            "nmr/attach-twice-fixed",
            "NmrClientAttachProvider reference page",
            {},
            small::make<kAttachTwice>},
           "The client attaches once.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/attach-veto",
            "A client validates its provider after it attached, and then returns an error.",
            {"NMR-ATT-03"},
            "nmr/attach-veto-fixed",
            "ebpf-for-windows issue 2009",
            {},
            small::make<kAttachVeto>},
           "The client validates first.", small::make<kAttachVetoFixed>);
  add_pair(list,
           {"nmr/attach-pretended",
            "A client declines its provider, but returns STATUS_SUCCESS.",
            {"NMR-ATT-04"},
            "nmr/attach-pretended-fixed",
            "ebpf-for-windows pull request 769",
            {},
            small::make<kAttachPretended>},
           "The client declines with STATUS_NOINTERFACE.", small::make<kAttachPretendedFixed>);
  add_pair(list,
           {"nmr/dead-binding-handle",
            "A client attaches again with the binding handle of an attach that was refused.",
            {"NMR-HND-01", "NMR-ATT-01"},
            "nmr/dead-binding-handle-fixed",
            "NmrClientAttachProvider reference page",
            {},
            small::make<kDeadHandle>},
           "The client waits for the next provider.", small::make<kDeadHandleFixed>);
}

void add_providers(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/attach-pending",
            "A provider returns STATUS_PENDING from its attach callback.",
            {"NMR-ATT-04"},
            "nmr/attach-pending-fixed",
            "ProviderAttachClient reference page",
            {},
            small::make<kAttachPending>},
           "The provider finishes before it returns.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/accept-without-dispatch",
            "A provider accepts its client without storing its dispatch table.",
            {"NMR-ATT-07"},
            "nmr/accept-without-dispatch-fixed",
            "ProviderAttachClient reference page",
            {},
            small::make<kAcceptWithoutDispatch>},
           "The provider stores its context and its dispatch table.", small::make<kCorrect>);
  add_pair(list,
           {"nmr/early-upcall",
            "A provider calls its client from inside ProviderAttachClient.",
            {"NMR-ATT-09"},
            "nmr/early-upcall-fixed",
            "ebpf-for-windows pull request 2011",
            {},
            small::make<kEarlyUpcall>},
           "The provider calls nobody before it has accepted.", small::make<kCorrect>);
}

}  // namespace

void add_attach_contract(std::vector<Scenario>& list) {
  add_clients(list);
  add_providers(list);
}

}  // namespace nmrcheck::designs
