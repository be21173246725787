// Mistakes around WskCaptureProviderNPI, WskReleaseProviderNPI and sockets.
#include "model/situations.h"
#include "scenarios/nmr/catalog.h"
#include "scenarios/wsk/application.h"
#include "scenarios/wsk/catalog.h"

namespace nmrcheck::designs {
namespace {

using wsk::Application;

// Uses WSK on a thread while the application deregisters.
constexpr wsk::Design kUser{.thread = wsk::use_once, .unload = wsk::unload_during_use};
// The subsystem leaves meanwhile: calls go on until the last capture is released.
constexpr wsk::Design kOutlived{
    .thread = wsk::use_once, .unload = wsk::unload_during_use, .first = wsk::Leaves::kSubsystem};

NTSTATUS capture(Application& application, ULONG timeout) {
  return WskCaptureProviderNPI(&application.registration, timeout, &application.npi);
}

void release(Application& application) { WskReleaseProviderNPI(&application.registration); }

// --- WSK-02: a path without the release; a release without the capture ---

void forget_to_release(Application& application) {
  if (capture(application, WSK_INFINITE_WAIT) != STATUS_SUCCESS) return;
  const PWSK_SOCKET socket = wsk::make_socket(application.npi);
  if (socket == nullptr) return;
  wsk::close_socket(socket);
  release(application);
}

constexpr wsk::Design kLeakedCapture{.thread = forget_to_release,
                                     .unload = wsk::unload_during_use,
                                     .first = wsk::Leaves::kSubsystem};

void release_anyway(Application& application) {
  (void)capture(application, WSK_NO_WAIT);
  release(application);
}

void release_captured(Application& application) {
  if (capture(application, WSK_NO_WAIT) == STATUS_SUCCESS) {
    release(application);
  } else {
    NMRCHECK_REACHED("capture turned away");
  }
}

constexpr wsk::Design kReleasedAnyway{.thread = release_anyway};
constexpr wsk::Design kReleasedOnce{.thread = release_captured};

// --- WSK-03: the NPI is kept and the capture is not ---

void release_and_call(Application& application) {
  if (capture(application, WSK_INFINITE_WAIT) != STATUS_SUCCESS) return;
  release(application);
  const PWSK_SOCKET socket = wsk::make_socket(application.npi);
  if (socket != nullptr) wsk::close_socket(socket);
}

constexpr wsk::Design kCallAfterRelease{.thread = release_and_call,
                                        .unload = wsk::unload_during_use};

// --- WSK-04: WskDeregister waits for what only its caller could end ---

void register_and_hold(Application& application) {
  register_application(application);
  if (!NT_SUCCESS(application.registered)) return;
  application.holding = capture(application, WSK_NO_WAIT) == STATUS_SUCCESS;
  if (application.holding) NMRCHECK_REACHED("held when unloaded");
}

void deregister_then_release(Application& application) {
  unload_application(application);
  if (application.holding) release(application);
}

void release_then_deregister(Application& application) {
  if (application.holding) release(application);
  unload_application(application);
}

constexpr wsk::Design kHolding{.enter = register_and_hold, .unload = deregister_then_release};
constexpr wsk::Design kReleasedFirst{.enter = register_and_hold, .unload = release_then_deregister};

void register_and_open(Application& application) {
  register_application(application);
  if (!NT_SUCCESS(application.registered)) return;
  if (capture(application, WSK_NO_WAIT) != STATUS_SUCCESS) return;
  application.socket = wsk::make_socket(application.npi);
  if (application.socket != nullptr) NMRCHECK_REACHED("socket open when unloaded");
  release(application);
}

void deregister_then_close(Application& application) {
  unload_application(application);
  if (application.socket != nullptr) wsk::close_socket(application.socket);
}

void close_then_deregister(Application& application) {
  if (application.socket != nullptr) wsk::close_socket(application.socket);
  unload_application(application);
}

constexpr wsk::Design kSocketOpen{.enter = register_and_open, .unload = deregister_then_close};
constexpr wsk::Design kSocketClosed{.enter = register_and_open, .unload = close_then_deregister};

NTSTATUS NTAPI deregister_on_event(PVOID context, ULONG, PVOID, SIZE_T) {
  NMRCHECK_REACHED("event raised");
  auto& application = *static_cast<Application*>(context);
  WskDeregister(&application.registration);
  application.registered = STATUS_UNSUCCESSFUL;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI ignore_event(PVOID, ULONG, PVOID, SIZE_T) {
  NMRCHECK_REACHED("event raised");
  return STATUS_SUCCESS;
}

template <PFN_WSK_CLIENT_EVENT kEvent>
void register_for_events(Application& application) {
  application.dispatch.WskClientEvent = kEvent;
  register_application(application);
}

constexpr wsk::Design kDeregisterInCallback{.enter = register_for_events<deregister_on_event>,
                                            .event = true};
constexpr wsk::Design kIgnoresEvents{.enter = register_for_events<ignore_event>, .event = true};

// --- WSK-07: a capture that waits where it must not ---

void register_and_wait(Application& application) {
  register_application(application);
  if (!NT_SUCCESS(application.registered)) return;
  if (capture(application, WSK_INFINITE_WAIT) == STATUS_SUCCESS) release(application);
}

constexpr wsk::Design kWaitInEntry{.enter = register_and_wait};

template <ULONG kTimeout>
void capture_under_lock(Application& application) {
  KIRQL irql;
  KeAcquireSpinLock(&application.lock, &irql);
  const bool captured = capture(application, kTimeout) == STATUS_SUCCESS;
  KeReleaseSpinLock(&application.lock, irql);
  if (captured) release(application);
}

constexpr ULONG kMilliseconds = 10;
constexpr wsk::Design kWaitUnderLock{.thread = capture_under_lock<kMilliseconds>};
constexpr wsk::Design kNoWaitUnderLock{.thread = capture_under_lock<WSK_NO_WAIT>};

using Situations = std::vector<std::string_view>;

void add(std::vector<Scenario>& list, const Scenario& faulty, std::string_view fixed_summary,
         decltype(Scenario::make) fixed, Situations situations) {
  add_pair(list, faulty, fixed_summary, fixed);
  list.back().situations = std::move(situations);
}

void add_captures(std::vector<Scenario>& list) {
  using namespace model::situation;
  add(list,
      {"wsk/leaked-capture",
       "An application does not release the NPI when it cannot make a socket.",
       {"WSK-02"},
       "wsk/leaked-capture-fixed",
       "WskReleaseProviderNPI reference page",
       {},
       wsk::make<kLeakedCapture>},
      "It releases the NPI on every path; the subsystem leaves meanwhile.", wsk::make<kOutlived>,
      {kPendingDetach, kCallWhileDetaching, kCleanupInCompletion, "socket refused",
       "capture turned away"});
  add(list,
      {"wsk/release-uncaptured",
       "An application releases the NPI although it could not capture it.",
       {"WSK-02"},
       "wsk/release-uncaptured-fixed",
       "WskReleaseProviderNPI reference page",
       {},
       wsk::make<kReleasedAnyway>},
      "It releases what it captured.", wsk::make<kReleasedOnce>, {"capture turned away"});
  add(list,
      {"wsk/call-after-release",
       "An application keeps the provider NPI and uses it after it released it.",
       {"WSK-03", "NMR-DET-03", "NMR-DET-06", "NMR-DET-10"},
       "wsk/call-after-release-fixed",
       "Unregistering a Winsock Kernel Application",
       {},
       wsk::make<kCallAfterRelease>},
      "It holds a capture while it uses the NPI.", wsk::make<kUser>,
      {kPendingDetach, kDetachDuringCall, kCallWhileDetaching, "capture turned away"});
}

void add_deregistrations(std::vector<Scenario>& list) {
  add(list,
      {"wsk/deregister-holding",
       "An application deregisters before it releases the NPI that it captured.",
       {"WSK-04"},
       "wsk/deregister-holding-fixed",
       "WskDeregister reference page",
       {},
       wsk::make<kHolding>},
      "It releases the NPI first.", wsk::make<kReleasedFirst>, {"held when unloaded"});
  add(list,
      {"wsk/socket-left-open",
       "An application deregisters before it closes its socket.",
       {"WSK-04"},
       "wsk/socket-left-open-fixed",
       "WskDeregister reference page",
       {},
       wsk::make<kSocketOpen>},
      "It closes the socket first.", wsk::make<kSocketClosed>, {"socket open when unloaded"});
  add(list,
      {"wsk/deregister-in-callback",
       "An application deregisters inside WskClientEvent.",
       {"WSK-04"},
       "wsk/deregister-in-callback-fixed",
       "WskDeregister reference page",
       {},
       wsk::make<kDeregisterInCallback>},
      "It deregisters when it is unloaded.", wsk::make<kIgnoresEvents>, {"event raised"});
}

}  // namespace

void add_wsk_use(std::vector<Scenario>& list) {
  using namespace model::situation;
  add_captures(list);
  add_deregistrations(list);
  add(list,
      {"wsk/capture-in-entry",
       "An application waits for the NPI in DriverEntry, for as long as it takes.",
       {"WSK-07"},
       "wsk/capture-in-entry-fixed",
       "WskCaptureProviderNPI reference page",
       {},
       wsk::make<kWaitInEntry>},
      "A thread of its own waits.", wsk::make<kUser>, {"capture turned away"});
  add(list,
      {"wsk/capture-at-dispatch",
       "An application waits for the NPI under a spin lock.",
       {"WSK-07"},
       "wsk/capture-at-dispatch-fixed",
       "WskCaptureProviderNPI reference page",
       {},
       wsk::make<kWaitUnderLock>},
      "It captures with WSK_NO_WAIT there.", wsk::make<kNoWaitUnderLock>,
      {kDeregisterDuringOffer, kBothDeregister});
}

}  // namespace nmrcheck::designs
