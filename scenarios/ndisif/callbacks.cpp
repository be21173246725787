// What callbacks do with the buffers that they are given, and what they must not wait for.
#include <array>
#include <cstring>

#include "scenarios/ndisif/catalog.h"
#include "scenarios/ndisif/provider.h"
#include "scenarios/nmr/catalog.h"

namespace nmrcheck::designs {
namespace {

using ndisif::Provider;

constexpr ndisif::Design kRight{};

void ask_any_length(model::Requests& requests) { requests.lengths = true; }

// Starts a right provider but for what answers queries.
// --- The length of the buffer is not looked at ---

NDIS_STATUS NTAPI overrun(NDIS_HANDLE, NET_IF_OBJECT_ID object, PULONG length, PVOID buffer) {
  if (object != OID_GEN_OPERATIONAL_STATUS) return NDIS_STATUS_INVALID_OID;
  const NET_IF_OPER_STATUS up = NET_IF_OPER_STATUS_UP;
  if (buffer != nullptr) std::memcpy(buffer, &up, sizeof up);
  *length = sizeof up;
  return NDIS_STATUS_SUCCESS;
}

constexpr ndisif::Design kOverrun{.enter = ndisif::enter_with<overrun>, .ask = ask_any_length};
constexpr ndisif::Design kChecked{.ask = ask_any_length};

// --- The answer comes later ---

NDIS_STATUS NTAPI answer_later(NDIS_HANDLE context, NET_IF_OBJECT_ID, PULONG length, PVOID buffer) {
  auto& own = *static_cast<Provider*>(context);
  own.worker = model::current_kernel().start_thread("answer", [length, buffer] {
    *length = sizeof(NET_IF_OPER_STATUS);
    NMRCHECK_WRITE(*static_cast<NET_IF_OPER_STATUS*>(buffer), NET_IF_OPER_STATUS_UP);
  });
  own.dying = TRUE;  // there is a worker
  return NDIS_STATUS_PENDING;
}

NDIS_STATUS NTAPI answer_and_refresh(NDIS_HANDLE context, NET_IF_OBJECT_ID object, PULONG length,
                                     PVOID buffer) {
  auto& own = *static_cast<Provider*>(context);
  const NDIS_STATUS status = ndisif::query_globals(context, object, length, buffer);
  own.worker = model::current_kernel().start_thread("refresh", [buffer] {
    NMRCHECK_WRITE(*static_cast<NET_IF_OPER_STATUS*>(buffer), NET_IF_OPER_STATUS_DOWN);
  });
  own.dying = TRUE;
  return status;
}

NDIS_STATUS NTAPI answer_and_refresh_own(NDIS_HANDLE context, NET_IF_OBJECT_ID object,
                                         PULONG length, PVOID buffer) {
  auto& own = *static_cast<Provider*>(context);
  const NDIS_STATUS status = ndisif::query_globals(context, object, length, buffer);
  own.worker = model::current_kernel().start_thread(
      "refresh", [&own] { NMRCHECK_WRITE(own.values.oper_status, NET_IF_OPER_STATUS_DOWN); });
  own.dying = TRUE;
  return status;
}

void stop_and_join(Provider& own) {
  ndisif::stop(own);
  if (own.dying) kit::join(own.worker);
}

constexpr ndisif::Design kPending{.enter = ndisif::enter_with<answer_later>,
                                  .unload = stop_and_join};
constexpr ndisif::Design kRefreshed{.enter = ndisif::enter_with<answer_and_refresh>,
                                    .unload = stop_and_join};
constexpr ndisif::Design kRefreshedOwn{.enter = ndisif::enter_with<answer_and_refresh_own>,
                                       .unload = stop_and_join};

// --- A lock that callbacks need is held across the deregistration ---

NDIS_STATUS NTAPI query_locked(NDIS_HANDLE context, NET_IF_OBJECT_ID object, PULONG length,
                               PVOID buffer) {
  auto& own = *static_cast<Provider*>(context);
  KeWaitForSingleObject(&own.mutex, Executive, KernelMode, FALSE, nullptr);
  const ndisif::Values values = own.values;
  KeReleaseMutex(&own.mutex, FALSE);
  return ndisif::answer(values, object, length, buffer);
}

NDIS_STATUS enter_locked(Provider& own) {
  KeInitializeMutex(&own.mutex, 0);
  return ndisif::start(own, query_locked);
}

void deregister_locked(Provider& own) {
  KeWaitForSingleObject(&own.mutex, Executive, KernelMode, FALSE, nullptr);
  NdisIfDeregisterInterface(own.index);
  own.registered = FALSE;
  KeReleaseMutex(&own.mutex, FALSE);
  ndisif::stop(own);
}

void deregister_unlocked(Provider& own) {
  KeWaitForSingleObject(&own.mutex, Executive, KernelMode, FALSE, nullptr);
  own.values.oper_status = NET_IF_OPER_STATUS_DOWN;
  KeReleaseMutex(&own.mutex, FALSE);
  ndisif::stop(own);
}

constexpr ndisif::Design kLocked{.enter = enter_locked, .unload = deregister_locked};
constexpr ndisif::Design kUnlocked{.enter = enter_locked, .unload = deregister_unlocked};

// --- A callback deregisters its own interface ---

NDIS_STATUS NTAPI query_and_leave(NDIS_HANDLE context, NET_IF_OBJECT_ID, PULONG, PVOID) {
  auto& own = *static_cast<Provider*>(context);
  if (InterlockedExchange(&own.references, 0) != 0) NdisIfDeregisterInterface(own.index);
  return NDIS_STATUS_INTERFACE_NOT_FOUND;
}

NDIS_STATUS NTAPI query_and_mark(NDIS_HANDLE context, NET_IF_OBJECT_ID, PULONG, PVOID) {
  NMRCHECK_WRITE(static_cast<Provider*>(context)->dying, TRUE);
  return NDIS_STATUS_INTERFACE_NOT_FOUND;
}

template <auto kQuery>
NDIS_STATUS enter_device_gone(Provider& own) {
  const NDIS_STATUS status = ndisif::start(own, kQuery);
  InterlockedExchange(&own.references, 1);  // whoever takes it deregisters
  return status;
}

void stop_once(Provider& own) {
  if (InterlockedExchange(&own.references, 0) == 0) own.registered = FALSE;
  ndisif::stop(own);
}

constexpr ndisif::Design kLeaves{.enter = enter_device_gone<query_and_leave>, .unload = stop_once};
constexpr ndisif::Design kMarks{.enter = enter_device_gone<query_and_mark>, .unload = stop_once};

}  // namespace

void add_ndisif_callbacks(std::vector<Scenario>& list) {
  const auto add = [&](Scenario faulty, std::string_view fixed_summary, auto fixed) {
    faulty.parameters = {ndisif::kRequests};
    add_pair(list, faulty, fixed_summary, fixed);
  };
  add({.name = "ndisif/length-ignored",
       .summary = "A query callback writes its answer without a look at the buffer's length.",
       .expected = {"NDISIF-CB-02"},
       .twin = "ndisif/length-ignored-fixed",
       .source = "IF_QUERY_OBJECT reference page",
       .make = ndisif::make<kOverrun>},
      "A buffer that is too small is refused with the length that is needed.",
      ndisif::make<kChecked>);
  add({.name = "ndisif/answer-pending",
       .summary = "A query callback returns NDIS_STATUS_PENDING and lets a thread answer.",
       .expected = {"NDISIF-CB-03", "NDISIF-CB-02"},
       .twin = "ndisif/answer-pending-fixed",
       .source = "IF_QUERY_OBJECT reference page",
       .make = ndisif::make<kPending>},
      "The callback answers from what the driver knows.", ndisif::make<kRight>);
  add({.name = "ndisif/answer-refreshed",
       .summary = "A thread updates the answer of a query after the callback has returned.",
       .expected = {"NDISIF-CB-02"},
       .twin = "ndisif/answer-refreshed-fixed",
       .source = "IF_QUERY_OBJECT reference page",
       .make = ndisif::make<kRefreshed>},
      "The thread updates what the next callback answers from.", ndisif::make<kRefreshedOwn>);
  add({.name = "ndisif/lock-across-deregister",
       .summary = "A mutex that callbacks acquire is held across NdisIfDeregisterInterface.",
       .expected = {"NDISIF-CB-06"},
       .twin = "ndisif/lock-across-deregister-fixed",
       .source =
           "NdisIfDeregisterInterface reference page: it says nothing of callbacks in progress",
       .make = ndisif::make<kLocked>},
      "The mutex is released before the interface is deregistered.", ndisif::make<kUnlocked>);
  add({.name = "ndisif/deregister-in-callback",
       .summary = "A query callback that finds the device gone deregisters its own interface.",
       .expected = {"NDISIF-CB-06", "NDISIF-CB-01", "NDISIF-LUID-02"},
       .twin = "ndisif/deregister-in-callback-fixed",
       .source = "IF_QUERY_OBJECT reference page",
       .make = ndisif::make<kLeaves>},
      "The callback takes a note, and the driver deregisters.", ndisif::make<kMarks>);
}

}  // namespace nmrcheck::designs
