// Maximal peers: each habit is shown in every form, and nothing that they do breaks a rule.
#include "scenarios/nmr/peers.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "model/choice_points.h"
#include "scenarios/nmr/small.h"
#include "sim/explore/explorer.h"

namespace nmrcheck::designs {
namespace {

using model::BindingId;
using model::Side;
using small::Driver;

// What the executions of one search have shown. Observation only: nothing depends on it.
std::set<std::string> seen;

template <kit::DriveFunction kDrive>
void search(std::uint64_t executions_max = 4'000) {
  seen.clear();
  const auto program = [] {
    return kit::make<kDrive>(ParameterValues{}, *model::find_profile("documented"));
  };
  const sim::Report report =
      sim::explore(program, {.strategy = "random", .budget = {.executions_max = executions_max}});
  EXPECT_EQ(report.error, "");
  for (const sim::Finding& finding : report.findings) {
    ADD_FAILURE() << finding.violation.rule << ": " << finding.violation.message;
  }
}

struct Client {
  PNPI_CLIENT_ATTACH_PROVIDER_FN attach = small::attach_provider;
  PNPI_CLIENT_DETACH_PROVIDER_FN detach = small::detach_provider;
  void (*code)(Driver& client) = nullptr;  // of a thread, while the client leaves
};

// A small client alone with a maximal provider; the client leaves.
void meet_provider(model::World& world, const Client& functions, const peers::Npi& npi,
                   const peers::Habits& habits) {
  peers::Peer* provider = peers::load_provider(world, "provider.sys", npi, habits);
  const model::ModuleId id = world.kernel().load("client.sys");
  auto* client = kit::globals<Driver>(id);
  client->client = kit::client_characteristics(functions.attach, functions.detach, nullptr);
  peers::enter(*provider);
  kit::in_driver(id, "DriverEntry", [=] { small::register_client(*client); });
  if (functions.code != nullptr) {
    client->thread =
        kit::start_thread(id, "client thread", [client, code = functions.code] { code(*client); });
    client->threads = 1;
  }
  world.kernel().unload(id, [=] { small::unload_client_during_calls(*client); });
  peers::unload(world, *provider);
}

// --- Answers to an offer ---

NTSTATUS attach_and_tell(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE instance) {
  const NTSTATUS status = small::attach_provider(binding, context, instance);
  seen.insert(model::status_name(static_cast<std::uint32_t>(status)));
  return status;
}

template <bool kDeclines>
void drive_answers(model::World& world, const ParameterValues&) {
  meet_provider(world, {.attach = attach_and_tell}, peers::kKitProvider, {.declines = kDeclines});
}

TEST(PeersTest, AnOfferIsAnsweredInEachWay) {
  search<drive_answers<false>>();
  EXPECT_EQ(seen, (std::set<std::string>{"STATUS_SUCCESS"}));
  search<drive_answers<true>>();
  EXPECT_EQ(seen, (std::set<std::string>{"STATUS_INSUFFICIENT_RESOURCES", "STATUS_SUCCESS",
                                         "STATUS_NOINTERFACE"}));
}

// --- Ends of a detach ---

template <bool kHurries>
void drive_endings(model::World& world, const ParameterValues&) {
  meet_provider(world, {}, peers::kKitProvider, {.hurries = kHurries});
  const model::SideView& provider = world.view().binding(BindingId{0}).side(Side::kProvider);
  if (provider.detach_calls == 0) return;  // the offer was dropped
  seen.insert(provider.done_by_return    ? "at once"
              : provider.completed_early ? "before the callback returned"
                                         : "afterwards");
}

TEST(PeersTest, ADetachEndsInEachWay) {
  search<drive_endings<false>>();
  EXPECT_EQ(seen, (std::set<std::string>{"afterwards", "before the callback returned"}));
  search<drive_endings<true>>();
  EXPECT_EQ(seen, (std::set<std::string>{"afterwards", "at once", "before the callback returned"}));
}

// --- Requests ---

struct Async {
  NTSTATUS (*Completed)(PVOID client_binding_context);
};

NTSTATUS count_completion(PVOID context) {
  small::end_call(*static_cast<Driver*>(context));
  seen.insert("completed");
  return STATUS_SUCCESS;
}

constexpr Async kAsyncTable = {count_completion};

NTSTATUS attach_async(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  auto& client = *static_cast<Driver*>(context);
  client.binding = binding;
  const NTSTATUS status = NmrClientAttachProvider(binding, context, &kAsyncTable,
                                                  &client.peer_context, &client.peer_dispatch);
  KIRQL irql;
  KeAcquireSpinLock(&client.lock, &irql);
  client.attached = NT_SUCCESS(status);
  KeReleaseSpinLock(&client.lock, irql);
  return status;
}

void request(Driver& client) {
  if (!small::begin_call(client)) return;
  if (!small::begin_call(client)) return small::end_call(client);
  const NTSTATUS status =
      NMRCHECK_CALL(static_cast<const kit::ProviderDispatch*>(client.peer_dispatch), Request,
                    client.peer_context);
  seen.insert(model::status_name(static_cast<std::uint32_t>(status)));
  if (status != STATUS_PENDING) small::end_call(client);
  small::end_call(client);
}

NTSTATUS serve(PVOID context) { return peers::serve(context); }
constexpr kit::ProviderDispatch kServing = {serve};

void tell(const void* dispatch, void* context) {
  NMRCHECK_CALL(static_cast<const Async*>(dispatch), Completed, context);
}

template <bool kPends>
void drive_requests(model::World& world, const ParameterValues&) {
  meet_provider(world, {.attach = attach_async, .detach = small::detach_counting, .code = request},
                {.dispatch = &kServing, .complete = tell}, {.pends = kPends});
}

TEST(PeersTest, RequestsPendAndAreCompleted) {
  search<drive_requests<false>>();
  EXPECT_EQ(seen, (std::set<std::string>{"STATUS_SUCCESS"}));
  search<drive_requests<true>>();
  EXPECT_EQ(seen, (std::set<std::string>{"STATUS_PENDING", "STATUS_SUCCESS", "completed"}));
}

// --- Calls at every legal instant ---

// The globals' `memory` is where the client is, in words.
constexpr const char* kAttaching = "before NmrClientAttachProvider returned";
constexpr const char* kAttached = "attached";
constexpr const char* kDetached = "after its own detach";

void be(PVOID context, const char* where) {
  NMRCHECK_WRITE(static_cast<Driver*>(context)->memory, const_cast<char*>(where));
}

NTSTATUS tell_where(PVOID context) {
  seen.insert(static_cast<const char*>(NMRCHECK_READ(static_cast<Driver*>(context)->memory)));
  return STATUS_SUCCESS;
}

constexpr kit::ClientDispatch kTelling = {tell_where};

NTSTATUS attach_in_phases(HANDLE binding, PVOID context, PNPI_REGISTRATION_INSTANCE) {
  auto& client = *static_cast<Driver*>(context);
  be(context, kAttaching);
  const NTSTATUS status = NmrClientAttachProvider(binding, context, &kTelling, &client.peer_context,
                                                  &client.peer_dispatch);
  be(context, kAttached);
  return status;
}

NTSTATUS detach_in_phases(PVOID context) {
  be(context, kDetached);
  return STATUS_SUCCESS;
}

void drive_calls(model::World& world, const ParameterValues&) {
  meet_provider(world, {.attach = attach_in_phases, .detach = detach_in_phases},
                peers::kKitProvider, {});
}

TEST(PeersTest, CallsComeAtEveryLegalInstant) {
  search<drive_calls>();
  EXPECT_EQ(seen, (std::set<std::string>{kAttaching, kAttached, kDetached}));
}

// --- Maximal against maximal ---

void drive_each_other(model::World& world, const ParameterValues&) {
  const peers::Habits habits{.callers = 2, .declines = true, .hurries = true};
  peers::Peer* provider = peers::load_provider(world, "provider.sys", peers::kKitProvider, habits);
  peers::Peer* client = peers::load_client(world, "client.sys", peers::kKitClient, habits);
  peers::enter(*provider);
  peers::enter(*client);
  peers::leave(*client);
  peers::enter(*client);
  const sim::FiberId leaver = peers::start_leaving(*provider);
  peers::unload(world, *client);
  kit::join(leaver);
  peers::unload(world, *provider);
  const model::View& view = world.view();
  std::string bindings;
  for (std::uint32_t i = 0; i < view.binding_count(); ++i) {
    bindings += view.binding(BindingId{i}).accepted ? '+' : '-';
  }
  seen.insert(bindings);
}

TEST(PeersTest, TheyAreCorrectWhenTheyMeet) {
  search<drive_each_other>(8'000);
  // One binding only: the offer of the second registration waited for the first one's end (CP-33)
  // until the provider left.
  EXPECT_EQ(seen, (std::set<std::string>{"+", "++", "+-", "-", "-+", "--"}));
}

}  // namespace
}  // namespace nmrcheck::designs
