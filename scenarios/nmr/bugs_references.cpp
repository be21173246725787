// Real bugs of references: dropped too early, taken too late, or not given back.
#include "scenarios/nmr/bugs.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

// --- A link forgets its program, and is invoked once more ---

struct Program {
  LONG runs;
};

struct ProgramLink : Driver {
  Program* program;
};

ProgramLink& link_of(Driver& client) { return static_cast<ProgramLink&>(client); }

NTSTATUS run_program(PVOID context) {
  Program* program = NMRCHECK_READ(link_of(*static_cast<Driver*>(context)).program);
  InterlockedIncrement(&program->runs);
  return STATUS_SUCCESS;
}

constexpr kit::ClientDispatch kRunProgram = {run_program};

void enter_with_program(Driver& client) {
  link_of(client).program = small::allocate<Program>();
  small::register_client(client);
}

void forget_then_deregister(Driver& client) {
  Program* program = link_of(client).program;
  NMRCHECK_WRITE(link_of(client).program, nullptr);
  small::unload_client(client);
  small::release(program);
}

void deregister_then_forget(Driver& client) {
  small::unload_client(client);
  small::release(link_of(client).program);
  link_of(client).program = nullptr;
}

constexpr small::Pair kForgetsFirst{.client = {.attach = small::attach_with<kRunProgram>,
                                               .enter = enter_with_program,
                                               .unload = forget_then_deregister,
                                               .bytes = sizeof(ProgramLink)},
                                    .provider = small::kCallingProvider};
constexpr small::Pair kForgetsLast{.client = {.attach = small::attach_with<kRunProgram>,
                                              .enter = enter_with_program,
                                              .unload = deregister_then_forget,
                                              .bytes = sizeof(ProgramLink)},
                                   .provider = small::kCallingProvider};

// --- The detach of a link gives up the reference that keeps the link ---

struct Link {
  LONG references;  // one for the list of links, one for the handle of the application
  HANDLE registration;
};

void release_link(Link* link) {
  if (InterlockedDecrement(&link->references) == 0) small::release(link);
}

void enter_link(Driver& client) {
  Link* link = small::allocate<Link>();
  link->references = 2;
  client.memory = link;
  kit::registered(NmrRegisterClient(&client.client, &client, &link->registration),
                  link->registration);
}

void close_handle(Driver& client) { release_link(static_cast<Link*>(client.memory)); }

void unlist_then_deregister(Driver& client) {
  auto* link = static_cast<Link*>(client.memory);
  release_link(link);  // the list's
  kit::deregister_client(NMRCHECK_READ(link->registration));
  small::join(client);
}

void deregister_then_unlist(Driver& client) {
  auto* link = static_cast<Link*>(client.memory);
  kit::deregister_client(NMRCHECK_READ(link->registration));
  release_link(link);
  small::join(client);
}

constexpr small::Pair kUnlistsFirst{
    .client = {.enter = enter_link, .thread = close_handle, .unload = unlist_then_deregister}};
constexpr small::Pair kUnlistsLast{
    .client = {.enter = enter_link, .thread = close_handle, .unload = deregister_then_unlist}};

// --- A path on which something fails keeps its reference ---

bool still_attached(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  const bool attached = client.attached;
  KeReleaseSpinLock(&client.lock, irql);
  return attached;
}

void test_run_and_keep(Driver& client) {
  if (!small::begin_call(client)) return;
  if (!still_attached(client)) return;
  small::request_of_peer(client);
  small::end_call(client);
}

void test_run(Driver& client) {
  if (!small::begin_call(client)) return;
  if (still_attached(client)) small::request_of_peer(client);
  small::end_call(client);
}

constexpr small::Pair kKeepsReference{.client = {.attach = small::attach_to_call,
                                                 .detach = small::detach_counting,
                                                 .thread = test_run_and_keep,
                                                 .unload = small::unload_client_during_calls}};
constexpr small::Pair kGivesBack{.client = {.attach = small::attach_to_call,
                                            .detach = small::detach_counting,
                                            .thread = test_run,
                                            .unload = small::unload_client_during_calls}};

// --- The provider's data is used before the reference is taken, or after it was given back ---

struct ProgramData {
  LONG context_size;
};

