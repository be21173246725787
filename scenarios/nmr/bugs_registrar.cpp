// Races in which implementations of the registrar failed: correct drivers, for the RGR rules.
#include "scenarios/nmr/bugs.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using small::Driver;

// --- Two detachers of one registration ---

struct Link : Driver {
  LONG state;
};

enum : LONG { kIdle, kAttached, kDetaching };

LONG* state_of(Driver& client) { return &static_cast<Link&>(client).state; }

void enter_link(Driver& client) {
  small::register_client(client);
  if (client.registration != nullptr) *state_of(client) = kAttached;
}

void test_then_detach(Driver& client) {
  if (NMRCHECK_READ(*state_of(client)) != kAttached) return;
  NMRCHECK_WRITE(*state_of(client), kDetaching);
  kit::deregister_client(client.registration);
}

void claim_then_detach(Driver& client) {
  if (InterlockedCompareExchange(state_of(client), kDetaching, kAttached) != kAttached) return;
  kit::deregister_client(client.registration);
}

template <void (*kDetach)(Driver&)>
void detach_and_join(Driver& client) {
  kDetach(client);
  small::join(client);
}

template <void (*kDetach)(Driver&)>
constexpr small::Pair kTwoDetachers{.client = {.enter = enter_link,
                                               .thread = kDetach,
                                               .unload = detach_and_join<kDetach>,
                                               .bytes = sizeof(Link)}};

// --- Both sides deregister at once ---

void leave(Driver& provider) { kit::deregister_provider(provider.registration); }

NTSTATUS pend(PVOID) { return STATUS_PENDING; }

// Each side's detach is completed inside the callback: STATUS_PENDING is then returned too late.
NTSTATUS complete_as_client(PVOID context) {
  NmrClientDetachProviderComplete(static_cast<Driver*>(context)->binding);
  return pend(context);
}

NTSTATUS complete_as_provider(PVOID context) {
  NmrProviderDetachClientComplete(static_cast<Driver*>(context)->binding);
  return pend(context);
}

constexpr small::Pair kBothLeave{
    .client = {.detach = complete_as_client},
    .provider = {.detach = complete_as_provider, .thread = leave, .unload = small::join}};

// --- An attach fails while the provider deregisters ---

struct Context {
  LONG events;
};

NTSTATUS attach_own_context(HANDLE binding, PVOID driver, PNPI_REGISTRATION_INSTANCE) {
  Driver& client = *static_cast<Driver*>(driver);
  auto* context = small::allocate<Context>();
  if (context == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  const NTSTATUS status = NmrClientAttachProvider(binding, context, &small::kClientDispatch,
                                                  &client.peer_context, &client.peer_dispatch);
  if (!NT_SUCCESS(status)) small::release(context);
  return status;
}

VOID free_context(PVOID context) { small::release(context); }

NTSTATUS refuse(HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE, PVOID, CONST VOID*, PVOID*,
                CONST VOID**) {
  return STATUS_NOINTERFACE;
}

constexpr small::Pair kRefusedWhileLeaving{.client = {.attach = attach_own_context,
                                                      .cleanup = free_context,
                                                      .enter = small::do_nothing,
                                                      .thread = small::register_client},
                                           .provider = {.attach = refuse},
                                           .leaves = small::First::kProvider};

}  // namespace

void add_bugs_registrar(std::vector<Scenario>& list) {
  add_pair(list,
           {"nmr/two-detachers",
            "Two threads of a client find it attached, and both deregister it.",
            {"NMR-REG-05", "NMR-HND-02"},
            "nmr/two-detachers-fixed",
            "ebpf-for-windows pull request 2009",
            {},
            small::make<kTwoDetachers<test_then_detach>>},
           "One interlocked operation decides who detaches.",
           small::make<kTwoDetachers<claim_then_detach>>);
  list.push_back({"nmr/both-deregister",
                  "Client and provider deregister at once: one detach callback for each side.",
                  {},
                  "",
                  "ebpf-for-windows pull request 1600",
                  {},
                  small::make<kBothLeave>});
  list.push_back({"nmr/refused-during-deregister",
                  "A provider refuses while it deregisters: no detach, no cleanup.",
                  {},
                  "",
                  "ebpf-for-windows pull request 2049",
                  {},
                  small::make<kRefusedWhileLeaving>});
}

}  // namespace nmrcheck::designs