NTSTATUS accept_with_data(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*,
                          PVOID* provider_context, CONST VOID** provider_dispatch) {
  auto* data = small::allocate<ProgramData>();
  if (data == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  *provider_context = data;
  *provider_dispatch = &small::kProviderDispatch;
  return STATUS_SUCCESS;
}

VOID free_data(PVOID data) { small::release(data); }

const ProgramData* data_of_peer(Driver& client) {
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  const PVOID data = client.attached ? client.peer_context : nullptr;
  KeReleaseSpinLock(&client.lock, irql);
  return static_cast<const ProgramData*>(data);
}

void read_then_acquire(Driver& client) {
  const ProgramData* data = data_of_peer(client);
  if (data == nullptr || NMRCHECK_READ(data->context_size) != 0) return;
  if (!small::begin_call(client)) return;
  small::request_of_peer(client);
  small::end_call(client);
}

void acquire_then_read(Driver& client) {
  if (!small::begin_call(client)) return;
  const auto* data = static_cast<const ProgramData*>(client.peer_context);
  if (NMRCHECK_READ(data->context_size) == 0) small::request_of_peer(client);
  small::end_call(client);
}

bool get_size_location(Driver& client, const LONG** size) {
  if (!small::begin_call(client)) return false;
  *size = &static_cast<const ProgramData*>(client.peer_context)->context_size;
  small::end_call(client);
  return true;
}

void read_after_release(Driver& client) {
  const LONG* size = nullptr;
  if (get_size_location(client, &size)) (void)NMRCHECK_READ(*size);
}

bool get_size(Driver& client, LONG* size) {
  if (!small::begin_call(client)) return false;
  *size = NMRCHECK_READ(static_cast<const ProgramData*>(client.peer_context)->context_size);
  small::end_call(client);
  return true;
}

void read_copy(Driver& client) {
  LONG size = 0;
  (void)get_size(client, &size);
}

template <void (*kThread)(Driver&)>
constexpr small::Pair kReader{.client = {.attach = small::attach_to_call,
                                         .detach = small::detach_counting,
                                         .thread = kThread,
                                         .unload = small::unload_client_during_calls},
                              .provider = {.attach = accept_with_data, .cleanup = free_data}};

}  // namespace

void add_bugs_references(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/pointer-cleared-first",
            "A client clears what its dispatch function needs before it deregisters.",
            {"harness.crash"},
            "nmr/pointer-cleared-first-fixed",
            "ebpf-for-windows pull request 1906",
            {},
            small::make<kForgetsFirst>},
           "It is cleared when the wait has returned.", small::make<kForgetsLast>);
  add_pair(list,
           {"nmr/last-reference-in-detach",
            "A client gives up a reference that may be the last one, and deregisters then.",
            {"KRN-POOL-01"},
            "nmr/last-reference-in-detach-fixed",
            "ebpf-for-windows pull request 1984",
            {},
            small::make<kUnlistsFirst>},
           "The reference is kept until the wait has returned.", small::make<kUnlistsLast>);
  add_pair(list,
           {"nmr/error-path-keeps-reference",
            "A client's call takes a reference, finds that it is too late, and keeps it.",
            {"NMR-DET-04"},
            "nmr/error-path-keeps-reference-fixed",
            "ebpf-for-windows pull request 1853",
            {},
            small::make<kKeepsReference>},
           "Every path gives the reference back.", small::make<kGivesBack>);
  add_pair(list,
           {"nmr/use-before-acquire",
            "A client reads its provider's data and takes its reference afterwards.",
            {"NMR-MEM-06"},
            "nmr/use-before-acquire-fixed",
            "ebpf-for-windows pull request 2257",
            {},
            small::make<kReader<read_then_acquire>>},
           "The reference comes first.", small::make<kReader<acquire_then_read>>);
  add_pair(list,
           {"nmr/shallow-copy",
            "A client copies a pointer into its provider's data and gives its reference back.",
            {"NMR-MEM-06"},
            "nmr/shallow-copy-fixed",
            "ebpf-for-windows pull request 4877",
            {},
            small::make<kReader<read_after_release>>},
           "It copies the data that it needs.", small::make<kReader<read_copy>>);
}

}  // namespace nmrcheck::designs
